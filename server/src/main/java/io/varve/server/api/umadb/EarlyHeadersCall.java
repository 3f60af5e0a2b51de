package io.varve.server.api.umadb;

import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.Metadata;
import io.grpc.ServerCall;

/**
 * A call whose headers may be sent before its first message. Clients that wait for the headers
 * before they hand out a subscription would otherwise wait for its first event.
 *
 * <p>As with every call, one thread at a time.
 */
final class EarlyHeadersCall<Q, R> extends SimpleForwardingServerCall<Q, R> {
  private boolean sent;

  EarlyHeadersCall(ServerCall<Q, R> call) {
    super(call);
  }

  /** Sends headers now, unless they have been sent. */
  void begin() {
    sendHeaders(new Metadata());
  }

  @Override
  public void sendHeaders(Metadata headers) {
    if (!sent) {
      sent = true;
      super.sendHeaders(headers);
    }
  }
}

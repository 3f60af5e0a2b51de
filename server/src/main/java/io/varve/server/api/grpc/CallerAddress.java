package io.varve.server.api.grpc;

import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * Remembers where a call comes from, for the record of who has changed what. As long as callers do
 * not say who they are, it is all that is known of them.
 */
final class CallerAddress implements ServerInterceptor {
  private static final Context.Key<SocketAddress> ADDRESS = Context.key("caller-address");

  /** The address of the caller on whose behalf this thread runs. */
  static String ofThisCall() {
    SocketAddress address = ADDRESS.get();
    return address == null ? "unknown" : text(address);
  }

  private static String text(SocketAddress address) {
    String text = address.toString();
    return text.startsWith("/") ? text.substring(1) : text;
  }

  @Override
  public <Q, R> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
    @Nullable SocketAddress address = call.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR);
    return address == null
        ? next.startCall(call, headers)
        : Contexts.interceptCall(
            Context.current().withValue(ADDRESS, address), call, headers, next);
  }
}

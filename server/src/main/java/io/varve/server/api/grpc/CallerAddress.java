package io.varve.server.api.grpc;

import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.varve.server.security.Principal;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * Remembers where a call comes from, for the record of who has changed what. As long as callers do
 * not say who they are, it is all that is known of them.
 */
public final class CallerAddress implements ServerInterceptor {
  private static final Context.Key<SocketAddress> ADDRESS = Context.key("caller-address");

  /** The address of the caller on whose behalf this thread runs. */
  public static String ofThisCall() {
    return text(ADDRESS.get());
  }

  /** The same, to be made into a text if it is needed; null if it is not known. */
  static @Nullable SocketAddress socketOfThisCall() {
    return ADDRESS.get();
  }

  /** Who makes the call, by name where access control is on, and where from. */
  public static String whoAndWhere() {
    Principal principal = Caller.ofThisCall().principal();
    String address = ofThisCall();
    return principal.equals(Principal.EVERYBODY) ? address : principal.name() + " at " + address;
  }

  private static String text(@Nullable SocketAddress address) {
    if (address == null) {
      return "unknown";
    }
    String text = address.toString();
    return text.startsWith("/") ? text.substring(1) : text;
  }

  /** An address without its port, which says nothing about who it is. */
  static String host(@Nullable SocketAddress address) {
    String text = text(address);
    int port = text.lastIndexOf(':');
    return port < 0 ? text : text.substring(0, port);
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

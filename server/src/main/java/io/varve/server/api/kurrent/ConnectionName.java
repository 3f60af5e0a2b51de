package io.varve.server.api.kurrent;

import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;

/** Remembers the name that a client gives to its connection, for the figures of groups. */
final class ConnectionName implements ServerInterceptor {
  private static final Metadata.Key<String> HEADER =
      Metadata.Key.of("connection-name", Metadata.ASCII_STRING_MARSHALLER);
  private static final Context.Key<String> NAME = Context.key("kurrent-connection-name");
  private static final int MAX_LENGTH = 256;

  /** The name on whose connection this thread runs; "" for none. */
  static String ofThisCall() {
    String name = NAME.get();
    return name == null ? "" : name;
  }

  @Override
  public <Q, R> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
    String name = headers.get(HEADER);
    if (name == null) {
      return next.startCall(call, headers);
    }
    String bounded = name.length() <= MAX_LENGTH ? name : name.substring(0, MAX_LENGTH);
    return Contexts.interceptCall(Context.current().withValue(NAME, bounded), call, headers, next);
  }
}

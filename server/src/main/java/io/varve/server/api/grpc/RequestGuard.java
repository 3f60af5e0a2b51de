package io.varve.server.api.grpc;

import io.grpc.ForwardingServerCall;
import io.grpc.ForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * Stands around every service: a request that cannot be parsed is the caller's mistake, an
 * exception is the server's, and neither may reach gRPC, which would answer both with {@code
 * UNKNOWN}.
 */
final class RequestGuard {
  private RequestGuard() {}

  /** The same service, guarded. */
  static ServerServiceDefinition around(ServerServiceDefinition service) {
    return around(service, Errors::exception);
  }

  /**
   * The same service, guarded.
   *
   * @param inItsWords how the service's protocol tells an error
   */
  static ServerServiceDefinition around(
      ServerServiceDefinition service,
      Function<com.google.rpc.Status, StatusRuntimeException> inItsWords) {
    List<ServerMethodDefinition<?, ?>> methods = new ArrayList<>();
    ServiceDescriptor.Builder descriptor =
        ServiceDescriptor.newBuilder(service.getServiceDescriptor().getName())
            .setSchemaDescriptor(service.getServiceDescriptor().getSchemaDescriptor());
    for (ServerMethodDefinition<?, ?> method : service.getMethods()) {
      ServerMethodDefinition<?, ?> guarded = guard(method, inItsWords);
      methods.add(guarded);
      descriptor.addMethod(guarded.getMethodDescriptor());
    }
    ServerServiceDefinition.Builder builder = ServerServiceDefinition.builder(descriptor.build());
    methods.forEach(builder::addMethod);
    return builder.build();
  }

  /** A request, or why there is none. */
  private sealed interface Incoming<T> {
    record Parsed<T>(T request) implements Incoming<T> {}

    record Malformed<T>(String problem) implements Incoming<T> {}
  }

  private static <Q, R> ServerMethodDefinition<Incoming<Q>, R> guard(
      ServerMethodDefinition<Q, R> method,
      Function<com.google.rpc.Status, StatusRuntimeException> inItsWords) {
    MethodDescriptor<Q, R> original = method.getMethodDescriptor();
    MethodDescriptor<Incoming<Q>, R> descriptor =
        original.toBuilder(
                new GuardedMarshaller<>(original.getRequestMarshaller()),
                original.getResponseMarshaller())
            .build();
    return ServerMethodDefinition.create(
        descriptor, new GuardedHandler<>(original, method.getServerCallHandler(), inItsWords));
  }

  private static final class GuardedMarshaller<Q>
      implements MethodDescriptor.Marshaller<Incoming<Q>> {
    private final MethodDescriptor.Marshaller<Q> original;

    GuardedMarshaller(MethodDescriptor.Marshaller<Q> original) {
      this.original = original;
    }

    @Override
    public InputStream stream(Incoming<Q> value) {
      throw new IllegalStateException("a server does not send requests");
    }

    @Override
    public Incoming<Q> parse(InputStream stream) {
      try {
        return new Incoming.Parsed<>(original.parse(stream));
      } catch (StatusRuntimeException e) {
        Throwable cause = e.getCause() == null ? e : e.getCause();
        return new Incoming.Malformed<>(String.valueOf(cause.getMessage()));
      }
    }
  }

  private record GuardedHandler<Q, R>(
      MethodDescriptor<Q, R> original,
      ServerCallHandler<Q, R> handler,
      Function<com.google.rpc.Status, StatusRuntimeException> inItsWords)
      implements ServerCallHandler<Incoming<Q>, R> {

    @Override
    public ServerCall.Listener<Incoming<Q>> startCall(
        ServerCall<Incoming<Q>, R> call, Metadata headers) {
      GuardedCall<Q, R> guarded = new GuardedCall<>(call, original, inItsWords);
      ServerCall.Listener<Q> listener;
      try {
        listener = handler.startCall(guarded, headers);
      } catch (RuntimeException e) {
        guarded.fail(Errors.fault(e));
        listener = new ServerCall.Listener<>() {};
      }
      return new GuardedListener<>(guarded, listener);
    }
  }

  /**
   * The call as the service sees it. Once it has been failed from outside, what the service still
   * says is dropped.
   */
  private static final class GuardedCall<Q, R> extends ForwardingServerCall<Q, R> {
    private final ServerCall<Incoming<Q>, R> call;
    private final MethodDescriptor<Q, R> descriptor;
    private final Function<com.google.rpc.Status, StatusRuntimeException> inItsWords;
    private boolean closed; // guarded by this

    private static final int MAX_SENTENCE_CHARACTERS = 1_500;

    private static final Metadata.Key<byte[]> DETAILS =
        Metadata.Key.of("grpc-status-details-bin", Metadata.BINARY_BYTE_MARSHALLER);

    GuardedCall(
        ServerCall<Incoming<Q>, R> call,
        MethodDescriptor<Q, R> descriptor,
        Function<com.google.rpc.Status, StatusRuntimeException> inItsWords) {
      this.call = call;
      this.descriptor = descriptor;
      this.inItsWords = inItsWords;
    }

    @Override
    @SuppressWarnings("unchecked") // a call's response side does not depend on its request type
    protected ServerCall<Q, R> delegate() {
      return (ServerCall<Q, R>) (ServerCall<?, R>) call;
    }

    @Override
    public MethodDescriptor<Q, R> getMethodDescriptor() {
      return descriptor;
    }

    @Override
    public synchronized void sendHeaders(Metadata headers) {
      if (!closed) {
        call.sendHeaders(headers);
      }
    }

    @Override
    public synchronized void sendMessage(R message) {
      if (!closed) {
        call.sendMessage(message);
      }
    }

    @Override
    public synchronized void close(Status told, Metadata trailers) {
      if (closed) {
        return;
      }
      closed = true;
      Status status = bounded(told);
      if (status.getCode() == Status.Code.INTERNAL && !trailers.containsKey(DETAILS)) {
        // Not ours, which carry details: gRPC itself found too few or too many requests on the
        // call.
        StatusRuntimeException invalid =
            inItsWords.apply(
                Errors.invalid(
                        "request", "is not as the method wants it: " + status.getDescription())
                    .status());
        Metadata details = invalid.getTrailers();
        call.close(invalid.getStatus(), details == null ? new Metadata() : details);
      } else {
        call.close(status, trailers);
      }
    }

    /**
     * A client that finds more than it takes in among the trailers, 8 KiB as a rule, gives up the
     * connection and all that is on it. Some sentences that are not ours repeat what was asked for.
     */
    private static Status bounded(Status status) {
      String sentence = status.getDescription();
      return sentence == null || sentence.length() <= MAX_SENTENCE_CHARACTERS
          ? status
          : status.withDescription(sentence.substring(0, MAX_SENTENCE_CHARACTERS) + " …");
    }

    void fail(com.google.rpc.Status status) {
      fail(inItsWords.apply(status));
    }

    void fail(StatusRuntimeException failure) {
      Metadata trailers = failure.getTrailers();
      close(failure.getStatus(), trailers == null ? new Metadata() : trailers);
    }
  }

  private static final class GuardedListener<Q, R>
      extends ForwardingServerCallListener<Incoming<Q>> {
    private final GuardedCall<Q, R> call;
    private final ServerCall.Listener<Q> listener;
    private boolean failed;
    private boolean gone;

    GuardedListener(GuardedCall<Q, R> call, ServerCall.Listener<Q> listener) {
      this.call = call;
      this.listener = listener;
    }

    @Override
    @SuppressWarnings("unchecked") // used only for events that carry no request
    protected ServerCall.Listener<Incoming<Q>> delegate() {
      return (ServerCall.Listener<Incoming<Q>>) (ServerCall.Listener<?>) listener;
    }

    @Override
    public void onMessage(Incoming<Q> incoming) {
      switch (incoming) {
        case Incoming.Parsed<Q> parsed -> guarded(() -> listener.onMessage(parsed.request()));
        case Incoming.Malformed<Q> malformed ->
            fail(
                Errors.invalid("request", "is not a valid message: " + malformed.problem())
                    .status());
      }
    }

    @Override
    public void onHalfClose() {
      guarded(listener::onHalfClose);
    }

    @Override
    public void onReady() {
      guarded(listener::onReady);
    }

    private void guarded(Runnable event) {
      if (failed) {
        return;
      }
      try {
        event.run();
      } catch (StatusRuntimeException e) { // a guest's refusal, in its own words already
        fail(() -> call.fail(e));
      } catch (RuntimeException | Error e) { // an Error too: direct memory may be short, for now
        fail(Errors.fault(e));
      }
    }

    /**
     * Ends the call from outside. The service hears of it at once, as of a caller that has gone:
     * the transport tells it only when everything that was sent before has been read, if ever.
     */
    private void fail(com.google.rpc.Status status) {
      fail(() -> call.fail(status));
    }

    private void fail(Runnable ending) {
      failed = true;
      ending.run();
      tellGone();
    }

    @Override
    public void onCancel() {
      tellGone();
    }

    @Override
    public void onComplete() {
      if (failed) {
        tellGone();
      } else {
        listener.onComplete();
      }
    }

    private void tellGone() {
      if (!gone) {
        gone = true;
        listener.onCancel();
      }
    }
  }
}

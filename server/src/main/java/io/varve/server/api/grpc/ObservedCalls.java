package io.varve.server.api.grpc;

import io.grpc.ForwardingServerCall;
import io.grpc.ForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.varve.server.ops.CallListener;
import java.time.Duration;
import java.util.function.LongSupplier;

/** Tells of every call when it begins, and when and how it ends. */
final class ObservedCalls implements ServerInterceptor {
  private final CallListener observer;
  private final LongSupplier nanoTime;

  ObservedCalls(CallListener observer, LongSupplier nanoTime) {
    this.observer = observer;
    this.nanoTime = nanoTime;
  }

  @Override
  public <Q, R> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
    MethodDescriptor<Q, R> method = call.getMethodDescriptor();
    String service = String.valueOf(method.getServiceName());
    String name = String.valueOf(method.getBareMethodName());
    observer.begun(service, name);
    long begun = nanoTime.getAsLong();
    ClosingCall<Q, R> closing = new ClosingCall<>(call);
    return new ForwardingServerCallListener.SimpleForwardingServerCallListener<>(
        next.startCall(closing, headers)) {
      @Override
      public void onComplete() {
        ended(closing.code());
        super.onComplete();
      }

      @Override
      public void onCancel() {
        ended(Status.Code.CANCELLED);
        super.onCancel();
      }

      private void ended(Status.Code code) {
        Duration took = Duration.ofNanos(nanoTime.getAsLong() - begun);
        observer.ended(service, name, code.name(), took);
      }
    };
  }

  /** Remembers with what status a call is closed. */
  private static final class ClosingCall<Q, R>
      extends ForwardingServerCall.SimpleForwardingServerCall<Q, R> {
    private volatile Status.Code code = Status.Code.UNKNOWN;

    ClosingCall(ServerCall<Q, R> call) {
      super(call);
    }

    Status.Code code() {
      return code;
    }

    @Override
    public void close(Status status, Metadata trailers) {
      code = status.getCode();
      super.close(status, trailers);
    }
  }
}

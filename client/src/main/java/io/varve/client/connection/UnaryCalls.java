package io.varve.client.connection;

import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.StoreUnavailableException;
import io.varve.client.streams.VarveException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/** Calls of one question and one answer, each within the deadline. Any thread may make them. */
final class UnaryCalls {

  private final ManagedChannel channel;
  private final String server;
  private final Patience patience;

  /**
   * @param closing ends all waiting between tries
   */
  UnaryCalls(
      ManagedChannel channel, String server, ConnectionSettings settings, CountDownLatch closing) {
    this.channel = channel;
    this.server = server;
    this.patience = new Patience(channel, settings, closing);
  }

  /** Makes a call that is harmless to repeat, and repeats it while the link is lost. */
  <A, B> B ask(MethodDescriptor<A, B> method, A request) {
    return patience.whileLinkIsLost(left -> call(method, request, left));
  }

  /** The same, for something that may not be there. */
  <A, B> Optional<B> look(
      MethodDescriptor<A, B> method, A request, Predicate<StoreError> isAbsent) {
    return patience.whileLinkIsLost(
        left -> {
          try {
            return Optional.of(call(method, request, left));
          } catch (CallFailedException e) {
            if (isAbsent.test(e.error())) {
              return Optional.empty();
            }
            throw e;
          }
        });
  }

  /**
   * Makes a call that must not be done twice: it is repeated only after errors that say that
   * nothing was done.
   *
   * @param what is asked for, in words, for the case that its answer is lost
   * @param expected what the caller believes about the stream in question
   */
  <A, B> B once(MethodDescriptor<A, B> method, A request, String what, ExpectedVersion expected) {
    return patience.during(
        left -> call(method, request, left),
        StoreError::isSurelyNotDone,
        error -> outcome(error, what, expected));
  }

  private VarveException outcome(StoreError error, String what, ExpectedVersion expected) {
    VarveException exception = error.toException(expected);
    if (error.isSurelyNotDone() || !error.isOutcomeUnknown()) {
      return exception;
    }
    return new StoreUnavailableException(
        what
            + " had no answer from "
            + server
            + ", and its outcome is unknown: it may be done or not; look before you repeat it; the"
            + " try said: "
            + exception.getMessage(),
        exception);
  }

  private <A, B> B call(MethodDescriptor<A, B> method, A request, Duration left)
      throws CallFailedException {
    return call(channel, server, method, request, left);
  }

  /** One try. */
  static <A, B> B call(
      ManagedChannel channel,
      String server,
      MethodDescriptor<A, B> method,
      A request,
      Duration left)
      throws CallFailedException {
    CallOptions options =
        CallOptions.DEFAULT.withDeadlineAfter(left.toNanos(), TimeUnit.NANOSECONDS);
    try {
      return ClientCalls.blockingUnaryCall(channel, method, options, request);
    } catch (StatusRuntimeException e) {
      throw new CallFailedException(StoreError.of(server, e.getStatus(), e.getTrailers()));
    }
  }
}

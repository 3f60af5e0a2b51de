package io.varve.client.connection;

import io.varve.client.streams.AppendResult;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.StoreOverloadedException;
import io.varve.client.streams.StoreUnavailableException;
import io.varve.client.streams.VarveException;
import io.varve.proto.v1.AppendRequest;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * An append without an answer. Its fields belong to whoever has the pipeline's turn; others only
 * see its result.
 */
final class PendingAppend {

  final AppendRequest request;
  final ExpectedVersion expected;
  final int bytes;
  final long deadlineNanos;
  final CompletableFuture<AppendResult> result = new CompletableFuture<>();

  /** Its place among all appends of this pipeline; also its number on the wire. */
  long sequence;

  /** How often the server had no room for it. */
  int overloads;

  /** How many links broke while it was the only append on them. */
  int linksBrokenAlone;

  /** It went out, and the link was lost before the answer came: it may or may not be written. */
  boolean inDoubt;

  /** What the last try ended with. */
  @Nullable StoreError lastError;

  PendingAppend(AppendRequest request, ExpectedVersion expected, int bytes, long deadlineNanos) {
    this.request = request;
    this.expected = expected;
    this.bytes = bytes;
    this.deadlineNanos = deadlineNanos;
  }

  /** What its caller hears when the server has refused it, or the call that it was to travel on. */
  VarveException refused(String server, StoreError error) {
    VarveException cause = error.toException(expected);
    return inDoubt && error.isRefusedAtTheDoor()
        ? new StoreUnavailableException(
            "the append to stream \""
                + request.getStream()
                + "\" had no answer from "
                + server
                + ", which does not hear this caller any more, and its outcome is unknown: it may"
                + " be written or not. Repeat it with the same events and good credentials to learn"
                + " which; the last try: "
                + cause.getMessage(),
            cause)
        : cause;
  }

  /** What its caller hears when the time for retries is over. */
  VarveException outOfTime(String server, Duration retryFor) {
    String stream = "the append to stream \"" + request.getStream() + "\" ";
    VarveException cause = lastError == null ? null : lastError.toException(expected);
    String why = cause == null ? "" : "; the last try: " + cause.getMessage();
    if (inDoubt) {
      return new StoreUnavailableException(
          stream
              + "had no answer from "
              + server
              + " within "
              + retryFor
              + ", and its outcome is unknown: it may be written or not. Repeat it with the same"
              + " events to learn which"
              + why,
          cause);
    }
    if (cause instanceof StoreOverloadedException) {
      return new StoreOverloadedException(
          stream
              + "found no room in "
              + server
              + " within "
              + retryFor
              + "; nothing was written"
              + why,
          cause);
    }
    return new StoreUnavailableException(
        stream
            + "could not be sent to "
            + server
            + " within "
            + retryFor
            + "; nothing was written"
            + why,
        cause);
  }
}

package io.varve.server.api.grpc;

import io.varve.server.event.StreamId;
import io.varve.server.read.StreamLookUp;

/** What callers hear when something cannot be had from a stream. */
final class StreamLookUps {
  private StreamLookUps() {}

  /**
   * What was looked up; throws the refusal that says why it is not there.
   *
   * @param version the version that was asked for, for the message
   */
  static <T> T found(StreamLookUp<T> lookUp, StreamId stream, long version) {
    return switch (lookUp) {
      case StreamLookUp.Found<T>(T value) -> value;
      case StreamLookUp.NotFound<T> _ -> throw Errors.streamNotFound(stream.value(), false);
      case StreamLookUp.Deleted<T> _ -> throw Errors.streamNotFound(stream.value(), true);
      case StreamLookUp.Tombstoned<T> _ ->
          throw new Refusal(Errors.streamTombstoned(stream.value()));
      case StreamLookUp.NoLongerKept<T>(long firstKept) ->
          throw Errors.noLongerKept(stream.value(), version, firstKept);
    };
  }
}

package io.varve.server.append;

import io.varve.server.event.ExpectedVersion;
import io.varve.server.event.NewEvent;
import io.varve.server.event.StreamId;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** Appends in few words. */
final class Commands {
  static final Instant NOON = Instant.parse("2026-03-01T12:00:00Z");
  static final StreamId ACCOUNT = new StreamId("account-42");
  static final StreamId OTHER = new StreamId("account-43");

  private Commands() {}

  static AppendCommand append(StreamId stream, ExpectedVersion expected, long... ids) {
    return appendAt(NOON, stream, expected, ids);
  }

  static AppendCommand append(StreamId stream, long... ids) {
    return append(stream, new ExpectedVersion.Any(), ids);
  }

  static AppendCommand appendAt(
      Instant proposedAt, StreamId stream, ExpectedVersion expected, long... ids) {
    return AppendCommand.of(
        stream,
        expected,
        Arrays.stream(ids).mapToObj(id -> event(id, false)).toList(),
        null,
        proposedAt);
  }

  static AppendCommand appendOf(StreamId stream, NewEvent... events) {
    return AppendCommand.of(stream, new ExpectedVersion.Any(), List.of(events), null, NOON);
  }

  /**
   * @param fresh whether the server has just made the id
   */
  static NewEvent event(long id, boolean fresh) {
    return new NewEvent(id(id), fresh, "T", new byte[] {1}, "", Map.of(), List.of(), null);
  }

  static NewEvent eventOf(long id, int bytes) {
    return new NewEvent(id(id), false, "T", new byte[bytes], "", Map.of(), List.of(), null);
  }

  static UUID id(long id) {
    return new UUID(7, id);
  }

  static ExpectedVersion exactly(long version) {
    return new ExpectedVersion.Exactly(version);
  }
}

package io.varve.benchmarks.hotpath;

import io.varve.client.streams.EventIds;
import io.varve.server.event.NewEvent;
import io.varve.server.event.StreamId;
import io.varve.server.storage.AssignedEvent;
import io.varve.server.storage.Commit;
import io.varve.server.storage.EventCodec;
import io.varve.server.storage.EventStorage;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Events as an application writes them: 200 bytes of JSON, two tags, a correlation id. */
public final class SomeEvents {
  /** The time of all of them. */
  public static final Instant TIME = Instant.parse("2026-01-01T00:00:00.123456Z");

  private static final byte[] DATA =
      ("{\"reference\": \"" + "x".repeat(183) + "\"}").getBytes(StandardCharsets.UTF_8);

  private SomeEvents() {}

  /** A new event, with an id that its writer has made, as the Java client does it. */
  public static NewEvent next() {
    return new NewEvent(
        EventIds.next(),
        false,
        "MoneyDeposited",
        DATA,
        "application/json",
        Map.of("correlation-id", "5f0c6c1e-7a53-4f2c-9df2-0d4b8f7a0001"),
        List.of("account:4711", "branch:12"),
        null);
  }

  /** Encoded events of one new stream each 20, as a commit takes them. */
  static List<AssignedEvent> assigned(long firstPosition, long firstStream, int count) {
    List<AssignedEvent> events = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      long number = firstStream + i / 20;
      StreamId stream = new StreamId("account-" + number);
      NewEvent event = next();
      events.add(
          new AssignedEvent(
              stream,
              number,
              1 + i % 20,
              firstPosition + i,
              TIME,
              event.id(),
              event.type(),
              event.tags(),
              EventCodec.encodeBody(stream, event)));
    }
    return events;
  }

  /** Writes so many events, 1,000 in a commit. */
  static void write(EventStorage storage, int count) {
    write(storage, count, 1_000);
  }

  /** Writes so many events, so many in a commit. */
  static void write(EventStorage storage, int count, int together) {
    for (int from = 0; from < count; from += 1_000) {
      List<AssignedEvent> events =
          assigned(from + 1L, 1 + from / 20, Math.min(1_000, count - from));
      for (int done = 0; done < events.size(); done += together) {
        Commit commit = storage.begin();
        events.subList(done, Math.min(events.size(), done + together)).forEach(commit::add);
        commit.write();
      }
    }
  }
}

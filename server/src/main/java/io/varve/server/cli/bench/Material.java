package io.varve.server.cli.bench;

import io.varve.client.streams.AppendResult;
import io.varve.client.streams.EventReader;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.NewEvent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;

/** What shapes write and read. */
final class Material {
  /** Of the events that are written to be read. */
  static final int PAYLOAD_BYTES = 200;

  /** Events of an append, where there are more to be written. */
  private static final int MOST_AT_ONCE = 1_000;

  private Material() {}

  /** How the names of one run's streams begin. */
  static String prefix() {
    return "bench-" + UUID.randomUUID() + "-";
  }

  static byte[] payload(int bytes) {
    byte[] payload = new byte[bytes];
    Arrays.fill(payload, (byte) 'x');
    return payload;
  }

  /** So many events of this payload. */
  static List<NewEvent> events(int count, byte[] payload) {
    List<NewEvent> events = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      events.add(NewEvent.of("Benched", payload));
    }
    return events;
  }

  /** Writes streams that are all alike; they are called by the prefix and a number from 0. */
  static void write(EventStore store, String prefix, int streams, int eventsOfEach) {
    byte[] payload = payload(PAYLOAD_BYTES);
    List<CompletableFuture<AppendResult>> answers = new ArrayList<>();
    for (int i = 0; i < streams; i++) {
      for (int left = eventsOfEach; left > 0; left -= MOST_AT_ONCE) {
        answers.add(
            store.appendAsync(
                prefix + i, ExpectedVersion.any(), events(Math.min(left, MOST_AT_ONCE), payload)));
      }
    }
    answers.forEach(CompletableFuture::join);
  }

  /** Reads to the end; returns how many events there were. */
  static long count(EventReader events) {
    long count = 0;
    for (var _ : events) {
      count++;
    }
    return count;
  }
}

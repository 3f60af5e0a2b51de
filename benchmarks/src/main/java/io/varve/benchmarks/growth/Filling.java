package io.varve.benchmarks.growth;

import io.varve.client.streams.AppendResult;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.NewEvent;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;

/**
 * What a growing store is filled with: streams of 20 events that are never touched again, as of
 * accounts that were closed, so that the number of streams grows with that of events. An event has
 * 200 bytes of payload, one of 20 types, and one of as many tags as there are streams divided by
 * 100.
 */
final class Filling {
  /** Events of each stream. */
  static final int EVENTS_OF_A_STREAM = 20;

  private static final int TYPES = 20;
  private static final int STREAMS_OF_A_TAG = 100;
  private static final int APPENDS_IN_FLIGHT = 256;
  private static final byte[] PAYLOAD = "x".repeat(200).getBytes(StandardCharsets.UTF_8);

  private long streams;

  /** How many events have been written. */
  long events() {
    return streams * EVENTS_OF_A_STREAM;
  }

  /** One of the streams that there are, by chance. */
  String anyStream() {
    return stream(ThreadLocalRandom.current().nextLong(streams));
  }

  /** One of the tags that there are, by chance; 2,000 events have it, or fewer. */
  String anyTag() {
    return tag(ThreadLocalRandom.current().nextLong(streams));
  }

  private static String stream(long number) {
    return "account-" + number;
  }

  private static String tag(long stream) {
    return "branch:" + stream / STREAMS_OF_A_TAG;
  }

  /** Appends whole streams until there are at least so many events, and waits for the last. */
  void fill(EventStore store, long target) {
    Deque<CompletableFuture<AppendResult>> inFlight = new ArrayDeque<>();
    while (events() < target) {
      if (inFlight.size() == APPENDS_IN_FLIGHT) {
        inFlight.remove().join();
      }
      inFlight.add(
          store.appendAsync(stream(streams), ExpectedVersion.noStream(), eventsOf(streams)));
      streams++;
    }
    inFlight.forEach(CompletableFuture::join);
  }

  private static List<NewEvent> eventsOf(long stream) {
    List<NewEvent> events = new ArrayList<>(EVENTS_OF_A_STREAM);
    for (int i = 0; i < EVENTS_OF_A_STREAM; i++) {
      events.add(
          NewEvent.builder("Type" + (stream + i) % TYPES).data(PAYLOAD).tag(tag(stream)).build());
    }
    return events;
  }
}

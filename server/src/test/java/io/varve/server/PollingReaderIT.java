package io.varve.server;

import static io.varve.client.streams.ExpectedVersion.any;
import static io.varve.client.streams.ExpectedVersion.exactly;
import static io.varve.server.ServerProcess.PATIENCE;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.VarveClient;
import io.varve.client.streams.AppendResult;
import io.varve.client.streams.EventReader;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.Query;
import io.varve.client.streams.ReadLog;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.Transaction;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Readers that poll for the newest events while appends and transactions are written as fast as
 * they go: whatever lies at or below a head that was told once is there and stays as it is, and
 * nothing more ever comes to be there.
 */
class PollingReaderIT {
  private static final int WRITERS = 6;
  private static final int WRITES = Integer.getInteger("varve.writes", 500);
  private static final long SEED = Long.getLong("varve.seed", System.nanoTime());

  /** How many events at the end of the log a poller looks at again. */
  private static final int NEWEST = 40;

  private static final String WRITE = "write";
  private static final String PART = "part";

  @TempDir Path folder;

  /** What a poller has seen: one part of the log, or what matches a query of it. */
  private record Seen(Query query, long after, long upTo, List<RecordedEvent> events) {}

  @Test
  void nothing_comes_to_be_below_a_head_that_was_told_and_no_head_lies_within_a_write()
      throws Exception {
    System.out.println("PollingReaderIT: seed " + SEED);
    Random random = new Random(SEED);
    CountDownLatch writing = new CountDownLatch(WRITERS);
    try (TestServer server = TestServer.start(folder);
        VarveClient writer = server.client();
        VarveClient reader = server.client();
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> writers = new ArrayList<>();
      for (int w = 0; w < WRITERS; w++) {
        int number = w;
        long seed = random.nextLong();
        writers.add(
            threads.submit(
                () -> {
                  try {
                    write(writer, number, new Random(seed));
                  } finally {
                    writing.countDown();
                  }
                }));
      }
      RandomWrites choices = new RandomWrites(random);
      List<Callable<List<Seen>>> pollers = new ArrayList<>();
      pollers.add(() -> pollBackwards(reader, writing));
      pollers.add(() -> pollBackwards(reader, writing));
      pollers.add(() -> pollForwards(reader, writing, Query.all()));
      pollers.add(() -> pollAtTheHead(reader, writing));
      for (int q = 0; q < 4; q++) {
        Query query = choices.query();
        pollers.add(() -> pollForwards(reader, writing, query));
        pollers.add(() -> pollBackwards(reader, writing, query));
      }
      List<Future<List<Seen>>> polling = new ArrayList<>();
      pollers.forEach(poller -> polling.add(threads.submit(poller)));

      for (Future<?> one : writers) {
        one.get(10 * PATIENCE.toSeconds(), TimeUnit.SECONDS);
      }
      List<Seen> seen = new ArrayList<>();
      for (Future<List<Seen>> one : polling) {
        List<Seen> polls = one.get(10 * PATIENCE.toSeconds(), TimeUnit.SECONDS);
        assertThat(polls).as("a poller that polled").hasSizeGreaterThan(5);
        seen.addAll(polls);
      }

      PlainLog log = PlainLog.of(reader);
      boolean[] endsAWrite = endsOfWrites(log);
      for (Seen one : seen) {
        assertThat(one.events())
            .as("%s after %d up to %d", one.query(), one.after(), one.upTo())
            .isEqualTo(
                log.events().subList((int) one.after(), (int) one.upTo()).stream()
                    .filter(event -> PlainLog.matches(one.query(), event))
                    .toList());
        assertThat(endsAWrite[(int) one.upTo()])
            .as("the head %d is the end of a write", one.upTo())
            .isTrue();
      }
      System.out.println(
          "PollingReaderIT: " + seen.size() + " polls of a log that grew to " + log.head());
    }
  }

  private static void write(VarveClient store, int number, Random random) {
    RandomWrites choices = new RandomWrites(random);
    Deque<CompletableFuture<?>> inFlight = new ArrayDeque<>();
    String own = "own-" + number;
    long version = 0;
    for (int i = 0; i < WRITES; i++) {
      int count = 1 + random.nextInt(6);
      List<NewEvent> events = new ArrayList<>();
      String id = UUID.randomUUID().toString();
      for (int part = 0; part < count; part++) {
        events.add(choices.event().metadata(WRITE, id).metadata(PART, part + "/" + count).build());
      }
      if (random.nextBoolean()) {
        CompletableFuture<AppendResult> append = store.appendAsync(own, exactly(version), events);
        version += count;
        inFlight.add(append);
      } else {
        Transaction.Builder transaction = Transaction.builder();
        List<String> streams = choices.streams(count);
        for (int part = 0; part < count; part++) {
          transaction.append(streams.get(part), any(), events.get(part));
        }
        inFlight.add(store.transactAsync(transaction.build()));
      }
      while (inFlight.size() > 8) {
        inFlight.remove().join();
      }
    }
    inFlight.forEach(CompletableFuture::join);
  }

  /** Looks at the newest events: they end at the head, and there is none missing among them. */
  private static List<Seen> pollBackwards(VarveClient store, CountDownLatch writing) {
    List<Seen> seen = new ArrayList<>();
    long known = 0;
    boolean last;
    do {
      last = writing.getCount() == 0;
      try (EventReader reader = store.readLog(ReadLog.all().backwards().limit(NEWEST))) {
        long head = reader.headPosition();
        assertThat(head).isGreaterThanOrEqualTo(known);
        known = head;
        List<RecordedEvent> events = reader.toList().reversed();
        seen.add(new Seen(Query.all(), Math.max(0, head - NEWEST), head, events));
      }
    } while (!last);
    return seen;
  }

  /** The same under a query: what matches among the newest events, up to the head. */
  private static List<Seen> pollBackwards(VarveClient store, CountDownLatch writing, Query query) {
    List<Seen> seen = new ArrayList<>();
    long known = 0;
    boolean last;
    do {
      last = writing.getCount() == 0;
      long after = Math.max(0, known - NEWEST);
      try (EventReader reader =
          store.readLog(ReadLog.all().query(query).backwards().toPosition(after + 1))) {
        known = reader.headPosition();
        seen.add(new Seen(query, after, known, reader.toList().reversed()));
      }
    } while (!last);
    return seen;
  }

  /** Goes on each time where the last poll ended, which is at the head that it was told. */
  private static List<Seen> pollForwards(VarveClient store, CountDownLatch writing, Query query) {
    List<Seen> seen = new ArrayList<>();
    long known = 0;
    boolean last;
    do {
      last = writing.getCount() == 0;
      try (EventReader reader = store.readLog(ReadLog.all().query(query).fromPosition(known + 1))) {
        long head = reader.headPosition();
        assertThat(head).isGreaterThanOrEqualTo(known);
        seen.add(new Seen(query, known, head, reader.toList()));
        known = head;
      }
    } while (!last);
    return seen;
  }

  /**
   * Looks up the event after the head until it is there. By then the head has moved to it or
   * beyond; and what was looked up by its position is found by its id and in its stream as well.
   */
  private static List<Seen> pollAtTheHead(VarveClient store, CountDownLatch writing) {
    List<Seen> seen = new ArrayList<>();
    boolean last;
    do {
      last = writing.getCount() == 0;
      long head = head(store);
      Optional<RecordedEvent> next = store.getEvent(head + 1);
      while (next.isEmpty() && writing.getCount() > 0) {
        next = store.getEvent(head + 1);
      }
      if (next.isPresent()) {
        RecordedEvent event = next.get();
        assertThat(event.position()).isEqualTo(head + 1);
        assertThat(store.getEvent(event.id())).contains(event);
        assertThat(store.getEvent(event.stream(), event.version())).contains(event);
        long later = head(store);
        assertThat(later).isGreaterThan(head);
        try (EventReader reader =
            store.readLog(ReadLog.all().fromPosition(head + 1).toPosition(later))) {
          List<RecordedEvent> events = reader.toList();
          assertThat(events.getFirst()).isEqualTo(event);
          seen.add(new Seen(Query.all(), head, later, events));
        }
      } else {
        seen.add(new Seen(Query.all(), head, head, List.of()));
      }
    } while (!last);
    return seen;
  }

  private static long head(VarveClient store) {
    try (EventReader reader = store.readLog(ReadLog.all().backwards().limit(1))) {
      return reader.headPosition();
    }
  }

  /** For each position, and for 0, whether a write ends there; writes stand whole in the log. */
  private static boolean[] endsOfWrites(PlainLog log) {
    boolean[] ends = new boolean[(int) log.head() + 1];
    ends[0] = true;
    for (long first = 1; first <= log.head(); ) {
      String write = requireNonNull(log.at(first).metadata().get(WRITE));
      String firstPart = requireNonNull(log.at(first).metadata().get(PART));
      int count = Integer.parseInt(firstPart.substring(firstPart.indexOf('/') + 1));
      for (int part = 0; part < count; part++) {
        assertThat(log.at(first + part).metadata())
            .containsEntry(WRITE, write)
            .containsEntry(PART, part + "/" + count);
      }
      first += count;
      ends[(int) first - 1] = true;
    }
    return ends;
  }
}

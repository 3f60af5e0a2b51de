package io.varve.benchmarks.hotpath;

import io.varve.server.event.Query;
import io.varve.server.event.StreamId;
import io.varve.server.event.StreamScope;
import io.varve.server.read.EventCursor;
import io.varve.server.read.EventReader;
import io.varve.server.read.LogRead;
import io.varve.server.read.StreamLookUp;
import io.varve.server.read.StreamRead;
import io.varve.server.storage.EventPage;
import java.io.IOException;
import java.time.InstantSource;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What does a step of a reader cost: a page of the log, of one that was written by small commits,
 * of one with a filter; a small stream?
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
public class CursorBenchmark {
  private static final int EVENTS = 200_000;
  private static final int PAGE_BYTES = 64 * 1024;

  /** Each is a commit, synced. */
  private static final int EVENTS_ONE_BY_ONE = 20_000;

  /** What somebody with access to everything but the server's own streams asks for. */
  private static final Query VISIBLE = Query.everything().within(StreamScope.ALL_BUT_SYSTEM);

  /** Every event matches, so that after some candidates the index is no help. */
  private static final Query TYPE_AND_TAG =
      new Query(
          List.of(
              new Query.Item(Set.of("MoneyDeposited"), Set.of("branch:12"), List.of(), Set.of())));

  /** A log that was written by large commits. */
  @State(Scope.Benchmark)
  @SuppressWarnings("NullAway.Init") // JMH calls open before anything else
  public static class Log {
    private OpenStorage open;
    private EventReader reader;

    /** Writes it. */
    @Setup
    public void open() throws IOException {
      open = written(EVENTS, 1_000);
      reader = readerOf(open);
    }

    /** Removes it. */
    @TearDown
    public void close() throws IOException {
      open.close();
    }
  }

  /** A log with one event in each commit. */
  @State(Scope.Benchmark)
  @SuppressWarnings("NullAway.Init") // JMH calls open before anything else
  public static class LogOfSmallCommits {
    private OpenStorage open;
    private EventReader reader;

    /** Writes it. */
    @Setup
    public void open() throws IOException {
      open = written(EVENTS_ONE_BY_ONE, 1);
      reader = readerOf(open);
    }

    /** Removes it. */
    @TearDown
    public void close() throws IOException {
      open.close();
    }
  }

  /** A storage whose log is in files. */
  private static OpenStorage written(int events, int together) throws IOException {
    OpenStorage open = new OpenStorage();
    SomeEvents.write(open.storage(), events, together);
    open.storage().compact();
    return open;
  }

  private static EventReader readerOf(OpenStorage open) {
    return new EventReader(open.storage(), PAGE_BYTES, InstantSource.system());
  }

  /** A page of 64 KiB from a random place on. */
  @Benchmark
  public EventPage logPage(Log log) {
    long from = 1 + ThreadLocalRandom.current().nextLong(EVENTS / 2);
    return log.open.storage().readLog(from, EVENTS, PAGE_BYTES);
  }

  /** The same from a log with one event in each commit. */
  @Benchmark
  public EventPage logPageOfSmallCommits(LogOfSmallCommits log) {
    long from = 1 + ThreadLocalRandom.current().nextLong(EVENTS_ONE_BY_ONE / 2);
    return log.open.storage().readLog(from, EVENTS_ONE_BY_ONE, PAGE_BYTES);
  }

  /** Sixteen pages of a read of the log, one after the other. */
  @Benchmark
  public long pagesOfRead(Log log) {
    return sixteenPages(log.reader, EVENTS);
  }

  /** The same from a log with one event in each commit. */
  @Benchmark
  public long pagesOfReadOfSmallCommits(LogOfSmallCommits log) {
    return sixteenPages(log.reader, EVENTS_ONE_BY_ONE);
  }

  private static long sixteenPages(EventReader reader, int events) {
    long from = 1 + ThreadLocalRandom.current().nextLong(events / 2);
    EventCursor cursor =
        reader.readLog(new LogRead(Query.everything(), from, 0, null, null, false, 0));
    long bytes = 0;
    for (int i = 0; i < 16; i++) {
      bytes += cursor.next().length();
    }
    return bytes;
  }

  /** A page of the log for somebody who may see all but the server's own streams. */
  @Benchmark
  public EventPage visiblePage(Log log) {
    return pageOf(log, VISIBLE);
  }

  /** A page of a query by type and tag. */
  @Benchmark
  public EventPage queriedPage(Log log) {
    return pageOf(log, TYPE_AND_TAG);
  }

  private EventPage pageOf(Log log, Query query) {
    long from = 1 + ThreadLocalRandom.current().nextLong(EVENTS / 2);
    return log.reader.readLog(new LogRead(query, from, 0, null, null, false, 0)).next();
  }

  /** A random stream of 20 events, from its name on. */
  @Benchmark
  public EventPage smallStreamByName(Log log) {
    long stream = 1 + ThreadLocalRandom.current().nextLong(EVENTS / 20);
    StreamRead read = new StreamRead(new StreamId("account-" + stream), 0, false, 0, null);
    if (!(log.reader.readStream(read)
        instanceof StreamLookUp.Found<EventCursor>(EventCursor cursor))) {
      throw new IllegalStateException("stream " + stream + " is not there");
    }
    return cursor.next();
  }

  /** A random stream of 20 events. */
  @Benchmark
  public EventPage smallStream(Log log) {
    long stream = 1 + ThreadLocalRandom.current().nextLong(EVENTS / 20);
    EventPage page = log.open.storage().readStream(stream, 1, 20, PAGE_BYTES);
    if (page.count() != 20) {
      throw new IllegalStateException(page.count() + " events of 20");
    }
    return page;
  }
}

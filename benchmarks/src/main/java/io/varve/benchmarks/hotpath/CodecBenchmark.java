package io.varve.benchmarks.hotpath;

import io.varve.server.event.NewEvent;
import io.varve.server.event.RecordedEvent;
import io.varve.server.event.StreamId;
import io.varve.server.storage.EncodedEvent;
import io.varve.server.storage.EventCodec;
import io.varve.server.storage.EventHeader;
import io.varve.server.storage.EventRun;
import io.varve.server.storage.EventRunBuilder;
import io.varve.server.storage.EventSummary;
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
import org.openjdk.jmh.annotations.Warmup;

/** What does it cost to encode an event, and to look into one that is encoded? */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
public class CodecBenchmark {
  private final StreamId stream = new StreamId("account-4711");
  private final NewEvent event = SomeEvents.next();
  private EncodedEvent encoded = encode();

  /** Encodes it once, to be decoded. */
  @Setup
  public void setUp() {
    encoded = encode();
  }

  private EncodedEvent encode() {
    byte[] header = EventCodec.encodeHeader(123_456_789, 17, SomeEvents.TIME);
    byte[] body = EventCodec.encodeBody(stream, event);
    EventRunBuilder run = new EventRunBuilder(header.length + body.length + 8);
    run.add(header, body, 123_456_789);
    EventRun built = run.build();
    return built.events().getFirst();
  }

  /** On the caller's thread, before an append is queued. */
  @Benchmark
  public byte[] encodeBody() {
    return EventCodec.encodeBody(stream, event);
  }

  /** On the committer's thread, for each event. */
  @Benchmark
  public byte[] encodeHeader() {
    return EventCodec.encodeHeader(123_456_789, 17, SomeEvents.TIME);
  }

  /** What a read by stream looks at. */
  @Benchmark
  public EventHeader readHeader() {
    return encoded.header();
  }

  /** What a filter looks at. */
  @Benchmark
  public EventSummary readSummary() {
    return encoded.summary();
  }

  /** Everything, which the server does for JSON views only. */
  @Benchmark
  public RecordedEvent decode() {
    return encoded.decode();
  }
}

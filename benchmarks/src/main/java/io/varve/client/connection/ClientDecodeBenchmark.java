package io.varve.client.connection;

import com.google.protobuf.ByteString;
import com.google.protobuf.Timestamp;
import io.grpc.KnownLength;
import io.varve.client.streams.RecordedEvent;
import io.varve.proto.v1.EventStoreGrpc;
import io.varve.proto.v1.ReadLogResponse;
import java.io.ByteArrayInputStream;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What does it cost the client to make an event of the bytes of a page? A page of the log of some
 * 64 KiB: 200 events of 200 bytes, of five types and a hundred streams. Times are for one event.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(2)
public class ClientDecodeBenchmark {
  private static final int EVENTS = 200;

  private static final List<String> TYPES =
      List.of("AccountOpened", "MoneyDeposited", "MoneyWithdrawn", "TransferBegun", "TransferDone");

  /** Whether the events have two tags, three entries of metadata and a business time as well. */
  @Param({"plain", "full"})
  public String events = "plain";

  private byte[] page = {};

  /** Makes the page. */
  @Setup
  public void setUp() {
    Random random = new Random(1);
    ReadLogResponse.Builder response = ReadLogResponse.newBuilder().setHeadPosition(9_000_000);
    for (int i = 0; i < EVENTS; i++) {
      response.addEvents(event(random, 4_000_000 + i));
    }
    page = response.build().toByteArray();
  }

  private io.varve.proto.v1.RecordedEvent event(Random random, long position) {
    byte[] data = new byte[200];
    random.nextBytes(data);
    int account = random.nextInt(100);
    io.varve.proto.v1.RecordedEvent.Builder event =
        io.varve.proto.v1.RecordedEvent.newBuilder()
            .setPosition(position)
            .setVersion(1 + random.nextInt(1_000))
            .setRecordedAt(time(1_790_000_000 + position / 50))
            .setStream("account-" + account)
            .setId(new UUID(random.nextLong(), random.nextLong()).toString())
            .setType(TYPES.get(random.nextInt(TYPES.size())))
            .setData(ByteString.copyFrom(data))
            .setContentType("application/json");
    if (events.equals("full")) {
      event
          .putMetadata("correlation-id", new UUID(position / 3, account).toString())
          .putMetadata("causation-id", new UUID(account, position).toString())
          .putMetadata("user", "ada@example.org")
          .addTags("account:" + account)
          .addTags("branch:" + account % 7)
          .setOccurredAt(time(1_780_000_000 + position));
    }
    return event.build();
  }

  private static Timestamp time(long seconds) {
    return Timestamp.newBuilder().setSeconds(seconds).setNanos(123_456_000).build();
  }

  /** As gRPC hands over a message. */
  private static final class Received extends ByteArrayInputStream implements KnownLength {
    Received(byte[] bytes) {
      super(bytes);
    }
  }

  /** As the client does it. */
  @Benchmark
  @OperationsPerInvocation(EVENTS)
  public List<RecordedEvent> decode() {
    return Pages.READ_LOG.parseResponse(new Received(page)).get().events();
  }

  /** By the generated parser and the public builder. */
  @Benchmark
  @OperationsPerInvocation(EVENTS)
  public List<RecordedEvent> byTheGeneratedParser() {
    ReadLogResponse response = EventStoreGrpc.getReadLogMethod().parseResponse(new Received(page));
    return ProtoMapping.recordedEvents(response.getEventsList());
  }
}

package io.varve.server.api.grpc;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.varve.benchmarks.hotpath.SomeEvents;
import io.varve.client.streams.EventIds;
import io.varve.proto.v1.AppendPipelineRequest;
import io.varve.proto.v1.AppendRequest;
import io.varve.server.append.AppendCommand;
import io.varve.server.config.Limits;
import io.varve.server.event.NewEvent;
import java.time.InstantSource;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** What does the thread of a call do for an append of one event before it is queued? */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
public class AppendRequestBenchmark {
  private final AppendRequests requests =
      new AppendRequests(
          new Checks(Limits.defaults()), InstantSource.system(), () -> new UUID(0, 0));
  private final AppendPipelineRequest request = request();
  private final byte[] bytes = request.toByteArray();

  private static AppendPipelineRequest request() {
    NewEvent event = SomeEvents.next();
    return AppendPipelineRequest.newBuilder()
        .setRequestId(123_456)
        .setAppend(
            AppendRequest.newBuilder()
                .setStream("account-4711")
                .setVersion(17)
                .addEvents(
                    io.varve.proto.v1.NewEvent.newBuilder()
                        .setId(EventIds.next().toString())
                        .setType(event.type())
                        .setData(ByteString.copyFrom(event.data()))
                        .setContentType(event.contentType())
                        .putAllMetadata(event.metadata())
                        .addAllTags(event.tags())))
        .build();
  }

  /** Checks it and encodes its event. */
  @Benchmark
  public AppendCommand toCommand() {
    return requests.toCommand(request.getAppend());
  }

  /** The same with what gRPC does before: read the message. */
  @Benchmark
  public AppendCommand parseToCommand() throws InvalidProtocolBufferException {
    return requests.toCommand(AppendPipelineRequest.parseFrom(bytes).getAppend());
  }
}

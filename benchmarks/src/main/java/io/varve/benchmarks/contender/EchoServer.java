package io.varve.benchmarks.contender;

import com.google.protobuf.Timestamp;
import io.grpc.Server;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import io.varve.proto.v1.AppendPipelineRequest;
import io.varve.proto.v1.AppendPipelineResponse;
import io.varve.proto.v1.AppendRequest;
import io.varve.proto.v1.AppendResponse;
import io.varve.proto.v1.EventStoreGrpc;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.concurrent.atomic.AtomicLong;

/** Answers appends at once. Started by {@link GrpcEcho}; its argument is the file for its port. */
final class EchoServer extends EventStoreGrpc.EventStoreImplBase {
  private final AtomicLong position = new AtomicLong();

  private EchoServer() {}

  @Override
  public void append(AppendRequest request, StreamObserver<AppendResponse> answer) {
    answer.onNext(answer(request));
    answer.onCompleted();
  }

  @Override
  public StreamObserver<AppendPipelineRequest> appendPipeline(
      StreamObserver<AppendPipelineResponse> answers) {
    return new StreamObserver<>() {
      @Override
      public void onNext(AppendPipelineRequest request) {
        answers.onNext(
            AppendPipelineResponse.newBuilder()
                .setRequestId(request.getRequestId())
                .setAppended(answer(request.getAppend()))
                .build());
      }

      @Override
      public void onError(Throwable cause) {
        // The caller is gone.
      }

      @Override
      public void onCompleted() {
        answers.onCompleted();
      }
    };
  }

  private AppendResponse answer(AppendRequest request) {
    int events = request.getEventsCount();
    return AppendResponse.newBuilder()
        .setVersion(request.getVersion() + events)
        .setPosition(position.addAndGet(events))
        .setRecordedAt(Timestamp.getDefaultInstance())
        .build();
  }

  /** Serves until the process is told to stop. */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    Server server =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .directExecutor() // nothing to wait for
            .maxInboundMessageSize(64 << 20)
            .addService(new EchoServer())
            .build()
            .start();
    Path portFile = Path.of(arguments[0]);
    Path unfinished = portFile.resolveSibling(portFile.getFileName() + ".unfinished");
    Files.writeString(unfinished, Integer.toString(server.getPort()));
    Files.move(unfinished, portFile, StandardCopyOption.ATOMIC_MOVE);
    server.awaitTermination();
  }
}

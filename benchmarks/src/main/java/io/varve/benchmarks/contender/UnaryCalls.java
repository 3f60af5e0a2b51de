package io.varve.benchmarks.contender;

import com.google.protobuf.ByteString;
import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.varve.benchmarks.contender.Contender.Running;
import io.varve.benchmarks.contender.Contender.Session;
import io.varve.proto.v1.AppendRequest;
import io.varve.proto.v1.EventStoreGrpc;
import io.varve.proto.v1.NewEvent;
import io.varve.proto.v1.StreamState;
import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/**
 * Appends as calls of their own, by the generated stubs, as clients in other languages make them.
 */
final class UnaryCalls implements Running {
  private static final ByteString DATA = ByteString.copyFrom(Payload.bytes());

  private final List<ManagedChannel> channels = new ArrayList<>();
  private final Closeable server;
  private int sessions;

  /**
   * @param server closed with this
   */
  UnaryCalls(int port, int connections, Closeable server) {
    this.server = server;
    for (int i = 0; i < connections; i++) {
      channels.add(NettyChannelBuilder.forAddress("127.0.0.1", port).usePlaintext().build());
    }
  }

  @Override
  public Session connect() {
    return new UnarySession(
        EventStoreGrpc.newBlockingStub(channels.get(sessions++ % channels.size())));
  }

  @Override
  public void close() throws IOException {
    channels.forEach(ManagedChannel::shutdownNow);
    server.close();
  }

  private record UnarySession(EventStoreGrpc.EventStoreBlockingStub store) implements Session {
    @Override
    public long append(String stream, long expected, int events) {
      AppendRequest.Builder request = AppendRequest.newBuilder().setStream(stream);
      if (expected == ANY) {
        request.setState(StreamState.STREAM_STATE_ANY);
      } else {
        request.setVersion(expected);
      }
      for (int i = 0; i < events; i++) {
        request.addEvents(
            NewEvent.newBuilder()
                .setId(UUID.randomUUID().toString())
                .setType(Payload.TYPE)
                .setData(DATA));
      }
      return store.append(request.build()).getVersion();
    }

    @Override
    public void close() {
      // The connection is shared.
    }
  }
}

package io.varve.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.util.Durations;
import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.varve.proto.v1.AppendRequest;
import io.varve.proto.v1.ConsumerGroup;
import io.varve.proto.v1.ConsumerGroupInfo;
import io.varve.proto.v1.ConsumerGroupSettings;
import io.varve.proto.v1.ConsumerGroupsCreateRequest;
import io.varve.proto.v1.ConsumerGroupsGetRequest;
import io.varve.proto.v1.ConsumerGroupsGrpc;
import io.varve.proto.v1.DeliveredEvent;
import io.varve.proto.v1.EventStoreGrpc;
import io.varve.proto.v1.NewEvent;
import io.varve.server.api.grpc.WireConsumer;
import io.varve.server.config.Settings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One side is not there for a while, and nobody has said so. */
class GroupAbsenceIT {
  private static final String G = "g";

  @TempDir Path folder;

  private static void createAndAppend(ManagedChannel channel, Duration ackTimeout) {
    assertThat(
            ConsumerGroupsGrpc.newBlockingStub(channel)
                .create(
                    ConsumerGroupsCreateRequest.newBuilder()
                        .setGroup(
                            ConsumerGroup.newBuilder()
                                .setName(G)
                                .setStream("a-1")
                                .setSettings(
                                    ConsumerGroupSettings.newBuilder()
                                        .setMaxRetries(0)
                                        .setAckTimeout(
                                            Durations.fromMillis(ackTimeout.toMillis()))))
                        .build()))
        .isNotNull();
    assertThat(
            EventStoreGrpc.newBlockingStub(channel)
                .append(
                    AppendRequest.newBuilder()
                        .setStream("a-1")
                        .addEvents(NewEvent.newBuilder().setType("A"))
                        .build())
                .getVersion())
        .isEqualTo(1);
  }

  private static ConsumerGroupInfo info(ManagedChannel channel) {
    return ConsumerGroupsGrpc.newBlockingStub(channel)
        .get(ConsumerGroupsGetRequest.newBuilder().setName(G).build())
        .getGroup();
  }

  @Test
  void a_machine_that_vanishes_without_a_word_gives_back_what_it_held_and_that_is_no_failure()
      throws Exception {
    try (TestServer server =
            TestServer.start(
                TestServer.config(folder)
                    .with(Settings.KEEP_ALIVE, Duration.ofSeconds(1))
                    // The others are to answer in that time, however busy the machine is.
                    .with(Settings.KEEP_ALIVE_TIMEOUT, Duration.ofSeconds(5)));
        CuttingProxy proxy = new CuttingProxy(server.port())) {
      ManagedChannel near = server.connect();
      createAndAppend(near, Duration.ofHours(1));
      ManagedChannel far =
          server.register(
              NettyChannelBuilder.forAddress("127.0.0.1", proxy.port()).usePlaintext().build());
      WireConsumer vanishing = WireConsumer.join(far, G, "vanishing", 10);
      DeliveredEvent held = vanishing.next();
      WireConsumer other = WireConsumer.join(near, G, "other", 10);

      proxy.swallow();
      DeliveredEvent again = other.next();

      assertThat(again.getEvent()).isEqualTo(held.getEvent());
      assertThat(again.getRetryCount()).isZero();
      assertThat(info(near).getConsumersList())
          .extracting(consumer -> consumer.getName())
          .containsExactly("other");
    }
  }

  @Test
  void a_server_that_was_suspended_reads_the_acks_in_its_sockets_before_it_calls_them_late()
      throws Exception {
    try (ServerProcess server = ServerProcess.serve(folder.resolve("data"))) {
      ManagedChannel channel = server.connect();
      try {
        Duration ackTimeout = Duration.ofSeconds(6); // enough to suspend the server meanwhile
        createAndAppend(channel, ackTimeout);
        WireConsumer consumer = WireConsumer.join(channel, G, "c", 10);
        long position = consumer.next().getEvent().getPosition();
        server.signal("STOP");
        long stopped = System.nanoTime();
        consumer.ack(List.of(position));
        await()
            .atMost(ServerProcess.PATIENCE)
            .until(() -> System.nanoTime() - stopped > ackTimeout.plusSeconds(1).toNanos());
        server.signal("CONT");

        await()
            .atMost(ServerProcess.PATIENCE)
            .until(() -> info(channel).getLag() == 0 && info(channel).getInFlight() == 0);
        assertThat(info(channel).getParked()).isZero();
        assertThat(info(channel).getCheckpoint()).isEqualTo(1);
      } finally {
        channel.shutdownNow();
      }
    }
  }
}

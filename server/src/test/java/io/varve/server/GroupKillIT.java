package io.varve.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.util.Durations;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.varve.proto.v1.AppendRequest;
import io.varve.proto.v1.ConsumerGroup;
import io.varve.proto.v1.ConsumerGroupInfo;
import io.varve.proto.v1.ConsumerGroupSettings;
import io.varve.proto.v1.ConsumerGroupsCreateRequest;
import io.varve.proto.v1.ConsumerGroupsGetRequest;
import io.varve.proto.v1.ConsumerGroupsGrpc;
import io.varve.proto.v1.ConsumerGroupsUpdateRequest;
import io.varve.proto.v1.ConsumerStrategy;
import io.varve.proto.v1.EventStoreGrpc;
import io.varve.proto.v1.ListParkedRequest;
import io.varve.proto.v1.ListParkedResponse;
import io.varve.proto.v1.NewEvent;
import io.varve.proto.v1.Query;
import io.varve.proto.v1.QueryItem;
import io.varve.proto.v1.ReadLogRequest;
import io.varve.proto.v1.RecordedEvent;
import io.varve.proto.v1.ReplayParkedRequest;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A server with consumer groups is killed again and again while consumers ack, nack, stall and
 * vanish. In the end every event has been acked or is parked, and parked once; in a pinned group
 * nothing comes out of order.
 *
 * <p>{@code -Dvarve.kills=200} for a long run, {@code -Dvarve.seed=N} for the same choices.
 */
class GroupKillIT {
  private static final int KILLS = Integer.getInteger("varve.kills", 4);
  private static final long SEED = Long.getLong("varve.seed", System.nanoTime());
  private static final String SHARED = "shared";
  private static final String PINNED = "pinned";
  private static final Query QUERY =
      Query.newBuilder().addItems(QueryItem.newBuilder().addCategories("k")).build();

  @TempDir Path folder;

  private final Set<Long> doneInShared = ConcurrentHashMap.newKeySet();
  private final Set<Long> doneInPinned = ConcurrentHashMap.newKeySet();
  private final List<AssertionError> violations = Collections.synchronizedList(new ArrayList<>());

  @Test
  void every_event_is_acked_or_parked_once_whenever_the_server_is_killed() throws Exception {
    System.out.println("GroupKillIT: seed " + SEED + ", kills " + KILLS);
    Random random = new Random(SEED);
    Path data = folder.resolve("data");
    for (int kill = 0; kill < KILLS; kill++) {
      try (ServerProcess server = ServerProcess.serve(data)) {
        ManagedChannel channel = server.connect();
        try {
          createGroups(channel);
          checkParked(channel);
          round(server, channel, random);
        } finally {
          stop(channel);
        }
      }
      violations.forEach(
          violation -> {
            throw violation;
          });
    }
    try (ServerProcess server = ServerProcess.serve(data)) {
      ManagedChannel channel = server.connect();
      try {
        finish(channel, SHARED, doneInShared);
        finish(channel, PINNED, doneInPinned);
      } finally {
        stop(channel);
      }
      server.terminate();
      assertThat(server.exit().code()).isZero();
    }
  }

  private static void stop(ManagedChannel channel) throws InterruptedException {
    channel.shutdownNow();
    channel.awaitTermination(ServerProcess.PATIENCE.toSeconds(), TimeUnit.SECONDS);
  }

  // ---- groups

  private static void createGroups(ManagedChannel channel) {
    create(channel, SHARED);
    create(channel, PINNED);
  }

  private static ConsumerGroupSettings.Builder settings(String name, Duration ackTimeout) {
    return ConsumerGroupSettings.newBuilder()
        .setStrategy(
            name.equals(SHARED)
                ? ConsumerStrategy.CONSUMER_STRATEGY_ROUND_ROBIN
                : ConsumerStrategy.CONSUMER_STRATEGY_PINNED)
        .setAckTimeout(Durations.fromMillis(ackTimeout.toMillis()))
        .setMaxRetries(2)
        .setCheckpointAfterEvents(50)
        .setCheckpointAfter(Durations.fromMillis(50));
  }

  private static void create(ManagedChannel channel, String name) {
    boolean shared = name.equals(SHARED);
    try {
      assertThat(
              ConsumerGroupsGrpc.newBlockingStub(channel)
                  .create(
                      ConsumerGroupsCreateRequest.newBuilder()
                          .setGroup(
                              ConsumerGroup.newBuilder()
                                  .setName(name)
                                  .setQuery(QUERY)
                                  .setSettings(
                                      settings(
                                          name,
                                          shared ? Duration.ofMillis(500) : Duration.ofHours(1))))
                          .build()))
          .isNotNull();
    } catch (StatusRuntimeException e) {
      assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.ALREADY_EXISTS);
    }
  }

  private static ConsumerGroupInfo info(ManagedChannel channel, String group) {
    return ConsumerGroupsGrpc.newBlockingStub(channel)
        .get(ConsumerGroupsGetRequest.newBuilder().setName(group).build())
        .getGroup();
  }

  private static List<Long> parked(ManagedChannel channel, String group) {
    List<Long> found = new ArrayList<>();
    String token = "";
    do {
      ListParkedResponse page =
          ConsumerGroupsGrpc.newBlockingStub(channel)
              .listParked(
                  ListParkedRequest.newBuilder().setGroup(group).setPageToken(token).build());
      page.getEventsList().forEach(event -> found.add(event.getEvent().getPosition()));
      token = page.getNextPageToken();
    } while (!token.isEmpty());
    return found;
  }

  private static void checkParked(ManagedChannel channel) {
    List<Long> parked = parked(channel, SHARED);
    assertThat(parked).doesNotHaveDuplicates();
    assertThat(info(channel, SHARED).getParked()).isEqualTo(parked.size());
  }

  // ---- a round

  private void round(ServerProcess server, ManagedChannel channel, Random random) throws Exception {
    List<GroupKillConsumer> consumers = new ArrayList<>();
    Thread writer = Thread.ofPlatform().start(() -> append(channel, random.nextLong()));
    for (int i = 0; i < 3; i++) {
      consumers.add(
          new GroupKillConsumer(server, SHARED, random.nextLong(), true, doneInShared, violations));
      consumers.add(
          new GroupKillConsumer(
              server, PINNED, random.nextLong(), false, doneInPinned, violations));
    }
    int enough = 300 + random.nextInt(600);
    await()
        .atMost(ServerProcess.PATIENCE)
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(1))
        .until(
            () ->
                consumers.stream().mapToInt(GroupKillConsumer::delivered).sum() >= enough
                    || !violations.isEmpty());
    server.kill();
    writer.join(ServerProcess.PATIENCE);
    for (GroupKillConsumer consumer : consumers) {
      consumer.close();
    }
  }

  /** Appends to a few streams until the server has gone. */
  private static void append(ManagedChannel channel, long seed) {
    Random random = new Random(seed);
    var store =
        EventStoreGrpc.newBlockingStub(channel)
            .withDeadlineAfter(ServerProcess.PATIENCE.toSeconds(), TimeUnit.SECONDS);
    try {
      while (true) {
        AppendRequest.Builder append =
            AppendRequest.newBuilder().setStream("k-" + random.nextInt(8));
        if (random.nextInt(4) == 0) {
          append.setStream("other-1");
        }
        for (int i = random.nextInt(4); i >= 0; i--) {
          append.addEvents(NewEvent.newBuilder().setType("Happened"));
        }
        assertThat(store.append(append.build()).getVersion()).isPositive();
      }
    } catch (StatusRuntimeException gone) {
      // killed, as it should be
    }
  }

  // ---- the end

  private void finish(ManagedChannel channel, String group, Set<Long> done) {
    // From here on nothing times out, so that what comes twice is the server's doing.
    assertThat(
            ConsumerGroupsGrpc.newBlockingStub(channel)
                .update(
                    ConsumerGroupsUpdateRequest.newBuilder()
                        .setName(group)
                        .setSettings(settings(group, Duration.ofHours(1)))
                        .build()))
        .isNotNull();
    try (GroupKillConsumer last = GroupKillConsumer.willing(channel, group, done)) {
      await()
          .atMost(ServerProcess.PATIENCE)
          .until(
              () -> {
                ConsumerGroupInfo info = info(channel, group);
                return info.getLag() == 0 && info.getReplaying() == 0;
              });
      assertThat(info(channel, group).getProblem()).isEmpty();
      List<Long> parked = parked(channel, group);
      assertThat(parked).doesNotHaveDuplicates();
      Map<Long, RecordedEvent> log = log(channel);
      for (long position : log.keySet()) {
        assertThat(done.contains(position) || parked.contains(position))
            .as("event %d of group %s is neither acked nor parked", position, group)
            .isTrue();
      }
      assertThat(last.positions()).as("only what matches").isSubsetOf(log.keySet());
      int before = last.delivered();
      assertThat(
              ConsumerGroupsGrpc.newBlockingStub(channel)
                  .replayParked(ReplayParkedRequest.newBuilder().setGroup(group).build())
                  .getReplayed())
          .isEqualTo(parked.size());
      await().atMost(ServerProcess.PATIENCE).until(() -> info(channel, group).getParked() == 0);
      assertThat(last.positions().subList(before, last.delivered()))
          .as("each parked event once")
          .containsExactlyInAnyOrderElementsOf(parked);
      System.out.println(
          "GroupKillIT: %s: %d events, %d parked".formatted(group, log.size(), parked.size()));
    }
  }

  private static Map<Long, RecordedEvent> log(ManagedChannel channel) {
    Map<Long, RecordedEvent> found = new TreeMap<>();
    EventStoreGrpc.newBlockingStub(channel)
        .readLog(ReadLogRequest.newBuilder().setQuery(QUERY).build())
        .forEachRemaining(
            page -> page.getEventsList().forEach(event -> found.put(event.getPosition(), event)));
    return found;
  }
}

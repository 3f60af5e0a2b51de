package io.varve.server.api.grpc;

import static io.varve.server.api.grpc.Wire.PATIENCE;
import static io.varve.server.api.grpc.Wire.append;
import static io.varve.server.api.grpc.Wire.event;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import com.google.protobuf.util.Durations;
import io.grpc.Context;
import io.grpc.ManagedChannel;
import io.grpc.Status.Code;
import io.varve.proto.v1.AdminGrpc;
import io.varve.proto.v1.AppendRequest;
import io.varve.proto.v1.AppendResponse;
import io.varve.proto.v1.EventStoreGrpc;
import io.varve.proto.v1.GetEventRequest;
import io.varve.proto.v1.GetServerInfoRequest;
import io.varve.proto.v1.GetServerInfoResponse;
import io.varve.proto.v1.GetStatisticsRequest;
import io.varve.proto.v1.GetStatisticsResponse;
import io.varve.proto.v1.ReadLogRequest;
import io.varve.proto.v1.RecordedEvent;
import io.varve.proto.v1.SaveSnapshotRequest;
import io.varve.proto.v1.ScavengeRequest;
import io.varve.proto.v1.Snapshot;
import io.varve.proto.v1.SnapshotsGrpc;
import io.varve.proto.v1.StreamsDeleteRequest;
import io.varve.proto.v1.StreamsGrpc;
import io.varve.proto.v1.SubscribeToLogRequest;
import io.varve.proto.v1.SubscribeToLogResponse;
import io.varve.proto.v1.SubscribeToStreamRequest;
import io.varve.proto.v1.SubscribeToStreamResponse;
import io.varve.server.Release;
import io.varve.server.TestServer;
import io.varve.server.api.grpc.Wire.Answers;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The service Admin, as far as it is served. */
class AdminTest {
  private static final long MIB = 1024 * 1024;

  @TempDir Path folder;

  private static GetServerInfoResponse info(ManagedChannel channel) {
    return AdminGrpc.newBlockingStub(channel)
        .getServerInfo(GetServerInfoRequest.getDefaultInstance());
  }

  private static GetStatisticsResponse statistics(ManagedChannel channel) {
    return AdminGrpc.newBlockingStub(channel)
        .getStatistics(GetStatisticsRequest.getDefaultInstance());
  }

  /** The figures, once they are as they will be. */
  private static GetStatisticsResponse statisticsOnce(
      ManagedChannel channel, Predicate<GetStatisticsResponse> holds) {
    return await().atMost(PATIENCE).until(() -> statistics(channel), holds);
  }

  @Test
  void a_server_says_what_it_is_and_keeps_its_id() throws Exception {
    GetServerInfoResponse first;
    try (TestServer server = TestServer.start(folder)) {
      ManagedChannel channel = server.connect();
      first = info(channel);
      GetServerInfoResponse later = info(channel);

      assertThat(first.getRelease()).isEqualTo(Release.number());
      assertThat(first.getDataFormat()).isPositive();
      assertThat(UUID.fromString(first.getStoreId())).hasToString(first.getStoreId());
      assertThat(first.getFeaturesList())
          .contains("consumer-groups", "snapshots", "statistics")
          .doesNotHaveDuplicates();
      assertThat(Durations.isPositive(first.getUptime())).isTrue();
      assertThat(Durations.compare(later.getUptime(), first.getUptime())).isPositive();
    }
    try (TestServer server = TestServer.start(folder)) {
      assertThat(info(server.connect()).getStoreId()).isEqualTo(first.getStoreId());
    }
  }

  @Test
  void an_empty_store_has_no_figures_but_its_size() throws Exception {
    try (TestServer server = TestServer.start(folder)) {
      GetStatisticsResponse empty = statistics(server.connect());

      assertThat(empty.getDiskBytes()).isPositive();
      assertThat(empty.toBuilder().clearDiskBytes().build())
          .isEqualTo(GetStatisticsResponse.getDefaultInstance());
    }
  }

  @Test
  void events_and_streams_are_counted_across_a_restart() throws Exception {
    try (TestServer server = TestServer.start(folder)) {
      ManagedChannel channel = server.connect();
      var store = EventStoreGrpc.newBlockingStub(channel);
      store.append(append("a", event("A"), event("B"), event("C")));
      store.append(append("b", event("A")));
      store.append(append("a", event("D")));

      GetStatisticsResponse statistics = statistics(channel);

      assertThat(statistics.getHeadPosition()).isEqualTo(5);
      assertThat(statistics.getEventCount()).isEqualTo(5);
      assertThat(statistics.getStreamCount()).isEqualTo(2);
      assertThat(statistics.getAppendsPerSecond()).isEqualTo(5 / 60.0);
    }
    try (TestServer server = TestServer.start(folder)) {
      GetStatisticsResponse statistics = statistics(server.connect());

      assertThat(statistics.getHeadPosition()).isEqualTo(5);
      assertThat(statistics.getEventCount()).isEqualTo(5);
      assertThat(statistics.getStreamCount()).isEqualTo(2);
      assertThat(statistics.getAppendsPerSecond()).isZero();
    }
  }

  @Test
  void what_is_sent_is_counted_however_it_is_asked_for() throws Exception {
    try (TestServer server = TestServer.start(folder)) {
      ManagedChannel channel = server.connect();
      var store = EventStoreGrpc.newBlockingStub(channel);
      store.append(append("a", event("A"), event("B"), event("C")));

      store.readLog(ReadLogRequest.getDefaultInstance()).forEachRemaining(_ -> {});
      statisticsOnce(channel, s -> s.getReadsPerSecond() == 3 / 60.0);
      store.getEvent(GetEventRequest.newBuilder().setPosition(2).build());
      statisticsOnce(channel, s -> s.getReadsPerSecond() == 4 / 60.0);
      Answers<SubscribeToLogResponse> answers = new Answers<>();
      EventStoreGrpc.newStub(channel)
          .subscribeToLog(SubscribeToLogRequest.getDefaultInstance(), answers);
      statisticsOnce(channel, s -> s.getReadsPerSecond() == 7 / 60.0);
    }
  }

  @Test
  void subscriptions_are_counted_while_they_are_open() throws Exception {
    try (TestServer server = TestServer.start(folder)) {
      ManagedChannel channel = server.connect();
      Context.CancellableContext calls = Context.current().withCancellation();
      calls.run(
          () -> {
            EventStoreGrpc.newStub(channel)
                .subscribeToLog(
                    SubscribeToLogRequest.getDefaultInstance(),
                    new Answers<SubscribeToLogResponse>());
            EventStoreGrpc.newStub(channel)
                .subscribeToStream(
                    SubscribeToStreamRequest.newBuilder().setStream("a").build(),
                    new Answers<SubscribeToStreamResponse>());
          });
      statisticsOnce(channel, s -> s.getSubscriptions() == 2);

      calls.cancel(null);

      statisticsOnce(channel, s -> s.getSubscriptions() == 0);
    }
  }

  @Test
  void bytes_on_disk_are_those_of_events_and_snapshots() throws Exception {
    byte[] noise = new byte[(int) MIB];
    new Random(1).nextBytes(noise);
    try (TestServer server = TestServer.start(folder)) {
      ManagedChannel channel = server.connect();
      long empty = statistics(channel).getDiskBytes();

      EventStoreGrpc.newBlockingStub(channel)
          .append(append("a", event("A").setData(ByteString.copyFrom(noise))));
      long withEvent = statistics(channel).getDiskBytes();
      SnapshotsGrpc.newBlockingStub(channel)
          .saveSnapshot(
              SaveSnapshotRequest.newBuilder()
                  .setSnapshot(
                      Snapshot.newBuilder()
                          .setStream("a")
                          .setVersion(1)
                          .setData(ByteString.copyFrom(noise)))
                  .build());
      long withSnapshot = statistics(channel).getDiskBytes();

      assertThat(withEvent - empty).isBetween(MIB, 3 * MIB);
      assertThat(withSnapshot - withEvent).isBetween(MIB, 2 * MIB);
    }
  }

  @Test
  void a_scavenge_reclaims_what_is_hidden_and_frees_its_ids() throws Exception {
    try (TestServer server = TestServer.start(folder)) {
      ManagedChannel channel = server.connect();
      var store = EventStoreGrpc.newBlockingStub(channel);
      AppendRequest gone = append("a", event("A"), event("B"));
      String id = gone.getEvents(0).getId();
      store.append(gone);
      store.append(append("b", event("C")));
      assertThat(store.append(gone).getDeduplicated()).isTrue();
      StreamsGrpc.newBlockingStub(channel)
          .delete(StreamsDeleteRequest.newBuilder().setStream("a").build());
      assertThat(statistics(channel).hasLastScavengeAt()).isFalse();
      assertThat(store.getEvent(GetEventRequest.newBuilder().setId(id).build()).hasEvent())
          .isTrue();

      assertThat(
              AdminGrpc.newBlockingStub(channel)
                  .scavenge(ScavengeRequest.getDefaultInstance())
                  .getStarted())
          .isTrue();

      GetStatisticsResponse after =
          statisticsOnce(channel, s -> s.hasLastScavengeAt() && !s.getScavengeRunning());
      assertThat(after.getScavengedEvents()).isEqualTo(2);
      assertThat(after.getEventCount()).isEqualTo(2);
      assertThat(after.getHeadPosition()).isEqualTo(4);
      Refused.from(() -> store.getEvent(GetEventRequest.newBuilder().setId(id).build()))
          .has(Code.NOT_FOUND, "EVENT_NOT_FOUND");
      Refused.from(() -> store.getEvent(GetEventRequest.newBuilder().setPosition(1).build()))
          .has(Code.NOT_FOUND, "EVENT_NOT_FOUND");
      AppendResponse again = store.append(gone);
      assertThat(again.getDeduplicated()).isFalse();
      assertThat(again.getVersion()).isEqualTo(4);
      assertThat(again.getPosition()).isEqualTo(6);
    }
    try (TestServer server = TestServer.start(folder)) {
      assertThat(statistics(server.connect()).getEventCount()).isEqualTo(4);
    }
  }

  @Test
  void a_subscription_goes_on_over_what_is_reclaimed_while_it_is_open() throws Exception {
    try (TestServer server = TestServer.start(folder)) {
      ManagedChannel channel = server.connect();
      var store = EventStoreGrpc.newBlockingStub(channel);
      store.append(append("a", event("A"), event("B")));
      StreamsGrpc.newBlockingStub(channel)
          .delete(StreamsDeleteRequest.newBuilder().setStream("a").build());
      AdminGrpc.newBlockingStub(channel).scavenge(ScavengeRequest.getDefaultInstance());
      statisticsOnce(channel, s -> s.hasLastScavengeAt() && !s.getScavengeRunning());
      Answers<SubscribeToStreamResponse> answers = new Answers<>();
      EventStoreGrpc.newStub(channel)
          .subscribeToStream(SubscribeToStreamRequest.newBuilder().setStream("a").build(), answers);
      store.append(append("a", event("C")));
      store.append(append("a", event("D")));

      await().atMost(PATIENCE).until(() -> events(answers).contains("D"));
      assertThat(events(answers)).containsExactly("C", "D");
    }
  }

  private static List<String> events(Answers<SubscribeToStreamResponse> answers) {
    return answers.received().stream()
        .filter(SubscribeToStreamResponse::hasEvents)
        .flatMap(answer -> answer.getEvents().getEventsList().stream())
        .map(RecordedEvent::getType)
        .toList();
  }
}

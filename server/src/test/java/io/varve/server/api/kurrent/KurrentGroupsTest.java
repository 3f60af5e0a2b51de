package io.varve.server.api.kurrent;

import static io.varve.server.api.kurrent.KurrentCaller.NOTHING;
import static io.varve.server.api.kurrent.KurrentCaller.PATIENCE;
import static io.varve.server.api.kurrent.KurrentCaller.any;
import static io.varve.server.api.kurrent.KurrentCaller.at;
import static io.varve.server.api.kurrent.KurrentCaller.event;
import static io.varve.server.api.kurrent.KurrentCaller.filter;
import static io.varve.server.api.kurrent.KurrentCaller.freshStream;
import static io.varve.server.api.kurrent.KurrentCaller.named;
import static io.varve.server.api.kurrent.KurrentCaller.noStream;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import io.grpc.Channel;
import io.grpc.Status.Code;
import io.grpc.stub.StreamObserver;
import io.varve.client.VarveClient;
import io.varve.client.streams.ConsumerGroup;
import io.varve.proto.kurrent.FilterExpression;
import io.varve.proto.kurrent.Uuid;
import io.varve.proto.kurrent.UuidOption;
import io.varve.proto.kurrent.groups.Ack;
import io.varve.proto.kurrent.groups.ConsumerStrategy;
import io.varve.proto.kurrent.groups.CreateRequest;
import io.varve.proto.kurrent.groups.DeleteOptions;
import io.varve.proto.kurrent.groups.DeleteRequest;
import io.varve.proto.kurrent.groups.GetInfoOptions;
import io.varve.proto.kurrent.groups.GetInfoRequest;
import io.varve.proto.kurrent.groups.GroupEvent;
import io.varve.proto.kurrent.groups.GroupOptions;
import io.varve.proto.kurrent.groups.ListOptions;
import io.varve.proto.kurrent.groups.ListRequest;
import io.varve.proto.kurrent.groups.ListSource;
import io.varve.proto.kurrent.groups.Nack;
import io.varve.proto.kurrent.groups.NackAction;
import io.varve.proto.kurrent.groups.PersistentSubscriptionsGrpc;
import io.varve.proto.kurrent.groups.ReadOptions;
import io.varve.proto.kurrent.groups.ReadRequest;
import io.varve.proto.kurrent.groups.ReadResponse;
import io.varve.proto.kurrent.groups.ReplayParkedOptions;
import io.varve.proto.kurrent.groups.ReplayParkedRequest;
import io.varve.proto.kurrent.groups.Settings;
import io.varve.proto.kurrent.groups.SourceAll;
import io.varve.proto.kurrent.groups.SourceStream;
import io.varve.proto.kurrent.groups.SubscriptionInfo;
import io.varve.proto.kurrent.groups.UpdateRequest;
import io.varve.server.RunningServer;
import io.varve.server.TestServer;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Consumer groups through KurrentDB's protocol. */
class KurrentGroupsTest {
  private static final String G = "g";

  @RegisterExtension static final RunningServer running = new RunningServer();

  private static KurrentCaller caller() {
    return new KurrentCaller(running.channel());
  }

  private static PersistentSubscriptionsGrpc.PersistentSubscriptionsBlockingStub groups() {
    return PersistentSubscriptionsGrpc.newBlockingStub(running.channel());
  }

  private static Settings.Builder settings(String strategy) {
    return Settings.newBuilder()
        .setMaxRetryCount(2)
        .setMessageTimeoutMs(30_000)
        .setCheckpointAfterMs(50)
        .setMaxCheckpointCount(10)
        .setHistoryBufferSize(100)
        .setConsumerStrategy(strategy);
  }

  private static GroupOptions.Builder on(String stream) {
    return GroupOptions.newBuilder()
        .setGroupName(G)
        .setStream(SourceStream.newBuilder().setStreamIdentifier(named(stream)).setStart(NOTHING))
        .setSettings(settings("RoundRobin"));
  }

  private static void create(GroupOptions.Builder options) {
    var _ = groups().create(CreateRequest.newBuilder().setOptions(options).build());
  }

  private static SubscriptionInfo info(String stream) {
    return groups()
        .getInfo(
            GetInfoRequest.newBuilder()
                .setOptions(
                    GetInfoOptions.newBuilder().setStreamIdentifier(named(stream)).setGroupName(G))
                .build())
        .getSubscriptionInfo();
  }

  /** A consumer at this end. */
  private static final class Consumer extends KurrentCaller.Answers<ReadResponse>
      implements AutoCloseable {
    private final StreamObserver<ReadRequest> call;

    Consumer(ReadOptions.Builder options, int bufferSize) {
      call = PersistentSubscriptionsGrpc.newStub(running.channel()).read(this);
      call.onNext(
          ReadRequest.newBuilder()
              .setOptions(
                  options
                      .setGroupName(G)
                      .setBufferSize(bufferSize)
                      .setUuidOption(UuidOption.newBuilder().setString(NOTHING)))
              .build());
    }

    static Consumer of(String stream, int bufferSize) {
      return new Consumer(ReadOptions.newBuilder().setStreamIdentifier(named(stream)), bufferSize);
    }

    List<GroupEvent> events(int count) {
      await().atMost(PATIENCE).until(() -> hasEnded() || now().size() >= count);
      return now();
    }

    List<GroupEvent> now() {
      return received().stream()
          .filter(ReadResponse::hasEvent)
          .map(ReadResponse::getEvent)
          .toList();
    }

    Consumer joined() {
      await().atMost(PATIENCE).until(() -> hasEnded() || !received().isEmpty());
      return this;
    }

    List<String> types(int count) {
      return events(count).stream().map(event -> KurrentCaller.type(event.getEvent())).toList();
    }

    private static Uuid id(GroupEvent event) {
      return event.hasLink() ? event.getLink().getId() : event.getEvent().getId();
    }

    void ack(GroupEvent event) {
      call.onNext(ReadRequest.newBuilder().setAck(Ack.newBuilder().addIds(id(event))).build());
    }

    void nack(GroupEvent event, NackAction action) {
      call.onNext(
          ReadRequest.newBuilder()
              .setNack(Nack.newBuilder().addIds(id(event)).setAction(action).setReason("why not"))
              .build());
    }

    @Override
    public void close() {
      if (!hasEnded()) {
        call.onCompleted();
        assertThat(end()).isNull();
      }
    }
  }

  @Test
  void a_consumer_is_confirmed_first_and_holds_as_many_as_it_says() {
    String stream = freshStream();
    caller().append(stream, "0", "1", "2", "3");
    create(on(stream));

    try (Consumer consumer = Consumer.of(stream, 2)) {
      assertThat(consumer.types(2)).containsExactly("0", "1");
      assertThat(consumer.received().getFirst().getSubscriptionConfirmation().getSubscriptionId())
          .isEqualTo(stream + "::" + G);
      assertThat(info(stream).getTotalInFlightMessages()).isEqualTo(2);
      assertThat(info(stream).getConnections(0).getAvailableSlots()).isZero();
      consumer.events(2).forEach(consumer::ack);
      assertThat(consumer.types(4)).containsExactly("0", "1", "2", "3");
      consumer.events(4).subList(2, 4).forEach(consumer::ack);
      await()
          .atMost(PATIENCE)
          .until(() -> info(stream).getLastCheckpointedEventPosition().equals("3"));
    }
  }

  @Test
  void a_group_begins_with_its_revision_and_one_at_the_end_with_what_comes() {
    String stream = freshStream();
    String other = freshStream();
    caller().append(stream, "0", "1", "2");
    caller().append(other, "0");
    create(
        on(stream)
            .setStream(
                SourceStream.newBuilder().setStreamIdentifier(named(stream)).setRevision(1)));
    create(
        on(other)
            .setStream(
                SourceStream.newBuilder().setStreamIdentifier(named(other)).setEnd(NOTHING)));
    caller().append(other, "1");

    try (Consumer from = Consumer.of(stream, 10);
        Consumer end = Consumer.of(other, 10)) {
      assertThat(from.types(2)).containsExactly("1", "2");
      assertThat(end.types(1)).containsExactly("1");
    }
    assertThat(info(stream).getStartFrom()).isEqualTo("1");
    assertThat(info(other).getStartFrom()).isEqualTo("-1");
  }

  @Test
  void clients_of_the_old_form_state_stream_start_and_strategy_elsewhere() {
    String stream = freshStream();
    caller().append(stream, "0", "1", "2");
    create(
        GroupOptions.newBuilder()
            .setStreamIdentifier(named(stream))
            .setGroupName(G)
            .setSettings(
                settings("")
                    .setRevision(2)
                    .setNamedConsumerStrategy(ConsumerStrategy.CONSUMER_STRATEGY_ROUND_ROBIN)));

    try (Consumer consumer = Consumer.of(stream, 10)) {
      assertThat(consumer.types(1)).containsExactly("2");
    }
    assertThat(info(stream).getNamedConsumerStrategy()).isEqualTo("RoundRobin");
  }

  @Test
  void every_nack_does_what_it_says() {
    String stream = freshStream();
    caller().append(stream, "retry", "park", "skip", "done");
    create(on(stream));

    try (Consumer consumer = Consumer.of(stream, 10)) {
      List<GroupEvent> events = consumer.events(4);
      consumer.nack(events.get(0), NackAction.NACK_ACTION_RETRY);
      consumer.nack(events.get(1), NackAction.NACK_ACTION_PARK);
      consumer.nack(events.get(2), NackAction.NACK_ACTION_SKIP);
      consumer.ack(events.get(3));
      GroupEvent again = consumer.events(5).get(4);
      assertThat(KurrentCaller.type(again.getEvent())).isEqualTo("retry");
      assertThat(again.getRetryCount()).isEqualTo(1);
      consumer.ack(again);
      await().atMost(PATIENCE).until(() -> info(stream).getParkedMessageCount() == 1);
      await().atMost(PATIENCE).until(() -> info(stream).getTotalInFlightMessages() == 0);
      assertThat(consumer.now()).hasSize(5);
    }
  }

  @Test
  void a_nack_that_stops_ends_the_consumers_and_the_event_comes_first_when_one_joins() {
    String stream = freshStream();
    caller().append(stream, "0", "1");
    create(on(stream));

    try (Consumer consumer = Consumer.of(stream, 10)) {
      consumer.nack(consumer.events(2).getFirst(), NackAction.NACK_ACTION_STOP);
      assertThat(KurrentCaller.Refused.from(consumer.end()).trailer("exception"))
          .isEqualTo("persistent-subscription-dropped");
    }
    try (Consumer consumer = Consumer.of(stream, 10)) {
      assertThat(consumer.types(2)).containsExactly("0", "1");
    }
  }

  @Test
  void an_event_that_fails_too_often_is_parked_and_replayed_once_as_often_as_asked() {
    String stream = freshStream();
    caller().append(stream, "0", "1", "2");
    create(on(stream));
    ReplayParkedOptions.Builder replay =
        ReplayParkedOptions.newBuilder().setStreamIdentifier(named(stream)).setGroupName(G);

    try (Consumer consumer = Consumer.of(stream, 10)) {
      for (GroupEvent event : consumer.events(3)) {
        consumer.nack(event, NackAction.NACK_ACTION_PARK);
      }
      await().atMost(PATIENCE).until(() -> info(stream).getParkedMessageCount() == 3);

      var _ =
          groups()
              .replayParked(
                  ReplayParkedRequest.newBuilder().setOptions(replay.clone().setStopAt(1)).build());
      assertThat(KurrentCaller.type(consumer.events(4).get(3).getEvent())).isEqualTo("0");
      consumer.ack(consumer.events(4).get(3));
      await().atMost(PATIENCE).until(() -> info(stream).getParkedMessageCount() == 2);

      var _ =
          groups()
              .replayParked(
                  ReplayParkedRequest.newBuilder()
                      .setOptions(replay.clone().setNoLimit(NOTHING))
                      .build());
      assertThat(consumer.types(6).subList(4, 6)).containsExactlyInAnyOrder("1", "2");
      consumer.events(6).subList(4, 6).forEach(consumer::ack);
      await().atMost(PATIENCE).until(() -> info(stream).getParkedMessageCount() == 0);
      var _ =
          groups()
              .replayParked(
                  ReplayParkedRequest.newBuilder()
                      .setOptions(replay.clone().setNoLimit(NOTHING))
                      .build());
      caller().append(stream, "3");
      assertThat(consumer.types(7).get(6)).isEqualTo("3"); // and nothing that is done in between
    }
  }

  @Test
  void a_group_on_the_log_has_only_what_its_filter_wants() {
    String category = "group" + UUID.randomUUID().toString().replace("-", "");
    create(
        GroupOptions.newBuilder()
            .setGroupName(category)
            .setAll(
                SourceAll.newBuilder()
                    .setStart(NOTHING)
                    .setFilter(
                        filter()
                            .setStreamIdentifier(
                                FilterExpression.newBuilder().setRegex("^" + category))))
            .setSettings(settings("Pinned")));
    caller().append(freshStream(), "other");
    caller().append(category + "-1", "0", "1");

    KurrentCaller.Answers<ReadResponse> answers = new KurrentCaller.Answers<>();
    StreamObserver<ReadRequest> call =
        PersistentSubscriptionsGrpc.newStub(running.channel()).read(answers);
    call.onNext(
        ReadRequest.newBuilder()
            .setOptions(
                ReadOptions.newBuilder().setAll(NOTHING).setGroupName(category).setBufferSize(10))
            .build());
    await().atMost(PATIENCE).until(() -> answers.received().size() == 3);
    assertThat(
            answers.received().stream()
                .skip(1)
                .map(answer -> KurrentCaller.type(answer.getEvent().getEvent())))
        .containsExactly("0", "1");
    call.onCompleted();
    SubscriptionInfo info =
        groups()
            .getInfo(
                GetInfoRequest.newBuilder()
                    .setOptions(GetInfoOptions.newBuilder().setAll(NOTHING).setGroupName(category))
                    .build())
            .getSubscriptionInfo();
    assertThat(info.getEventSource()).isEqualTo("$all");
    assertThat(info.getStartFrom()).isEqualTo("C:0/P:0");
  }

  @Test
  void events_of_one_conversation_go_to_one_consumer() {
    String stream = freshStream();
    create(on(stream).setSettings(settings("PinnedByCorrelation")));

    try (Consumer one = Consumer.of(stream, 100).joined();
        Consumer two = Consumer.of(stream, 100).joined()) {
      for (int i = 0; i < 40; i++) {
        String custom = "{\"$correlationId\":\"conversation-" + i % 8 + "\"}";
        var _ =
            caller()
                .append(any(stream), event("E").setCustomMetadata(ByteString.copyFromUtf8(custom)));
      }
      await().atMost(PATIENCE).until(() -> one.now().size() + two.now().size() == 40);
      Map<ByteString, Consumer> owners = new HashMap<>();
      for (Consumer consumer : List.of(one, two)) {
        assertThat(consumer.now()).isNotEmpty();
        for (GroupEvent event : consumer.now()) {
          assertThat(
                  owners.merge(event.getEvent().getCustomMetadata(), consumer, (first, _) -> first))
              .isSameAs(consumer);
        }
      }
    }
  }

  @Test
  void a_group_on_a_category_delivers_links_and_what_they_lead_to() {
    String category = "links" + UUID.randomUUID().toString().replace("-", "");
    caller().append(category + "-1", "0");
    caller().append(category + "-2", "1");
    String source = "$ce-" + category;
    create(on(source).setSettings(settings("RoundRobin").setResolveLinks(true)));

    try (Consumer consumer = Consumer.of(source, 1)) {
      GroupEvent first = consumer.events(1).getFirst();
      assertThat(KurrentCaller.stream(first.getLink())).isEqualTo(source);
      consumer.ack(first);
      assertThat(consumer.types(2)).containsExactly("0", "1");
    }
  }

  @Test
  void an_update_ends_the_consumers_who_join_anew() {
    String stream = freshStream();
    create(on(stream));

    try (Consumer consumer = Consumer.of(stream, 10).joined()) {
      var _ =
          groups()
              .update(
                  UpdateRequest.newBuilder()
                      .setOptions(on(stream).setSettings(settings("Pinned").setMaxRetryCount(7)))
                      .build());
      KurrentCaller.Refused refused = KurrentCaller.Refused.from(consumer.end());
      assertThat(refused.code()).isEqualTo(Code.CANCELLED);
      assertThat(refused.trailer("exception")).isEqualTo("persistent-subscription-dropped");
    }
    assertThat(info(stream).getMaxRetryCount()).isEqualTo(7);
    assertThat(info(stream).getNamedConsumerStrategy()).isEqualTo("Pinned");
  }

  @Test
  void a_group_is_there_once_and_gone_when_it_is_deleted() {
    String stream = freshStream();
    create(on(stream));
    assertThat(KurrentCaller.Refused.from(() -> create(on(stream))).trailer("exception"))
        .isEqualTo("persistent-subscription-exists");

    try (Consumer consumer = Consumer.of(stream, 10).joined()) {
      var _ =
          groups()
              .delete(
                  DeleteRequest.newBuilder()
                      .setOptions(
                          DeleteOptions.newBuilder()
                              .setStreamIdentifier(named(stream))
                              .setGroupName(G))
                      .build());
      assertThat(KurrentCaller.Refused.from(consumer.end()).trailer("exception"))
          .isEqualTo("persistent-subscription-does-not-exist");
    }
    for (KurrentCaller.Refused refused :
        List.of(
            KurrentCaller.Refused.from(() -> info(stream)),
            KurrentCaller.Refused.from(Consumer.of(stream, 10).end()),
            KurrentCaller.Refused.from(() -> list(stream)))) {
      assertThat(refused.code()).isEqualTo(Code.NOT_FOUND);
      assertThat(refused.trailer("exception")).isEqualTo("persistent-subscription-does-not-exist");
      assertThat(refused.trailer("stream-name")).isEqualTo(stream);
    }
  }

  private static List<SubscriptionInfo> list(String stream) {
    return groups()
        .list(
            ListRequest.newBuilder()
                .setOptions(
                    ListOptions.newBuilder()
                        .setListForStream(ListSource.newBuilder().setStream(named(stream))))
                .build())
        .getSubscriptionsList();
  }

  @Test
  void groups_are_listed_with_their_settings() {
    String stream = freshStream();
    create(on(stream).setSettings(settings("DispatchToSingle").setLiveBufferSize(77)));

    assertThat(list(stream))
        .singleElement()
        .satisfies(
            info -> {
              assertThat(info.getGroupName()).isEqualTo(G);
              assertThat(info.getEventSource()).isEqualTo(stream);
              assertThat(info.getLiveBufferSize()).isEqualTo(77);
              assertThat(info.getNamedConsumerStrategy()).isEqualTo("DispatchToSingle");
            });
  }

  @Test
  void a_group_has_no_more_consumers_than_it_may_have() {
    String stream = freshStream();
    create(on(stream).setSettings(settings("RoundRobin").setMaxSubscriberCount(1)));

    try (Consumer _ = Consumer.of(stream, 10).joined()) {
      KurrentCaller.Refused refused = KurrentCaller.Refused.from(Consumer.of(stream, 10).end());
      assertThat(refused.trailer("exception")).isEqualTo("maximum-subscribers-reached");
      assertThat(refused.sentence()).startsWith("Maximum subscriptions reached");
    }
  }

  @Test
  void a_consumer_that_goes_while_it_is_joining_leaves_nothing_behind() {
    String stream = freshStream();
    caller().append(stream, "0");
    create(on(stream).setSettings(settings("DispatchToSingle").setMaxSubscriberCount(1)));

    for (int i = 0; i < 30; i++) {
      Consumer gone = Consumer.of(stream, 10);
      gone.call.onCompleted();
      var _ = gone.end(); // well, or refused while the one before is not out yet
    }

    await().atMost(PATIENCE).until(() -> info(stream).getConnectionsCount() == 0);
    try (Consumer consumer = Consumer.of(stream, 10)) {
      assertThat(consumer.types(1)).containsExactly("0");
    }
  }

  @Test
  void a_consumer_without_a_bound_gets_its_events() {
    String stream = freshStream();
    caller().append(stream, "0", "1");
    create(on(stream));

    try (Consumer consumer = Consumer.of(stream, Integer.MAX_VALUE)) {
      assertThat(consumer.types(2)).containsExactly("0", "1");
    }
  }

  @Test
  void an_ack_is_about_one_event_though_another_has_the_same_id() {
    String stream = freshStream();
    UUID id = UUID.randomUUID();
    var _ = caller().append(noStream(stream), event(id, "0"));
    var _ = caller().append(at(stream, 0), event(id, "1"));
    create(on(stream));

    try (Consumer consumer = Consumer.of(stream, 10)) {
      assertThat(consumer.types(2)).containsExactly("0", "1");
      consumer.ack(consumer.events(2).getFirst());
    }
    try (Consumer next = Consumer.of(stream, 10)) {
      assertThat(next.types(1)).containsExactly("1");
    }
  }

  @Test
  void an_event_of_which_an_expression_cannot_be_decided_is_parked_and_the_group_goes_on() {
    String category = "slow" + UUID.randomUUID().toString().replace("-", "");
    caller().append(category + "-" + "a".repeat(200) + "!", "never decided");
    caller().append(category + "-x", "decided");
    create(
        GroupOptions.newBuilder()
            .setGroupName(category)
            .setAll(
                SourceAll.newBuilder()
                    .setStart(NOTHING)
                    .setFilter(
                        filter()
                            .setStreamIdentifier(
                                FilterExpression.newBuilder()
                                    .setRegex(
                                        "^" + category + "-(.*a)*(.*a)(.*a)(.*a)(.*a)x$|-x$"))))
            .setSettings(settings("RoundRobin")));

    KurrentCaller.Answers<ReadResponse> answers = new KurrentCaller.Answers<>();
    StreamObserver<ReadRequest> call =
        PersistentSubscriptionsGrpc.newStub(running.channel()).read(answers);
    call.onNext(
        ReadRequest.newBuilder()
            .setOptions(
                ReadOptions.newBuilder().setAll(NOTHING).setGroupName(category).setBufferSize(10))
            .build());
    await().atMost(PATIENCE).until(() -> answers.hasEnded() || answers.received().size() == 2);

    assertThat(KurrentCaller.type(answers.received().get(1).getEvent().getEvent()))
        .isEqualTo("decided");
    call.onCompleted();
    assertThat(
            groups()
                .getInfo(
                    GetInfoRequest.newBuilder()
                        .setOptions(
                            GetInfoOptions.newBuilder().setAll(NOTHING).setGroupName(category))
                        .build())
                .getSubscriptionInfo()
                .getParkedMessageCount())
        .isEqualTo(1);
  }

  @Test
  void the_name_of_a_group_can_be_divided_in_one_way() {
    for (String group : List.of("audit::g", ":g")) {
      assertThat(
              KurrentCaller.Refused.from(() -> create(on(freshStream()).setGroupName(group)))
                  .sentence())
          .startsWith("group_name");
    }
  }

  @Test
  void groups_of_varves_own_api_are_there_by_the_name_that_they_have_here_and_by_no_other() {
    String stream = freshStream();
    String other = freshStream();
    try (VarveClient client = running.server().client()) {
      client.consumerGroups().create(ConsumerGroup.ofStream(stream + "::" + G, stream));
      client.consumerGroups().create(ConsumerGroup.ofStream("plain-" + stream, stream));
      client.consumerGroups().create(ConsumerGroup.ofStream(other + "::" + G, stream));
    }

    assertThat(list(stream))
        .singleElement()
        .extracting(SubscriptionInfo::getGroupName)
        .isEqualTo(G);
    assertThat(info(stream).getEventSource()).isEqualTo(stream);
    for (KurrentCaller.Refused refused :
        List.of(
            KurrentCaller.Refused.from(() -> info(other)),
            KurrentCaller.Refused.from(Consumer.of(other, 10).end()))) {
      assertThat(refused.code()).isEqualTo(Code.NOT_FOUND);
    }
  }

  @Test
  void a_stop_ends_consumers_that_have_not_said_what_they_want(@TempDir Path folder)
      throws Exception {
    KurrentCaller.Answers<ReadResponse> answers = new KurrentCaller.Answers<>();
    try (TestServer server = TestServer.start(folder)) {
      Channel connection = server.connect();
      var _ = PersistentSubscriptionsGrpc.newStub(connection).read(answers);
      var _ = // behind the other: once it is answered, that has come
          PersistentSubscriptionsGrpc.newBlockingStub(connection)
              .list(
                  ListRequest.newBuilder()
                      .setOptions(ListOptions.newBuilder().setListAllSubscriptions(NOTHING))
                      .build());
      server.stop();

      assertThat(KurrentCaller.Refused.from(answers.end()).sentence()).contains("it is stopping");
    }
  }

  @Test
  void a_strategy_that_nobody_knows_and_a_start_behind_the_log_fail_with_a_reason() {
    KurrentCaller.Refused strategy =
        KurrentCaller.Refused.from(
            () -> create(on(freshStream()).setSettings(settings("Guessing"))));
    KurrentCaller.Refused start =
        KurrentCaller.Refused.from(
            () ->
                create(
                    GroupOptions.newBuilder()
                        .setGroupName(G)
                        .setAll(SourceAll.newBuilder().setPosition(Wire.position(1L << 40)))
                        .setSettings(settings("RoundRobin"))));

    for (KurrentCaller.Refused refused : List.of(strategy, start)) {
      assertThat(refused.code()).isEqualTo(Code.INTERNAL);
      assertThat(refused.trailer("exception")).isEqualTo("persistent-subscription-failed");
      assertThat(refused.trailer("reason")).isNotBlank();
    }
  }
}

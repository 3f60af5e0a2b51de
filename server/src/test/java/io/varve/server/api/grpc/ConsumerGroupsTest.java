package io.varve.server.api.grpc;

import static io.varve.server.api.grpc.Wire.append;
import static io.varve.server.api.grpc.Wire.event;
import static io.varve.server.api.grpc.Wire.freshStream;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import com.google.protobuf.Duration;
import com.google.protobuf.Empty;
import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import com.google.protobuf.util.Durations;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.Status.Code;
import io.varve.proto.v1.ConsumeConfirmed;
import io.varve.proto.v1.ConsumeRequest;
import io.varve.proto.v1.ConsumeStart;
import io.varve.proto.v1.ConsumerGroup;
import io.varve.proto.v1.ConsumerGroupInfo;
import io.varve.proto.v1.ConsumerGroupSettings;
import io.varve.proto.v1.ConsumerGroupsCreateRequest;
import io.varve.proto.v1.ConsumerGroupsDeleteRequest;
import io.varve.proto.v1.ConsumerGroupsGetRequest;
import io.varve.proto.v1.ConsumerGroupsGrpc;
import io.varve.proto.v1.ConsumerGroupsListRequest;
import io.varve.proto.v1.ConsumerGroupsListResponse;
import io.varve.proto.v1.ConsumerGroupsUpdateRequest;
import io.varve.proto.v1.ConsumerInfo;
import io.varve.proto.v1.ConsumerStrategy;
import io.varve.proto.v1.DeliveredEvent;
import io.varve.proto.v1.DiscardParkedRequest;
import io.varve.proto.v1.EventStoreGrpc;
import io.varve.proto.v1.ListParkedRequest;
import io.varve.proto.v1.ListParkedResponse;
import io.varve.proto.v1.NackAction;
import io.varve.proto.v1.NewEvent;
import io.varve.proto.v1.ParkedEvent;
import io.varve.proto.v1.PayloadView;
import io.varve.proto.v1.Query;
import io.varve.proto.v1.QueryItem;
import io.varve.proto.v1.RecordedEvent;
import io.varve.proto.v1.ReplayParkedRequest;
import io.varve.server.RunningServer;
import io.varve.server.TestServer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** The service ConsumerGroups over the wire. */
class ConsumerGroupsTest {
  @RegisterExtension static final RunningServer running = new RunningServer();

  private final EventStoreGrpc.EventStoreBlockingStub store =
      EventStoreGrpc.newBlockingStub(running.channel());
  private final ConsumerGroupsGrpc.ConsumerGroupsBlockingStub groups =
      ConsumerGroupsGrpc.newBlockingStub(running.channel());

  private final String stream = freshStream();
  private final String group = "group-" + UUID.randomUUID();

  // ---- words

  private List<Long> appended(int events) {
    long last =
        store
            .append(
                append(
                    stream,
                    IntStream.range(0, events)
                        .mapToObj(_ -> event("Happened"))
                        .toArray(NewEvent.Builder[]::new)))
            .getPosition();
    List<Long> positions = new ArrayList<>();
    for (long position = last - events + 1; position <= last; position++) {
      positions.add(position);
    }
    return positions;
  }

  private void create(UnaryOperator<ConsumerGroupSettings.Builder> settings) {
    create(
        ConsumerGroup.newBuilder()
            .setName(group)
            .setStream(stream)
            .setSettings(settings.apply(ConsumerGroupSettings.newBuilder())));
  }

  private void create(ConsumerGroup.Builder definition) {
    assertThat(groups.create(ConsumerGroupsCreateRequest.newBuilder().setGroup(definition).build()))
        .isNotNull();
  }

  private void createOnStream() {
    create(settings -> settings);
  }

  private WireConsumer join(int credit) throws Exception {
    return WireConsumer.join(running.channel(), group, "worker", credit);
  }

  private ConsumerGroupInfo info() {
    return groups.get(ConsumerGroupsGetRequest.newBuilder().setName(group).build()).getGroup();
  }

  private void awaitInfo(Predicate<ConsumerGroupInfo> condition) {
    await().atMost(Wire.PATIENCE).until(() -> condition.test(info()));
  }

  private ListParkedResponse listParked(UnaryOperator<ListParkedRequest.Builder> change) {
    return groups.listParked(change.apply(ListParkedRequest.newBuilder().setGroup(group)).build());
  }

  private long replay(Long... positions) {
    return groups
        .replayParked(
            ReplayParkedRequest.newBuilder()
                .setGroup(group)
                .addAllPositions(List.of(positions))
                .build())
        .getReplayed();
  }

  private long discard(Long... positions) {
    return groups
        .discardParked(
            DiscardParkedRequest.newBuilder()
                .setGroup(group)
                .addAllPositions(List.of(positions))
                .build())
        .getDiscarded();
  }

  private static List<Long> positions(List<DeliveredEvent> events) {
    return events.stream().map(delivered -> delivered.getEvent().getPosition()).toList();
  }

  // ---- groups

  @Test
  void a_group_is_told_back_as_it_was_created_with_its_defaults() {
    create(
        ConsumerGroup.newBuilder()
            .setName(group)
            .setQuery(
                Query.newBuilder()
                    .addItems(
                        QueryItem.newBuilder()
                            .addTypes("B")
                            .addTypes("A")
                            .addTags("t")
                            .addStreamPrefixes("p")
                            .addCategories("c")))
            .setFromNow(Empty.getDefaultInstance()));

    ConsumerGroupInfo info = info();

    assertThat(info.getGroup().getName()).isEqualTo(group);
    assertThat(info.getGroup().getQuery().getItems(0).getTypesList()).containsExactly("A", "B");
    assertThat(info.getGroup().getQuery().getItems(0).getTagsList()).containsExactly("t");
    assertThat(info.getGroup().getQuery().getItems(0).getStreamPrefixesList()).containsExactly("p");
    assertThat(info.getGroup().getQuery().getItems(0).getCategoriesList()).containsExactly("c");
    assertThat(info.getGroup().hasFromNow()).isTrue();
    assertThat(info.getGroup().getSettings())
        .isEqualTo(
            ConsumerGroupSettings.newBuilder()
                .setStrategy(ConsumerStrategy.CONSUMER_STRATEGY_ROUND_ROBIN)
                .setAckTimeout(Durations.fromSeconds(30))
                .setMaxRetries(10)
                .setBufferSize(500)
                .setMaxInFlight(100)
                .setCheckpointAfterEvents(1_000)
                .setCheckpointAfter(Durations.fromSeconds(2))
                .build());
    assertThat(info.getCreatedAt().getSeconds()).isPositive();
    assertThat(info.hasStop()).isFalse();
    assertThat(info.getProblem()).isEmpty();
    assertThat(info.getConsumersList()).isEmpty();
    assertThat(info.getCheckpoint()).isEqualTo(running.server().headPosition());
  }

  @Test
  void a_name_can_be_given_once_and_again_after_deletion() {
    createOnStream();

    Refused.from(this::createOnStream).has(Code.ALREADY_EXISTS, "GROUP_EXISTS");
    delete();
    createOnStream();

    assertThat(info().getGroup().getStream()).isEqualTo(stream);
  }

  private void delete() {
    assertThat(groups.delete(ConsumerGroupsDeleteRequest.newBuilder().setName(group).build()))
        .isNotNull();
  }

  @Test
  void a_group_that_is_not_there_is_not_found_by_any_call() {
    Refused.from(this::info).has(Code.NOT_FOUND, "GROUP_NOT_FOUND");
    Refused.from(this::delete).has(Code.NOT_FOUND, "GROUP_NOT_FOUND");
    Refused.from(() -> listParked(r -> r)).has(Code.NOT_FOUND, "GROUP_NOT_FOUND");
    Refused.from(this::replay).has(Code.NOT_FOUND, "GROUP_NOT_FOUND");
    Refused.from(this::discard).has(Code.NOT_FOUND, "GROUP_NOT_FOUND");
    Refused.from(() -> update(s -> s)).has(Code.NOT_FOUND, "GROUP_NOT_FOUND");
  }

  private void update(UnaryOperator<ConsumerGroupSettings.Builder> settings) {
    assertThat(
            groups.update(
                ConsumerGroupsUpdateRequest.newBuilder()
                    .setName(group)
                    .setSettings(settings.apply(ConsumerGroupSettings.newBuilder()))
                    .build()))
        .isNotNull();
  }

  @Test
  void joining_a_group_that_is_not_there_ends_the_call() throws Exception {
    WireConsumer consumer = WireConsumer.begin(running.channel(), group, "", 1);

    Refused refused = Refused.from(consumer.end()).has(Code.NOT_FOUND, "GROUP_NOT_FOUND");

    assertThat(refused.metadata()).containsEntry("group", group);
  }

  @Test
  void groups_are_listed_in_the_order_of_their_bytes_page_by_page() {
    List<String> names = List.of("list-a", "list-b", "list-\uffee", "list-🏦");
    for (String name : names.reversed()) {
      create(ConsumerGroup.newBuilder().setName(name).setStream(stream));
    }
    List<String> found = new ArrayList<>();
    String token = "";
    do {
      ConsumerGroupsListResponse page =
          groups.list(
              ConsumerGroupsListRequest.newBuilder().setPageSize(1).setPageToken(token).build());
      assertThat(page.getGroupsCount()).isEqualTo(1);
      found.add(page.getGroups(0).getGroup().getName());
      token = page.getNextPageToken();
    } while (!token.isEmpty());

    assertThat(found.stream().filter(name -> name.startsWith("list-"))).isEqualTo(names);
    assertThat(found).doesNotHaveDuplicates();
  }

  // ---- consuming

  @Test
  void a_consumer_is_confirmed_gets_events_and_acks_them() throws Exception {
    List<Long> positions = appended(5);
    createOnStream();
    WireConsumer consumer = join(10);

    ConsumeConfirmed confirmed = consumer.confirmed();
    List<DeliveredEvent> delivered = consumer.next(5);
    RecordedEvent first = delivered.getFirst().getEvent();
    consumer.ack(positions);

    assertThat(confirmed.getSubscriptionId()).isNotEmpty();
    assertThat(confirmed.getSettings().getMaxInFlight()).isEqualTo(100);
    assertThat(positions(delivered)).isEqualTo(positions);
    assertThat(first.getStream()).isEqualTo(stream);
    assertThat(first.getVersion()).isEqualTo(1);
    assertThat(first.getType()).isEqualTo("Happened");
    assertThat(first.getData().toStringUtf8()).isEqualTo("Happened");
    assertThat(delivered).allSatisfy(one -> assertThat(one.getRetryCount()).isZero());
    assertThat(delivered).noneMatch(DeliveredEvent::getReplayed);
    awaitInfo(info -> info.getCheckpoint() == 5 && info.getLag() == 0);
  }

  @Test
  void events_come_as_they_are_appended_and_as_far_as_there_is_credit() throws Exception {
    createOnStream();
    WireConsumer consumer = join(2);

    List<Long> positions = appended(3);
    List<DeliveredEvent> delivered = new ArrayList<>(consumer.next(2));
    awaitInfo(info -> info.getInFlight() == 2);
    assertThat(consumer.poll()).isNull();
    consumer.credit(1);
    delivered.add(consumer.next());

    assertThat(positions(delivered)).isEqualTo(positions);
  }

  @Test
  void the_figures_tell_who_has_what() throws Exception {
    appended(4);
    createOnStream();
    WireConsumer consumer = join(3);
    List<DeliveredEvent> delivered = consumer.next(3);
    consumer.ack(delivered.getFirst());

    awaitInfo(info -> info.getInFlight() == 2);
    ConsumerGroupInfo info = info();
    ConsumerInfo worker = info.getConsumers(0);

    assertThat(info.getCheckpoint()).isEqualTo(1);
    assertThat(info.getLag()).isEqualTo(3);
    assertThat(info.getDeliveriesPerSecond()).isEqualTo(3.0 / 60);
    assertThat(info.getAcksPerSecond()).isEqualTo(1.0 / 60);
    assertThat(worker.getName()).isEqualTo("worker");
    assertThat(worker.getInFlight()).isEqualTo(2);
    assertThat(worker.getCredit()).isZero();
    assertThat(worker.getDeliveriesPerSecond()).isEqualTo(3.0 / 60);
    assertThat(worker.getAcksPerSecond()).isEqualTo(1.0 / 60);
    assertThat(worker.getConnectedAt().getSeconds()).isPositive();
  }

  @Test
  void payloads_come_as_json_if_they_are_asked_for_so() throws Exception {
    store.append(
        append(
            stream,
            event("Json")
                .clearData()
                .setJson(
                    Value.newBuilder()
                        .setStructValue(
                            Struct.newBuilder()
                                .putFields("a", Value.newBuilder().setBoolValue(true).build())))));
    createOnStream();
    WireConsumer consumer = WireConsumer.joinForJson(running.channel(), group);

    DeliveredEvent delivered = consumer.next();
    consumer.nack(NackAction.NACK_ACTION_PARK, "look at it", delivered);
    awaitInfo(info -> info.getParked() == 1);
    ListParkedResponse parked =
        listParked(request -> request.setPayloadView(PayloadView.PAYLOAD_VIEW_JSON));

    assertThat(delivered.getEvent().getJson().getStructValue().getFieldsMap()).containsKey("a");
    assertThat(parked.getEvents(0).getEvent().getJson().getStructValue().getFieldsMap())
        .containsKey("a");
  }

  @Test
  void half_closing_gives_back_what_was_held_and_ends_well() throws Exception {
    appended(2);
    createOnStream();
    WireConsumer one = join(2);
    List<DeliveredEvent> held = one.next(2);
    one.ack(held.getFirst());
    one.halfClose();

    assertThat(one.end()).isNull();
    WireConsumer other = join(2);
    DeliveredEvent again = other.next();

    assertThat(again.getEvent()).isEqualTo(held.get(1).getEvent());
    assertThat(again.getRetryCount()).as("it was no failure").isZero();
  }

  @Test
  void what_a_cancelled_consumer_held_goes_to_others_and_is_no_failure() throws Exception {
    List<Long> positions = appended(2);
    createOnStream();
    WireConsumer one = join(2);
    assertThat(positions(one.next(2))).isEqualTo(positions);
    WireConsumer other = join(5);

    one.cancel();
    List<DeliveredEvent> again = other.next(2);

    assertThat(positions(again)).isEqualTo(positions);
    assertThat(again).allMatch(event -> event.getRetryCount() == 0);
    awaitInfo(info -> info.getConsumersCount() == 1);
  }

  // ---- failing

  @Test
  void a_retried_event_comes_again_with_its_count_and_is_parked_in_the_end() throws Exception {
    List<Long> positions = appended(1);
    create(settings -> settings.setMaxRetries(2));
    WireConsumer consumer = join(10);

    for (int failures = 0; failures <= 2; failures++) {
      DeliveredEvent delivered = consumer.next();
      assertThat(delivered.getRetryCount()).isEqualTo(failures);
      consumer.nack(NackAction.NACK_ACTION_RETRY, "attempt " + failures, delivered);
    }
    awaitInfo(info -> info.getParked() == 1);
    ParkedEvent parked = listParked(r -> r).getEvents(0);

    assertThat(parked.getEvent().getPosition()).isEqualTo(positions.getFirst());
    assertThat(parked.getEvent().getType()).isEqualTo("Happened");
    assertThat(parked.getReason()).isEqualTo("attempt 2");
    assertThat(parked.getRetryCount()).isEqualTo(2);
    assertThat(parked.getReplaying()).isFalse();
    assertThat(parked.getParkedAt().getSeconds()).isPositive();
    assertThat(info().getLag()).isZero();
    assertThat(info().getCheckpoint()).isEqualTo(1);
  }

  @Test
  void what_is_not_answered_in_time_comes_again() throws Exception {
    appended(1);
    create(settings -> settings.setAckTimeout(Durations.fromMillis(100)));
    WireConsumer consumer = join(10);

    DeliveredEvent first = consumer.next();
    DeliveredEvent again = consumer.next();

    assertThat(again.getEvent()).isEqualTo(first.getEvent());
    assertThat(again.getRetryCount()).isEqualTo(1);
  }

  @Test
  void a_skipped_event_is_done() throws Exception {
    appended(2);
    createOnStream();
    WireConsumer consumer = join(10);
    List<DeliveredEvent> delivered = consumer.next(2);

    consumer.nack(NackAction.NACK_ACTION_SKIP, "", delivered.getFirst());

    awaitInfo(info -> info.getCheckpoint() == 1 && info.getParked() == 0);
  }

  @Test
  void a_stopped_group_ends_all_calls_and_begins_with_the_event_that_stopped_it() throws Exception {
    List<Long> positions = appended(3);
    createOnStream();
    WireConsumer one = join(2);
    List<DeliveredEvent> delivered = one.next(2);
    WireConsumer other = WireConsumer.join(running.channel(), group, "other", 1);
    assertThat(other.next().getEvent().getPosition()).isEqualTo(positions.get(2));

    one.nack(NackAction.NACK_ACTION_STOP, "the schema is unknown", delivered.get(1));
    Refused stopped = Refused.from(one.end()).has(Code.ABORTED, "GROUP_STOPPED");
    Refused.from(other.end()).has(Code.ABORTED, "GROUP_STOPPED");

    assertThat(stopped.metadata())
        .containsEntry("group", group)
        .containsEntry("consumer", "worker")
        .containsEntry("position", positions.get(1).toString());
    assertThat(stopped.sentence()).contains("the schema is unknown");
    assertThat(info().getStop().getConsumer()).isEqualTo("worker");
    assertThat(info().getStop().getReason()).isEqualTo("the schema is unknown");
    assertThat(info().getStop().getPosition()).isEqualTo(positions.get(1));
    assertThat(info().getStop().getStoppedAt().getSeconds()).isPositive();

    WireConsumer next = join(3);
    List<DeliveredEvent> again = next.next(3);
    assertThat(positions(again))
        .containsExactly(positions.get(1), positions.get(0), positions.get(2));
    assertThat(again).allMatch(event -> event.getRetryCount() == 0);
    assertThat(info().hasStop()).isFalse();
  }

  // ---- parked events

  private List<Long> parked(int events) throws Exception {
    List<Long> positions = appended(events);
    WireConsumer consumer = join(events);
    for (DeliveredEvent event : consumer.next(events)) {
      consumer.nack(NackAction.NACK_ACTION_PARK, "bad", event);
    }
    awaitInfo(info -> info.getParked() == events);
    consumer.halfClose();
    assertThat(consumer.end()).isNull();
    return positions;
  }

  @Test
  void parked_events_are_listed_page_by_page() throws Exception {
    createOnStream();
    List<Long> positions = parked(5);

    List<Long> found = new ArrayList<>();
    String token = "";
    do {
      String next = token;
      ListParkedResponse page = listParked(r -> r.setPageSize(2).setPageToken(next));
      page.getEventsList().forEach(event -> found.add(event.getEvent().getPosition()));
      token = page.getNextPageToken();
    } while (!token.isEmpty());

    assertThat(found).isEqualTo(positions);
  }

  @Test
  void a_page_of_large_parked_events_stays_small() throws Exception {
    createOnStream();
    for (int i = 0; i < 3; i++) {
      store.append(append(stream, event("Large").setData(ByteString.copyFrom(new byte[700_000]))));
    }
    WireConsumer consumer = join(3);
    consumer.nack(
        NackAction.NACK_ACTION_PARK, "large", consumer.next(3).toArray(DeliveredEvent[]::new));
    awaitInfo(info -> info.getParked() == 3);

    ListParkedResponse page = listParked(r -> r);

    assertThat(page.getEventsCount()).isEqualTo(2);
    assertThat(listParked(r -> r.setPageToken(page.getNextPageToken())).getEventsCount())
        .isEqualTo(1);
  }

  @Test
  void replayed_events_stay_parked_until_they_are_done() throws Exception {
    createOnStream();
    List<Long> positions = parked(3);

    assertThat(replay(positions.get(0), positions.get(2), 999_999L)).isEqualTo(2);
    assertThat(replay(positions.get(0))).as("already").isZero();
    assertThat(info().getReplaying()).isEqualTo(2);
    WireConsumer consumer = join(10);
    List<DeliveredEvent> delivered = consumer.next(2);

    assertThat(positions(delivered)).containsExactly(positions.get(0), positions.get(2));
    assertThat(delivered).allMatch(DeliveredEvent::getReplayed);
    assertThat(listParked(r -> r).getEventsList())
        .extracting(ParkedEvent::getReplaying)
        .containsExactly(true, false, true);
    consumer.ack(delivered.getFirst());
    awaitInfo(info -> info.getParked() == 2 && info.getReplaying() == 1);
    consumer.nack(NackAction.NACK_ACTION_PARK, "still bad", delivered.get(1));
    awaitInfo(info -> info.getParked() == 2 && info.getReplaying() == 0);
    assertThat(listParked(r -> r).getEventsList())
        .extracting(ParkedEvent::getReason)
        .containsExactly("bad", "still bad");
  }

  @Test
  void all_parked_events_can_be_replayed_or_discarded_at_once() throws Exception {
    createOnStream();
    List<Long> positions = parked(3);

    assertThat(replay()).isEqualTo(3);
    WireConsumer consumer = join(10);
    assertThat(positions(consumer.next(3))).isEqualTo(positions);
    assertThat(discard()).isEqualTo(3);
    consumer.ack(positions);

    awaitInfo(info -> info.getInFlight() == 0 && info.getParked() == 0);
    assertThat(listParked(r -> r).getEventsList()).isEmpty();
  }

  @Test
  void single_parked_events_can_be_discarded() throws Exception {
    createOnStream();
    List<Long> positions = parked(3);

    assertThat(discard(positions.get(1), 999_999L)).isEqualTo(1);

    assertThat(listParked(r -> r).getEventsList())
        .extracting(event -> event.getEvent().getPosition())
        .containsExactly(positions.get(0), positions.get(2));
  }

  // ---- changing

  @Test
  void an_update_keeps_progress_and_what_is_in_flight() throws Exception {
    List<Long> positions = appended(3);
    createOnStream();
    WireConsumer consumer = join(3);
    List<DeliveredEvent> delivered = consumer.next(3);
    consumer.ack(delivered.getFirst());

    update(s -> s.setStrategy(ConsumerStrategy.CONSUMER_STRATEGY_PINNED).setMaxRetries(0));
    consumer.ack(positions);

    awaitInfo(info -> info.getCheckpoint() == 3);
    assertThat(info().getGroup().getSettings().getMaxRetries()).isZero();
    assertThat(info().getGroup().getSettings().getStrategy())
        .isEqualTo(ConsumerStrategy.CONSUMER_STRATEGY_PINNED);
    assertThat(info().getGroup().getSettings().getAckTimeout())
        .isEqualTo(Duration.newBuilder().setSeconds(30).build());
    assertThat(consumer.hasEnded()).isFalse();
  }

  @Test
  void deleting_a_group_disconnects_its_consumers() throws Exception {
    createOnStream();
    WireConsumer consumer = join(3);

    delete();

    Refused.from(consumer.end()).has(Code.NOT_FOUND, "GROUP_NOT_FOUND");
  }

  // ---- consumers that do not do as they should

  @Test
  void a_message_that_cannot_be_parsed_ends_its_consumer_and_gives_back_what_it_held()
      throws Exception {
    List<Long> positions = appended(2);
    createOnStream();
    CompletableFuture<Status> end = new CompletableFuture<>();
    ClientCall<byte[], byte[]> call =
        running.channel().newCall(RawBytes.method("Consume"), CallOptions.DEFAULT);
    call.start(
        new ClientCall.Listener<>() {
          @Override
          public void onClose(Status status, Metadata trailers) {
            end.complete(status);
          }
        },
        new Metadata());
    call.sendMessage(
        ConsumeRequest.newBuilder()
            .setStart(ConsumeStart.newBuilder().setGroup(group).setCredit(2))
            .build()
            .toByteArray());
    awaitInfo(info -> info.getInFlight() == 2); // and nothing of it is read by the caller
    call.sendMessage(new byte[] {0x0a, 5, 'a'});

    awaitInfo(info -> info.getConsumersCount() == 0 && info.getInFlight() == 0);
    assertThat(positions(join(2).next(2))).isEqualTo(positions);
    call.request(10);
    assertThat(end.get(30, TimeUnit.SECONDS).getCode()).isEqualTo(Code.INVALID_ARGUMENT);
  }

  @Test
  void a_consumer_that_does_not_read_costs_little_and_holds_up_nobody() throws Exception {
    for (int i = 0; i < 60; i++) {
      store.append(
          append(stream, event("Large").setData(ByteString.copyFrom(new byte[1_000_000]))));
    }
    create(settings -> settings.setAckTimeout(Durations.fromHours(1))); // nothing is late
    // A window that does not grow: what the connection takes unread is less than one event.
    TestServer server = running.server();
    ManagedChannel narrow = server.register(server.builder().flowControlWindow(64 * 1024).build());
    ClientCall<byte[], byte[]> deaf =
        narrow.newCall(RawBytes.method("Consume"), CallOptions.DEFAULT);
    deaf.start(new ClientCall.Listener<>() {}, new Metadata());
    deaf.sendMessage(
        ConsumeRequest.newBuilder()
            .setStart(
                ConsumeStart.newBuilder().setGroup(group).setConsumer("deaf").setCredit(1_000))
            .build()
            .toByteArray());
    awaitInfo(info -> info.getConsumersCount() == 1 && info.getInFlight() > 0);
    WireConsumer other = join(1_000);
    int read = 0;
    while (read < 58) {
      other.ack(other.next());
      read++;
    }

    assertThat(info().getConsumers(0).getName()).isEqualTo("deaf");
    assertThat(info().getConsumers(0).getInFlight())
        .as("held for one that is deaf")
        .isBetween(1, 2);
    deaf.cancel("the test is over", null);
    assertThat(other.next(60 - read)).extracting(DeliveredEvent::getRetryCount).containsOnly(0);
  }

  // ---- stopping the server

  @Test
  void a_server_that_stops_says_so_to_consumers_and_forgets_nothing(@TempDir Path folder)
      throws Exception {
    try (TestServer server = TestServer.start(folder)) {
      ManagedChannel channel = server.connect();
      assertThat(
              EventStoreGrpc.newBlockingStub(channel)
                  .append(append(stream, event("A"), event("B"), event("C")))
                  .getVersion())
          .isEqualTo(3);
      assertThat(
              ConsumerGroupsGrpc.newBlockingStub(channel)
                  .create(
                      ConsumerGroupsCreateRequest.newBuilder()
                          .setGroup(ConsumerGroup.newBuilder().setName(group).setStream(stream))
                          .build()))
          .isNotNull();
      WireConsumer consumer = WireConsumer.join(channel, group, "c", 10);
      List<DeliveredEvent> delivered = consumer.next(3);
      consumer.ack(delivered.get(0));
      consumer.ack(delivered.get(2));
      WireConsumer silent = WireConsumer.silent(channel);
      await()
          .atMost(Wire.PATIENCE)
          .until(
              () ->
                  ConsumerGroupsGrpc.newBlockingStub(channel)
                          .get(ConsumerGroupsGetRequest.newBuilder().setName(group).build())
                          .getGroup()
                          .getInFlight()
                      == 1);
      server.stop();

      Refused.from(consumer.end()).has(Code.UNAVAILABLE, "NOT_SERVING");
      assertThat(Status.fromThrowable(silent.end()).getCode()).isEqualTo(Code.UNAVAILABLE);
    }
    try (TestServer server = TestServer.start(folder)) {
      WireConsumer consumer = WireConsumer.join(server.connect(), group, "c", 10);

      assertThat(consumer.next().getEvent().getVersion()).isEqualTo(2);
      assertThat(consumer.poll()).isNull();
    }
  }
}

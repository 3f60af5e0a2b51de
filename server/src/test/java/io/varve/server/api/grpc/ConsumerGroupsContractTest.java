package io.varve.server.api.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.Duration;
import com.google.protobuf.util.Durations;
import io.varve.proto.v1.Ack;
import io.varve.proto.v1.ConsumeRequest;
import io.varve.proto.v1.ConsumeStart;
import io.varve.proto.v1.ConsumerGroup;
import io.varve.proto.v1.ConsumerGroupSettings;
import io.varve.proto.v1.ConsumerGroupsCreateRequest;
import io.varve.proto.v1.ConsumerGroupsDeleteRequest;
import io.varve.proto.v1.ConsumerGroupsGetRequest;
import io.varve.proto.v1.ConsumerGroupsGrpc;
import io.varve.proto.v1.ConsumerGroupsListRequest;
import io.varve.proto.v1.ConsumerGroupsUpdateRequest;
import io.varve.proto.v1.DiscardParkedRequest;
import io.varve.proto.v1.ListParkedRequest;
import io.varve.proto.v1.Nack;
import io.varve.proto.v1.NackAction;
import io.varve.proto.v1.Query;
import io.varve.proto.v1.QueryItem;
import io.varve.proto.v1.ReplayParkedRequest;
import io.varve.server.RunningServer;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Every field of the service ConsumerGroups: at its limit it is taken, one over it is refused. */
class ConsumerGroupsContractTest {
  @RegisterExtension static final RunningServer running = new RunningServer();

  private final ConsumerGroupsGrpc.ConsumerGroupsBlockingStub groups =
      ConsumerGroupsGrpc.newBlockingStub(running.channel());

  // ---- words

  private static String freshName() {
    return "group-" + UUID.randomUUID();
  }

  private static ConsumerGroup.Builder group() {
    return ConsumerGroup.newBuilder().setName(freshName()).setStream("a-1");
  }

  private void create(ConsumerGroup.Builder group) {
    assertThat(groups.create(ConsumerGroupsCreateRequest.newBuilder().setGroup(group).build()))
        .isNotNull();
  }

  private Refused refused(ConsumerGroup.Builder group) {
    return Refused.from(() -> create(group));
  }

  private static ConsumerGroup.Builder with(UnaryOperator<ConsumerGroupSettings.Builder> change) {
    return group().setSettings(change.apply(ConsumerGroupSettings.newBuilder()));
  }

  private String created() {
    ConsumerGroup.Builder group = group();
    create(group);
    return group.getName();
  }

  /** What a consumer is refused with that says this second. */
  private Refused refusedAfterJoining(ConsumeRequest.Builder request) throws Exception {
    String name = created();
    WireConsumer consumer = WireConsumer.join(running.channel(), name, "c", 1);
    consumer.say(request);
    Refused refused = Refused.from(consumer.end());
    await()
        .atMost(Wire.PATIENCE)
        .until(
            () ->
                groups
                    .get(ConsumerGroupsGetRequest.newBuilder().setName(name).build())
                    .getGroup()
                    .getConsumersList()
                    .isEmpty());
    return refused;
  }

  private Refused refusedStart(ConsumeStart.Builder start) throws Exception {
    WireConsumer consumer = WireConsumer.silent(running.channel());
    consumer.say(ConsumeRequest.newBuilder().setStart(start));
    return Refused.from(consumer.end());
  }

  // ---- creating

  @Test
  void a_group_needs_a_name_within_its_limit_and_a_source() {
    Refused.from(() -> groups.create(ConsumerGroupsCreateRequest.getDefaultInstance()))
        .isInvalid("group");
    refused(group().setName("")).isInvalid("group.name");
    refused(group().setName("a\u0007b")).isInvalid("group.name");
    create(group().setName("x".repeat(220) + freshName().substring(6)));
    refused(group().setName("x".repeat(257))).isOverLimit("group.name", 256, 257);
    refused(group().setName("ü".repeat(129))).isOverLimit("group.name", 256, 258);
    refused(group().clearSource()).isInvalid("group.source");
    refused(group().setStream("")).isInvalid("group.stream");
    refused(group().setStream("x".repeat(513))).isOverLimit("group.stream", 512, 513);
    refused(
            group()
                .setQuery(
                    Query.newBuilder()
                        .addAllItems(Collections.nCopies(1_001, QueryItem.getDefaultInstance()))))
        .isOverLimit("group.query.items", 1_000, 1_001);
    refused(group().setQuery(Query.newBuilder().addItems(QueryItem.newBuilder().addTags(""))))
        .isInvalid("group.query.items[0].tags[0]");
    refused(group().setAfter(-1)).isInvalid("group.after");
    create(group().setAfter(Long.MAX_VALUE));
  }

  @Test
  void every_setting_has_its_bounds() {
    create(with(s -> s.setAckTimeout(Durations.fromMillis(100))));
    create(with(s -> s.setAckTimeout(Durations.fromDays(1))));
    refused(with(s -> s.setAckTimeout(Durations.fromNanos(99_999_999))))
        .isInvalid("group.settings.ack_timeout");
    refused(with(s -> s.setAckTimeout(Durations.fromMillis(86_400_001))))
        .isInvalid("group.settings.ack_timeout");
    refused(with(s -> s.setAckTimeout(Duration.newBuilder().setSeconds(1).setNanos(-1))))
        .isInvalid("group.settings.ack_timeout");
    refused(with(s -> s.setAckTimeout(Duration.newBuilder().setSeconds(Long.MAX_VALUE))))
        .isInvalid("group.settings.ack_timeout");
    refused(with(s -> s.setAckTimeout(Duration.getDefaultInstance())))
        .isInvalid("group.settings.ack_timeout");

    create(with(s -> s.setMaxRetries(0)));
    create(with(s -> s.setMaxRetries(1_000_000)));
    refused(with(s -> s.setMaxRetries(1_000_001)))
        .isOverLimit("group.settings.max_retries", 1_000_000, 1_000_001);
    refused(with(s -> s.setMaxRetries(-1)))
        .isOverLimit("group.settings.max_retries", 1_000_000, 0xffffffffL);

    create(with(s -> s.setBufferSize(10_000)));
    refused(with(s -> s.setBufferSize(10_001)))
        .isOverLimit("group.settings.buffer_size", 10_000, 10_001);
    create(with(s -> s.setMaxInFlight(10_000)));
    refused(with(s -> s.setMaxInFlight(10_001)))
        .isOverLimit("group.settings.max_in_flight", 10_000, 10_001);
    create(with(s -> s.setCheckpointAfterEvents(1_000_000)));
    refused(with(s -> s.setCheckpointAfterEvents(1_000_001)))
        .isOverLimit("group.settings.checkpoint_after_events", 1_000_000, 1_000_001);

    create(with(s -> s.setCheckpointAfter(Durations.fromMillis(10))));
    create(with(s -> s.setCheckpointAfter(Durations.fromHours(1))));
    refused(with(s -> s.setCheckpointAfter(Durations.fromMillis(9))))
        .isInvalid("group.settings.checkpoint_after");
    refused(with(s -> s.setCheckpointAfter(Durations.fromSeconds(3_601))))
        .isInvalid("group.settings.checkpoint_after");
    refused(with(s -> s.setStrategyValue(77))).isInvalid("group.settings.strategy");
  }

  // ---- changing, asking, deleting

  @Test
  void an_update_wants_a_name_and_settings_within_their_bounds() {
    String name = created();
    Refused.from(() -> update(ConsumerGroupsUpdateRequest.newBuilder())).isInvalid("name");
    Refused.from(() -> update(ConsumerGroupsUpdateRequest.newBuilder().setName(name)))
        .isInvalid("settings");
    Refused.from(
            () ->
                update(
                    ConsumerGroupsUpdateRequest.newBuilder()
                        .setName(name)
                        .setSettings(ConsumerGroupSettings.newBuilder().setBufferSize(10_001))))
        .isOverLimit("settings.buffer_size", 10_000, 10_001);
  }

  private void update(ConsumerGroupsUpdateRequest.Builder request) {
    assertThat(groups.update(request.build())).isNotNull();
  }

  @Test
  void every_call_wants_a_name() {
    String tooLong = "x".repeat(257);
    Refused.from(() -> groups.get(ConsumerGroupsGetRequest.getDefaultInstance())).isInvalid("name");
    Refused.from(() -> groups.delete(ConsumerGroupsDeleteRequest.getDefaultInstance()))
        .isInvalid("name");
    Refused.from(() -> groups.listParked(ListParkedRequest.getDefaultInstance()))
        .isInvalid("group");
    Refused.from(() -> groups.replayParked(ReplayParkedRequest.getDefaultInstance()))
        .isInvalid("group");
    Refused.from(() -> groups.discardParked(DiscardParkedRequest.getDefaultInstance()))
        .isInvalid("group");
    Refused.from(() -> groups.get(ConsumerGroupsGetRequest.newBuilder().setName(tooLong).build()))
        .isOverLimit("name", 256, 257);
  }

  @Test
  void pages_and_tokens_are_checked() {
    String name = created();
    Refused.from(
            () -> groups.list(ConsumerGroupsListRequest.newBuilder().setPageSize(1_001).build()))
        .isOverLimit("page_size", 1_000, 1_001);
    Refused.from(
            () -> groups.list(ConsumerGroupsListRequest.newBuilder().setPageToken("no").build()))
        .isInvalid("page_token");
    Refused.from(
            () ->
                groups.listParked(
                    ListParkedRequest.newBuilder().setGroup(name).setPageSize(1_001).build()))
        .isOverLimit("page_size", 1_000, 1_001);
    Refused.from(
            () ->
                groups.listParked(
                    ListParkedRequest.newBuilder().setGroup(name).setPageToken("no").build()))
        .isInvalid("page_token");
    Refused.from(
            () ->
                groups.listParked(
                    ListParkedRequest.newBuilder().setGroup(name).setPayloadViewValue(9).build()))
        .isInvalid("payload_view");
  }

  @Test
  void so_many_positions_and_no_more() {
    String name = created();
    List<Long> tooMany = Collections.nCopies(10_001, 1L);
    List<Long> most = Collections.nCopies(10_000, 1L);
    Refused.from(() -> replay(name, tooMany)).isOverLimit("positions", 10_000, 10_001);
    Refused.from(() -> discard(name, tooMany)).isOverLimit("positions", 10_000, 10_001);
    Refused.from(() -> replay(name, List.of(1L, -1L))).isInvalid("positions[1]");
    assertThat(replay(name, most)).isZero();
    assertThat(discard(name, most)).isZero();
  }

  private long replay(String name, List<Long> positions) {
    return groups
        .replayParked(
            ReplayParkedRequest.newBuilder().setGroup(name).addAllPositions(positions).build())
        .getReplayed();
  }

  private long discard(String name, List<Long> positions) {
    return groups
        .discardParked(
            DiscardParkedRequest.newBuilder().setGroup(name).addAllPositions(positions).build())
        .getDiscarded();
  }

  // ---- consuming

  @Test
  void a_consumer_starts_first_and_once() throws Exception {
    String name = created();
    WireConsumer consumer = WireConsumer.silent(running.channel());
    consumer.credit(1);
    Refused.from(consumer.end()).isInvalid("start");
    WireConsumer empty = WireConsumer.silent(running.channel());
    empty.say(ConsumeRequest.newBuilder());
    Refused.from(empty.end()).isInvalid("start");
    refusedAfterJoining(
            ConsumeRequest.newBuilder().setStart(ConsumeStart.newBuilder().setGroup(name)))
        .isInvalid("start");
    refusedAfterJoining(ConsumeRequest.newBuilder()).isInvalid("content");
    WireConsumer none = WireConsumer.silent(running.channel());
    none.halfClose();
    assertThat(none.end()).isNull();
  }

  @Test
  void the_fields_of_a_start_are_checked() throws Exception {
    String name = created();
    refusedStart(ConsumeStart.newBuilder()).isInvalid("start.group");
    refusedStart(ConsumeStart.newBuilder().setGroup("x".repeat(257)))
        .isOverLimit("start.group", 256, 257);
    refusedStart(ConsumeStart.newBuilder().setGroup(name).setConsumer("x".repeat(257)))
        .isOverLimit("start.consumer", 256, 257);
    refusedStart(ConsumeStart.newBuilder().setGroup(name).setConsumer("a\nb"))
        .isInvalid("start.consumer");
    refusedStart(ConsumeStart.newBuilder().setGroup(name).setPayloadViewValue(9))
        .isInvalid("start.payload_view");
    WireConsumer largest = WireConsumer.join(running.channel(), name, "x".repeat(256), -1);
    assertThat(largest.hasEnded()).isFalse();
    assertThat(
            groups
                .get(ConsumerGroupsGetRequest.newBuilder().setName(name).build())
                .getGroup()
                .getConsumers(0)
                .getCredit())
        .as("credit stops at a million")
        .isEqualTo(1_000_000);
  }

  @Test
  void answers_are_checked_and_a_wrong_one_ends_its_consumer_alone() throws Exception {
    List<Long> tooMany = Collections.nCopies(10_001, 1L);
    refusedAfterJoining(
            ConsumeRequest.newBuilder().setAck(Ack.newBuilder().addAllPositions(tooMany)))
        .isOverLimit("ack.positions", 10_000, 10_001);
    refusedAfterJoining(ConsumeRequest.newBuilder().setAck(Ack.newBuilder().addPositions(-1)))
        .isInvalid("ack.positions[0]");
    refusedAfterJoining(
            ConsumeRequest.newBuilder()
                .setNack(
                    Nack.newBuilder()
                        .setAction(NackAction.NACK_ACTION_PARK)
                        .addAllPositions(tooMany)))
        .isOverLimit("nack.positions", 10_000, 10_001);
    refusedAfterJoining(ConsumeRequest.newBuilder().setNack(Nack.newBuilder().addPositions(1)))
        .isInvalid("nack.action");
    refusedAfterJoining(ConsumeRequest.newBuilder().setNack(Nack.newBuilder().setActionValue(9)))
        .isInvalid("nack.action");
    refusedAfterJoining(
            ConsumeRequest.newBuilder()
                .setNack(
                    Nack.newBuilder()
                        .setAction(NackAction.NACK_ACTION_PARK)
                        .setReason("x".repeat(1_025))))
        .isOverLimit("nack.reason", 1_024, 1_025);
    refusedAfterJoining(
            ConsumeRequest.newBuilder()
                .setNack(
                    Nack.newBuilder().setAction(NackAction.NACK_ACTION_PARK).setReason("a\u0000b")))
        .isInvalid("nack.reason");
  }

  @Test
  void answers_without_positions_are_taken_and_change_nothing() throws Exception {
    String name = created();
    WireConsumer consumer = WireConsumer.join(running.channel(), name, "c", 1);
    consumer.ack(List.of());
    consumer.ack(Collections.nCopies(10_000, 1L));
    consumer.nack(NackAction.NACK_ACTION_STOP, "a reason\nof two lines");
    consumer.credit(0);
    consumer.halfClose();

    assertThat(consumer.end()).isNull();
    assertThat(
            groups
                .get(ConsumerGroupsGetRequest.newBuilder().setName(name).build())
                .getGroup()
                .hasStop())
        .isFalse();
  }
}

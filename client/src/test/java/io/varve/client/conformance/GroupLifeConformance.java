package io.varve.client.conformance;

import static io.varve.client.conformance.StreamLifeConformance.assertInvalid;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.client.streams.AppendResult;
import io.varve.client.streams.ConsumerGroup;
import io.varve.client.streams.ConsumerGroupInfo;
import io.varve.client.streams.ConsumerGroupSettings;
import io.varve.client.streams.ConsumerStrategy;
import io.varve.client.streams.GroupExistsException;
import io.varve.client.streams.GroupNotFoundException;
import io.varve.client.streams.JoinGroup;
import io.varve.client.streams.Query;
import io.varve.client.streams.QueryItem;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Consumer groups come, change and go. */
abstract class GroupLifeConformance extends GroupTests {

  private static final ConsumerGroupSettings UNUSUAL =
      new ConsumerGroupSettings(
          ConsumerStrategy.PINNED,
          Duration.ofMinutes(7),
          0,
          10_000,
          1,
          1_000_000,
          Duration.ofMillis(10));

  @Test
  void a_new_group_is_as_it_was_asked_for_and_has_done_nothing() {
    AppendResult last = givenOne(ACCOUNT, "Opened");
    ConsumerGroup group =
        ConsumerGroup.ofLog(
                GROUP,
                Query.of(
                    QueryItem.types("Opened").withTags("vip"), QueryItem.categories("account")))
            .settings(UNUSUAL);

    groups().create(group);

    ConsumerGroupInfo info = info();
    assertThat(info.group()).isEqualTo(group);
    assertThat(info.name()).isEqualTo(GROUP);
    assertThat(info.checkpoint()).isZero();
    assertThat(info.lag()).isEqualTo(1);
    assertThat(info.inFlight() + info.retrying() + info.parked() + info.replaying()).isZero();
    assertThat(info.deliveriesPerSecond() + info.acksPerSecond()).isZero();
    assertThat(info.consumers()).isEmpty();
    assertThat(info.createdAt())
        .isBetween(last.recordedAt().minusSeconds(60), last.recordedAt().plusSeconds(60));
    assertThat(info.stop()).isNull();
    assertThat(info.problem()).isNull();
  }

  @Test
  void a_group_has_the_settings_that_the_contract_names_unless_it_is_told_otherwise() {
    groups().create(ConsumerGroup.ofStream(GROUP, ACCOUNT));

    ConsumerGroupSettings settings = info().group().settings();
    assertThat(settings.strategy()).isEqualTo(ConsumerStrategy.ROUND_ROBIN);
    assertThat(settings.ackTimeout()).isEqualTo(Duration.ofSeconds(30));
    assertThat(settings.maxRetries()).isEqualTo(10);
    assertThat(settings.bufferSize()).isEqualTo(500);
    assertThat(settings.maxInFlight()).isEqualTo(100);
    assertThat(settings.checkpointAfterEvents()).isEqualTo(1_000);
    assertThat(settings.checkpointAfter()).isEqualTo(Duration.ofSeconds(2));
    assertThat(join(1).member.settings()).isEqualTo(settings);
  }

  @Test
  void a_name_is_given_once() {
    givenGroup(UNUSUAL);

    GroupExistsException refusal =
        refusal(
            GroupExistsException.class,
            () -> groups().create(ConsumerGroup.ofStream(GROUP, ACCOUNT)));

    assertThat(refusal.group()).isEqualTo(GROUP);
    assertThat(info().group().settings()).isEqualTo(UNUSUAL);
  }

  @Test
  void a_group_that_is_not_there_is_said_not_to_be_there() {
    givenGroup(DEFAULTS);

    assertThat(groups().get("none")).isEmpty();
    for (Runnable call :
        List.<Runnable>of(
            () -> groups().update("none", DEFAULTS),
            () -> groups().delete("none"),
            () -> groups().listParked("none").forEach(found -> {}),
            () -> groups().replayParked("none"),
            () -> groups().replayParked("none", List.of(1L)),
            () -> groups().discardParked("none"),
            () -> groups().discardParked("none", List.of(1L)),
            () -> groups().consume(JoinGroup.of("none"), new RecordingConsumer()))) {
      assertThat(refusal(GroupNotFoundException.class, call).group()).isEqualTo("none");
    }
  }

  @Test
  void a_deleted_group_is_gone_with_its_progress_and_its_name_is_free() {
    givenOne(ACCOUNT, "Opened");
    givenGroup(DEFAULTS);
    givenParked(1L);

    groups().delete(GROUP);

    assertThat(groups().get(GROUP)).isEmpty();
    assertThat(groups().list()).isEmpty();
    givenGroup(DEFAULTS);
    assertThat(parked()).isEmpty();
    awaitPositions(join(5), 1);
  }

  @Test
  void deleting_a_group_ends_its_consumers() {
    givenGroup(DEFAULTS);
    RecordingConsumer one = join(1);
    RecordingConsumer other = join(0);

    groups().delete(GROUP);

    for (RecordingConsumer consumer : List.of(one, other)) {
      await().until(() -> consumer.closings.get() == 1);
      assertThat(consumer.causes).singleElement().isInstanceOf(GroupNotFoundException.class);
      await().until(() -> consumer.member.closed().isCompletedExceptionally());
      consumer.member.ack(List.of(1L)); // passed over
      consumer.member.close();
    }
  }

  @Test
  void groups_are_listed_in_the_byte_order_of_their_names() {
    for (String name : List.of("b", "\uD83D\uDE00", "a-1", "Z", "\uFF5E", "a")) {
      groups().create(ConsumerGroup.ofStream(name, ACCOUNT));
    }

    assertThat(groups().list().map(ConsumerGroupInfo::name))
        .containsExactly("Z", "a", "a-1", "b", "\uFF5E", "\uD83D\uDE00");
    assertThat(groups().list().map(info -> info.group().source()).distinct()).hasSize(1);
  }

  @Test
  void a_groups_name_is_checked() {
    givenGroup(ConsumerGroup.ofStream("x".repeat(256), ACCOUNT));

    for (String wrong : List.of("", "a\nb", "x".repeat(257), "\u00e9".repeat(129), "\uD800")) {
      assertInvalid("group.name", () -> groups().create(ConsumerGroup.ofStream(wrong, ACCOUNT)));
      assertInvalid("name", () -> groups().get(wrong));
      assertInvalid("name", () -> groups().update(wrong, DEFAULTS));
      assertInvalid("name", () -> groups().delete(wrong));
      assertInvalid("group", () -> groups().listParked(wrong).forEach(found -> {}));
      assertInvalid("group", () -> groups().replayParked(wrong));
      assertInvalid("group", () -> groups().discardParked(wrong));
      assertInvalid(
          "start.group", () -> groups().consume(JoinGroup.of(wrong), new RecordingConsumer()));
    }
  }

  @Test
  void what_a_group_consumes_is_checked() {
    assertInvalid("group.stream", () -> groups().create(ConsumerGroup.ofStream(GROUP, "")));
    assertInvalid(
        "group.stream", () -> groups().create(ConsumerGroup.ofStream(GROUP, "x".repeat(513))));
    assertInvalid(
        "group.query.items[0].types",
        () -> groups().create(ConsumerGroup.ofLog(GROUP, Query.types(""))));
    assertThat(groups().get(GROUP)).isEmpty();
  }

  private static Map<String, ConsumerGroupSettings> outsideTheirLimits() {
    return Map.of(
        "ack_timeout", DEFAULTS.ackTimeout(Duration.ofMillis(99)),
        "max_retries", DEFAULTS.maxRetries(1_000_001),
        "buffer_size", DEFAULTS.bufferSize(10_001),
        "max_in_flight", DEFAULTS.maxInFlight(10_001),
        "checkpoint_after_events", DEFAULTS.checkpointAfter(1_000_001, Duration.ofSeconds(2)),
        "checkpoint_after", DEFAULTS.checkpointAfter(1_000, Duration.ofMinutes(61)));
  }

  @Test
  void settings_have_limits() {
    outsideTheirLimits()
        .forEach(
            (field, settings) ->
                assertInvalid(
                    "group.settings." + field,
                    () ->
                        groups()
                            .create(ConsumerGroup.ofStream(GROUP, ACCOUNT).settings(settings))));
    assertInvalid(
        "group.settings.ack_timeout",
        () ->
            groups()
                .create(
                    ConsumerGroup.ofStream(GROUP, ACCOUNT)
                        .settings(DEFAULTS.ackTimeout(Duration.ofDays(1).plusNanos(1)))));
    assertInvalid(
        "group.settings.checkpoint_after",
        () ->
            groups()
                .create(
                    ConsumerGroup.ofStream(GROUP, ACCOUNT)
                        .settings(DEFAULTS.checkpointAfter(1, Duration.ofMillis(9)))));
    assertThat(groups().get(GROUP)).isEmpty();
  }

  @Test
  void an_update_outside_the_limits_changes_nothing() {
    givenGroup(UNUSUAL);

    outsideTheirLimits()
        .forEach(
            (field, settings) ->
                assertInvalid("settings." + field, () -> groups().update(GROUP, settings)));

    assertThat(info().group().settings()).isEqualTo(UNUSUAL);
  }

  @Test
  void an_update_changes_the_settings_and_keeps_the_progress() {
    given(ACCOUNT, 3);
    givenGroup(DEFAULTS);
    RecordingConsumer consumer = join(2);
    awaitPositions(consumer, 1, 2);
    consumer.member.ack(List.of(1L));
    awaitInfo(info -> info.checkpoint() == 1);

    groups().update(GROUP, UNUSUAL);

    assertThat(info().group().settings()).isEqualTo(UNUSUAL);
    assertThat(info().checkpoint()).isEqualTo(1);
    consumer.member.ack(List.of(2L));
    consumer.member.credit(1);
    awaitPositions(consumer, 1, 2, 3);
    assertThat(join(0).member.settings()).isEqualTo(UNUSUAL);
  }

  @Test
  void the_consumers_of_a_group_are_shown_in_the_order_in_which_they_came() {
    given(ACCOUNT, 2);
    givenGroup(DEFAULTS);
    Instant before = info().createdAt();

    RecordingConsumer first = join("first", 5);
    awaitEvents(first, 2);
    RecordingConsumer second = join("second", 0);
    first.member.ack(List.of(1L));

    awaitInfo(info -> info.inFlight() == 1 && info.consumers().size() == 2);
    ConsumerGroupInfo info = info();
    assertThat(info.consumers().getFirst().name()).isEqualTo("first");
    assertThat(info.consumers().getFirst().inFlight()).isEqualTo(1);
    assertThat(info.consumers().getFirst().credit()).isEqualTo(3);
    assertThat(info.consumers().getFirst().deliveriesPerSecond()).isPositive();
    assertThat(info.consumers().getFirst().acksPerSecond()).isPositive();
    assertThat(info.consumers().getFirst().connectedAt()).isAfterOrEqualTo(before);
    assertThat(info.consumers().getLast().name()).isEqualTo("second");
    assertThat(info.consumers().getLast().credit()).isZero();
    assertThat(info.consumers().getLast().inFlight()).isZero();
    assertThat(info.deliveriesPerSecond()).isPositive();
    assertThat(info.acksPerSecond()).isPositive();
    assertThat(first.member.id()).isNotBlank().isNotEqualTo(second.member.id());

    first.member.close();
    awaitInfo(left -> left.consumers().size() == 1);
    assertThat(info().consumers().getFirst().name()).isEqualTo("second");
  }

  @Test
  void a_consumers_name_has_at_most_256_bytes() {
    givenGroup(DEFAULTS);
    RecordingConsumer longest = join("x".repeat(256), 0);
    awaitInfo(info -> info.consumers().size() == 1);

    assertInvalid("start.consumer", () -> join("x".repeat(257), 0));
    assertInvalid("start.consumer", () -> join("a\nb", 0));
    assertThat(longest.closings).hasValue(0);
  }

  @Test
  void credit_is_given_by_one_or_more() {
    given(ACCOUNT, 1);
    givenGroup(DEFAULTS);
    RecordingConsumer consumer = join(0);

    assertThatThrownBy(() -> consumer.member.credit(0))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> consumer.member.credit(-1))
        .isInstanceOf(IllegalArgumentException.class);
    consumer.member.credit(1);
    awaitPositions(consumer, 1);
  }
}

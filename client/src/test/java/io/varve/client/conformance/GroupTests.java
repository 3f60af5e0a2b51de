package io.varve.client.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.streams.ConsumerGroup;
import io.varve.client.streams.ConsumerGroupInfo;
import io.varve.client.streams.ConsumerGroupSettings;
import io.varve.client.streams.ConsumerGroups;
import io.varve.client.streams.ConsumerStrategy;
import io.varve.client.streams.DeliveredEvent;
import io.varve.client.streams.GroupConsumer;
import io.varve.client.streams.JoinGroup;
import io.varve.client.streams.NackAction;
import io.varve.client.streams.ParkedEvent;
import io.varve.client.streams.Query;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;

/** The words that tests of consumer groups are written in. */
abstract class GroupTests extends StoreTests {

  static final String GROUP = "mails";

  static final ConsumerGroupSettings DEFAULTS = ConsumerGroupSettings.defaults();

  /** What is not answered times out as soon as the contract allows. */
  static final ConsumerGroupSettings IMPATIENT = DEFAULTS.ackTimeout(Duration.ofMillis(100));

  private final List<RecordingConsumer> joined = new ArrayList<>();

  @AfterEach
  void consumersWereCalledOneAtATime() {
    joined.forEach(consumer -> assertThat(consumer.mistakes).isEmpty());
  }

  ConsumerGroups groups() {
    return store.consumerGroups();
  }

  /** A group on the whole log, with these settings. */
  void givenGroup(ConsumerGroupSettings settings) {
    givenGroup(ConsumerGroup.ofLog(GROUP, Query.all()).settings(settings));
  }

  void givenGroup(ConsumerGroup group) {
    groups().create(group);
    assertThat(groups().get(group.name())).isPresent();
  }

  void givenGroup(ConsumerStrategy strategy) {
    givenGroup(DEFAULTS.strategy(strategy));
  }

  ConsumerGroupInfo info() {
    return groups().get(GROUP).orElseThrow();
  }

  /** Waits until the group looks like this. */
  void awaitInfo(Predicate<ConsumerGroupInfo> looks) {
    await().until(() -> looks.test(info()));
  }

  RecordingConsumer join(String name, int credit) {
    return join(GROUP, name, credit, new RecordingConsumer());
  }

  RecordingConsumer join(int credit) {
    return join("", credit);
  }

  <T extends RecordingConsumer> T join(String group, String name, int credit, T consumer) {
    joined.add(consumer);
    consumer.member = groups().consume(JoinGroup.of(group).as(name).credit(credit), consumer);
    return consumer;
  }

  /** A consumer that acks whatever comes, and takes the next. */
  static class Acking extends RecordingConsumer {
    @Override
    void handle(DeliveredEvent event, GroupConsumer consumer) {
      consumer.ack(event);
      consumer.credit(1);
    }
  }

  /** A consumer that answers whatever comes with a nack, and takes the next. */
  static class Nacking extends RecordingConsumer {
    private final NackAction action;

    Nacking(NackAction action) {
      this.action = action;
    }

    @Override
    void handle(DeliveredEvent event, GroupConsumer consumer) {
      consumer.nack(event, action, "no use");
      consumer.credit(1);
    }
  }

  /** Waits until a consumer has been given so many events, and has them. */
  void awaitEvents(RecordingConsumer consumer, int count) {
    await().until(() -> consumer.events.size() >= count);
    assertThat(consumer.events).hasSize(count);
  }

  /** Waits until exactly these have come, in this order. */
  void awaitPositions(RecordingConsumer consumer, long... positions) {
    awaitEvents(consumer, positions.length);
    assertThat(consumer.positions()).isEqualTo(LongStream.of(positions).boxed().toList());
  }

  List<ParkedEvent> parked() {
    return groups().listParked(GROUP).toList();
  }

  List<Long> parkedPositions() {
    return parked().stream().map(ParkedEvent::position).toList();
  }

  /** Waits until these are parked, and no others. */
  void awaitParked(Long... positions) {
    await().until(() -> parkedPositions().equals(List.of(positions)));
  }

  /** Has these positions, which must be the next of the log, parked by a consumer that leaves. */
  void givenParked(Long... positions) {
    RecordingConsumer parking =
        join(
            GROUP,
            "parking",
            positions.length,
            new RecordingConsumer() {
              @Override
              void handle(DeliveredEvent event, GroupConsumer consumer) {
                consumer.nack(event, NackAction.PARK, "no use");
              }
            });
    awaitParked(positions);
    parking.member.close();
  }
}

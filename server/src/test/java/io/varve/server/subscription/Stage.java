package io.varve.server.subscription;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.server.event.NewEvent;
import io.varve.server.event.Query;
import io.varve.server.event.StreamId;
import io.varve.server.event.StreamState;
import io.varve.server.fixture.LogModel;
import io.varve.server.fixture.LogModel.Draft;
import io.varve.server.fixture.LogModel.Entry;
import io.varve.server.fixture.ManualTimer;
import io.varve.server.fixture.MemoryEventStorage;
import io.varve.server.fixture.Pages;
import io.varve.server.read.EventReader;
import io.varve.server.storage.EventPage;
import io.varve.server.storage.EventRun;
import io.varve.server.storage.StreamChange;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Subscriptions on one thread: tasks wait in a list until a test runs them, in whatever order it
 * likes; the clock and the timer are the test's.
 */
final class Stage {
  static final Duration IDLE = Duration.ofSeconds(5);
  private static final Instant START = Instant.parse("2026-03-01T12:00:00Z");

  final MemoryEventStorage storage = new MemoryEventStorage();
  final LogModel model = new LogModel();
  final List<Runnable> tasks = new ArrayList<>();
  final List<Member> members = new ArrayList<>();

  /**
   * Broken promises: thrown at the subscription, they would end it, and the test be none the wiser.
   */
  final List<AssertionError> violations = new ArrayList<>();

  final Subscriptions subscriptions;
  long nanos = 1_000_000_000L;

  /** What is to happen when a task has been added to those that wait. */
  Runnable afterSubmit = () -> {};

  private final ManualTimer timer = new ManualTimer();
  private long lastId;

  Stage(SubscriptionSettings settings) {
    subscriptions =
        new Subscriptions(
            storage,
            new EventReader(storage, 1_000, InstantSource.system()),
            settings,
            this::submit,
            timer,
            () -> nanos);
  }

  private void submit(Runnable task) {
    tasks.add(task);
    afterSubmit.run();
  }

  // ---- what happens

  static Draft draft(String stream, String type, long id, int bytes) {
    return new Draft(
        new StreamId(stream),
        new NewEvent(new UUID(3, id), false, type, new byte[bytes], "", Map.of(), List.of(), null));
  }

  /** Writes events of this type to this stream as one commit, and publishes them. */
  void commit(String stream, String type, int count) {
    List<Draft> drafts = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      drafts.add(draft(stream, type, ++lastId, 20));
    }
    publish(write(drafts));
  }

  /** Hides a stream's events before a version, as one commit. */
  void truncate(String stream, long before) {
    StreamChange change =
        new StreamChange(
            StreamChange.Kind.TRUNCATED,
            new StreamId(stream),
            storage
                .streamHead(new StreamId(stream))
                .in(StreamState.UNTOUCHED.truncatedBefore(before)),
            "",
            "a test");
    publish(
        write(
            List.of(
                new Draft(
                    StreamChange.STREAM,
                    new NewEvent(
                        new UUID(3, ++lastId),
                        true,
                        change.kind().eventType(),
                        change.toJson(),
                        StreamChange.CONTENT_TYPE,
                        Map.of(),
                        List.of(change.tag()),
                        null)))));
  }

  List<EventRun> write(List<Draft> drafts) {
    return model.commit(storage, START.plusMillis(model.head()), drafts);
  }

  void publish(List<EventRun> runs) {
    subscriptions.committed(runs);
  }

  void randomCommit(Random random) {
    List<Draft> drafts = new ArrayList<>();
    for (int i = 1 + random.nextInt(1 + random.nextInt(20)); i > 0; i--) {
      drafts.add(
          draft("s-" + random.nextInt(4), "T" + random.nextInt(5), ++lastId, random.nextInt(300)));
    }
    List<EventRun> runs = write(drafts);
    // The head has moved, and the events are not in memory yet: whatever runs now must cope.
    while (random.nextInt(4) == 0 && runOne(random)) {}
    publish(runs);
  }

  /** Runs one of the waiting tasks; false if there is none. */
  boolean runOne(Random random) {
    if (tasks.isEmpty()) {
      return false;
    }
    tasks.remove(random.nextInt(tasks.size())).run();
    return true;
  }

  /** Runs tasks until none is left. */
  void run() {
    for (int i = 0; !tasks.isEmpty(); i++) {
      assertThat(i).as("tasks, so that they come to an end").isLessThan(1_000_000);
      tasks.removeFirst().run();
    }
  }

  /** Lets time pass, and the timer do its work. */
  void pass(Duration time) {
    nanos += time.toNanos();
    timer.fire();
  }

  // ---- who listens

  Member toLog(Query query, SubscriptionStart start) {
    long after = start instanceof SubscriptionStart.After given ? given.place() : model.head();
    Member member =
        new Member(
            after,
            entry ->
                entry.position() > after
                    && query.matches(entry.stream().value(), entry.type(), entry.tags()));
    member.subscription = subscriptions.toLog(query, start, member);
    return join(member);
  }

  Member toStream(StreamId stream, SubscriptionStart start) {
    long after =
        start instanceof SubscriptionStart.After given
            ? given.place()
            : model.stream(stream).size();
    Member member =
        new Member(after, entry -> entry.stream().equals(stream) && entry.version() > after);
    member.subscription = subscriptions.toStream(stream, start, member);
    return join(member);
  }

  private Member join(Member member) {
    members.add(member);
    member.signal();
    return member;
  }

  static Query types(String... types) {
    return new Query(List.of(new Query.Item(Set.of(types), Set.of(), List.of(), Set.of())));
  }

  /**
   * A subscriber that takes as many messages as it was allowed, and holds each against what it was
   * promised.
   */
  final class Member implements Subscriber {
    final long after;
    final Predicate<Entry> wanted;
    final List<Long> delivered = new ArrayList<>();
    final List<String> said = new ArrayList<>();

    /** Every position from which a subscriber may resume. */
    final List<Long> resumable = new ArrayList<>();

    /** What is to happen when the subscription has just heard that no more can be taken. */
    Runnable afterNotReady = () -> {};

    long credit;
    long known;
    boolean confirmed;
    boolean level;
    boolean over;
    @Nullable Subscription subscription;

    Member(long after, Predicate<Entry> wanted) {
      this.after = after;
      this.wanted = wanted;
    }

    void signal() {
      if (subscription != null) {
        subscription.signal();
      }
    }

    void allow(long messages) {
      credit += messages;
      signal();
    }

    void close() {
      if (subscription != null) {
        subscriptions.close(subscription);
      }
      over = true;
    }

    /** What is to be delivered as of now. */
    List<Long> expected() {
      return model.entries().stream().filter(wanted).map(Entry::position).toList();
    }

    @Override
    public boolean isReady() {
      boolean ready = credit > 0;
      if (!ready) {
        afterNotReady.run();
      }
      return ready;
    }

    private void takes(String message) {
      assertThat(over).as("ended before %s", message).isFalse();
      assertThat(credit).as("ready for %s", message).isPositive();
      assertThat(confirmed)
          .as("the confirmation comes first, and once")
          .isNotEqualTo(message.equals("confirmed"));
      confirmed = true;
      credit--;
      said.add(message);
    }

    @Override
    public void confirmed(String subscriptionId, long startsAfter) {
      takes("confirmed");
      assertThat(startsAfter).isEqualTo(after);
    }

    @Override
    public void events(EventPage page) {
      takes("events");
      assertThat(page.isEmpty()).isFalse();
      for (long position : Pages.positions(page)) {
        reach(position);
        delivered.add(position);
      }
      resumable.add(known);
    }

    @Override
    public void caughtUp(long position) {
      takes("caught up");
      assertThat(level).as("caught up twice").isFalse();
      level = true;
      allDeliveredUpTo(position);
    }

    @Override
    public void fellBehind(long position) {
      takes("fell behind");
      assertThat(level).as("fell behind without having caught up").isTrue();
      level = false;
      allDeliveredUpTo(position);
    }

    @Override
    public void checkpoint(long position) {
      takes("checkpoint");
      allDeliveredUpTo(position);
    }

    private void allDeliveredUpTo(long position) {
      assertThat(delivered)
          .isEqualTo(expected().stream().filter(expected -> expected <= position).toList());
      reach(position);
      resumable.add(position);
    }

    private void reach(long position) {
      assertThat(position).isGreaterThanOrEqualTo(known);
      known = position;
    }

    @Override
    public void stopping() {
      assertThat(over).isFalse();
      said.add("stopping");
      over = true;
    }

    @Override
    public void failed(RuntimeException cause) {
      if (cause.getCause() instanceof AssertionError violation) {
        violations.add(violation);
      }
      assertThat(over).isFalse();
      said.add("failed");
      over = true;
    }
  }
}

package io.varve.server.append;

import static io.varve.server.append.Commands.ACCOUNT;
import static io.varve.server.append.Commands.NOON;
import static io.varve.server.append.Commands.OTHER;
import static io.varve.server.append.Commands.append;
import static io.varve.server.append.Commands.appendAt;
import static io.varve.server.append.Commands.appendOf;
import static io.varve.server.append.Commands.event;
import static io.varve.server.append.Commands.exactly;
import static io.varve.server.append.Commands.id;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.server.append.Outcome.Appended;
import io.varve.server.append.Outcome.Conflict;
import io.varve.server.append.Outcome.EventIdTaken;
import io.varve.server.append.StreamLifeCommand.Change;
import io.varve.server.event.AppendCondition;
import io.varve.server.event.ExpectedVersion;
import io.varve.server.event.NewEvent;
import io.varve.server.event.Position;
import io.varve.server.event.Query;
import io.varve.server.event.RecordedEvent;
import io.varve.server.event.StreamId;
import io.varve.server.event.StreamVersion;
import io.varve.server.event.Tracking;
import io.varve.server.fixture.MemoryEventStorage;
import io.varve.server.storage.EncodedEvent;
import io.varve.server.storage.StreamChange;
import io.varve.server.storage.StreamHead;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class CommitterTest {
  private final MemoryEventStorage storage = new MemoryEventStorage();
  private Committer committer = new Committer(storage, 2);
  private @Nullable Batch beingWritten;
  private long lastChange;

  /** Where the first try is when its repetition is decided. */
  enum Where {
    IN_THE_OPEN_BATCH,
    BEING_WRITTEN,
    JUST_WRITTEN,
    LONG_COMMITTED,
    BEFORE_A_RESTART
  }

  // ---- expected versions

  @Test
  void each_kind_of_expectation_holds_exactly_where_it_should() {
    ExpectedVersion any = new ExpectedVersion.Any();
    ExpectedVersion none = new ExpectedVersion.NoStream();
    ExpectedVersion exists = new ExpectedVersion.StreamExists();

    assertThat(decide(append(ACCOUNT, exists, 1))).isEqualTo(new Conflict(ACCOUNT, exists, 0));
    assertThat(decide(append(ACCOUNT, exactly(1), 1)))
        .isEqualTo(new Conflict(ACCOUNT, exactly(1), 0));
    assertThat(decide(append(ACCOUNT, none, 1))).isEqualTo(appended(1, 1));
    assertThat(decide(append(ACCOUNT, none, 2))).isEqualTo(new Conflict(ACCOUNT, none, 1));
    assertThat(decide(append(ACCOUNT, exactly(0), 2)))
        .isEqualTo(new Conflict(ACCOUNT, exactly(0), 1));
    assertThat(decide(append(ACCOUNT, exists, 2))).isEqualTo(appended(2, 2));
    assertThat(decide(append(ACCOUNT, exactly(2), 3, 4))).isEqualTo(appended(4, 4));
    assertThat(decide(append(ACCOUNT, exactly(3), 5)))
        .isEqualTo(new Conflict(ACCOUNT, exactly(3), 4));
    assertThat(decide(append(ACCOUNT, exactly(5), 5)))
        .isEqualTo(new Conflict(ACCOUNT, exactly(5), 4));
    assertThat(decide(append(ACCOUNT, any, 5))).isEqualTo(appended(5, 5));
    assertThat(decide(append(OTHER, exactly(0), 6))).isEqualTo(appended(1, 6));
  }

  @ParameterizedTest
  @EnumSource
  void an_expectation_sees_what_was_accepted_before_wherever_that_is(Where where) {
    decide(append(ACCOUNT, exactly(0), 1, 2));
    bringTo(where);

    assertThat(decide(append(ACCOUNT, exactly(0), 3)))
        .isEqualTo(new Conflict(ACCOUNT, exactly(0), 2));
    assertThat(decide(append(ACCOUNT, exactly(2), 3)))
        .isInstanceOfSatisfying(
            Appended.class,
            appended -> assertThat(appended.last()).isEqualTo(new StreamVersion(3)));
    writeAll();
    assertLogIsWhole();
  }

  @Test
  void a_refusal_leaves_no_gap_in_positions_versions_or_stream_numbers() {
    decide(append(ACCOUNT, 1));
    decide(append(ACCOUNT, exactly(9), 2, 3));
    decide(append(OTHER, exactly(9), 4));
    decide(append(OTHER, 1, 5));
    writeAll();

    assertThat(decide(append(OTHER, 6))).isEqualTo(appended(1, 2));
    assertThat(decide(append(ACCOUNT, 7))).isEqualTo(appended(2, 3));
    writeAll();
    assertLogIsWhole();
    assertThat(storage.streamHead(OTHER)).extracting("number").isEqualTo(2L);
  }

  @Test
  void streams_that_are_new_after_a_restart_get_numbers_that_nobody_has() {
    decide(append(ACCOUNT, 1));
    decide(append(OTHER, 2));
    writeAll();
    restart();

    StreamId third = new StreamId("account-44");
    decide(append(third, 3));
    writeAll();

    assertThat(storage.streamHead(third)).extracting("number").isEqualTo(3L);
  }

  // ---- time

  @Test
  void recorded_at_never_falls_though_the_clock_goes_back() {
    ExpectedVersion any = new ExpectedVersion.Any();
    decide(appendAt(NOON, ACCOUNT, any, 1));
    decide(appendAt(NOON.minusSeconds(60), ACCOUNT, any, 2));
    decide(appendAt(NOON.plusNanos(1), OTHER, any, 3));
    writeAll();
    restart();
    decide(appendAt(NOON.minusSeconds(60), ACCOUNT, any, 4));
    decide(appendAt(NOON.plusSeconds(1), ACCOUNT, any, 5));
    writeAll();

    assertThat(storage.all().stream().map(event -> event.summary().recordedAt()))
        .containsExactly(NOON, NOON, NOON.plusNanos(1), NOON.plusNanos(1), NOON.plusSeconds(1));
  }

  @Test
  void a_refused_append_from_the_future_does_not_move_the_time() {
    decide(appendAt(NOON.plusSeconds(99), ACCOUNT, exactly(5), 1));
    decide(appendAt(NOON, ACCOUNT, exactly(0), 2));
    writeAll();

    assertThat(storage.all().getFirst().summary().recordedAt()).isEqualTo(NOON);
  }

  // ---- idempotency

  @ParameterizedTest
  @EnumSource
  void a_repeated_append_answers_the_original_result_whatever_it_expects(Where where) {
    decide(append(OTHER, 100));
    decide(append(ACCOUNT, exactly(0), 1, 2, 3));
    decide(append(ACCOUNT, 4));
    bringTo(where);
    Outcome original = new Appended(new StreamVersion(3), new Position(4), NOON, true);

    for (ExpectedVersion expected :
        List.of(
            exactly(0), exactly(77), new ExpectedVersion.NoStream(), new ExpectedVersion.Any())) {
      assertThat(decide(appendAt(NOON.plusSeconds(5), ACCOUNT, expected, 1, 2, 3)))
          .isEqualTo(original);
    }
    writeAll();
    assertThat(storage.head().position()).isEqualTo(5);
    assertLogIsWhole();
  }

  @ParameterizedTest
  @EnumSource
  void ids_that_are_there_but_not_as_this_append_are_taken(Where where) {
    decide(append(OTHER, 100));
    decide(append(ACCOUNT, 1, 2, 3));
    bringTo(where);
    Outcome firstIsTaken = new EventIdTaken(id(1), ACCOUNT, new Position(2));

    assertThat(decide(append(ACCOUNT, 1, 2, 9))).as("only some are there").isEqualTo(firstIsTaken);
    assertThat(decide(append(ACCOUNT, 9, 1, 2, 3))).as("not the first").isEqualTo(firstIsTaken);
    assertThat(decide(append(ACCOUNT, 1, 9, 3))).as("not one between").isEqualTo(firstIsTaken);
    assertThat(decide(append(OTHER, 1, 2, 3))).as("in another stream").isEqualTo(firstIsTaken);
    assertThat(decide(append(ACCOUNT, 3, 2, 1)))
        .as("in another order")
        .isEqualTo(new EventIdTaken(id(3), ACCOUNT, new Position(4)));
    assertThat(decide(append(ACCOUNT, 1, 3))).as("not next to one another").isEqualTo(firstIsTaken);
    assertThat(decide(append(ACCOUNT, 1, 100))).as("in two streams").isEqualTo(firstIsTaken);
    assertThat(decide(append(OTHER, 100, 1)))
        .as("in two streams")
        .isEqualTo(new EventIdTaken(id(100), OTHER, new Position(1)));
    writeAll();
    assertThat(storage.head().position()).isEqualTo(4);
  }

  @ParameterizedTest
  @EnumSource
  void part_of_an_earlier_append_and_the_neighbours_of_two_are_repetitions_too(Where where) {
    decide(append(ACCOUNT, 1, 2));
    decide(append(OTHER, 100));
    decide(append(ACCOUNT, 3, 4));
    bringTo(where);

    assertThat(decide(append(ACCOUNT, 2)))
        .isEqualTo(new Appended(new StreamVersion(2), new Position(2), NOON, true));
    assertThat(decide(append(ACCOUNT, 2, 3)))
        .as("next to one another in the stream, though another stream's event lies between")
        .isEqualTo(new Appended(new StreamVersion(3), new Position(4), NOON, true));
  }

  @Test
  void a_repetition_of_events_with_ids_among_others_without_is_refused_and_not_guessed_at() {
    decide(appendOf(ACCOUNT, event(1, false), event(2, true)));

    assertThat(decide(appendOf(ACCOUNT, event(1, false), event(3, true))))
        .isEqualTo(new EventIdTaken(id(1), ACCOUNT, new Position(1)));
    assertThat(decide(appendOf(ACCOUNT, event(4, true), event(5, true))))
        .isInstanceOf(Appended.class);
  }

  @Test
  void an_append_that_was_refused_may_be_repeated_and_succeed() {
    decide(append(ACCOUNT, exactly(1), 1));
    decide(append(ACCOUNT, exactly(0), 2));

    assertThat(decide(append(ACCOUNT, exactly(1), 1))).isEqualTo(appended(2, 2));
  }

  // ---- transactions, conditions, tracking

  @ParameterizedTest
  @EnumSource
  void a_condition_sees_what_was_accepted_before_wherever_that_is(Where where) {
    Query tagged = new Query(List.of(item("T", "seat:1")));
    decide(transact(part(ACCOUNT, tagged(1, "seat:1"))));
    bringTo(where);

    assertThat(decide(transact(new AppendCondition(tagged, 0, null), part(OTHER, event(2, false)))))
        .isEqualTo(new Outcome.ConditionFailed(0, new Position(1)));
    assertThat(decide(transact(new AppendCondition(tagged, 0, NOON), part(OTHER, event(2, false)))))
        .isEqualTo(new Outcome.ConditionFailed(0, new Position(1)));
    assertThat(decide(transact(new AppendCondition(tagged, 1, null), part(OTHER, event(2, false)))))
        .isInstanceOf(Outcome.Transacted.class);
    // The match that its writer knows lies below what has come since.
    assertThat(decide(transact(new AppendCondition(tagged, 1, null), part(OTHER, event(4, false)))))
        .isInstanceOf(Outcome.Transacted.class);
    assertThat(
            decide(
                transact(
                    new AppendCondition(tagged, 0, NOON.plusMillis(1)),
                    part(OTHER, event(3, false)))))
        .isInstanceOf(Outcome.Transacted.class);
    writeAll();
    assertLogIsWhole();
  }

  @Test
  void every_condition_of_a_transaction_must_hold_and_the_first_that_does_not_is_named() {
    decide(transact(part(ACCOUNT, tagged(1, "seat:1"))));
    AppendCondition holds = new AppendCondition(new Query(List.of(item("T", "seat:2"))), 0, null);
    AppendCondition fails = new AppendCondition(new Query(List.of(item("T", "seat:1"))), 0, null);

    List<TransactCommand.Part> parts = List.of(part(OTHER, event(2, false)));
    assertThat(decide(TransactCommand.of(parts, List.of(holds, fails, fails), null, NOON)))
        .isEqualTo(new Outcome.ConditionFailed(1, new Position(1)));
    assertThat(decide(TransactCommand.of(parts, List.of(holds, holds), null, NOON)))
        .isInstanceOf(Outcome.Transacted.class);
  }

  @ParameterizedTest
  @EnumSource
  void a_repeated_transaction_answers_the_original_result_whatever_it_says_now(Where where) {
    TransactCommand.Part first = part(ACCOUNT, event(1, false), event(2, false));
    TransactCommand.Part second = part(OTHER, event(3, false));
    Outcome.Transacted original = (Outcome.Transacted) decide(transact(first, second));
    bringTo(where);
    decide(append(ACCOUNT, 4));

    assertThat(decide(transact(new AppendCondition(Query.everything(), 0, null), first, second)))
        .isEqualTo(new Outcome.Transacted(original.written(), original.last(), true));
    assertThat(decide(transact(second, first))).isInstanceOf(EventIdTaken.class);
    assertThat(decide(transact(first, part(new StreamId("another"), event(3, false)))))
        .isInstanceOf(EventIdTaken.class);
    assertThat(decide(transact(first)))
        .isInstanceOfSatisfying(
            Outcome.Transacted.class, part -> assertThat(part.deduplicated()).isTrue());
    assertThat(decide(transact(first, part(OTHER, event(3, false), event(5, false)))))
        .isInstanceOf(EventIdTaken.class);
    writeAll();
    assertLogIsWhole();
  }

  @ParameterizedTest
  @EnumSource
  void a_tracking_position_must_rise_wherever_the_one_before_is(Where where) {
    assertThat(decide(tracked(7, 1))).isEqualTo(appended(1, 1));
    bringTo(where);

    assertThat(decide(tracked(7, 2))).isEqualTo(new Outcome.TrackingNotRising("s", 7));
    assertThat(decide(tracked(8, 2))).isEqualTo(appended(2, 2));
    writeAll();
    assertThat(storage.tracking("s")).isEqualTo(8);
    assertLogIsWhole();
  }

  @Test
  void whichever_part_of_a_transaction_is_refused_nothing_of_it_is_kept() {
    decide(append(ACCOUNT, 1));
    AppendCondition broken = new AppendCondition(Query.everything(), 0, null);
    TransactCommand.Part free = part(new StreamId("free-1"), event(2, false));
    TransactCommand.Part stale =
        TransactCommand.Part.of(ACCOUNT, exactly(7), List.of(event(3, false)), null);
    Tracking tracking = new Tracking("s", 5);

    assertThat(decide(TransactCommand.of(List.of(free, stale), List.of(), tracking, NOON)))
        .isEqualTo(new Conflict(ACCOUNT, exactly(7), 1));
    assertThat(decide(TransactCommand.of(List.of(free), List.of(broken), tracking, NOON)))
        .isEqualTo(new Outcome.ConditionFailed(0, new Position(1)));
    assertThat(decide(transact(free))).isInstanceOf(Outcome.Transacted.class);
    writeAll();
    assertThat(storage.head().position()).isEqualTo(2);
    assertThat(storage.tracking("s")).isZero();
    assertLogIsWhole();
  }

  @Test
  void no_command_has_an_event_id_twice() {
    StreamId other = new StreamId("other-1");

    assertThatThrownBy(() -> append(ACCOUNT, 1, 1)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> transact(part(ACCOUNT, event(1, false)), part(other, event(1, false))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("twice");
  }

  @Test
  void a_tracking_position_without_events_is_stored_all_the_same() {
    decide(TransactCommand.of(List.of(), List.of(), new Tracking("s", 3), NOON));
    writeAll();

    assertThat(storage.tracking("s")).isEqualTo(3);
    assertThat(storage.head().position()).isZero();
  }

  // ---- stream life

  @Test
  void whoever_does_not_know_a_deleted_stream_may_begin_it_anew() {
    decide(append(ACCOUNT, 1, 2));
    decide(change(ACCOUNT, new Change.Delete()));
    assertThat(decide(append(ACCOUNT, exactly(0), 3))).isEqualTo(appended(3, 4));

    decide(change(ACCOUNT, new Change.Delete()));
    assertThat(decide(append(ACCOUNT, exactly(3), 4))).isEqualTo(appended(4, 6));
  }

  @ParameterizedTest
  @EnumSource
  void a_deleted_stream_is_reopened_at_its_next_version_wherever_the_deletion_is(Where where) {
    decide(append(ACCOUNT, 1, 2));
    assertThat(decide(change(ACCOUNT, new Change.Delete())))
        .isEqualTo(new Outcome.StreamChanged(new Position(3)));
    bringTo(where);

    assertThat(decide(append(ACCOUNT, new ExpectedVersion.StreamExists(), 3)))
        .isEqualTo(new Outcome.StreamDeleted(ACCOUNT));
    assertThat(decide(append(ACCOUNT, exactly(1), 3)))
        .isEqualTo(new Conflict(ACCOUNT, exactly(1), 2));
    assertThat(decide(change(ACCOUNT, new Change.Delete())))
        .isEqualTo(new Outcome.StreamDeleted(ACCOUNT));
    assertThat(decide(append(ACCOUNT, new ExpectedVersion.NoStream(), 3)))
        .isEqualTo(appended(3, 4));
    assertThat(decide(append(ACCOUNT, new ExpectedVersion.NoStream(), 4)))
        .isEqualTo(new Conflict(ACCOUNT, new ExpectedVersion.NoStream(), 3));
    writeAll();
    assertLogIsWhole();
  }

  @ParameterizedTest
  @EnumSource
  void a_tombstoned_stream_takes_nothing_more_but_still_knows_its_events(Where where) {
    decide(append(ACCOUNT, 1));
    decide(change(ACCOUNT, new Change.Tombstone()));
    bringTo(where);

    assertThat(decide(append(ACCOUNT, 2))).isEqualTo(new Outcome.StreamTombstoned(ACCOUNT));
    assertThat(decide(change(ACCOUNT, new Change.SetRetention(1, null))))
        .isEqualTo(new Outcome.StreamTombstoned(ACCOUNT));
    assertThat(decide(append(ACCOUNT, 1)))
        .isInstanceOfSatisfying(
            Appended.class, repeated -> assertThat(repeated.deduplicated()).isTrue());
    writeAll();
    assertLogIsWhole();
  }

  @ParameterizedTest
  @EnumSource
  void what_a_retention_hid_stays_hidden_when_it_is_widened(Where where) {
    decide(append(ACCOUNT, 1, 2, 3, 4, 5));
    decide(change(ACCOUNT, new Change.SetRetention(2, null)));
    bringTo(where);
    decide(change(ACCOUNT, new Change.SetRetention(0, null)));
    writeAll();

    StreamHead head = storage.streamHead(ACCOUNT);
    assertThat(head.state().firstKeptByCount(head.version())).isEqualTo(4);
    assertThat(decide(change(ACCOUNT, new Change.Truncate(3))))
        .isEqualTo(new Outcome.TruncateOutOfRange(ACCOUNT, 4, 6));
    assertLogIsWhole();
  }

  private static Change.Describe describe(
      long maxCount, long before, boolean delete, @Nullable Long known) {
    return new Change.Describe(
        maxCount, null, before, delete, "{\"owner\":\"us\"}", Map.of(), known, true);
  }

  @ParameterizedTest
  @EnumSource
  void what_is_said_of_a_stream_is_in_force_at_once_and_recorded_with_it(Where where) {
    decide(append(ACCOUNT, 1, 2, 3));
    assertThat(decide(change(ACCOUNT, describe(2, 0, false, 0L))))
        .isEqualTo(new Outcome.StreamChanged(new Position(4)));
    bringTo(where);

    assertThat(decide(change(ACCOUNT, describe(0, 9, false, 4L))))
        .isEqualTo(new Outcome.StreamChanged(new Position(5)));
    writeAll();

    StreamHead head = storage.streamHead(ACCOUNT);
    assertThat(head.state().firstKeptByCount(head.version())).isEqualTo(4);
    RecordedEvent record = storage.readLog(5, 5, 1).runs().getFirst().events().getFirst().decode();
    assertThat(StreamChange.fromJson(5, record.type(), record.data()).description())
        .isEqualTo("{\"owner\":\"us\"}");
    assertLogIsWhole();
  }

  @ParameterizedTest
  @EnumSource
  void whoever_does_not_know_what_was_said_last_is_refused(Where where) {
    decide(append(ACCOUNT, 1));
    decide(change(ACCOUNT, describe(2, 0, false, null)));
    decide(change(OTHER, describe(2, 0, false, null)));
    bringTo(where);

    assertThat(decide(change(ACCOUNT, describe(3, 0, false, 0L))))
        .isEqualTo(new Conflict(ACCOUNT, exactly(0), 2));
    assertThat(decide(change(ACCOUNT, describe(3, 0, false, 2L))))
        .isEqualTo(new Outcome.StreamChanged(new Position(4)));
    writeAll();
    assertLogIsWhole();
  }

  @ParameterizedTest
  @EnumSource
  void what_is_said_again_under_the_same_id_was_said_once(Where where) {
    decide(append(ACCOUNT, 1));
    StreamLifeCommand said = change(ACCOUNT, describe(2, 0, true, 0L));
    decide(said);
    bringTo(where);

    assertThat(decide(said)).isEqualTo(new Outcome.StreamChanged(new Position(2)));
    assertThat(decide(append(ACCOUNT, new ExpectedVersion.StreamExists(), 2)))
        .isEqualTo(new Outcome.StreamDeleted(ACCOUNT));
    writeAll();
    assertLogIsWhole();
  }

  private static Query.Item item(String type, String tag) {
    return new Query.Item(Set.of(type), Set.of(tag), List.of(), Set.of());
  }

  private static NewEvent tagged(long id, String tag) {
    return new NewEvent(id(id), false, "T", new byte[0], "", Map.of(), List.of(tag), null);
  }

  private static TransactCommand.Part part(StreamId stream, NewEvent... events) {
    return TransactCommand.Part.of(stream, new ExpectedVersion.Any(), List.of(events), null);
  }

  private static TransactCommand transact(TransactCommand.Part... parts) {
    return TransactCommand.of(List.of(parts), List.of(), null, NOON);
  }

  private static TransactCommand transact(
      AppendCondition condition, TransactCommand.Part... parts) {
    return TransactCommand.of(List.of(parts), List.of(condition), null, NOON);
  }

  private static AppendCommand tracked(long position, long id) {
    return AppendCommand.of(
        ACCOUNT,
        new ExpectedVersion.Any(),
        List.of(event(id, false)),
        new Tracking("s", position),
        NOON);
  }

  private StreamLifeCommand change(StreamId stream, Change change) {
    return new StreamLifeCommand(
        stream, null, change, "because", "a test", new UUID(8, ++lastChange), NOON);
  }

  // ---- everything at once

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
  void decisions_are_those_of_a_model_that_looks_at_everything(long seed) {
    Random random = new Random(seed);
    Reference reference = new Reference();
    for (int i = 0; i < 1_500; i++) {
      AppendCommand command = randomCommand(random);
      assertThat(decide(command))
          .as("append %d of seed %d", i, seed)
          .isEqualTo(reference.decide(command));
      switch (random.nextInt(12)) {
        case 0, 1, 2 -> handOver();
        case 3 -> writeAll();
        case 4 -> {
          if (random.nextInt(10) == 0) {
            restart();
          }
        }
        default -> {}
      }
    }
    writeAll();
    assertThat(storage.all().stream().map(EncodedEvent::decode).map(RecordedEvent::id))
        .isEqualTo(reference.ids);
    assertLogIsWhole();
  }

  private static AppendCommand randomCommand(Random random) {
    StreamId stream = new StreamId("stream-" + random.nextInt(6));
    ExpectedVersion expected =
        switch (random.nextInt(8)) {
          case 0 -> new ExpectedVersion.NoStream();
          case 1 -> new ExpectedVersion.StreamExists();
          case 2 -> exactly(random.nextInt(6));
          default -> new ExpectedVersion.Any();
        };
    List<NewEvent> events = new ArrayList<>();
    long first = random.nextInt(2_000);
    for (int i = 1 + random.nextInt(3); i > 0; i--) {
      boolean fresh = random.nextInt(4) == 0;
      events.add(event(fresh ? random.nextLong() | (1L << 40) : first++, fresh));
    }
    return AppendCommand.of(
        stream, expected, events, null, NOON.plusMillis(random.nextInt(10_000) - 5_000));
  }

  /** The rules again, as plainly as they can be put: a list, searched from its beginning. */
  private static final class Reference {
    private final List<UUID> ids = new ArrayList<>();
    private final List<StreamId> streams = new ArrayList<>();
    private final List<Long> versions = new ArrayList<>();
    private final List<Instant> times = new ArrayList<>();
    private final Map<UUID, Integer> index = new HashMap<>();

    Outcome decide(AppendCommand command) {
      List<UUID> wanted = command.events().stream().map(body -> body.event().id()).toList();
      List<Integer> found = wanted.stream().map(id -> index.getOrDefault(id, -1)).toList();
      if (found.stream().anyMatch(at -> at >= 0)) {
        return repetition(command, wanted, found);
      }
      long version = versionOf(command.stream());
      if (!command.expected().holdsAt(version)) {
        return new Conflict(command.stream(), command.expected(), version);
      }
      Instant time = command.proposedAt();
      if (!times.isEmpty() && times.getLast().isAfter(time)) {
        time = times.getLast();
      }
      for (UUID id : wanted) {
        index.put(id, ids.size());
        ids.add(id);
        streams.add(command.stream());
        versions.add(++version);
        times.add(time);
      }
      return new Appended(new StreamVersion(version), new Position(ids.size()), time, false);
    }

    private Outcome repetition(AppendCommand command, List<UUID> wanted, List<Integer> found) {
      boolean same = true;
      for (int i = 0; i < found.size() && same; i++) {
        same =
            found.get(i) >= 0
                && streams.get(found.get(i)).equals(command.stream())
                && (i == 0 || versions.get(found.get(i)) == versions.get(found.get(i - 1)) + 1);
      }
      if (same) {
        int last = found.getLast();
        return new Appended(
            new StreamVersion(versions.get(last)), new Position(last + 1L), times.get(last), true);
      }
      int taken = 0;
      while (found.get(taken) < 0) {
        taken++;
      }
      return new EventIdTaken(
          wanted.get(taken), streams.get(found.get(taken)), new Position(found.get(taken) + 1L));
    }

    private long versionOf(StreamId stream) {
      for (int i = ids.size() - 1; i >= 0; i--) {
        if (streams.get(i).equals(stream)) {
          return versions.get(i);
        }
      }
      return 0;
    }
  }

  // ---- helpers

  private static Appended appended(long version, long position) {
    return new Appended(new StreamVersion(version), new Position(position), NOON, false);
  }

  private Outcome decide(Command command) {
    committer.decide(command, _ -> {});
    return committer.open().answers().getLast().outcome();
  }

  /** Writes the batch that is on its way, and sends the open one on its way. */
  private void handOver() {
    if (beingWritten != null) {
      beingWritten.commit().write();
    }
    beingWritten = committer.handOver();
  }

  private void writeAll() {
    handOver();
    handOver();
  }

  private void restart() {
    writeAll();
    committer = new Committer(storage, 2);
    beingWritten = null;
  }

  private void bringTo(Where where) {
    switch (where) {
      case IN_THE_OPEN_BATCH -> {}
      case BEING_WRITTEN -> handOver();
      case JUST_WRITTEN -> {
        handOver();
        if (beingWritten != null) {
          beingWritten.commit().write();
        }
        beingWritten = new Batch(storage.begin()); // the committer does not know yet
      }
      case LONG_COMMITTED -> {
        writeAll();
        writeAll();
      }
      case BEFORE_A_RESTART -> restart();
    }
  }

  private void assertLogIsWhole() {
    Map<StreamId, Long> versions = new HashMap<>();
    long position = 0;
    for (EncodedEvent event : storage.all()) {
      assertThat(event.position()).isEqualTo(++position);
      assertThat(event.summary().version())
          .isEqualTo(versions.merge(event.summary().stream(), 1L, Long::sum));
    }
    assertThat(storage.head().position()).isEqualTo(position);
  }
}

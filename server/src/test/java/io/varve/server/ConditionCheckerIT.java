package io.varve.server;

import static io.varve.client.streams.ExpectedVersion.any;
import static io.varve.client.streams.ExpectedVersion.exactly;
import static io.varve.server.ServerProcess.PATIENCE;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.VarveClient;
import io.varve.client.streams.AppendCondition;
import io.varve.client.streams.AppendResult;
import io.varve.client.streams.ConditionFailedException;
import io.varve.client.streams.EventReader;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.ReadLog;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.Retention;
import io.varve.client.streams.Transaction;
import io.varve.client.streams.Transaction.StreamPart;
import io.varve.client.streams.TransactionResult;
import io.varve.client.streams.VersionConflictException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Many clients race transactions under random conditions and versions, with appends beside. Each
 * transaction carries its own conditions in its first event. Afterwards the log is read once and
 * every decision is gone over again by looking at each event of it: what was accepted under a
 * condition has no match before it, and what was refused has exactly the match that was named.
 *
 * <p>{@code -Dvarve.transactions=100000} for a long run, {@code -Dvarve.seed=N} for the same
 * choices again (who comes first is up to the machine).
 */
class ConditionCheckerIT {
  private static final int CLIENTS = 16;
  private static final int TRANSACTIONS = Integer.getInteger("varve.transactions", 2_000);
  private static final long SEED = Long.getLong("varve.seed", System.nanoTime());

  private static final String TRANSACTION = "transaction";
  private static final String PART = "part";
  private static final String CONDITIONS = "conditions";

  @TempDir Path folder;

  /** A transaction, its answer, and the head that the client knew of before it asked. */
  private record Accepted(Transaction transaction, TransactionResult result, long headBefore) {}

  /** A transaction that a condition refused. */
  private record Refused(
      Transaction transaction, ConditionFailedException refusal, long headBefore) {}

  /** A transaction that an expected version refused. */
  private record Conflict(
      Transaction transaction, VersionConflictException refusal, long headBefore) {}

  /** What one client was told. */
  private static final class Racer {
    private final VarveClient store;
    private final Random random;
    private final RandomWrites writes;
    private final String own;
    private final Map<String, Long> versions = new HashMap<>();
    private final List<Accepted> accepted = new ArrayList<>();
    private final List<Refused> refused = new ArrayList<>();
    private final List<Conflict> conflicts = new ArrayList<>();
    private final Map<UUID, Long> appended = new HashMap<>();
    private long head;
    private @Nullable RecordedEvent seen;

    Racer(VarveClient store, int number, long seed) {
      this.store = store;
      this.random = new Random(seed);
      this.writes = new RandomWrites(random);
      this.own = "own-" + number;
    }

    Racer run(int transactions) {
      for (int i = 0; i < transactions; i++) {
        if (random.nextInt(4) != 0) {
          look();
        }
        transact(transaction());
        switch (random.nextInt(40)) {
          case 0, 1 -> append();
          case 2 -> appendInFlight();
          case 3 -> repeat();
          case 4 -> {
            long _ = store.streams().setRetention(writes.stream(), Retention.everything());
          }
          default -> {}
        }
      }
      return this;
    }

    /** Learns the head, and the versions of the streams that the newest events are in. */
    private void look() {
      try (EventReader reader =
          store.readLog(ReadLog.all().backwards().limit(1 + random.nextInt(20)))) {
        head = reader.headPosition();
        Set<String> streams = new HashSet<>();
        for (RecordedEvent event : reader) {
          seen = event;
          if (streams.add(event.stream())) {
            versions.put(event.stream(), event.version());
          }
        }
      }
    }

    private Transaction transaction() {
      List<AppendCondition> conditions = new ArrayList<>();
      for (int i = 1 + random.nextInt(2); i > 0; i--) {
        conditions.add(condition());
      }
      Transaction.Builder transaction = Transaction.builder();
      conditions.forEach(transaction::condition);
      List<String> streams = writes.streams(1 + random.nextInt(3));
      boolean onlyChecks = random.nextInt(25) == 0;
      int[] counts = new int[streams.size()];
      int count = 0;
      for (int s = 0; s < counts.length; s++) {
        counts[s] = onlyChecks || (s > 0 && random.nextInt(4) == 0) ? 0 : 1 + random.nextInt(3);
        count += counts[s];
      }
      String id = UUID.randomUUID().toString();
      int part = 0;
      for (int s = 0; s < counts.length; s++) {
        ExpectedVersion expected = expected(streams.get(s));
        if (counts[s] == 0) {
          transaction.check(streams.get(s), expected);
          continue;
        }
        List<NewEvent> events = new ArrayList<>();
        for (int e = 0; e < counts[s]; e++) {
          NewEvent.Builder event =
              writes.event().metadata(TRANSACTION, id).metadata(PART, part + "/" + count);
          if (part++ == 0) {
            event.metadata(CONDITIONS, ConditionText.write(conditions));
          }
          events.add(event.build());
        }
        transaction.append(streams.get(s), expected, events);
      }
      return transaction.build();
    }

    /** Mostly about what has come since the last look, as a decision would be. */
    private AppendCondition condition() {
      AppendCondition condition = AppendCondition.noMatch(writes.query());
      RecordedEvent event = seen;
      return switch (random.nextInt(10)) {
        case 0 -> condition;
        case 1 -> condition.after(Math.max(0, head - random.nextInt(300)));
        case 2 -> condition.after(head + random.nextInt(20));
        case 3 -> event == null ? condition : condition.since(event.recordedAt());
        case 4 ->
            event == null
                ? condition
                : condition.since(event.recordedAt().minusMillis(random.nextInt(100))).after(head);
        default -> condition.after(head);
      };
    }

    private ExpectedVersion expected(String stream) {
      return switch (random.nextInt(12)) {
        case 0 -> ExpectedVersion.streamExists();
        case 1, 2 -> exactly(versions.getOrDefault(stream, 0L));
        default -> any();
      };
    }

    private void transact(Transaction transaction) {
      long before = head;
      try {
        TransactionResult result = store.transact(transaction);
        assertThat(result.deduplicated()).isFalse();
        accepted.add(new Accepted(transaction, result, before));
        versions.putAll(result.versions());
        head = Math.max(head, result.position());
      } catch (ConditionFailedException refusal) {
        refused.add(new Refused(transaction, refusal, before));
      } catch (VersionConflictException refusal) {
        conflicts.add(new Conflict(transaction, refusal, before));
        versions.put(refusal.stream(), refusal.actualVersion());
      }
    }

    private void append() {
      NewEvent event = writes.event().build();
      remember(event, store.append(writes.stream(), any(), event));
    }

    private void appendInFlight() {
      Map<NewEvent, CompletableFuture<AppendResult>> answers = new HashMap<>();
      for (int i = 0; i < 8; i++) {
        NewEvent event = writes.event().build();
        long version = versions.merge(own, 1L, Long::sum) - 1;
        answers.put(event, store.appendAsync(own, exactly(version), List.of(event)));
      }
      answers.forEach((event, answer) -> remember(event, answer.join()));
    }

    private void remember(NewEvent event, AppendResult result) {
      appended.put(event.id(), result.position());
      head = Math.max(head, result.position());
    }

    /** Sends an old transaction again: it is answered as it was, whatever has come since. */
    private void repeat() {
      if (accepted.isEmpty()) {
        return;
      }
      Accepted old = accepted.get(random.nextInt(accepted.size()));
      if (old.transaction().events().findAny().isPresent()) {
        TransactionResult again = store.transact(old.transaction());
        assertThat(again.deduplicated()).isTrue();
        assertThat(again.position()).isEqualTo(old.result().position());
        assertThat(again.versions()).isEqualTo(old.result().versions());
        assertThat(again.recordedAt()).isEqualTo(old.result().recordedAt());
      }
    }
  }

  @Test
  void every_decision_under_a_condition_is_right_by_the_log_as_it_is_afterwards() throws Exception {
    System.out.println("ConditionCheckerIT: seed " + SEED);
    Random random = new Random(SEED);
    try (TestServer server = TestServer.start(folder)) {
      List<Racer> racers = race(server, random);
      PlainLog log;
      try (VarveClient store = server.client()) {
        log = PlainLog.of(store);
      }

      int conditions = checkWhatTheLogSays(log);
      Set<UUID> there = new HashSet<>();
      log.events().forEach(event -> there.add(event.id()));
      int accepted = 0;
      int refused = 0;
      int conflicts = 0;
      for (Racer racer : racers) {
        racer.accepted.forEach(one -> checkAccepted(log, one));
        racer.refused.forEach(one -> checkRefused(log, one, there));
        racer.conflicts.forEach(one -> checkConflict(log, one, there));
        racer.appended.forEach((id, position) -> assertThat(log.at(position).id()).isEqualTo(id));
        accepted += racer.accepted.size();
        refused += racer.refused.size();
        conflicts += racer.conflicts.size();
      }
      System.out.println(
          "ConditionCheckerIT: "
              + accepted
              + " accepted, "
              + refused
              + " refused by a condition, "
              + conflicts
              + " by a version, "
              + conditions
              + " conditions in a log of "
              + log.head());
      assertThat(accepted).isGreaterThan(TRANSACTIONS / 10);
      assertThat(refused).isGreaterThan(TRANSACTIONS / 10);
      assertThat(conflicts).isGreaterThan(TRANSACTIONS / 100);
    }
  }

  private static List<Racer> race(TestServer server, Random random) throws Exception {
    List<VarveClient> clients = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Racer>> running = new ArrayList<>();
      for (int i = 0; i < CLIENTS; i++) {
        if (i % 4 == 0) {
          clients.add(server.client()); // some share a link, and some do not
        }
        Racer racer = new Racer(clients.getLast(), i, random.nextLong());
        running.add(threads.submit(() -> racer.run(TRANSACTIONS / CLIENTS)));
      }
      List<Racer> racers = new ArrayList<>();
      for (Future<Racer> racer : running) {
        racers.add(racer.get(10 * PATIENCE.toSeconds(), TimeUnit.SECONDS));
      }
      return racers;
    } finally {
      clients.forEach(VarveClient::close);
    }
  }

  /**
   * From the log alone: transactions stand whole and at consecutive positions, streams have no gap,
   * and no condition that is written down has a match before its transaction. Returns how many
   * there are.
   */
  private static int checkWhatTheLogSays(PlainLog log) {
    int conditions = 0;
    Map<String, Long> versions = new HashMap<>();
    for (RecordedEvent event : log.events()) {
      assertThat(event.version()).isEqualTo(versions.merge(event.stream(), 1L, Long::sum));
      String transaction = event.metadata().get(TRANSACTION);
      if (transaction == null) {
        continue;
      }
      String[] part = requireNonNull(event.metadata().get(PART)).split("/", -1);
      long first = event.position() - Long.parseLong(part[0]);
      int count = Integer.parseInt(part[1]);
      assertThat(log.at(first).metadata())
          .containsEntry(TRANSACTION, transaction)
          .containsEntry(PART, "0/" + count);
      assertThat(log.at(first + count - 1).metadata())
          .containsEntry(TRANSACTION, transaction)
          .containsEntry(PART, count - 1 + "/" + count);
      assertThat(event.recordedAt()).isEqualTo(log.at(first).recordedAt());
      String own = event.metadata().get(CONDITIONS);
      if (own != null) {
        for (AppendCondition condition : ConditionText.read(own)) {
          assertThat(log.firstMatch(condition, event.position() - 1))
              .as("first match of %s before %s", condition, event)
              .isZero();
          conditions++;
        }
      }
    }
    return conditions;
  }

  private static void checkAccepted(PlainLog log, Accepted accepted) {
    Transaction transaction = accepted.transaction();
    TransactionResult result = accepted.result();
    List<NewEvent> events = transaction.events().toList();
    if (events.isEmpty()) { // it was decided at some later head, which nobody knows
      assertThat(result.position()).isZero();
      for (AppendCondition condition : transaction.conditions()) {
        assertThat(log.firstMatch(condition, accepted.headBefore())).as("%s", condition).isZero();
      }
      return;
    }
    long first = result.position() - events.size() + 1;
    assertThat(first).isGreaterThan(accepted.headBefore());
    long position = first;
    for (StreamPart part : transaction.streams()) {
      assertHeld(part.expected(), log.version(part.stream(), first - 1), accepted);
      for (NewEvent event : part.events()) {
        RecordedEvent recorded = log.at(position++);
        assertThat(recorded.stream()).isEqualTo(part.stream());
        assertThat(recorded.asWritten()).isEqualTo(event);
      }
      if (!part.events().isEmpty()) {
        assertThat(result.version(part.stream())).isEqualTo(log.at(position - 1).version());
      }
    }
    assertThat(ConditionText.read(ConditionText.write(transaction.conditions())).toString())
        .isEqualTo(transaction.conditions().toString());
  }

  private static void assertHeld(ExpectedVersion expected, long actual, Object of) {
    switch (expected) {
      case ExpectedVersion.Any _ -> {}
      case ExpectedVersion.NoStream _ -> assertThat(actual).as("%s", of).isZero();
      case ExpectedVersion.StreamExists _ -> assertThat(actual).as("%s", of).isPositive();
      case ExpectedVersion.Exactly exactly ->
          assertThat(actual).as("%s", of).isEqualTo(exactly.version());
    }
  }

  /**
   * Positions and times only rise, so the lowest match at the time of the decision is the lowest
   * match for ever; and the conditions before the one that failed had none when it was there.
   */
  private static void checkRefused(PlainLog log, Refused refused, Set<UUID> there) {
    ConditionFailedException refusal = refused.refusal();
    List<AppendCondition> conditions = refused.transaction().conditions();
    AppendCondition failed = conditions.get(refusal.conditionIndex());
    assertThat(refusal.position()).isBetween(failed.afterPosition() + 1, log.head());
    assertThat(log.firstMatch(failed, log.head()))
        .as("first match of %s", failed)
        .isEqualTo(refusal.position());
    long decidedAfter = Math.max(refusal.position(), refused.headBefore());
    for (AppendCondition earlier : conditions.subList(0, refusal.conditionIndex())) {
      assertThat(log.firstMatch(earlier, decidedAfter)).as("%s", earlier).isZero();
    }
    assertThat(refused.transaction().events()).noneMatch(event -> there.contains(event.id()));
  }

  private static void checkConflict(PlainLog log, Conflict conflict, Set<UUID> there) {
    VersionConflictException refusal = conflict.refusal();
    assertThat(refusal.actualVersion())
        .isBetween(
            log.version(refusal.stream(), conflict.headBefore()),
            log.version(refusal.stream(), log.head()));
    switch (refusal.expected()) {
      case ExpectedVersion.StreamExists _ -> assertThat(refusal.actualVersion()).isZero();
      case ExpectedVersion.Exactly exactly ->
          assertThat(refusal.actualVersion()).isNotEqualTo(exactly.version());
      default -> throw new AssertionError("expected " + refusal.expected() + " and was refused");
    }
    assertThat(conflict.transaction().events()).noneMatch(event -> there.contains(event.id()));
  }
}

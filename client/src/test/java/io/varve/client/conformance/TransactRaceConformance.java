package io.varve.client.conformance;

import static io.varve.client.streams.AppendCondition.noMatch;
import static io.varve.client.streams.ExpectedVersion.any;
import static io.varve.client.streams.ExpectedVersion.exactly;
import static io.varve.client.streams.ExpectedVersion.noStream;
import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.streams.ConditionFailedException;
import io.varve.client.streams.EventReader;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.Query;
import io.varve.client.streams.ReadLog;
import io.varve.client.streams.ReadStream;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.Transaction;
import io.varve.client.streams.TransactionResult;
import io.varve.client.streams.VersionConflictException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** Many transactions at once. */
abstract class TransactRaceConformance extends StoreTests {

  private static final int WRITERS = 64;

  @Test
  void of_racing_transactions_under_the_same_condition_exactly_one_wins() throws Exception {
    for (int round = 0; round < 5; round++) {
      String tag = "seat:" + round;
      List<Callable<Boolean>> writers = new ArrayList<>();
      for (int w = 0; w < WRITERS; w++) {
        String stream = "writer-" + w;
        writers.add(
            () ->
                succeeds(
                    Transaction.builder()
                        .append(stream, any(), tagged("SeatTaken", tag))
                        .condition(noMatch(Query.tags(tag)))
                        .build()));
      }

      assertThat(together(writers)).containsOnlyOnce(true);
      assertThat(read(ReadLog.all().query(Query.tags(tag)))).hasSize(1);
    }
  }

  /** Whether it is written; the only thing that may refuse it is a condition. */
  private boolean succeeds(Transaction transaction) {
    try {
      return store.transact(transaction).position() > 0;
    } catch (ConditionFailedException refusal) {
      assertThat(refusal.position()).isPositive();
      return false;
    }
  }

  @Test
  void transactions_on_unrelated_boundaries_never_conflict() throws Exception {
    int each = 5;
    List<Callable<Boolean>> writers = new ArrayList<>();
    for (int w = 0; w < WRITERS; w++) {
      String tag = "course:" + w;
      writers.add(
          () -> {
            long after = 0;
            for (int i = 0; i < each; i++) {
              TransactionResult result =
                  store.transact(
                      Transaction.builder()
                          .append("shared", any(), tagged("Enrolled", tag))
                          .condition(noMatch(Query.tags(tag)).after(after))
                          .build());
              after = result.position();
            }
            return true;
          });
    }

    assertThat(together(writers)).containsOnly(true);
    assertThat(read(ReadStream.of("shared"))).hasSize(WRITERS * each);
  }

  @Test
  void of_racing_transactions_that_expect_the_same_versions_one_wins_and_the_others_write_nothing()
      throws Exception {
    List<Callable<Boolean>> writers = new ArrayList<>();
    for (int w = 0; w < WRITERS; w++) {
      boolean reversed = w % 2 == 0;
      writers.add(
          () -> {
            Transaction.Builder transaction =
                Transaction.builder()
                    .append(reversed ? OTHER : ACCOUNT, noStream(), events(1))
                    .append(reversed ? ACCOUNT : OTHER, noStream(), events(1));
            try {
              return store.transact(transaction.build()).position() == 2;
            } catch (VersionConflictException conflict) {
              return false;
            }
          });
    }

    assertThat(together(writers)).containsOnlyOnce(true);
    assertThat(read(ReadLog.all())).hasSize(2);
  }

  @Test
  void transactions_over_overlapping_streams_never_deadlock_and_never_half_apply()
      throws Exception {
    int accounts = 6;
    int each = 10;
    List<Callable<Integer>> writers = new ArrayList<>();
    for (int w = 0; w < 16; w++) {
      int writer = w;
      writers.add(() -> transfer(new Random(writer), writer, accounts, each));
    }

    together(writers);

    List<RecordedEvent> log = read(ReadLog.all());
    assertThat(log).hasSize(16 * each * 2);
    for (int i = 0; i < log.size(); i += 2) {
      RecordedEvent withdrawn = log.get(i);
      RecordedEvent deposited = log.get(i + 1);
      assertThat(withdrawn.type()).isEqualTo("Withdrawn");
      assertThat(deposited.type()).isEqualTo("Deposited");
      assertThat(withdrawn.tags()).isEqualTo(deposited.tags());
      assertThat(withdrawn.stream()).isNotEqualTo(deposited.stream());
      assertThat(withdrawn.recordedAt()).isEqualTo(deposited.recordedAt());
    }
    for (int a = 0; a < accounts; a++) {
      List<RecordedEvent> stream = read(ReadStream.of("account-" + a));
      assertThat(versions(stream))
          .isEqualTo(LongStream.rangeClosed(1, stream.size()).boxed().toList());
    }
  }

  /** Moves something from one account to another under exact versions, so many times. */
  private int transfer(Random random, int writer, int accounts, int count) {
    long[] versions = new long[accounts];
    int done = 0;
    while (done < count) {
      int from = random.nextInt(accounts);
      int to = (from + 1 + random.nextInt(accounts - 1)) % accounts;
      String tag = "transfer:" + writer + "-" + done;
      try {
        TransactionResult result =
            store.transact(
                Transaction.builder()
                    .append("account-" + from, exactly(versions[from]), tagged("Withdrawn", tag))
                    .append("account-" + to, exactly(versions[to]), tagged("Deposited", tag))
                    .build());
        versions[from] = result.version("account-" + from);
        versions[to] = result.version("account-" + to);
        done++;
      } catch (VersionConflictException conflict) {
        int account = Integer.parseInt(conflict.stream().substring("account-".length()));
        assertThat(conflict.actualVersion()).isGreaterThan(versions[account]);
        versions[account] = conflict.actualVersion();
      }
    }
    return done;
  }

  @Test
  void racing_repeats_of_one_transaction_write_it_once() throws Exception {
    List<NewEvent> here = events(2);
    List<NewEvent> there = events(1);
    Transaction transaction =
        Transaction.builder()
            .append(ACCOUNT, noStream(), here)
            .append(OTHER, noStream(), there)
            .condition(noMatch(Query.all()))
            .tracking("source", 1)
            .build();
    List<Callable<TransactionResult>> writers = new ArrayList<>();
    for (int w = 0; w < WRITERS; w++) {
      writers.add(() -> store.transact(transaction));
    }

    List<TransactionResult> results = together(writers);

    assertThat(results.stream().filter(result -> !result.deduplicated())).hasSize(1);
    assertThat(results).allMatch(result -> result.position() == 3 && result.version(ACCOUNT) == 2);
    assertThat(read(ReadLog.all())).hasSize(3);
  }

  @Test
  void nobody_ever_sees_a_part_of_a_transaction_and_no_head_lies_inside_one() throws Exception {
    int writers = 4;
    int each = 40;
    CountDownLatch running = new CountDownLatch(writers);
    List<Callable<Integer>> everybody = new ArrayList<>();
    for (int w = 0; w < writers; w++) {
      String own = "own-" + w;
      everybody.add(
          () -> {
            try {
              for (int i = 0; i < each; i++) {
                store.transact(
                    Transaction.builder()
                        .append(own, exactly(i), events(1))
                        .append("shared-a", any(), events(1))
                        .append("shared-b", any(), events(1))
                        .build());
              }
              return each;
            } finally {
              running.countDown();
            }
          });
    }
    for (int r = 0; r < 2; r++) {
      everybody.add(
          () -> {
            int reads = 0;
            while (running.getCount() > 0 || reads == 0) {
              try (EventReader reader = store.readLog(ReadLog.all().backwards().limit(3))) {
                assertThat(reader.headPosition() % 3).isZero();
                List<RecordedEvent> last = reader.toList();
                if (!last.isEmpty()) {
                  assertThat(last).hasSize(3);
                  assertThat(last.get(0).stream()).isEqualTo("shared-b");
                  assertThat(last.get(2).stream()).startsWith("own-");
                }
              }
              reads++;
            }
            return reads;
          });
    }

    together(everybody);

    assertThat(head()).isEqualTo((long) writers * each * 3);
  }

  @Test
  void appends_and_transactions_race_under_one_order() throws Exception {
    List<Callable<Integer>> writers = new ArrayList<>();
    for (int w = 0; w < 16; w++) {
      boolean transacts = w % 2 == 0;
      writers.add(() -> countUp(transacts, 5));
    }

    together(writers);

    assertThat(versions(read(ReadStream.of(ACCOUNT))))
        .isEqualTo(LongStream.rangeClosed(1, 16 * 5).boxed().toList());
  }

  private int countUp(boolean transacts, int count) {
    long version = 0;
    int done = 0;
    while (done < count) {
      try {
        if (transacts) {
          version =
              store
                  .transact(
                      Transaction.builder().append(ACCOUNT, exactly(version), events(1)).build())
                  .version(ACCOUNT);
        } else {
          version = store.append(ACCOUNT, exactly(version), events(1)).version();
        }
        done++;
      } catch (VersionConflictException conflict) {
        assertThat(conflict.actualVersion()).isGreaterThan(version);
        version = conflict.actualVersion();
      }
    }
    return done;
  }
}

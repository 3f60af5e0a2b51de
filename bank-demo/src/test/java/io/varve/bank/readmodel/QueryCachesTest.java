package io.varve.bank.readmodel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.varve.client.eventsourcing.cache.ReadCache.Statistics;
import java.math.BigDecimal;
import java.time.LocalDate;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** Answers from memory are never older than what the caller has seen happen. */
class QueryCachesTest extends ReadModelFixture {

  private static final LocalDate DAY = LocalDate.parse("2026-11-20");

  @Test
  void an_answer_has_every_command_that_was_waited_for_however_many_ask() throws Exception {
    ReadModel readModel = start();
    bank.opened("a", "Ada", "0");
    settle();
    AtomicBoolean done = new AtomicBoolean();
    try (ExecutorService others = Executors.newFixedThreadPool(3)) {
      for (int i = 0; i < 3; i++) {
        others.execute(
            () -> {
              while (!done.get()) { // they fill the caches with whatever is in the rows
                var _ = readModel.account("a", 0);
                var _ = readModel.accounts(AccountQueries.FIRST_PAGE, 0, 0);
                var _ = readModel.analytics(DAY, DAY, 0);
              }
            });
      }
      try {
        for (int deposits = 1; deposits <= 300; deposits++) {
          long position = bank.deposited("a", "1");
          assertThat(readModel.awaitPosition(Projections.ACCOUNTS, position, PATIENCE)).isTrue();
          assertThat(readModel.awaitPosition(Projections.ANALYTICS, position, PATIENCE)).isTrue();
          BigDecimal balance = new BigDecimal(deposits).setScale(2);
          assertThat(readModel.account("a", position).orElseThrow().balance()).isEqualTo(balance);
          assertThat(
                  readModel
                      .accounts(AccountQueries.FIRST_PAGE, 0, position)
                      .accounts()
                      .getFirst()
                      .balance())
              .isEqualTo(balance);
          assertThat(readModel.analytics(DAY, DAY, position).days().getFirst().moneyIn().sum())
              .isEqualTo(balance);
        }
      } finally {
        done.set(true); // or nobody ever hears what has failed
      }
    }
    assertThat(readModel.caches().accountStatistics().hits()).isPositive();
    assertThat(readModel.caches().accountStatistics().invalidations()).isPositive();
  }

  @Test
  void what_is_asked_again_comes_from_memory_until_an_event_concerns_it() throws Exception {
    ReadModel readModel = start();
    bank.opened("a", "Ada", "1");
    bank.opened("b", "Bob", "2");
    settle();
    await()
        .atMost(PATIENCE)
        .until(
            () -> {
              long loads = statistics(readModel).loads();
              assertThat(readModel.account("a", 0)).isPresent();
              return statistics(readModel).loads() == loads; // it is kept
            });

    bank.deposited("b", "1");
    settle();
    long loads = statistics(readModel).loads();
    assertThat(readModel.account("a", 0)).isPresent();
    assertThat(statistics(readModel).loads()).as("b's events are b's").isEqualTo(loads);

    bank.deposited("a", "1");
    settle();
    await()
        .atMost(PATIENCE)
        .until(() -> readModel.account("a", 0).orElseThrow().balance().intValueExact() == 2);
    assertThat(statistics(readModel).loads()).isGreaterThan(loads);
  }

  @Test
  void an_account_that_was_not_there_is_found_once_it_is_opened() throws Exception {
    ReadModel readModel = start();
    bank.opened("b", "Bob", "2");
    settle();
    assertThat(readModel.account("a", head())).isEmpty();
    long position = bank.opened("a", "Ada", "1");
    assertThat(readModel.awaitPosition(position, PATIENCE)).isTrue();
    assertThat(readModel.account("a", position)).isPresent();
  }

  @Test
  void rows_that_were_built_anew_take_the_place_of_what_is_in_memory() throws Exception {
    ReadModel readModel = start();
    bank.opened("a", "Ada", "100");
    settle();
    try (var connection = connect("bank");
        var statement = connection.createStatement()) {
      String schema = served(connection, Projections.ACCOUNTS);
      assertThat(statement.executeUpdate("UPDATE " + schema + ".accounts SET balance = 7"))
          .isEqualTo(1);
    }
    await()
        .atMost(PATIENCE)
        .until(
            () -> {
              long loads = statistics(readModel).loads();
              assertThat(readModel.account("a", 0).orElseThrow().balance()).isEqualTo("7.00");
              return statistics(readModel).loads() == loads;
            });
    int generation = readModel.rebuild(Projections.ACCOUNTS);
    await().atMost(PATIENCE).until(() -> status(Projections.ACCOUNTS).generation() == generation);
    assertThat(readModel.account("a", 0).orElseThrow().balance()).isEqualTo("100.00");
  }

  private static Statistics statistics(ReadModel readModel) {
    return readModel.caches().accountStatistics();
  }
}

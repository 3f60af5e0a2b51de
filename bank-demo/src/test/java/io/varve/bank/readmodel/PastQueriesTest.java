package io.varve.bank.readmodel;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.bank.readmodel.PastQueries.AccountSeries;
import io.varve.bank.readmodel.PastQueries.AccountThen;
import io.varve.bank.readmodel.PastQueries.BalanceAt;
import io.varve.bank.readmodel.PastQueries.BankSeries;
import io.varve.bank.readmodel.PastQueries.BankThen;
import io.varve.bank.readmodel.PastQueries.TotalAt;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The bank as it was: at every moment what a fold of the log up to there says. */
class PastQueriesTest extends ReadModelFixture {

  private static final String OPENED_A = "2026-01-01T00:00:00.000000001Z";
  private static final String DEPOSITED = "2026-01-02T00:00:00Z";
  private static final String OPENED_B = "2026-01-03T00:00:00Z";
  private static final String TRANSFERRED = "2026-01-04T00:00:00.123456789Z";
  private static final String CLOSED_A = "2026-01-05T00:00:00Z";

  private void writeHistory() {
    clock.set(OPENED_A);
    bank.opened("a", "Ada", "100");
    clock.set(DEPOSITED);
    bank.deposited("a", "50.50");
    clock.set(OPENED_B);
    bank.opened("b", "Bob", "0");
    clock.set(TRANSFERRED);
    bank.transferred("t", "a", "b", "150.50");
    clock.set(CLOSED_A);
    bank.closed("a");
    clock.set("2026-02-01T00:00:00Z");
  }

  @Test
  void the_whole_bank_is_told_as_it_was_at_any_moment() throws Exception {
    ReadModel readModel = start();
    writeHistory();
    settle();
    PastQueries past = readModel.past();

    assertThat(bank(past, "2025-12-31T23:59:59Z")).isEqualTo(then("2025-12-31T23:59:59Z", "0.00"));
    assertThat(bank(past, "2026-01-01T00:00:00Z"))
        .as("a nanosecond before the first account")
        .isEqualTo(then("2026-01-01T00:00:00Z", "0.00"));
    assertThat(bank(past, OPENED_A))
        .isEqualTo(then(OPENED_A, "100.00", account("a", "Ada", "100.00", "active")));
    assertThat(bank(past, "2026-01-01T23:59:59.999999999Z").total()).isEqualTo("100.00");
    assertThat(bank(past, OPENED_B))
        .isEqualTo(
            then(
                OPENED_B,
                "150.50",
                account("a", "Ada", "150.50", "active"),
                account("b", "Bob", "0.00", "active")));
    assertThat(bank(past, "2026-01-04T00:00:00.123456788Z").accounts().getFirst().balance())
        .as("a nanosecond before the transfer")
        .isEqualTo("150.50");
    assertThat(bank(past, TRANSFERRED))
        .isEqualTo(
            then(
                TRANSFERRED,
                "150.50",
                account("a", "Ada", "0.00", "active"),
                account("b", "Bob", "150.50", "active")));
    assertThat(bank(past, CLOSED_A).accounts())
        .extracting(AccountThen::status)
        .containsExactly("closed", "active");
    assertThat(bank(past, "9999-12-31T23:59:59Z").total()).isEqualTo("150.50");
    BankThen now = past.bank(null, 1);
    assertThat(now.at()).isEqualTo("2026-02-01T00:00:00Z");
    assertThat(now.accounts()).hasSize(1);
    assertThat(now.count()).isEqualTo(2);
    assertThat(now.total()).isEqualTo("150.50");
  }

  @Test
  void now_is_not_before_what_is_there_when_the_stores_clock_is_ahead() throws Exception {
    ReadModel readModel = start();
    clock.set("2027-01-01T00:00:00Z");
    bank.opened("a", "Ada", "100");
    settle();
    clock.set("2026-01-01T00:00:00Z");
    assertThat(readModel.past().bank(null, 10).total()).isEqualTo("100.00");
    assertThat(readModel.past().accountSeries("a", null, null).orElseThrow().points())
        .containsExactly(balance("2027-01-01T00:00:00Z", "100.00"));
  }

  @Test
  void the_banks_total_is_told_at_equal_distances() throws Exception {
    ReadModel readModel = start();
    writeHistory();
    settle();
    BankSeries series =
        readModel
            .past()
            .bankSeries(
                Instant.parse("2025-12-31T00:00:00Z"), Instant.parse("2026-01-04T00:00:00Z"), 5);
    assertThat(series.points())
        .containsExactly(
            total("2025-12-31T00:00:00Z", "0.00"),
            total("2026-01-01T00:00:00Z", "0.00"),
            total("2026-01-02T00:00:00Z", "150.50"),
            total("2026-01-03T00:00:00Z", "150.50"),
            total("2026-01-04T00:00:00Z", "150.50"));
    BankSeries whole = readModel.past().bankSeries(null, null, 2);
    assertThat(whole.points())
        .containsExactly(total(OPENED_A, "100.00"), total("2026-02-01T00:00:00Z", "150.50"));
    Instant one = Instant.parse(DEPOSITED);
    assertThat(readModel.past().bankSeries(one, one, 100).points())
        .containsExactly(total(DEPOSITED, "150.50"));
  }

  @Test
  void a_bank_in_which_nothing_happened_has_nothing_at_any_time() throws Exception {
    ReadModel readModel = start();
    awaitTables();
    assertThat(readModel.past().bank(null, 10).accounts()).isEmpty();
    assertThat(readModel.past().bankSeries(null, null, 10).points())
        .containsExactly(total("2026-11-20T12:00:00Z", "0.00"));
    assertThat(readModel.past().accountSeries("a", null, null)).isEmpty();
  }

  @Test
  void an_account_has_a_point_for_each_movement_and_one_for_the_beginning() throws Exception {
    ReadModel readModel = start();
    writeHistory();
    settle();
    assertThat(series(readModel, "a", null, null).points())
        .containsExactly(
            balance(OPENED_A, "100.00"),
            balance(DEPOSITED, "150.50"),
            balance(TRANSFERRED, "0.00"));
    assertThat(series(readModel, "a", "2026-01-03T00:00:00Z", "2026-01-04T00:00:00Z").points())
        .containsExactly(balance("2026-01-03T00:00:00Z", "150.50"));
    assertThat(series(readModel, "a", DEPOSITED, null).points())
        .as("a movement at the beginning is the beginning")
        .containsExactly(balance(DEPOSITED, "150.50"), balance(TRANSFERRED, "0.00"));
    assertThat(series(readModel, "a", "2025-01-01T00:00:00Z", DEPOSITED).points())
        .as("there is no balance before there is an account")
        .containsExactly(balance(OPENED_A, "100.00"), balance(DEPOSITED, "150.50"));
    assertThat(series(readModel, "b", null, null).points())
        .containsExactly(balance(OPENED_B, "0.00"), balance(TRANSFERRED, "150.50"));
  }

  @Test
  void of_very_many_movements_the_newest_are_told() throws Exception {
    ReadModel readModel = start();
    clock.set("2026-01-01T00:00:00Z");
    bank.opened("a", "Ada", "1");
    Instant begin = clock.instant();
    for (int i = 1; i <= 2_000; i++) {
      clock.set(begin.plusSeconds(i).toString());
      bank.deposited("a", "1");
    }
    settle();
    AccountSeries all = series(readModel, "a", null, null);
    assertThat(all.complete()).isTrue();
    assertThat(all.points()).hasSize(2_001);

    clock.set(begin.plus(Duration.ofHours(1)).toString());
    bank.deposited("a", "1");
    settle();
    AccountSeries newest = series(readModel, "a", null, null);
    assertThat(newest.complete()).isFalse();
    assertThat(newest.points()).hasSize(2_000);
    assertThat(newest.points().getFirst().balance()).isEqualTo("3.00");
    assertThat(newest.points().getLast().balance()).isEqualTo("2002.00");
  }

  private static BankThen bank(PastQueries past, String at) {
    return past.bank(Instant.parse(at), 10);
  }

  private static AccountSeries series(
      ReadModel readModel, String account, @Nullable String from, @Nullable String to) {
    return readModel
        .past()
        .accountSeries(
            account,
            from == null ? null : Instant.parse(from),
            to == null ? null : Instant.parse(to))
        .orElseThrow();
  }

  private static BankThen then(String at, String total, AccountThen... accounts) {
    return new BankThen(
        Instant.parse(at), List.of(accounts), accounts.length, new BigDecimal(total));
  }

  private static AccountThen account(String id, String owner, String balance, String status) {
    return new AccountThen(id, owner, new BigDecimal(balance), status);
  }

  private static TotalAt total(String at, String total) {
    return new TotalAt(Instant.parse(at), new BigDecimal(total));
  }

  private static BalanceAt balance(String at, String balance) {
    return new BalanceAt(Instant.parse(at), new BigDecimal(balance));
  }
}

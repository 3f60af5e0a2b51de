package io.varve.bank.readmodel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.varve.bank.readmodel.AccountQueries.Statement;
import java.time.Year;
import java.util.List;
import org.junit.jupiter.api.Test;

/** An account's months: each ends with what was on it in its last nanosecond, in UTC. */
class StatementsTest extends ReadModelFixture {

  @Test
  void months_end_in_their_last_nanosecond_across_years_and_leap_days() throws Exception {
    ReadModel readModel = start();
    clock.set("2027-11-15T00:00:00Z");
    bank.opened("a", "Ada", "100");
    clock.set("2027-12-31T23:59:59.999999999Z");
    bank.deposited("a", "10");
    clock.set("2028-01-01T00:00:00Z");
    bank.withdrawn("a", "1");
    clock.set("2028-02-29T23:59:59.999999999Z");
    bank.deposited("a", "5");
    clock.set("2028-03-01T00:00:00Z");
    bank.interest("a", "0.50");
    clock.set("2028-04-10T00:00:00Z");
    settle();

    assertThat(statements(readModel, 2026)).as("before it was opened").isEmpty();
    assertThat(statements(readModel, 2027))
        .extracting(Statement::month, StatementsTest::sums)
        .containsExactly(
            tuple("2027-11", "0.00 +100.00 -0.00 = 100.00, 1"),
            tuple("2027-12", "100.00 +10.00 -0.00 = 110.00, 1"));
    assertThat(statements(readModel, 2028))
        .extracting(Statement::month, StatementsTest::sums)
        .containsExactly(
            tuple("2028-01", "110.00 +0.00 -1.00 = 109.00, 1"),
            tuple("2028-02", "109.00 +5.00 -0.00 = 114.00, 1"),
            tuple("2028-03", "114.00 +0.50 -0.00 = 114.50, 1"),
            tuple("2028-04", "114.50 +0.00 -0.00 = 114.50, 0"));
    assertThat(statements(readModel, 2028))
        .extracting(Statement::complete)
        .containsExactly(true, true, true, false);
    assertThat(statements(readModel, 2029)).as("not yet").isEmpty();
    assertThat(readModel.accounts().statements("b", Year.of(2028))).isEmpty();
  }

  private static List<Statement> statements(ReadModel readModel, int year) {
    return readModel.accounts().statements("a", Year.of(year)).orElseThrow().statements();
  }

  private static String sums(Statement month) {
    return month.openingBalance()
        + (" +" + month.moneyIn())
        + (" -" + month.moneyOut())
        + (" = " + month.closingBalance())
        + (", " + month.txCount());
  }
}

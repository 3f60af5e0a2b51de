package io.varve.bank.readmodel;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.bank.readmodel.AccountQueries.AccountSummary;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The tables are a fold of the log: made again from nothing, they are the same. */
class ReadModelReplayTest extends ReadModelFixture {

  private static final long SEED = 20261120;

  private final Random random = new Random(SEED);
  private final Map<String, BigDecimal> balances = new LinkedHashMap<>();

  @Test
  void tables_made_again_from_position_0_are_the_same_as_those_that_grew() throws Exception {
    for (int run = 0; run < 3; run++) { // with a restart of the read model between two runs
      ReadModel growing = start("growing");
      doBusiness(run);
      bank.deposited("stray-" + run, "1"); // of no account
      settle();
      assertThat(growing.health().numbers().events()).isEqualTo(head() - (run + 1));
      stop();
    }
    start("replayed");
    settle();
    assertThatRowsAreTheFold();
    Map<String, List<String>> replayed = closeAndDump("replayed");
    assertThat(replayed).isEqualTo(closeAndDump("growing"));
    assertThat(replayed)
        .allSatisfy((table, rows) -> assertThat(rows).as(table).isNotEmpty())
        .hasSizeGreaterThan(7);
  }

  private Map<String, List<String>> closeAndDump(String name) throws Exception {
    stop();
    return dump(name);
  }

  private void assertThatRowsAreTheFold() throws Exception {
    ReadModel rows = start("growing");
    settle();
    assertThat(rows.accounts().list(1_000, 0).accounts())
        .extracting(AccountSummary::accountId)
        .containsExactlyElementsOf(balances.keySet());
    balances.forEach(
        (account, balance) ->
            assertThat(rows.accounts().find(account).orElseThrow().balance())
                .as(account)
                .isEqualTo(balance));
  }

  private void doBusiness(int run) {
    for (int i = 0; i < 80; i++) {
      clock.set("2026-%02d-%02dT12:%02d:00.123456789Z".formatted(run + 1, i / 6 + 1, i % 60));
      List<String> accounts = new ArrayList<>(balances.keySet());
      if (accounts.size() < 3 || random.nextInt(8) == 0) {
        String account = "acc-" + run + "-" + i;
        String amount = random.nextInt(4) == 0 ? "0.00" : money(500);
        bank.opened(account, "Owner " + i, amount);
        balances.put(account, new BigDecimal(amount));
        continue;
      }
      String account = accounts.get(random.nextInt(accounts.size()));
      String other = accounts.get(random.nextInt(accounts.size()));
      String amount = money(90);
      switch (random.nextInt(7)) {
        case 0 -> {
          bank.deposited(account, amount);
          add(account, amount);
        }
        case 1 -> {
          bank.withdrawn(account, amount);
          add(account, "-" + amount);
        }
        case 2 -> {
          bank.interest(account, amount);
          add(account, amount);
        }
        case 3 -> bank.compensated("tr-" + run + "-" + i, account, other, amount);
        case 4 -> bank.refused("tr-" + run + "-" + i, account, other, amount);
        case 5 -> {
          bank.begin("tr-" + run + "-" + i, account, other, amount);
          add(account, "-" + amount);
        }
        default -> {
          bank.transferred("tr-" + run + "-" + i, account, other, amount);
          add(account, "-" + amount);
          add(other, amount);
        }
      }
      if (random.nextInt(20) == 0) {
        bank.closed("acc-0-0");
      }
    }
  }

  private void add(String account, String amount) {
    BigDecimal _ = balances.merge(account, new BigDecimal(amount), BigDecimal::add);
  }

  private String money(int most) {
    return BigDecimal.valueOf(1 + random.nextInt(most * 100), 2).toPlainString();
  }
}

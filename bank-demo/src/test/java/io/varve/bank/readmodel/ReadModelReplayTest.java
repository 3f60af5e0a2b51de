package io.varve.bank.readmodel;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.bank.application.AccountCommands;
import io.varve.bank.application.AccountLoader;
import io.varve.bank.application.CommandId;
import io.varve.bank.application.CommandOutcome.Done;
import io.varve.bank.application.Transfers.Start.Started;
import io.varve.bank.domain.AccountCommand;
import io.varve.bank.domain.AccountCommand.AddInterest;
import io.varve.bank.domain.AccountCommand.CloseAccount;
import io.varve.bank.domain.AccountCommand.DepositMoney;
import io.varve.bank.domain.AccountCommand.OpenAccount;
import io.varve.bank.domain.AccountCommand.WithdrawMoney;
import io.varve.bank.domain.Money;
import io.varve.bank.saga.TransferProcessManager;
import io.varve.bank.store.EventCodec;
import io.varve.client.streams.EventReader;
import io.varve.client.streams.ReadLog;
import io.varve.client.testkit.InMemoryEventStore;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The tables are a fold of the log: made again from nothing, they are the same. */
class ReadModelReplayTest {

  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final long SEED = 20261120;
  private static final List<String> TABLES =
      List.of(
          "accounts",
          "transactions",
          "transfers",
          "transfer_steps",
          "daily_figures",
          "daily_open_transfers");

  @TempDir Path folder;
  private final InMemoryEventStore store = new InMemoryEventStore();
  private final EventCodec codec = new EventCodec();
  private final AccountLoader loader = new AccountLoader(store, codec);
  private final ScheduledExecutorService timer = Executors.newScheduledThreadPool(6);

  @AfterEach
  void close() {
    timer.shutdownNow();
    store.close();
  }

  @Test
  void tables_made_again_from_position_0_are_the_same_as_those_that_grew() throws Exception {
    List<String> accounts = new ArrayList<>();
    Random random = new Random(SEED);
    for (int run = 0; run < 3; run++) { // with a restart of the read model between two runs
      try (ReadModel growing = open("growing")) {
        doBusiness(random, accounts);
        assertThat(growing.awaitPosition(head(), PATIENCE)).isTrue();
      }
    }
    try (ReadModel replayed = open("replayed")) {
      assertThat(replayed.awaitPosition(head(), PATIENCE)).isTrue();
      for (String account : accounts) {
        assertThat(replayed.accounts().find(account).orElseThrow().balance())
            .isEqualTo(loader.load(account).account().balance().toBigDecimal());
      }
      assertThat(replayed.transfers().held()).isEqualByComparingTo(BigDecimal.ZERO);
    }
    assertThat(dump("replayed")).isEqualTo(dump("growing"));
  }

  private ReadModel open(String name) throws Exception {
    ReadModel readModel =
        ReadModel.open(folder.resolve(name), store, codec, timer, InstantSource.system());
    readModel.start();
    return readModel;
  }

  private long head() {
    try (EventReader reader = store.readLog(ReadLog.all().backwards().limit(1))) {
      return reader.headPosition();
    }
  }

  private void doBusiness(Random random, List<String> accounts) throws Exception {
    AccountCommands commands = new AccountCommands(store, codec, loader);
    try (TransferProcessManager transfers =
        new TransferProcessManager(
            store, codec, Executors.newFixedThreadPool(2), timer, InstantSource.system())) {
      for (int i = 0; i < 60; i++) {
        CommandId id = CommandId.of(null, "test", "test");
        if (accounts.size() < 3 || random.nextInt(8) == 0) {
          String account = id.newSubject("acc-");
          AccountCommand open = new OpenAccount("Owner " + i, money(random, 500));
          assertThat(commands.handle(account, open, id, "c")).isInstanceOf(Done.class);
          accounts.add(account);
          continue;
        }
        String account = accounts.get(random.nextInt(accounts.size()));
        switch (random.nextInt(6)) {
          case 0 -> commands.handle(account, new DepositMoney(money(random, 90), "in"), id, "c");
          case 1 -> commands.handle(account, new WithdrawMoney(money(random, 90), null), id, "c");
          case 2 -> commands.handle(account, new AddInterest(new BigDecimal("0.01")), id, "c");
          case 3 -> {
            Money all = loader.load(account).account().balance();
            commands.handle(account, new WithdrawMoney(all, "the rest"), id, "c");
            commands.handle(account, new CloseAccount(), id, "c");
          }
          default -> {
            String to = accounts.get(random.nextInt(accounts.size()));
            if (transfers.start(account, to, money(random, 200), id, "c")
                instanceof Started started) {
              assertThat(started.end().get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)).isNotNull();
            }
          }
        }
      }
    }
  }

  private static Money money(Random random, int most) {
    return new Money(1 + random.nextInt(most * 100));
  }

  /** Every row of every table, as text. */
  private Map<String, List<String>> dump(String name) throws SQLException {
    Map<String, List<String>> tables = new TreeMap<>();
    String url = "jdbc:h2:file:" + folder.resolve(name).resolve("bank").toAbsolutePath();
    try (Connection connection = DriverManager.getConnection(url, "bank", "")) {
      for (String table : TABLES) {
        List<String> rows = new ArrayList<>();
        try (ResultSet results =
            connection
                .createStatement()
                .executeQuery("SELECT * FROM " + table + " ORDER BY 1, 2")) {
          int columns = results.getMetaData().getColumnCount();
          while (results.next()) {
            StringBuilder row = new StringBuilder();
            for (int column = 1; column <= columns; column++) {
              row.append(results.getString(column)).append('|');
            }
            rows.add(row.toString());
          }
        }
        assertThat(rows)
            .as(table)
            .hasSizeGreaterThan(table.equals("daily_open_transfers") ? -1 : 0);
        tables.put(table, rows);
      }
    }
    return tables;
  }
}

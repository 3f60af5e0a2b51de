package io.varve.bank;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.postgresql.PostgreSql;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** The demo as a program, with its read model in a PostgreSQL server. */
class BankPostgreSqlIT {

  @TempDir Path folder;

  @Test
  void the_read_model_is_in_postgresql_and_is_gone_on_with_after_a_kill() throws Exception {
    PostgreSql.NewDatabase database = PostgreSql.newDatabase();
    try (RunningProgram server = RunningProgram.server(folder.resolve("server"), 0)) {
      String a;
      String b;
      try (RunningProgram demo =
              RunningProgram.demo(folder.resolve("demo"), server.port(), database);
          BankClient client = new BankClient(demo.port())) {
        a = client.open("Ada", "100");
        b = client.open("Bob", "0");
        client.transfer(a, b, "12.50").expect(200);
        assertThat(client.balance(a)).isEqualTo("87.50");
        assertThat(demo.log()).doesNotContain(database.password());
        demo.kill();
      }
      try (RunningProgram demo =
              RunningProgram.demo(folder.resolve("demo"), server.port(), database);
          BankClient client = new BankClient(demo.port())) {
        client.command(b, "deposit", "{\"amount\":1}").expect(200);
        assertThat(client.balance(a)).isEqualTo("87.50");
        assertThat(client.balance(b)).isEqualTo("13.50");
        JsonNode bank = client.settled("/api/queries/bank").body();
        assertThat(bank.at("/total").toString()).isEqualTo("101.00");
        JsonNode sagas = client.settled("/api/queries/sagas").body();
        assertThat(sagas.at("/sagas/0/status").asString()).isEqualTo("completed");
        JsonNode health = client.get("/health").expect(200).body();
        assertThat(health.at("/database/reachable").asBoolean()).isTrue();
        assertThat(demo.stop()).isZero();
      }
    }
  }
}

package io.varve.bank.readmodel;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;

/**
 * The tables of the read model, and the steps that led to them. A step that has been released is
 * never changed; a later release adds one. All of it is standard SQL.
 *
 * <p>Times are kept to the nanosecond, as the store records them: who takes a time from here and
 * asks the store for that moment gets the event, not what was before it.
 */
final class Schema {

  private static final List<List<String>> STEPS =
      List.of(
          List.of(
              """
              CREATE TABLE checkpoints (
                projection  VARCHAR(64) PRIMARY KEY,
                position    BIGINT NOT NULL,      -- the last one finished
                events      BIGINT NOT NULL,      -- how many were finished in all
                updated_at  TIMESTAMP(9) WITH TIME ZONE NOT NULL)
              """,
              """
              CREATE TABLE accounts (
                account_id  VARCHAR(64) PRIMARY KEY,
                owner       VARCHAR(200) NOT NULL,
                balance     DECIMAL(19, 2) NOT NULL,
                status      VARCHAR(16) NOT NULL,
                opened_at   TIMESTAMP(9) WITH TIME ZONE NOT NULL,
                closed_at   TIMESTAMP(9) WITH TIME ZONE,
                tx_count    BIGINT NOT NULL,
                last_tx_at  TIMESTAMP(9) WITH TIME ZONE,
                version     BIGINT NOT NULL)
              """,
              """
              CREATE TABLE transactions (
                position      BIGINT PRIMARY KEY,
                account_id    VARCHAR(64) NOT NULL,
                kind          VARCHAR(16) NOT NULL,
                amount        DECIMAL(19, 2) NOT NULL,
                direction     SMALLINT NOT NULL,     -- 1 into the account, -1 out of it
                balance_after DECIMAL(19, 2) NOT NULL,
                description   VARCHAR(1000),
                transfer_id   VARCHAR(64),
                at            TIMESTAMP(9) WITH TIME ZONE NOT NULL)
              """,
              "CREATE INDEX transactions_by_account ON transactions (account_id, position)",
              "CREATE INDEX transactions_by_account_and_time ON transactions (account_id, at)",
              "CREATE INDEX transactions_by_time ON transactions (at)",
              """
              CREATE TABLE transfers (
                transfer_id   VARCHAR(64) PRIMARY KEY,
                from_account  VARCHAR(64) NOT NULL,
                to_account    VARCHAR(64) NOT NULL,
                amount        DECIMAL(19, 2) NOT NULL,
                status        VARCHAR(32) NOT NULL,
                error         VARCHAR(2000),
                held          DECIMAL(19, 2) NOT NULL,  -- left one account, reached none
                started_at    TIMESTAMP(9) WITH TIME ZONE NOT NULL,
                updated_at    TIMESTAMP(9) WITH TIME ZONE NOT NULL,
                finished_at   TIMESTAMP(9) WITH TIME ZONE,
                position      BIGINT NOT NULL)
              """,
              "CREATE INDEX transfers_by_position ON transfers (position)",
              """
              CREATE TABLE transfer_steps (
                transfer_id  VARCHAR(64) NOT NULL,
                version      BIGINT NOT NULL,
                event        VARCHAR(64) NOT NULL,
                at           TIMESTAMP(9) WITH TIME ZONE NOT NULL,
                PRIMARY KEY (transfer_id, version))
              """,
              """
              CREATE TABLE daily_figures (
                figure_day            DATE PRIMARY KEY,
                accounts_opened       BIGINT DEFAULT 0 NOT NULL,
                accounts_closed       BIGINT DEFAULT 0 NOT NULL,
                in_count              BIGINT DEFAULT 0 NOT NULL,
                in_sum                DECIMAL(19, 2) DEFAULT 0 NOT NULL,
                out_count             BIGINT DEFAULT 0 NOT NULL,
                out_sum               DECIMAL(19, 2) DEFAULT 0 NOT NULL,
                transferred_count     BIGINT DEFAULT 0 NOT NULL,
                transferred_sum       DECIMAL(19, 2) DEFAULT 0 NOT NULL,
                transfers_started     BIGINT DEFAULT 0 NOT NULL,
                transfers_compensated BIGINT DEFAULT 0 NOT NULL,
                transfers_failed      BIGINT DEFAULT 0 NOT NULL)
              """,
              """
              CREATE TABLE daily_open_transfers (   -- amounts of transfers that have not ended
                transfer_id  VARCHAR(64) PRIMARY KEY,
                amount       DECIMAL(19, 2) NOT NULL)
              """));

  private Schema() {}

  /** Takes the steps that this database has not taken yet. */
  static void migrate(Database database) throws Exception {
    database.inTransaction(
        connection -> {
          Database.update(
              connection, "CREATE TABLE IF NOT EXISTS schema_steps (step INTEGER PRIMARY KEY)");
          long taken =
              Database.query(
                      connection,
                      "SELECT COALESCE(MAX(step), 0) FROM schema_steps",
                      row -> row.number(1))
                  .getFirst();
          if (taken > STEPS.size()) {
            throw new IllegalStateException(
                "the read model was written by a newer release (schema step "
                    + taken
                    + ", this release knows "
                    + STEPS.size()
                    + "); delete its folder to rebuild it from the log");
          }
          for (int step = (int) taken + 1; step <= STEPS.size(); step++) {
            take(connection, STEPS.get(step - 1));
            Database.update(connection, "INSERT INTO schema_steps (step) VALUES (?)", step);
          }
        });
  }

  private static void take(Connection connection, List<String> statements) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
    }
  }
}

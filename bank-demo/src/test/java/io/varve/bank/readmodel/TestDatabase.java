package io.varve.bank.readmodel;

import io.varve.client.postgresql.PostgreSql;
import java.nio.file.Path;
import java.sql.SQLException;

/** The databases that everything here must work on alike. */
enum TestDatabase {
  H2 {
    @Override
    DatabaseSettings fresh(Path folder) {
      return DatabaseSettings.inFolder(folder);
    }
  },
  POSTGRESQL {
    @Override
    DatabaseSettings fresh(Path folder) throws SQLException {
      PostgreSql.NewDatabase created = PostgreSql.newDatabase();
      return new DatabaseSettings(created.url(), created.user(), created.password());
    }
  };

  /** An empty database for a test that has this folder. */
  abstract DatabaseSettings fresh(Path folder) throws SQLException;
}

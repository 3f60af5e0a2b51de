package io.varve.bank.readmodel;

import java.nio.file.Path;

/** The databases that everything here must work on alike. */
enum TestDatabase {
  H2 {
    @Override
    DatabaseSettings fresh(Path folder) {
      return DatabaseSettings.inFolder(folder);
    }
  };

  /** An empty database for a test that has this folder. */
  abstract DatabaseSettings fresh(Path folder) throws Exception;
}

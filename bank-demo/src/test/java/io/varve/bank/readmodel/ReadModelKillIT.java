package io.varve.bank.readmodel;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.File;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.h2.jdbcx.JdbcConnectionPool;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A process that writes rows and their checkpoint in one transaction, from a thread for each
 * projection, is killed again and again. Whenever the database is opened anew, each checkpoint says
 * what its rows are, by a scan and by the key.
 */
class ReadModelKillIT {

  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final int KILLS = 25;
  private static final int WRITERS = 4;
  private static final int LONGEST_LIFE_MILLIS = 700; // more than one save in the background

  @TempDir Path folder;
  private final long seed = System.nanoTime();

  @Test
  void a_killed_process_leaves_whole_transactions() throws Exception {
    Random random = new Random(seed);
    for (int kill = 0; kill < KILLS; kill++) {
      Process writer = startWriter();
      try (BufferedReader said = writer.inputReader()) {
        // It has checked what it found, and writes from here on.
        assertThat(said.readLine()).as("seed %s, kill %s", seed, kill).isEqualTo("sound");
        assertThat(writer.waitFor(random.nextInt(LONGEST_LIFE_MILLIS), TimeUnit.MILLISECONDS))
            .as("writes until it is killed: seed %s, kill %s", seed, kill)
            .isFalse();
      } finally {
        writer.destroyForcibly();
        writer.waitFor(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
      }
    }
    JdbcConnectionPool pool = ReadModel.pool(folder);
    Database database = new Database(pool);
    long written = 0;
    for (int writer = 0; writer < WRITERS; writer++) {
      long checkpoint = Writer.checkpoint(database, writer);
      assertThat(Writer.complaint(database, writer, checkpoint)).as("seed %s", seed).isNull();
      written += checkpoint;
    }
    database.shutDown();
    pool.dispose();
    assertThat(written).isPositive();
  }

  private Process startWriter() throws Exception {
    String classPath =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    return new ProcessBuilder(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-XX:TieredStopAtLevel=1", // lives too short to gain by more
                "-cp",
                classPath,
                Writer.class.getName(),
                folder.toString()))
        .redirectError(ProcessBuilder.Redirect.appendTo(new File(folder.toFile(), "errors")))
        .start();
  }

  /** The process: checks, says what it found, and writes until it is killed. */
  static final class Writer {

    private Writer() {}

    public static void main(String[] arguments) throws Exception {
      Database database = new Database(ReadModel.pool(Path.of(arguments[0])));
      createTables(database);
      long[] checkpoints = new long[WRITERS];
      String found = "sound";
      for (int writer = 0; writer < WRITERS; writer++) {
        checkpoints[writer] = checkpoint(database, writer);
        String complaint = complaint(database, writer, checkpoints[writer]);
        found = complaint == null ? found : complaint;
      }
      System.out.println(found);
      for (int writer = 0; writer < WRITERS; writer++) {
        int name = writer;
        new Thread(() -> writeForEver(database, name, checkpoints[name])).start();
      }
    }

    private static void createTables(Database database) throws Exception {
      database.inTransaction(
          connection -> {
            Database.update(
                connection,
                "CREATE TABLE IF NOT EXISTS checkpoints (writer INTEGER PRIMARY KEY, position"
                    + " BIGINT NOT NULL)");
            for (int writer = 0; writer < WRITERS; writer++) {
              Database.update(
                  connection,
                  "CREATE TABLE IF NOT EXISTS steps_"
                      + writer
                      + " (id VARCHAR(64), version BIGINT, position BIGINT NOT NULL,"
                      + " PRIMARY KEY (id, version))");
              Database.update(
                  connection,
                  "CREATE TABLE IF NOT EXISTS open_" + writer + " (id VARCHAR(64) PRIMARY KEY)");
            }
          });
    }

    static long checkpoint(Database database, int writer) throws SQLException {
      return database.count(
          "SELECT COALESCE(MAX(position), 0) FROM checkpoints WHERE writer = ?", writer);
    }

    /** What does not fit together; null when all does. */
    static @Nullable String complaint(Database database, int writer, long checkpoint)
        throws SQLException {
      long rows = database.count("SELECT COUNT(*) FROM steps_" + writer);
      long open = database.count("SELECT COUNT(*) FROM open_" + writer);
      long next =
          database.count(
              "SELECT COUNT(*) FROM steps_" + writer + " WHERE id = ? AND version = ?",
              id(checkpoint + 1),
              checkpoint + 1);
      long newest =
          database.count(
              "SELECT COUNT(*) FROM steps_" + writer + " WHERE id = ? AND version = ?",
              id(checkpoint),
              checkpoint);
      boolean fits =
          rows == checkpoint
              && open == Math.min(checkpoint, 1)
              && next == 0
              && newest == Math.min(checkpoint, 1);
      return fits
          ? null
          : "writer %d: checkpoint %d, rows %d, open %d, rows by key: at the checkpoint %d, after it %d"
              .formatted(writer, checkpoint, rows, open, newest, next);
    }

    private static void writeForEver(Database database, int writer, long checkpoint) {
      try {
        for (long position = checkpoint + 1; ; position++) {
          long at = position;
          database.inTransaction(connection -> write(connection, writer, at));
        }
      } catch (Exception e) {
        throw new IllegalStateException("writer " + writer + " after " + checkpoint, e);
      }
    }

    private static void write(Connection connection, int writer, long position)
        throws SQLException {
      Database.updateOne(
          connection,
          "INSERT INTO steps_" + writer + " (id, version, position) VALUES (?, ?, ?)",
          id(position),
          position,
          position);
      Database.updateOne(
          connection, "INSERT INTO open_" + writer + " (id) VALUES (?)", id(position));
      if (position == 1) {
        Database.updateOne(
            connection, "INSERT INTO checkpoints (writer, position) VALUES (?, 1)", writer);
        return;
      }
      Database.updateOne(
          connection, "DELETE FROM open_" + writer + " WHERE id = ?", id(position - 1));
      Database.updateOne(
          connection,
          "UPDATE checkpoints SET position = ? WHERE writer = ? AND position = ?",
          position,
          writer,
          position - 1);
    }

    /** Ids fall anywhere in the index, as a transfer's do. */
    private static String id(long position) {
      return "tr-" + Long.toString(position * 0x9E3779B97F4A7C15L, Character.MAX_RADIX);
    }
  }
}

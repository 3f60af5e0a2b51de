package io.varve.bank.readmodel;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Which database holds the rows: one that runs inside this process, or a PostgreSQL server.
 *
 * @param url where it is, as JDBC has it
 * @param user who logs in
 * @param password of that user; null: none is needed. Never shown
 */
public record DatabaseSettings(String url, String user, @Nullable String password) {

  private static final String POSTGRESQL = "jdbc:postgresql:";

  /**
   * A database in files of this folder. With no write delay, a commit saves what it changed itself
   * and no thread does so behind its back; and one transaction writes at a time ({@code
   * oneWriterAtATime} of the toolkit). H2 saves its tables and indexes one after the other while
   * transactions go on in other threads, so that what it saves may hold a row of a transaction and
   * not its checkpoint, or an index without the row (its issue 2080); the next save mends that,
   * unless the process is killed before. Either alone is not enough: ReadModelKillIT sees the first
   * missing within a few kills, and the second in one of a hundred or two. The price is a file that
   * holds what the commits of the last 45 seconds wrote, some 20 KB each, before it takes up the
   * space anew.
   */
  public static DatabaseSettings inFolder(Path folder) {
    String url =
        "jdbc:h2:file:"
            + folder.resolve("bank").toAbsolutePath()
            + ";DB_CLOSE_ON_EXIT=FALSE" // we close it ourselves, after the projections
            + ";DB_CLOSE_DELAY=-1"
            + ";WRITE_DELAY=0";
    return new DatabaseSettings(url, "bank", "");
  }

  /**
   * A database of a PostgreSQL server.
   *
   * @throws IllegalArgumentException the URL is none of such a database; what it is, is not told,
   *     for it may have a password in it
   */
  public static DatabaseSettings postgreSql(String url, String user, @Nullable String password) {
    if (!url.startsWith(POSTGRESQL)) {
      throw new IllegalArgumentException(
          "must be a " + POSTGRESQL + " URL, such as jdbc:postgresql://host/db");
    }
    return new DatabaseSettings(url, user, password);
  }

  /** Whether it runs inside this process, and is closed with it. */
  boolean isEmbedded() {
    return !url.startsWith(POSTGRESQL);
  }

  /** Where it is, without the parameters of the URL, among which may be a password. */
  public String shown() {
    return url.split("[?;]", 2)[0];
  }

  @Override
  public String toString() {
    return shown() + " as " + user;
  }
}

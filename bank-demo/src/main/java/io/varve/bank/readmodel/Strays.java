package io.varve.bank.readmodel;

import io.varve.bank.domain.AccountEvent;
import io.varve.bank.domain.AccountEvent.AccountOpened;
import io.varve.bank.store.Streams;
import io.varve.client.eventsourcing.TypedEvent;
import java.sql.SQLException;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Streams that are named like an account's and are none: they do not begin with an opening, or no
 * account has such an id. The bank writes no such streams; somebody else has. Their events are
 * passed over, for one of them is no reason to stop all that comes after it.
 */
final class Strays {

  /** Those that an event of the bank's types has come from; each projection has its own list. */
  static final String TABLE =
      "CREATE TABLE strays (account_id VARCHAR(64) PRIMARY KEY, position BIGINT NOT NULL)";

  private static final Pattern ACCOUNT_ID = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_-]{0,63}");

  private static final Logger LOG = LoggerFactory.getLogger(Strays.class);

  private Strays() {}

  /** Whether the event is to be passed over; notes its stream if this is the first one. */
  static boolean isOf(Sql sql, TypedEvent<? extends AccountEvent> event) throws SQLException {
    String accountId = Streams.idIn(event.stream());
    if (!ACCOUNT_ID.matcher(accountId).matches()) {
      String type = event.recorded().type();
      LOG.warn("passed over {} in {}, which is no account's", type, event.stream());
      return true;
    }
    if (event.version() == 1 && event.event() instanceof AccountOpened) {
      return false;
    }
    if (sql.number("SELECT COUNT(*) FROM strays WHERE account_id = ?", accountId) > 0) {
      return true;
    }
    if (event.version() > 1) {
      return false;
    }
    sql.updateOne(
        "INSERT INTO strays (account_id, position) VALUES (?, ?)", accountId, event.position());
    LOG.warn("passes over {}, which does not begin with an opening", event.stream());
    return true;
  }

  /**
   * Changes the one row of the event's account; false: it has none, for its stream is a stray. Only
   * who finds no row looks into the list.
   */
  static boolean change(
      Sql sql, TypedEvent<? extends AccountEvent> event, String update, Object... parameters)
      throws SQLException {
    if (sql.update(update, parameters) == 1) {
      return true;
    }
    if (isOf(sql, event)) {
      return false;
    }
    sql.updateOne(update, parameters); // which says that the rows are not what the log says
    return true;
  }
}

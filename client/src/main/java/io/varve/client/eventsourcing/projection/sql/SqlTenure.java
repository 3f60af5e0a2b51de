package io.varve.client.eventsourcing.projection.sql;

import io.varve.client.eventsourcing.projection.Tenure;
import io.varve.client.eventsourcing.projection.TenureLostException;
import io.varve.client.eventsourcing.projection.sql.Catalog.Generation;
import io.varve.client.eventsourcing.projection.sql.Catalog.GenerationState;
import io.varve.client.streams.RecordedEvent;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLRecoverableException;
import java.sql.SQLTransientException;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A claim on one generation. Its fencing number is compared in each transaction that writes, by the
 * statement that moves the checkpoint, and last: so the row is locked for a moment only, and a
 * stalled owner keeps nobody from taking over.
 */
final class SqlTenure implements Tenure<Connection> {

  private static final int LONGEST_ERROR = 4_000;

  /** The classes of SQL states that speak of the event, even if it is the commit that fails. */
  private static final Set<String> OF_THE_EVENT = Set.of("22", "23", "44");

  /** Connection, roll-back, resources, intervention and system: all of them pass. */
  private static final Set<String> PASSING = Set.of("08", "40", "53", "57", "58");

  private static final Set<String> LOCKED = Set.of("55P03", "HYT00", "HYT01");

  private static final Logger log = LoggerFactory.getLogger(SqlTenure.class);

  private final SqlReadModel model;
  private final Catalog catalog;
  private final String projection;
  private final int generation;
  private final long fence;
  private long position;
  private boolean live;

  SqlTenure(
      SqlReadModel model, Catalog catalog, String projection, Generation claimed, boolean live) {
    this.model = model;
    this.catalog = catalog;
    this.projection = projection;
    this.generation = claimed.number();
    this.fence = claimed.fence();
    this.position = claimed.position();
    this.live = live;
  }

  @Override
  public long position() {
    return position;
  }

  @Override
  public boolean isLive() {
    return live;
  }

  private String schema() {
    return SqlReadModel.schemaOf(projection, generation);
  }

  @Override
  public Step commit(Work<? super Connection> work) throws Exception {
    Step step =
        model
            .transactions()
            .run(
                schema(),
                connection -> {
                  Step done = work.run(GuardedConnection.inTransaction(connection));
                  advance(connection, done);
                  return done;
                });
    position = step.position();
    return step;
  }

  private void advance(Connection connection, Step step) throws Exception {
    if (!catalog.advance(
        connection,
        projection,
        generation,
        fence,
        position,
        step.position(),
        step.events(),
        model.leaseEnd(),
        model.now())) {
      throw lost();
    }
  }

  private TenureLostException lost() {
    return new TenureLostException(
        schema()
            + " is not where this program left it, at position "
            + position
            + " with fencing number "
            + fence
            + ": somebody else has taken over, or it has been replaced");
  }

  @Override
  public void park(RecordedEvent event, Exception failure, int attempts) throws Exception {
    Step step = new Step(event.position(), 1);
    model
        .transactions()
        .run(
            null,
            connection -> {
              catalog.park(
                  connection,
                  projection,
                  generation,
                  new Catalog.Parked(
                      event.position(),
                      event.stream(),
                      event.type(),
                      error(failure),
                      attempts,
                      model.now()));
              advance(connection, step);
              return null;
            });
    position = step.position();
  }

  private static String error(Exception failure) {
    String text = failure.toString();
    return text.length() > LONGEST_ERROR ? text.substring(0, LONGEST_ERROR) : text;
  }

  @Override
  public boolean retryParked(long at, Work<? super Connection> work) throws Exception {
    try {
      return model
          .transactions()
          .run(
              schema(),
              connection -> {
                if (!catalog.unpark(connection, projection, generation, at)) {
                  return false;
                }
                Step unused = work.run(GuardedConnection.inTransaction(connection));
                extend(connection);
                return true;
              });
    } catch (TenureLostException e) {
      throw e;
    } catch (Exception e) {
      noteAttempt(at, e);
      throw e;
    }
  }

  private void noteAttempt(long at, Exception failure) {
    try {
      model
          .transactions()
          .run(
              null,
              connection -> {
                catalog.noteAttempt(connection, projection, generation, at, error(failure));
                return null;
              });
    } catch (Exception e) {
      failure.addSuppressed(e);
    }
  }

  @Override
  public int parkedCount() throws Exception {
    return model
        .transactions()
        .run(null, connection -> catalog.parkedCount(connection, projection, generation));
  }

  @Override
  public void renew() throws Exception {
    model
        .transactions()
        .run(
            null,
            connection -> {
              extend(connection);
              return null;
            });
  }

  private void extend(Connection connection) throws Exception {
    if (!catalog.renew(connection, projection, generation, fence, model.leaseEnd())) {
      throw lost();
    }
  }

  @Override
  public Duration renewEvery() {
    return model.lease().dividedBy(3);
  }

  /**
   * One transaction: the row of what is served and the row of the generation that is served are
   * locked, so its owner cannot get ahead meanwhile, and what is asked never goes back in time.
   */
  @Override
  public boolean promote() throws Exception {
    if (!live) {
      live = model.transactions().run(null, this::promoteIn);
    }
    return live;
  }

  private boolean promoteIn(Connection connection) throws Exception {
    int served = catalog.lockLive(connection, projection);
    Optional<Generation> other = catalog.lockGeneration(connection, projection, served);
    if (served > generation || (other.isPresent() && other.get().position() > position)) {
      return false;
    }
    extend(connection);
    if (!catalog.swapLive(connection, projection, served, generation)) {
      return false;
    }
    boolean unused =
        catalog.change(
            connection,
            projection,
            served,
            GenerationState.READY,
            GenerationState.RETIRED,
            model.now());
    return true;
  }

  @Override
  public boolean isPassing(Exception failure, boolean ofHandler) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof SQLTransientException || cause instanceof SQLRecoverableException) {
        return true;
      }
      if (cause instanceof SQLException sql && sql.getSQLState() != null) {
        String state = sql.getSQLState();
        String type = state.length() < 2 ? state : state.substring(0, 2);
        if (PASSING.contains(type) || LOCKED.contains(state)) {
          return true;
        }
        if (OF_THE_EVENT.contains(type)) {
          return false;
        }
      }
    }
    return !ofHandler;
  }

  @Override
  public void close() {
    try {
      model
          .transactions()
          .run(
              null,
              connection -> {
                catalog.release(connection, projection, generation, fence);
                return null;
              });
    } catch (Exception e) {
      log.debug("the lease of {} is not given back; it runs out by itself", schema(), e);
    }
  }
}

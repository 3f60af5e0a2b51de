package io.varve.client.eventsourcing.projection.sql;

import io.varve.client.eventsourcing.EventTypes;
import io.varve.client.eventsourcing.projection.Projection;
import java.sql.Connection;

/**
 * Projections whose handlers write rows.
 *
 * <pre>{@code
 * Projection<Connection> balances =
 *     SqlProjection.named("balances", types)
 *         .tables("CREATE TABLE balances (account VARCHAR(64) PRIMARY KEY, cents BIGINT NOT NULL)")
 *         .on(Opened.class, (sql, opened) -> insert(sql, opened.stream()))
 *         .on(Deposited.class, (sql, deposited) -> add(sql, deposited.stream(), deposited.event().cents()))
 *         .build();
 * }</pre>
 *
 * <p>Handlers write plain names of tables; their connection stands in the schema of the generation
 * that they write to. Transactions are not their business: they may neither commit nor roll back,
 * nor change tables, which some databases answer with a commit of their own.
 */
public final class SqlProjection {

  private SqlProjection() {}

  /**
   * Starts a projection into tables.
   *
   * @param name as in {@link Projection#named}
   * @param types the events that there are
   */
  public static <E> Projection.Builder<E, Connection> named(String name, EventTypes<E> types) {
    return Projection.named(name, types, Connection.class);
  }
}

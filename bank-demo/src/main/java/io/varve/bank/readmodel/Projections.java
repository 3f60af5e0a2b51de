package io.varve.bank.readmodel;

import io.varve.client.eventsourcing.projection.Projection;
import java.sql.Connection;
import java.util.List;

/** The projections that there are, by the names that people and checkpoints know them by. */
public final class Projections {

  public static final String ACCOUNTS = "accounts";
  public static final String TRANSACTIONS = "transactions";
  public static final String SAGAS = "sagas";
  public static final String ANALYTICS = "analytics";

  /** All of them. */
  public static final List<String> NAMES = List.of(ACCOUNTS, TRANSACTIONS, SAGAS, ANALYTICS);

  private Projections() {}

  static List<Projection<Connection>> all() {
    return List.of(
        AccountsProjection.projection(),
        TransactionsProjection.projection(),
        SagasProjection.projection(),
        AnalyticsProjection.projection());
  }
}

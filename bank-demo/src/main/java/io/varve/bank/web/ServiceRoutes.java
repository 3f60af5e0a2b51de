package io.varve.bank.web;

import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import io.varve.bank.application.Transfers;
import io.varve.bank.readmodel.HealthQueries;
import io.varve.bank.readmodel.ReadModel;
import io.varve.bank.readmodel.ReadModelUnavailableException;
import io.varve.bank.store.StoreProbe;
import io.varve.client.eventsourcing.projection.ProjectionStatus;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What there is to call, and how the service is. */
final class ServiceRoutes {

  record Links(String service, Map<String, String> links) {}

  record StoreHealth(boolean reachable, @Nullable Long headPosition, @Nullable String error) {}

  /**
   * @param error why it cannot be reached; absent when it can
   */
  record DatabaseHealth(boolean reachable, @Nullable String error) {}

  /**
   * @param state what it does: starting, catching_up, live, paused, failing, standby, stopped,
   *     closed
   * @param generation the one that is served; 0: none yet
   * @param lag how many positions of the log are not in its rows yet; absent when the store is away
   * @param parked events that it has put aside
   */
  record ProjectionHealth(
      String name,
      String state,
      int generation,
      long position,
      @Nullable Long lag,
      int parked,
      @Nullable String error) {}

  /**
   * Numbers are absent while the read model cannot be asked.
   *
   * @param status up; degraded: answering, while a projection stands still, no transfers are taken
   *     up, the read model's database is away or a transfer waits for a person; down: the store
   *     cannot be reached
   * @param aggregates accounts and transfers together
   * @param sagasError why no transfers are taken up; absent while they are
   * @param moneyHeld what has left one account and reached none, by transfers not ended well
   * @param strayStreams streams that are named like an account's and are none; they are passed over
   */
  record Health(
      String status,
      @Nullable Long aggregates,
      @Nullable Long totalEvents,
      @Nullable Long accounts,
      @Nullable Long transactions,
      @Nullable Long sagas,
      long sagasUnfinished,
      @Nullable String sagasError,
      @Nullable Long sagasNeedingAttention,
      @Nullable BigDecimal moneyHeld,
      @Nullable Long strayStreams,
      StoreHealth store,
      DatabaseHealth database,
      List<ProjectionHealth> projections) {}

  private static final Duration PATIENCE = Duration.ofSeconds(2);

  private final ReadModel readModel;
  private final Transfers transfers;
  private final StoreProbe store;

  ServiceRoutes(ReadModel readModel, Transfers transfers, StoreProbe store) {
    this.readModel = readModel;
    this.transfers = transfers;
    this.store = store;
  }

  void register(RoutesConfig routes) {
    routes.get("/health", this::health);
  }

  /** Answers what there is to call. */
  void links(Context context) {
    Json.answer(context, 200, links());
  }

  private static Links links() {
    Map<String, String> links = new LinkedHashMap<>();
    links.put("health", "GET /health");
    links.put("open_account", "POST /api/commands/accounts");
    links.put("deposit", "POST /api/commands/accounts/{id}/deposit");
    links.put("withdraw", "POST /api/commands/accounts/{id}/withdraw");
    links.put("interest", "POST /api/commands/accounts/{id}/interest");
    links.put("close", "POST /api/commands/accounts/{id}/close");
    links.put("transfer", "POST /api/commands/transfers");
    links.put("retry", "POST /api/commands/transfers/{id}/retry");
    links.put("accounts", "GET /api/queries/accounts");
    links.put("account", "GET /api/queries/accounts/{id}");
    links.put("history", "GET /api/queries/accounts/{id}/history");
    links.put("timeline", "GET /api/queries/accounts/{id}/timeline");
    links.put("balance", "GET /api/queries/accounts/{id}/balance?at={time}");
    links.put("statements", "GET /api/queries/accounts/{id}/statements?year={year}");
    links.put("series", "GET /api/queries/accounts/{id}/series?from={time}&to={time}");
    links.put("bank", "GET /api/queries/bank?at={time}");
    links.put("bank_series", "GET /api/queries/bank/series?from={time}&to={time}&points={n}");
    links.put("transactions", "GET /api/queries/transactions?limit={n}&account_id={id}");
    links.put("sagas", "GET /api/queries/sagas");
    links.put("saga", "GET /api/queries/sagas/{id}");
    links.put("analytics", "GET /api/queries/analytics?from={day}&to={day}");
    links.put("feed", "GET /api/feed");
    links.put("metrics", "GET /metrics");
    links.put("projections", "GET /api/admin/projections");
    links.put("projection", "GET /api/admin/projections/{name}");
    links.put("rebuild", "POST /api/admin/projections/{name}/rebuild");
    return new Links("Varve bank demo", links);
  }

  private void health(Context context) throws InterruptedException {
    StoreProbe.Answer answer = store.ask(PATIENCE);
    List<ProjectionStatus> projections = readModel.projectionStatuses();
    @Nullable String sagasError = transfers.failure();
    @Nullable String databaseFailure = readModel.databaseFailure();
    HealthQueries.@Nullable Numbers numbers = databaseFailure == null ? numbers() : null;
    Health health =
        new Health(
            status(answer, projections, sagasError, numbers),
            numbers == null ? null : numbers.accounts() + numbers.sagas(),
            numbers == null ? null : numbers.events(),
            numbers == null ? null : numbers.accounts(),
            numbers == null ? null : numbers.transactions(),
            numbers == null ? null : numbers.sagas(),
            transfers.unfinished(),
            sagasError,
            numbers == null ? null : numbers.needingAttention(),
            numbers == null ? null : numbers.held(),
            numbers == null ? null : numbers.strays(),
            new StoreHealth(
                answer.reachable(), answer.reachable() ? answer.head() : null, answer.error()),
            new DatabaseHealth(databaseFailure == null, databaseFailure),
            projections.stream().map(projection -> health(projection, answer)).toList());
    Json.answer(context, answer.reachable() ? 200 : 503, health);
  }

  private HealthQueries.@Nullable Numbers numbers() {
    try {
      return readModel.health().numbers();
    } catch (ReadModelUnavailableException e) {
      return null;
    }
  }

  private static String status(
      StoreProbe.Answer store,
      List<ProjectionStatus> projections,
      @Nullable String sagasError,
      HealthQueries.@Nullable Numbers numbers) {
    if (!store.reachable()) {
      return "down";
    }
    boolean allRunning = projections.stream().allMatch(projection -> projection.failure() == null);
    return allRunning && sagasError == null && numbers != null && numbers.needingAttention() == 0
        ? "up"
        : "degraded";
  }

  private static ProjectionHealth health(ProjectionStatus projection, StoreProbe.Answer store) {
    Long lag = store.reachable() ? Math.max(0, store.head() - projection.position()) : null;
    return new ProjectionHealth(
        projection.name(),
        projection.state().name().toLowerCase(Locale.ROOT),
        projection.generation(),
        projection.position(),
        lag,
        projection.parked(),
        projection.failure());
  }
}

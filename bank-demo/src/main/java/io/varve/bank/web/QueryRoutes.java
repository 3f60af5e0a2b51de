package io.varve.bank.web;

import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import io.varve.bank.application.AccountHistory;
import io.varve.bank.application.AccountHistory.Line;
import io.varve.bank.domain.Account;
import io.varve.bank.domain.Money;
import io.varve.bank.readmodel.AccountQueries;
import io.varve.bank.readmodel.Projections;
import io.varve.bank.readmodel.ReadModel;
import io.varve.bank.readmodel.TransferQueries.TransferList;
import io.varve.client.eventsourcing.aggregate.Loaded;
import java.time.Instant;
import java.time.InstantSource;
import java.time.LocalDate;
import java.time.Year;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Queries: most from the read model; an account's past from the store itself. */
final class QueryRoutes {

  static final String ACCOUNTS = "/api/queries/accounts";
  private static final String BANK = "/api/queries/bank";
  static final String SAGAS = "/api/queries/sagas";

  /**
   * @param version the stream's version, whatever part of its events is listed
   * @param nextVersion where to go on; absent when the list goes to the end
   */
  record HistoryAnswer(
      String accountId, List<EventView> events, long version, @Nullable Long nextVersion) {}

  record TimelineAnswer(String accountId, List<Line> timeline, int count) {}

  record BalanceAnswer(
      String accountId, Money balance, String status, long version, Instant asOf) {}

  /**
   * @param count all transfers, of which the list may be a part
   */
  record SagasAnswer(List<TransferView> sagas, long count) {}

  private static final int MAX_ROWS = AccountQueries.FIRST_PAGE;
  private static final int MAX_OFFSET = 10_000_000;
  private static final int DEFAULT_DAYS = 30;
  private static final int DEFAULT_POINTS = 100;
  private static final int MAX_POINTS = 500;

  private final ReadModel readModel;
  private final AccountHistory history;
  private final ReadYourWrites writes;
  private final InstantSource clock;

  QueryRoutes(
      ReadModel readModel, AccountHistory history, ReadYourWrites writes, InstantSource clock) {
    this.readModel = readModel;
    this.history = history;
    this.writes = writes;
    this.clock = clock;
  }

  void register(RoutesConfig routes) {
    routes.get(ACCOUNTS, this::accounts);
    routes.get(ACCOUNTS + "/{id}", this::account);
    routes.get(ACCOUNTS + "/{id}/history", this::history);
    routes.get(ACCOUNTS + "/{id}/timeline", this::timeline);
    routes.get(ACCOUNTS + "/{id}/balance", this::balance);
    routes.get(ACCOUNTS + "/{id}/statements", this::statements);
    routes.get(ACCOUNTS + "/{id}/series", this::accountSeries);
    routes.get(BANK, this::bank);
    routes.get(BANK + "/series", this::bankSeries);
    routes.get("/api/queries/transactions", this::transactions);
    routes.get(SAGAS, this::sagas);
    routes.get(SAGAS + "/{id}", this::saga);
    routes.get("/api/queries/analytics", this::analytics);
  }

  private void accounts(Context context) throws InterruptedException {
    QueryParameters parameters = QueryParameters.of(context, Set.of("limit", "offset"));
    int limit = parameters.number("limit", MAX_ROWS, 1, MAX_ROWS);
    int offset = parameters.number("offset", 0, 0, MAX_OFFSET);
    long notBefore = writes.await(context, parameters, Projections.ACCOUNTS);
    Json.answer(context, 200, readModel.accounts(limit, offset, notBefore));
  }

  private void account(Context context) throws InterruptedException {
    QueryParameters parameters = QueryParameters.of(context, Set.of());
    String id = accountId(context);
    long notBefore = writes.await(context, parameters, Projections.ACCOUNTS);
    Json.answer(context, 200, found(readModel.account(id, notBefore), id));
  }

  private void history(Context context) {
    QueryParameters parameters = QueryParameters.of(context, Set.of("from_version", "limit"));
    String id = accountId(context);
    Long from = parameters.position("from_version");
    int limit = parameters.number("limit", MAX_ROWS, 1, AccountHistory.MAX_EVENTS);
    AccountHistory.Events found =
        found(history.events(id, from == null ? 1 : Math.max(1, from), limit), id);
    List<EventView> events = found.events().stream().map(EventView::of).toList();
    Long next =
        events.isEmpty() || events.getLast().version() >= found.version()
            ? null
            : Long.valueOf(events.getLast().version() + 1);
    Json.answer(context, 200, new HistoryAnswer(id, events, found.version(), next));
  }

  private void timeline(Context context) {
    QueryParameters.of(context, Set.of());
    String id = accountId(context);
    List<Line> lines = found(history.timeline(id), id);
    Json.answer(context, 200, new TimelineAnswer(id, lines, lines.size()));
  }

  private void balance(Context context) {
    QueryParameters parameters = QueryParameters.of(context, Set.of("at"));
    String id = accountId(context);
    Instant at = parameters.time("at", clock.instant());
    Loaded<Account> past =
        history
            .at(id, at)
            .orElseThrow(() -> ApiException.notFound("there was no account " + id + " at " + at));
    Json.answer(
        context,
        200,
        new BalanceAnswer(
            id,
            past.state().balance(),
            past.state().status().name().toLowerCase(Locale.ROOT),
            past.version(),
            at));
  }

  private void statements(Context context) throws InterruptedException {
    QueryParameters parameters = await(context, Set.of("year"), Projections.TRANSACTIONS);
    String id = accountId(context);
    Year year = parameters.year("year", Year.from(today()));
    Json.answer(context, 200, found(readModel.accounts().statements(id, year), id));
  }

  private void accountSeries(Context context) throws InterruptedException {
    QueryParameters parameters = await(context, Set.of("from", "to"), Projections.TRANSACTIONS);
    String id = accountId(context);
    Instant from = parameters.time("from");
    Instant to = parameters.time("to");
    refuseBackwards(from, to);
    Json.answer(context, 200, found(readModel.past().accountSeries(id, from, to), id));
  }

  private void bank(Context context) throws InterruptedException {
    QueryParameters parameters = await(context, Set.of("at", "limit"), Projections.TRANSACTIONS);
    Instant at = parameters.time("at");
    int limit = parameters.number("limit", MAX_ROWS, 1, MAX_ROWS);
    Json.answer(context, 200, readModel.past().bank(at, limit));
  }

  private void bankSeries(Context context) throws InterruptedException {
    QueryParameters parameters =
        await(context, Set.of("from", "to", "points"), Projections.TRANSACTIONS);
    Instant from = parameters.time("from");
    Instant to = parameters.time("to");
    int points = parameters.number("points", DEFAULT_POINTS, 2, MAX_POINTS);
    refuseBackwards(from, to);
    Json.answer(context, 200, readModel.past().bankSeries(from, to, points));
  }

  private void refuseBackwards(@Nullable Instant from, @Nullable Instant to) {
    if (from != null && from.isAfter(to == null ? clock.instant() : to)) {
      throw ApiException.badField("from", "from must not be after to");
    }
  }

  private void transactions(Context context) throws InterruptedException {
    QueryParameters parameters =
        await(context, Set.of("limit", "before", "account_id"), Projections.TRANSACTIONS);
    int limit = parameters.number("limit", 50, 1, MAX_ROWS);
    Long before = parameters.position("before");
    Json.answer(
        context, 200, readModel.transactions().list(limit, before, parameters.text("account_id")));
  }

  private void sagas(Context context) throws InterruptedException {
    QueryParameters parameters = await(context, Set.of("limit"), Projections.SAGAS);
    int limit = parameters.number("limit", 50, 1, MAX_ROWS);
    TransferList found = readModel.transfers().list(limit);
    List<TransferView> sagas = found.transfers().stream().map(TransferView::of).toList();
    Json.answer(context, 200, new SagasAnswer(sagas, found.count()));
  }

  private void saga(Context context) throws InterruptedException {
    await(context, Set.of(), Projections.SAGAS);
    String id = context.pathParam("id");
    Json.answer(
        context,
        200,
        readModel
            .transfers()
            .find(id)
            .map(TransferView::of)
            .orElseThrow(() -> ApiException.notFound("there is no saga " + id)));
  }

  private void analytics(Context context) throws InterruptedException {
    QueryParameters parameters = QueryParameters.of(context, Set.of("from", "to"));
    LocalDate to = parameters.day("to", today());
    LocalDate from = parameters.day("from", to.minusDays(DEFAULT_DAYS - 1));
    if (from.isAfter(to)) {
      throw ApiException.badField("from", "from must not be after to");
    }
    long notBefore = writes.await(context, parameters, Projections.ANALYTICS);
    Json.answer(context, 200, readModel.analytics(from, to, notBefore));
  }

  private QueryParameters await(Context context, Set<String> names, String projection)
      throws InterruptedException {
    QueryParameters parameters = QueryParameters.of(context, names);
    writes.await(context, parameters, projection);
    return parameters;
  }

  private LocalDate today() {
    return LocalDate.ofInstant(clock.instant(), ZoneOffset.UTC);
  }

  private static String accountId(Context context) {
    String id = context.pathParam("id");
    if (!Ids.isWellFormed(id)) {
      throw ApiException.notFound("there is no account " + id);
    }
    return id;
  }

  private static <T> T found(Optional<T> answer, String accountId) {
    return answer.orElseThrow(() -> ApiException.notFound("there is no account " + accountId));
  }
}

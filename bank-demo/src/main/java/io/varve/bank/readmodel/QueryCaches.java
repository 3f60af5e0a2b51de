package io.varve.bank.readmodel;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.varve.bank.domain.AccountEvent;
import io.varve.bank.readmodel.AccountQueries.AccountList;
import io.varve.bank.readmodel.AccountQueries.AccountSummary;
import io.varve.bank.readmodel.AnalyticsQueries.Analytics;
import io.varve.bank.store.BankEvents;
import io.varve.bank.store.Streams;
import io.varve.client.eventsourcing.cache.ReadCache;
import io.varve.client.eventsourcing.cache.ReadCache.Statistics;
import io.varve.client.eventsourcing.projection.ProjectionRunner;
import io.varve.client.streams.EventStore;
import java.time.Duration;
import java.time.LocalDate;
import java.util.Optional;
import java.util.function.ToDoubleFunction;

/**
 * Answers that many ask for, kept in memory: one account, the first accounts of the list, and the
 * figures of some days. An event about an account takes its answers away; figures, which nearly
 * every event changes, are kept for a moment only. Whoever asks names the position that the answer
 * must not be before, for which the rows have been waited for already.
 */
final class QueryCaches implements AutoCloseable {

  private record Days(LocalDate from, LocalDate to) {}

  /** The list has one answer that is kept; other pages are few and far between. */
  private enum FirstPage {
    ONLY
  }

  private static final Duration FIGURES_LIVE = Duration.ofSeconds(2);

  private final ReplacedRows rows;
  private final AccountQueries accountQueries;
  private final ReadCache<String, Optional<AccountSummary>> accounts;
  private final ReadCache<FirstPage, AccountList> lists;
  private final ReadCache<Days, Analytics> figures;

  QueryCaches(
      EventStore store,
      ProjectionRunner runner,
      AccountQueries accountQueries,
      AnalyticsQueries analyticsQueries,
      MeterRegistry metrics) {
    this.rows = new ReplacedRows(projection -> runner.status(projection).generation());
    this.accountQueries = accountQueries;
    accounts =
        ReadCache.<String, Optional<AccountSummary>>loading(accountQueries::find)
            .invalidateOn(
                BankEvents.ACCOUNTS, AccountEvent.class, event -> Streams.idIn(event.stream()))
            .start(store, () -> runner.position(Projections.ACCOUNTS));
    lists =
        ReadCache.<FirstPage, AccountList>loading(
                _ -> accountQueries.list(AccountQueries.FIRST_PAGE, 0))
            .invalidateOn(BankEvents.ACCOUNTS, AccountEvent.class, _ -> FirstPage.ONLY)
            .start(store, () -> runner.position(Projections.ACCOUNTS));
    figures =
        ReadCache.<Days, Analytics>loading(days -> analyticsQueries.between(days.from(), days.to()))
            .maximumSize(100)
            .timeToLive(FIGURES_LIVE)
            .start(store, () -> runner.position(Projections.ANALYTICS));
    measure(metrics, "account", accounts);
    measure(metrics, "accounts", lists);
    measure(metrics, "analytics", figures);
  }

  private static void measure(MeterRegistry metrics, String name, ReadCache<?, ?> cache) {
    count(metrics, "bank.cache.hits", "answers from memory", name, cache, Statistics::hits);
    count(metrics, "bank.cache.loads", "answers from the rows", name, cache, Statistics::loads);
    count(
        metrics,
        "bank.cache.not.kept",
        "answers from rows that an event was on its way to",
        name,
        cache,
        Statistics::notKept);
    count(
        metrics,
        "bank.cache.invalidations",
        "answers that an event took away",
        name,
        cache,
        Statistics::invalidations);
    Gauge.builder("bank.cache.size", cache, of -> (double) of.statistics().size())
        .tag("cache", name)
        .register(metrics);
  }

  private static void count(
      MeterRegistry metrics,
      String meter,
      String description,
      String name,
      ReadCache<?, ?> cache,
      ToDoubleFunction<Statistics> number) {
    FunctionCounter.builder(meter, cache, of -> number.applyAsDouble(of.statistics()))
        .description(description)
        .tag("cache", name)
        .register(metrics);
  }

  Optional<AccountSummary> account(String accountId, long notBefore) {
    forgetWhatWasReplaced();
    return accounts.get(accountId, notBefore);
  }

  AccountList accounts(int limit, int offset, long notBefore) {
    forgetWhatWasReplaced();
    return limit == AccountQueries.FIRST_PAGE && offset == 0
        ? lists.get(FirstPage.ONLY, notBefore)
        : accountQueries.list(limit, offset);
  }

  Analytics analytics(LocalDate from, LocalDate to, long notBefore) {
    forgetWhatWasReplaced();
    return figures.get(new Days(from, to), notBefore);
  }

  private void forgetWhatWasReplaced() {
    rows.forgetIfReplaced(
        Projections.ACCOUNTS,
        () -> {
          accounts.invalidateAll();
          lists.invalidateAll();
        });
    rows.forgetIfReplaced(Projections.ANALYTICS, figures::invalidateAll);
  }

  Statistics accountStatistics() {
    return accounts.statistics();
  }

  @Override
  public void close() {
    accounts.close();
    lists.close();
    figures.close();
  }
}

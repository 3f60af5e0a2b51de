package io.varve.bank;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.varve.bank.application.AccountCommands;
import io.varve.bank.application.AccountHistory;
import io.varve.bank.application.Accounts;
import io.varve.bank.domain.Account;
import io.varve.bank.domain.AccountCommand;
import io.varve.bank.domain.AccountEvent;
import io.varve.bank.readmodel.DatabaseSettings;
import io.varve.bank.readmodel.ReadModel;
import io.varve.bank.saga.TransferRunner;
import io.varve.bank.store.HeadAtStart;
import io.varve.bank.store.StoreProbe;
import io.varve.bank.web.WebServer;
import io.varve.client.eventsourcing.ToolkitObserver;
import io.varve.client.eventsourcing.aggregate.Repository;
import io.varve.client.eventsourcing.metrics.MicrometerObserver;
import io.varve.client.streams.EventStore;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * The bank, wired and running over an event store, which stays the caller's. It starts whether the
 * store is there or not, and lives through the store's absence. Closing it ends everything in
 * order: requests, transfers, projections, tables.
 */
public final class Bank implements AutoCloseable {

  /**
   * What may differ between one bank and the next.
   *
   * @param port 0: any
   * @param data this bank's own folder; deleting it loses nothing
   * @param database where the rows of the read model are
   * @param snapshotEvery events of an account between two snapshots; 0: none are taken
   * @param ownNames the names under which it is asked for, besides {@code host} and localhost
   */
  public record Settings(
      String host,
      int port,
      Path data,
      DatabaseSettings database,
      int snapshotEvery,
      Set<String> ownNames,
      WebServer.Patience patience) {

    public static final int SNAPSHOT_EVERY = 50;

    /** With the read model in the bank's own folder, and the usual snapshots. */
    public Settings(String host, int port, Path data, WebServer.Patience patience) {
      this(host, port, data, DatabaseSettings.inFolder(data), SNAPSHOT_EVERY, Set.of(), patience);
    }

    /** Loopback, with a patience that people share. */
    public static Settings of(int port, Path data) {
      return new Settings(
          "127.0.0.1",
          port,
          data,
          new WebServer.Patience(Duration.ofSeconds(2), Duration.ofSeconds(10)));
    }
  }

  private final PrometheusMeterRegistry metrics =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final JvmGcMetrics gcMetrics = new JvmGcMetrics();
  private final ExecutorService probes =
      Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("store-probe").factory());
  private final ReadModel readModel;
  private final TransferRunner transfers;
  private final WebServer web;
  private int port;

  private Bank(EventStore store, Settings settings, InstantSource clock) throws Exception {
    watchJvm();
    ToolkitObserver observer = new MicrometerObserver(metrics);
    Repository<AccountCommand, Account, AccountEvent> accounts =
        Accounts.in(store, settings.snapshotEvery(), observer);
    readModel =
        ReadModel.start(settings.data(), settings.database(), store, observer, metrics, clock);
    transfers = TransferRunner.start(store, accounts, observer);
    Gauge.builder("bank.transfers.unfinished", transfers, TransferRunner::unfinished)
        .description("Transfers that have started and not ended")
        .register(metrics);
    StoreProbe probe = new StoreProbe(store, probes);
    Set<String> names = new HashSet<>(settings.ownNames());
    names.add(settings.host());
    web =
        new WebServer(
            new AccountCommands(store, accounts),
            new AccountHistory(store, accounts),
            transfers,
            readModel,
            probe,
            new HeadAtStart(probe, probes),
            store,
            metrics,
            clock,
            names,
            settings.patience());
  }

  private void watchJvm() {
    new JvmMemoryMetrics().bindTo(metrics);
    new JvmThreadMetrics().bindTo(metrics);
    new ProcessorMetrics().bindTo(metrics);
    new UptimeMetrics().bindTo(metrics);
    gcMetrics.bindTo(metrics);
  }

  /** Opens the tables, sets projections and transfers going, and serves. */
  public static Bank start(EventStore store, Settings settings, InstantSource clock)
      throws Exception {
    Bank bank = new Bank(store, settings, clock);
    try {
      bank.port = bank.web.start(settings.host(), settings.port());
      return bank;
    } catch (RuntimeException e) {
      bank.close();
      throw e;
    }
  }

  /** The port that it serves on. */
  public int port() {
    return port;
  }

  @Override
  public void close() {
    web.close();
    transfers.close();
    readModel.close();
    probes.shutdownNow();
    gcMetrics.close();
    metrics.close();
  }
}

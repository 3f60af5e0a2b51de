package io.varve.bank;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.varve.bank.application.AccountCommands;
import io.varve.bank.application.AccountHistory;
import io.varve.bank.application.AccountLoader;
import io.varve.bank.readmodel.DatabaseSettings;
import io.varve.bank.readmodel.ReadModel;
import io.varve.bank.saga.TransferProcessManager;
import io.varve.bank.store.EventCodec;
import io.varve.bank.store.StoreProbe;
import io.varve.bank.web.WebServer;
import io.varve.client.eventsourcing.metrics.MicrometerObserver;
import io.varve.client.streams.EventStore;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;

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
   */
  public record Settings(
      String host, int port, Path data, DatabaseSettings database, WebServer.Patience patience) {

    /** With the read model in the bank's own folder. */
    public Settings(String host, int port, Path data, WebServer.Patience patience) {
      this(host, port, data, DatabaseSettings.inFolder(data), patience);
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

  /** Transfers worked on at a time; each waits for the store most of the time. */
  private static final int TRANSFER_WORKERS = 16;

  /**
   * A subscription for each projection and for transfers begins here, and may wait for the store.
   */
  private static final int TIMER_THREADS = 6;

  private final ScheduledExecutorService timer;
  private final ExecutorService probes;
  private final ReadModel readModel;
  private final TransferProcessManager transfers;
  private final WebServer web;
  private int port;

  private Bank(EventStore store, Settings settings, InstantSource clock) throws Exception {
    EventCodec codec = new EventCodec();
    AccountLoader accounts = new AccountLoader(store, codec);
    MeterRegistry metrics = new SimpleMeterRegistry();
    timer =
        Executors.newScheduledThreadPool(
            TIMER_THREADS, Thread.ofPlatform().name("bank-timer-", 0).daemon().factory());
    probes = Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("store-probe").factory());
    ExecutorService workers =
        Executors.newFixedThreadPool(
            TRANSFER_WORKERS, Thread.ofVirtual().name("transfers-", 0).factory());
    readModel =
        ReadModel.start(
            settings.data(),
            settings.database(),
            store,
            new MicrometerObserver(metrics),
            metrics,
            clock);
    transfers = new TransferProcessManager(store, codec, workers, timer, clock);
    web =
        new WebServer(
            new AccountCommands(store, codec, accounts),
            new AccountHistory(store, codec, accounts),
            transfers,
            readModel,
            new StoreProbe(store, probes),
            store,
            clock,
            settings.patience());
  }

  /** Opens the tables, sets projections and transfers going, and serves. */
  public static Bank start(EventStore store, Settings settings, InstantSource clock)
      throws Exception {
    Bank bank = new Bank(store, settings, clock);
    try {
      bank.transfers.start();
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
    timer.shutdownNow();
    probes.shutdownNow();
  }
}

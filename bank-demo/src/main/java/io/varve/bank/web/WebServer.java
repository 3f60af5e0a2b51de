package io.varve.bank.web;

import io.javalin.Javalin;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.varve.bank.application.AccountCommands;
import io.varve.bank.application.AccountHistory;
import io.varve.bank.application.Transfers;
import io.varve.bank.readmodel.ReadModel;
import io.varve.bank.store.HeadAtStart;
import io.varve.bank.store.StoreProbe;
import io.varve.client.streams.EventStore;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Collection;
import org.eclipse.jetty.server.handler.GracefulHandler;

/**
 * The HTTP server. Each request runs on a virtual thread of its own. Closing it stops accepting,
 * and waits up to {@link #CLOSING_TIME} for the requests that are being answered.
 */
public final class WebServer implements AutoCloseable {

  /**
   * How long callers wait.
   *
   * @param readModel for the read model to reach a command's position
   * @param transfer for a transfer's outcome
   */
  public record Patience(Duration readModel, Duration transfer) {}

  private static final Duration CLOSING_TIME = Duration.ofSeconds(10);

  /** Whoever takes nothing, or sends nothing, for so long in the middle of a request is let go. */
  private static final Duration IDLE_TIME = Duration.ofSeconds(30);

  private static final long MAX_BODY_BYTES = 64 * 1024;

  private final FeedRoutes feed;
  private final Javalin javalin;

  /**
   * @param ownNames the hosts' names under which requests are answered, besides localhost; under
   *     addresses they always are
   */
  public WebServer(
      AccountCommands commands,
      AccountHistory history,
      Transfers transfers,
      ReadModel readModel,
      StoreProbe store,
      HeadAtStart start,
      EventStore events,
      PrometheusMeterRegistry metrics,
      InstantSource clock,
      Collection<String> ownNames,
      Patience patience) {
    ReadYourWrites writes = new ReadYourWrites(readModel, start, patience.readModel());
    this.feed =
        new FeedRoutes(
            events,
            () -> readModel.projectionStatuses().stream().map(AdminRoutes::view).toList(),
            FeedRoutes.HEARTBEAT,
            FeedRoutes.MAX_READERS);
    Gauge.builder("bank.feed.readers", feed, FeedRoutes::readers)
        .description("Who reads the feed")
        .register(metrics);
    Gauge.builder("bank.feed.kept", feed, FeedRoutes::bytes)
        .description("The newest events, in memory for all readers of the feed")
        .baseUnit("bytes")
        .register(metrics);
    this.javalin =
        Javalin.create(
            config -> {
              config.startup.showJavalinBanner = false;
              config.concurrency.useVirtualThreads = true;
              config.http.prefer405over404 = true;
              config.http.maxRequestSize = MAX_BODY_BYTES;
              config.jetty.modifyHttpConfiguration(
                  http -> http.setIdleTimeout(IDLE_TIME.toMillis()));
              config.jetty.modifyServer(
                  server -> {
                    server.setHandler(new GracefulHandler());
                    server.setStopTimeout(CLOSING_TIME.toMillis());
                    server.setErrorHandler(new JettyErrors());
                  });
              config.jetty.modifyServletContextHandler(
                  handler -> handler.setErrorHandler(new JettyErrors()));
              new CommandRoutes(commands, writes).register(config.routes);
              new TransferRoutes(transfers, writes, patience.transfer()).register(config.routes);
              new QueryRoutes(readModel, history, writes, clock).register(config.routes);
              ServiceRoutes service = new ServiceRoutes(readModel, transfers, store);
              service.register(config.routes);
              new AdminRoutes(readModel).register(config.routes);
              new SameSite(ownNames).register(config.routes);
              new PageRoutes(service::links).register(config.routes);
              feed.register(config.routes);
              new MetricsRoutes(metrics).register(config);
              ErrorRoutes.register(config.routes);
            });
  }

  /** Begins to serve; returns the port, which is the one asked for unless that was 0. */
  public int start(String host, int port) {
    return javalin.start(host, port).port();
  }

  @Override
  public void close() {
    feed.close(); // its requests end by this alone
    javalin.stop();
  }
}

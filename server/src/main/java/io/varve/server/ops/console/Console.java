package io.varve.server.ops.console;

import io.varve.server.ops.http.Authenticator.Need;
import io.varve.server.ops.http.BadRequest;
import io.varve.server.ops.http.Request;
import io.varve.server.ops.http.Response;
import io.varve.server.ops.http.Route;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The console's addresses. They are there from the start of the process; until the store is open
 * they say that it is not. Thread-safe.
 */
public final class Console implements AutoCloseable {
  /** How long a request waits for others to have read the store. */
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final boolean changesAllowed;
  private final LongSupplier nanoTime;
  private final long begunNanos;
  private final Turns turns = new Turns(PATIENCE);
  private final LiveTails tails = new LiveTails(turns);
  private volatile @Nullable ConsoleStore store;

  /** What one address shows of the store. */
  private interface View {
    Response of(ConsoleStore store, Request request) throws IOException;
  }

  /**
   * A console without a store yet.
   *
   * @param changesAllowed whether it may also change something
   * @param nanoTime a clock that only runs forwards
   */
  public Console(boolean changesAllowed, LongSupplier nanoTime) {
    this.changesAllowed = changesAllowed;
    this.nanoTime = nanoTime;
    this.begunNanos = nanoTime.getAsLong();
  }

  /** The store is open. */
  public void show(ConsoleStore open) {
    store = open;
  }

  /** Everything the console answers. */
  public List<Route> routes() {
    List<Route> routes = new ArrayList<>(Page.routes());
    routes.add(
        look(
            "/api/overview",
            (open, request) -> Overview.of(open, request.caller(), mayChange(request), uptime())));
    routes.add(
        look(
            "/api/subscriptions",
            (open, request) -> Overview.subscriptions(open, request.caller())));
    routes.add(reading("/api/streams", (open, request) -> Streams.list(open, request)));
    routes.add(reading("/api/stream", (open, request) -> Streams.one(open, request)));
    routes.add(reading("/api/log", (open, request) -> LogEvents.page(open, request)));
    routes.add(reading("/api/event", (open, request) -> LogEvents.one(open, request)));
    routes.add(reading("/api/counts", (open, request) -> Counts.of(open, request)));
    routes.add(look("/api/tail", (open, request) -> tails.open(open, request)));
    routes.add(look("/api/me", (_, request) -> Overview.me(request.caller(), mayChange(request))));
    routes.add(look("/api/groups", (open, request) -> Groups.list(open, request)));
    routes.add(look("/api/group", (open, request) -> Groups.one(open, request)));
    routes.add(reading("/api/parked", (open, request) -> Groups.parked(open, request)));
    routes.add(change("/api/scavenge", (open, _) -> Overview.scavenge(open)));
    routes.add(change("/api/replay", (open, request) -> Groups.replay(open, request)));
    routes.add(change("/api/discard", (open, request) -> Groups.discard(open, request)));
    return routes;
  }

  private Route look(String path, View view) {
    return Route.get(path, Need.BROWSE, request -> view.of(opened(), request));
  }

  /** For what reads events, or much else, from the store. */
  private Route reading(String path, View view) {
    return look(path, (open, request) -> turns.take(() -> view.of(open, request)));
  }

  private Route change(String path, View view) {
    return Route.post(
        path,
        request -> {
          if (!changesAllowed) {
            throw new BadRequest(
                403, "the console only looks; --console-changes lets it change something");
          }
          return view.of(opened(), request);
        });
  }

  private boolean mayChange(Request request) {
    return changesAllowed && request.caller().administrator();
  }

  private ConsoleStore opened() {
    ConsoleStore open = store;
    if (open == null) {
      throw new BadRequest(503, "the store is not open");
    }
    return open;
  }

  private long uptime() {
    return nanoTime.getAsLong() - begunNanos;
  }

  /** Shows the store no more, and ends what follows it. */
  @Override
  public void close() {
    store = null;
    tails.close();
  }
}

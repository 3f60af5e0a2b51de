package io.varve.client.eventsourcing.projection;

import static java.util.Objects.requireNonNull;

import io.varve.client.eventsourcing.ToolkitObserver;
import io.varve.client.streams.EventStore;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * Feeds any number of projections from the log, until it is closed. Each has a subscription, a
 * checkpoint, an error policy and a thread of its own, so whatever happens to one does not matter
 * to the others; each reconnects and tries again for ever, unless its policy says otherwise.
 *
 * <p>What happened before is committed a few hundred events at a time, what happens now at once.
 * All methods may be called from any thread.
 *
 * <pre>{@code
 * try (ProjectionRunner runner =
 *     ProjectionRunner.builder(store)
 *         .add(balances, readModel)
 *         .add(search, ProjectionTarget.inMemory(index), ErrorPolicy.park(5))
 *         .start()) {
 *   runner.awaitPosition(result.position(), Duration.ofSeconds(1)); // read what was just written
 *   runner.statuses().forEach(System.out::println);
 * }
 * }</pre>
 */
public final class ProjectionRunner implements AutoCloseable {

  private static final int BATCH = 256;

  private static final Duration LONGEST_WAIT = Duration.ofDays(36_500);

  private final Map<String, Line<?>> lines = new LinkedHashMap<>();
  private final Progress progress;

  private ProjectionRunner(Builder from) {
    this.progress = new Progress(from.store);
    Feed.Settings settings =
        new Feed.Settings(from.store, from.owner, from.clock, from.observer, from.batch);
    for (Entry<?> entry : from.entries) {
      lines.put(entry.projection().name(), entry.line(settings, progress));
    }
    progress.start();
    lines.values().forEach(Line::start);
  }

  /** Starts a runner that follows this store, which stays open when the runner is closed. */
  public static Builder builder(EventStore store) {
    return new Builder(store);
  }

  /**
   * How a projection is doing.
   *
   * @throws IllegalArgumentException there is none of this name
   */
  public ProjectionStatus status(String projection) {
    return line(projection).status();
  }

  /** How all projections are doing, in the order in which they were added. */
  public List<ProjectionStatus> statuses() {
    return lines.values().stream().map(Line::status).toList();
  }

  /**
   * The position up to which what a projection serves holds everything, whoever feeds it; 0:
   * nothing yet, or it cannot be found out at the moment.
   */
  public long position(String projection) {
    return line(projection).servedPosition();
  }

  /**
   * Waits until what a projection serves holds everything up to a position, such as the one that an
   * append returned. Events that do not concern the projection are not waited for.
   *
   * <p>A projection that goes on by itself is waited for: one that somebody else feeds, that has
   * just been resumed, whose database or store is away, or that is about to try an event again.
   *
   * @param timeout however long; a negative one is none
   * @return false: it does not within the time, or waiting would be in vain, because the projection
   *     is paused or stopped here, or tries the same event again for ever ({@link
   *     ErrorPolicy#retry}) and has failed on it more than once
   */
  public boolean awaitPosition(String projection, long position, Duration timeout)
      throws InterruptedException {
    return line(projection).awaitPosition(position, deadline(timeout));
  }

  /** The same for all projections; false as soon as one of them says so. */
  public boolean awaitPosition(long position, Duration timeout) throws InterruptedException {
    long deadline = deadline(timeout);
    for (Line<?> line : lines.values()) {
      if (!line.awaitPosition(position, deadline)) {
        return false;
      }
    }
    return true;
  }

  /**
   * Has a projection stand still here. If it is fed here it keeps its lease, so that no other
   * program goes on with it.
   */
  public void pause(String projection) {
    line(projection).pause();
  }

  /** Has a projection go on that was paused, has stopped, or waits before it tries again. */
  public void resume(String projection) {
    line(projection).resume();
  }

  /**
   * Begins to build a projection anew from the log's first event, beside what is served. Once it
   * has caught up it takes the place of the other in one step, and the other is dropped. Survives a
   * restart. {@link ProjectionStatus#rebuild} shows how far it is.
   *
   * @return the number of the generation that is built; if one is on its way already, that one
   * @throws UnsupportedOperationException the projection's target has no generations
   * @throws IllegalStateException the runner is closed
   * @throws Exception the target cannot be reached
   */
  public int rebuild(String projection) throws Exception {
    return line(projection).rebuild();
  }

  /** Waits until a generation, or a later one, is the one that is served; false: not in time. */
  public boolean awaitGeneration(String projection, int generation, Duration timeout)
      throws InterruptedException {
    return line(projection).awaitGeneration(generation, deadline(timeout));
  }

  /** By {@link System#nanoTime}; a time that its numbers cannot tell is as good as a century. */
  private static long deadline(Duration timeout) {
    Duration bounded = timeout.compareTo(LONGEST_WAIT) < 0 ? timeout : LONGEST_WAIT;
    return System.nanoTime() + (bounded.isNegative() ? 0 : bounded.toNanos());
  }

  /**
   * The events that a projection has put aside, in log order.
   *
   * @throws Exception the target cannot be reached
   */
  public List<ParkedEvent> parked(String projection) throws Exception {
    return line(projection).parked();
  }

  /**
   * Takes an event again that a projection has put aside. Later events have taken effect already;
   * whether that is right is for the handlers to know.
   *
   * @return false: it is not put aside
   * @throws IllegalStateException the projection is not fed here at the moment
   * @throws Exception it failed again; it stays where it is
   */
  public boolean retryParked(String projection, long position) throws Exception {
    return line(projection).retryParked(position);
  }

  /** Gives an event up that a projection has put aside; false: it is not there. */
  public boolean discardParked(String projection, long position) throws Exception {
    return line(projection).discardParked(position);
  }

  private Line<?> line(String projection) {
    Line<?> line = lines.get(requireNonNull(projection));
    if (line == null) {
      throw new IllegalArgumentException(
          "there is no projection \"" + projection + "\"; there are " + lines.keySet());
    }
    return line;
  }

  /**
   * Ends it cleanly: what is being committed is finished, leases are given back, and nothing is
   * taken up any more. Closing twice does nothing.
   */
  @Override
  public void close() {
    lines.values().forEach(Line::stop);
    progress.close();
    lines.values().forEach(Line::close);
  }

  private record Entry<T>(
      Projection<T> projection, ProjectionTarget<T> target, ErrorPolicy policy) {

    Line<T> line(Feed.Settings settings, Progress progress) {
      return new Line<>(projection, target, policy, settings, progress);
    }
  }

  /** Builds a {@link ProjectionRunner}. Not safe for use by several threads. */
  public static final class Builder {

    private final EventStore store;
    private final List<Entry<?>> entries = new ArrayList<>();
    private String owner = ProcessHandle.current().pid() + "-" + UUID.randomUUID();
    private InstantSource clock = InstantSource.system();
    private ToolkitObserver observer = ToolkitObserver.NONE;
    private int batch = BATCH;

    private Builder(EventStore store) {
      this.store = requireNonNull(store);
    }

    /** Adds a projection that tries again for ever when it fails. */
    public <T> Builder add(Projection<T> projection, ProjectionTarget<T> target) {
      return add(projection, target, ErrorPolicy.retry());
    }

    /**
     * Adds a projection.
     *
     * @throws IllegalArgumentException there is one of this name already
     */
    public <T> Builder add(
        Projection<T> projection, ProjectionTarget<T> target, ErrorPolicy policy) {
      for (Entry<?> entry : entries) {
        if (entry.projection().name().equals(projection.name())) {
          throw new IllegalArgumentException(
              "there are two projections \"" + projection.name() + "\"");
        }
      }
      entries.add(new Entry<>(projection, requireNonNull(target), requireNonNull(policy)));
      return this;
    }

    /** Adds a view that tries again for ever when it fails. */
    public Builder add(LiveView<?> view) {
      return addView(view);
    }

    private <S> Builder addView(LiveView<S> view) {
      return add(view.projection(), view.target());
    }

    /**
     * What this program is called when several compete for a projection; no two that run at a time
     * may be called the same. Random unless it is said. A program that keeps its name over a
     * restart goes on at once after a crash, instead of waiting until its own old lease has run
     * out.
     */
    public Builder owner(String owner) {
      if (owner.isEmpty() || owner.length() > 200) {
        throw new IllegalArgumentException("an owner's name has 1 to 200 characters");
      }
      this.owner = owner;
      return this;
    }

    /** The clock for pauses, lags and rates, instead of the system's. */
    public Builder clock(InstantSource clock) {
      this.clock = requireNonNull(clock);
      return this;
    }

    /** Who hears what the projections do. */
    public Builder observer(ToolkitObserver observer) {
      this.observer = requireNonNull(observer);
      return this;
    }

    /** How many events are committed together at most; 256 unless it is said. */
    public Builder batch(int events) {
      if (events < 1 || events > 100_000) {
        throw new IllegalArgumentException("a batch has 1 to 100,000 events, not " + events);
      }
      this.batch = events;
      return this;
    }

    /**
     * Makes the runner and sets the projections going. Returns at once, whether store and targets
     * are there or not.
     */
    public ProjectionRunner start() {
      return new ProjectionRunner(this);
    }
  }
}

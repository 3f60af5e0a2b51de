package io.varve.client.eventsourcing.projection;

import io.varve.client.eventsourcing.projection.ProjectionStatus.Rebuild;
import io.varve.client.eventsourcing.projection.ProjectionStatus.State;
import io.varve.client.eventsourcing.projection.ProjectionTarget.Plan;
import io.varve.client.streams.EventReader;
import io.varve.client.streams.Query;
import io.varve.client.streams.ReadLog;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.VarveException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One projection of a runner: the feeds of its generations, and a thread that finds out which
 * generations there are, now and whenever something may have changed.
 */
final class Line<T> implements Feed.Watcher, AutoCloseable {

  private static final Duration BETWEEN_PLANS = Duration.ofSeconds(1);

  /** Long enough for what is on its way; then the store is asked whether there is anything. */
  private static final Duration BEFORE_ASKING = Duration.ofMillis(25);

  /** How often a position is looked up that somebody else moves. */
  private static final Duration BETWEEN_LOOKS = Duration.ofMillis(20);

  private static final Duration CLOSING_PATIENCE = Duration.ofSeconds(30);

  private static final Logger log = LoggerFactory.getLogger(Line.class);

  private final Projection<T> projection;
  private final ProjectionTarget<T> target;
  private final ErrorPolicy policy;
  private final Feed.Settings settings;
  private final Progress progress;
  private final Thread planner;
  private final Map<Integer, Feed<T>> feeds = new ConcurrentHashMap<>();

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition told = lock.newCondition();
  // Under lock.
  private boolean closing;
  private boolean paused;
  private boolean replan = true;

  // Written by the planner, read by anybody.
  private volatile Plan plan = new Plan(0, List.of(), "");

  /** Feeds are being ended and begun, and {@link #plan} may still be the one of before. */
  private volatile boolean handingOver;

  private volatile @Nullable String failure;
  private volatile @Nullable Instant behindSince;
  private volatile long seenElsewhere; // of what somebody else feeds

  Line(
      Projection<T> projection,
      ProjectionTarget<T> target,
      ErrorPolicy policy,
      Feed.Settings settings,
      Progress progress) {
    this.projection = projection;
    this.target = target;
    this.policy = policy;
    this.settings = settings;
    this.progress = progress;
    this.planner =
        Thread.ofPlatform()
            .daemon()
            .name("varve-projection-" + projection.name())
            .unstarted(this::planForEver);
  }

  void start() {
    planner.start();
  }

  // ---- which generations there are

  private void planForEver() {
    int failures = 0;
    while (awaitReplan(failures == 0 ? BETWEEN_PLANS : policy.pauseAfter(failures))) {
      try {
        follow(target.plan(projection, settings.owner()));
        failures = 0;
        failure = null;
        target.cleanUp(projection, new HashSet<>(feeds.keySet()));
      } catch (Throwable e) {
        failures++;
        failure = String.valueOf(e.getMessage());
        if (failures == 1) {
          log.warn("the generations of projection {} cannot be planned", projection.name(), e);
        }
      }
      lookElsewhere();
      noteLag();
      progress.changed();
    }
  }

  private boolean awaitReplan(Duration pause) throws IllegalStateException {
    lock.lock();
    try {
      long nanosLeft = pause.toNanos();
      while (!closing && !replan && nanosLeft > 0) {
        nanosLeft = told.awaitNanos(nanosLeft);
      }
      replan = false;
      return !closing;
    } catch (InterruptedException e) {
      return false;
    } finally {
      lock.unlock();
    }
  }

  private void follow(Plan next) throws InterruptedException {
    handingOver = true;
    try {
      handOver(next);
    } finally {
      handingOver = false;
    }
  }

  private void handOver(Plan next) throws InterruptedException {
    for (Feed<T> feed : List.copyOf(feeds.values())) {
      if (!next.feed().contains(feed.generation())) {
        feed.stop();
        if (feed.awaitEnd(CLOSING_PATIENCE)) {
          feeds.remove(feed.generation());
        }
      }
    }
    plan = next;
    for (int generation : next.feed()) {
      if (!feeds.containsKey(generation)) {
        begin(generation);
      }
    }
  }

  private void begin(int generation) {
    lock.lock();
    try {
      if (closing) {
        return;
      }
      Feed<T> feed = new Feed<>(projection, generation, target, policy, settings, this, paused);
      feeds.put(generation, feed);
      feed.start();
    } finally {
      lock.unlock();
    }
  }

  private void lookElsewhere() {
    if (isElsewhere(feeds.get(plan.live()))) {
      seenElsewhere = positionElsewhere();
    }
  }

  private void noteLag() {
    Feed<T> feed = feeds.get(plan.live());
    if (feed == null || feed.position() >= progress.head() || feed.state() == State.LIVE) {
      behindSince = null;
    } else if (behindSince == null) {
      behindSince = settings.clock().instant();
    }
  }

  @Override
  public void changed() {
    progress.changed();
  }

  @Override
  public void heardOf(long position) {
    progress.heardOf(position);
  }

  @Override
  public long head() {
    return progress.head();
  }

  @Override
  public void generationsChanged() {
    lock.lock();
    try {
      replan = true;
      told.signalAll();
    } finally {
      lock.unlock();
    }
  }

  // ---- what people ask and want

  ProjectionStatus status() {
    Plan now = plan;
    Feed<T> served = feeds.get(now.live());
    Feed<T> building = building(now);
    Feed<T> shown = served != null ? served : building;
    long head = progress.head();
    long position = served == null || isElsewhere(served) ? seenElsewhere : served.position();
    return new ProjectionStatus(
        projection.name(),
        state(now, served, building),
        now.live(),
        position,
        Math.max(head, position),
        lag(served, head),
        shown == null ? 0 : shown.eventsPerSecond(),
        shown == null ? 0 : shown.parked(),
        failure(now, served),
        building == null
            ? null
            : new Rebuild(
                building.generation(),
                building.state(),
                building.position(),
                head,
                building.failure()));
  }

  private @Nullable Feed<T> building(Plan now) {
    return new TreeMap<>(feeds)
        .descendingMap().values().stream()
            .filter(feed -> feed.generation() > now.live())
            .findFirst()
            .orElse(null);
  }

  private State state(Plan now, @Nullable Feed<T> served, @Nullable Feed<T> building) {
    if (isClosing()) {
      return State.CLOSED;
    }
    if (failure != null && served == null) {
      return State.FAILING;
    }
    if (served != null) {
      return served.state();
    }
    if (building != null) {
      return building.state();
    }
    return now.why().isEmpty() ? State.STARTING : State.STANDBY;
  }

  private @Nullable String failure(Plan now, @Nullable Feed<T> served) {
    if (served != null && served.failure() != null) {
      return served.failure();
    }
    if (failure != null) {
      return failure;
    }
    return now.why().isEmpty() ? null : now.why();
  }

  private Duration lag(@Nullable Feed<T> served, long head) {
    if (served == null || served.position() >= head) {
      return Duration.ZERO;
    }
    Instant since = served.oldestPending() == null ? behindSince : served.oldestPending();
    Duration lag =
        since == null ? Duration.ZERO : Duration.between(since, settings.clock().instant());
    return lag.isNegative() ? Duration.ZERO : lag;
  }

  void pause() {
    setPaused(true);
    feeds.values().forEach(Feed::pause);
  }

  void resume() {
    setPaused(false);
    feeds.values().forEach(Feed::resume);
  }

  private void setPaused(boolean now) {
    lock.lock();
    try {
      paused = now;
    } finally {
      lock.unlock();
    }
  }

  int rebuild() throws Exception {
    if (isClosing()) {
      throw new IllegalStateException(
          "the projection " + projection.name() + " is not built anew: the runner is closed");
    }
    int generation = target.beginRebuild(projection, settings.owner());
    generationsChanged();
    return generation;
  }

  List<ParkedEvent> parked() throws Exception {
    return target.parked(projection);
  }

  boolean discardParked(long position) throws Exception {
    boolean discarded = target.discardParked(projection, position);
    Feed<T> feed = feeds.get(plan.live());
    if (discarded && feed != null) {
      countParked(feed);
    }
    return discarded;
  }

  private void countParked(Feed<T> feed) {
    try {
      feed.countParked(() -> target.parked(projection).size());
    } catch (Exception e) {
      log.debug("what projection {} has put aside is not counted", projection.name(), e);
    }
  }

  boolean retryParked(long position) throws Exception {
    RecordedEvent event =
        settings
            .store()
            .getEvent(position)
            .orElseThrow(
                () -> new IllegalStateException("the store has no event at position " + position));
    Feed<T> feed = feeds.get(plan.live());
    if (feed == null) {
      throw new IllegalStateException("the projection " + projection.name() + " is not fed here");
    }
    try {
      return feed.retryParked(event).get();
    } catch (ExecutionException e) {
      throw e.getCause() instanceof Exception cause ? cause : e;
    }
  }

  // ---- waiting

  boolean awaitGeneration(int generation, long deadline) throws InterruptedException {
    while (true) {
      long seen = progress.changes();
      if (plan.live() >= generation) {
        return true;
      }
      long left = deadline - System.nanoTime();
      if (left <= 0 || isClosing()) {
        return false;
      }
      progress.awaitChange(seen, left);
    }
  }

  boolean awaitPosition(long wanted, long deadline) throws InterruptedException {
    long began = System.nanoTime();
    boolean asked = false;
    long needed = wanted;
    while (true) {
      long seen = progress.changes();
      Feed<T> served = feeds.get(plan.live());
      boolean elsewhere = isElsewhere(served);
      long position = servedPosition();
      if (position >= needed) {
        return true;
      }
      long now = System.nanoTime();
      if (deadline - now <= 0 || standsStill(served)) {
        return false;
      }
      long slice = deadline - now;
      if (!asked) {
        slice = Math.min(slice, BEFORE_ASKING.toNanos());
        if (now - began >= BEFORE_ASKING.toNanos()) {
          asked = true;
          needed = newestThatConcerns(position, wanted);
          continue;
        }
      }
      progress.awaitChange(seen, elsewhere ? Math.min(slice, BETWEEN_LOOKS.toNanos()) : slice);
    }
  }

  /** What is not fed here may be moved by somebody else at any time. */
  private boolean standsStill(@Nullable Feed<T> served) {
    if (isClosing()) {
      return true;
    }
    // One that another generation takes the place of is closed a moment before that one is served.
    return served != null
        && served.standsStill()
        && !handingOver
        && served == feeds.get(plan.live());
  }

  long servedPosition() {
    Feed<T> served = feeds.get(plan.live());
    return served == null || isElsewhere(served) ? positionElsewhere() : served.position();
  }

  private static boolean isElsewhere(@Nullable Feed<?> served) {
    return served == null || served.state() == State.STANDBY;
  }

  /** Somebody else moves it; while it cannot be seen it has not moved. */
  private long positionElsewhere() {
    try {
      return target.servedPosition(projection);
    } catch (Exception e) {
      log.debug("the position of projection {} is not known", projection.name(), e);
      return 0;
    }
  }

  /**
   * The position of the newest event up to the wanted one that the projection must see; what is
   * behind it need not be waited for, and the subscription may take its time to tell.
   */
  private long newestThatConcerns(long position, long wanted) {
    if (wanted <= position) {
      return wanted;
    }
    Query query = projection.query();
    try (EventReader reader =
        settings
            .store()
            .readLog(
                ReadLog.all()
                    .query(query)
                    .backwards()
                    .fromPosition(wanted)
                    .toPosition(position + 1)
                    .limit(1))) {
      if (reader.headPosition() < wanted) {
        return wanted;
      }
      List<RecordedEvent> newest = reader.toList();
      return newest.isEmpty() ? position : newest.getFirst().position();
    } catch (VarveException e) {
      return wanted;
    }
  }

  private boolean isClosing() {
    lock.lock();
    try {
      return closing;
    } finally {
      lock.unlock();
    }
  }

  /** Begins to end it, without waiting. */
  void stop() {
    lock.lock();
    try {
      closing = true;
      told.signalAll();
    } finally {
      lock.unlock();
    }
    feeds.values().forEach(Feed::stop);
  }

  @Override
  public void close() {
    stop();
    try {
      boolean ended = planner.join(CLOSING_PATIENCE);
      for (Feed<T> feed : feeds.values()) {
        feed.stop();
        ended &= feed.awaitEnd(CLOSING_PATIENCE);
      }
      if (!ended) {
        log.warn("projection {} is closed while a handler is still running", projection.name());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    progress.changed();
  }
}

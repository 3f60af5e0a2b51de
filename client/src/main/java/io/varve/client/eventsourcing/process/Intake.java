package io.varve.client.eventsourcing.process;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.varve.client.eventsourcing.EventTypes;
import io.varve.client.eventsourcing.TypedEvent;
import io.varve.client.streams.EventReader;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.InvalidRequestException;
import io.varve.client.streams.Query;
import io.varve.client.streams.ReadLog;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.SubscribeToLog;
import io.varve.client.streams.Subscription;
import io.varve.client.streams.SubscriptionListener;
import io.varve.client.streams.Tracking;
import io.varve.client.streams.TrackingNotRisingException;
import io.varve.client.streams.Transaction;
import io.varve.client.streams.VarveException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows the log and takes the process's events in, one after the other. What goes wrong ends its
 * subscription; it begins again after a pause, behind the last event that was taken in.
 */
final class Intake<S, E> {

  /** So many events that no instance wants are passed over before the progress is stored. */
  private static final int TRACK_AFTER = 1_000;

  private static final int LONGEST_STREAM_BYTES = 512;

  private static final Logger LOG = LoggerFactory.getLogger(Intake.class);

  private final EventStore store;
  private final ProcessManager<S, E> process;
  private final EventTypes<E> types;
  private final Query query;
  private final @Nullable Long startAfter; // for the first start of all; null: now
  private final Predicate<? super RecordedEvent> passOverFaulty;
  private final Instances<S, E> instances;
  private final OpenInstances list;
  private final ScheduledExecutorService scheduler;
  private final ExecutorService workers;
  private final Duration firstPause;
  private final Duration longestPause;

  private final Object lock = new Object();
  private @Nullable Subscription subscription; // under lock
  private @Nullable ScheduledFuture<?> next; // under lock
  private int failures; // under lock; since the last progress
  private boolean closed; // under lock

  private volatile ProcessStatus.Intake state = ProcessStatus.Intake.STARTING;
  private volatile @Nullable String error;
  private volatile ProcessStatus.@Nullable PassedOver lost; // written by the subscription's thread

  // Of one thread at a time: first the worker that begins, then the subscription's.
  private boolean begun;
  private volatile long reached; // taken in or passed over by this runner
  private long tracked; // stored, by this runner or another one
  private int passedOver;

  Intake(
      EventStore store,
      ProcessManager<S, E> process,
      EventTypes<E> types,
      Query query,
      @Nullable Long startAfter,
      Predicate<? super RecordedEvent> passOverFaulty,
      Instances<S, E> instances,
      OpenInstances list,
      ScheduledExecutorService scheduler,
      ExecutorService workers,
      Instances.Settings settings) {
    this.store = store;
    this.process = process;
    this.types = types;
    this.query = query;
    this.startAfter = startAfter;
    this.passOverFaulty = passOverFaulty;
    this.instances = instances;
    this.list = list;
    this.scheduler = scheduler;
    this.workers = workers;
    this.firstPause = settings.firstPause();
    this.longestPause = settings.longestPause();
  }

  /** Begins; returns at once. */
  void start() {
    execute();
  }

  private void execute() {
    try {
      workers.execute(this::subscribe);
    } catch (RejectedExecutionException e) {
      LOG.debug("process {} is closing", process.name());
    }
  }

  private void subscribe() {
    synchronized (lock) {
      if (closed) {
        return;
      }
    }
    Subscription opened;
    try {
      if (!begun) {
        begin();
        begun = true;
      }
      opened =
          store.subscribeToLog(SubscribeToLog.all().query(query).after(reached), new Listener());
    } catch (RuntimeException e) {
      again(e);
      return;
    }
    boolean tooLate;
    synchronized (lock) {
      tooLate = closed;
      subscription = opened;
    }
    if (tooLate) {
      opened.close();
    }
  }

  /*
   * First the position, then the list of open instances: what another runner takes in between the
   * two is on the list, and comes again as an event that somebody else has taken in.
   */
  private void begin() {
    OptionalLong stored = store.tracking(process.name());
    if (stored.isEmpty() && startAfter == null) {
      long head = head();
      if (head > 0) {
        track(head);
      }
      reached = head;
    } else {
      reached = stored.isPresent() ? stored.getAsLong() : startAfter == null ? 0 : startAfter;
    }
    tracked = Math.max(tracked, stored.orElse(0));
    int found = 0;
    for (String id : list.find()) {
      instances.takeUp(id);
      found++;
    }
    LOG.debug("process {} goes on after {} with {} instances", process.name(), reached, found);
  }

  private long head() {
    try (EventReader newest = store.readLog(ReadLog.all().backwards().limit(1))) {
      return newest.headPosition();
    }
  }

  private void again(Throwable cause) {
    Duration pause = firstPause;
    synchronized (lock) {
      if (closed) {
        return;
      }
      for (int i = 0; i < failures && pause.compareTo(longestPause) < 0; i++) {
        pause = pause.multipliedBy(2);
      }
      pause = pause.compareTo(longestPause) < 0 ? pause : longestPause;
      failures++;
      error = String.valueOf(cause.getMessage() == null ? cause : cause.getMessage());
      state = ProcessStatus.Intake.FAILED;
      try {
        next = scheduler.schedule(this::execute, pause.toNanos(), TimeUnit.NANOSECONDS);
      } catch (RejectedExecutionException e) {
        return; // somebody has closed it under us; so we are closing too
      }
    }
    if (cause instanceof VarveException) {
      LOG.warn(
          "process {} takes no events in, tries again in {}: {}",
          process.name(),
          pause,
          cause.getMessage());
    } else {
      LOG.error("process {} takes no events in, tries again in {}", process.name(), pause, cause);
    }
  }

  private void progressed() {
    synchronized (lock) {
      failures = 0;
      if (!closed) {
        state = ProcessStatus.Intake.FOLLOWING;
        error = null;
      }
    }
  }

  // ---- events

  private void take(RecordedEvent event) {
    try {
      tryToTake(event);
    } catch (FaultyEventException e) {
      if (!passOverFaulty.test(event)) {
        throw e;
      }
      if (event.position() > tracked) {
        track(event.position());
      }
      lost(event, String.valueOf(e.getMessage()), e);
    }
    reached = event.position();
  }

  /** An event that can never be taken in, whatever becomes of the store. */
  private static final class FaultyEventException extends RuntimeException {
    private static final long serialVersionUID = 1;

    FaultyEventException(RecordedEvent event, RuntimeException cause) {
      super(
          "cannot take in event \""
              + event.type()
              + "\" in stream \""
              + event.stream()
              + "\" at version "
              + event.version()
              + " (position "
              + event.position()
              + "): "
              + (cause.getMessage() == null ? cause : cause.getMessage()),
          cause);
    }
  }

  private void lost(RecordedEvent event, String reason, RuntimeException cause) {
    LOG.error("process {} passes an event over: {}", process.name(), reason, cause);
    lost =
        new ProcessStatus.PassedOver(
            lost == null ? 1 : lost.count() + 1,
            event.type(),
            event.stream(),
            event.version(),
            event.position(),
            reason);
  }

  private void tryToTake(RecordedEvent event) {
    long position = event.position();
    Map<String, List<TypedEvent<E>>> byInstance;
    try {
      byInstance = byInstance(event);
    } catch (VarveException e) {
      throw e;
    } catch (RuntimeException e) {
      if (position <= tracked) {
        return; // another runner has passed it over
      }
      throw new FaultyEventException(event, e);
    }
    if (position <= tracked) {
      instances.leaveToOthers(byInstance.keySet());
      return;
    }
    while (!byInstance.isEmpty()) {
      try {
        if (instances.takeIn(byInstance, new Tracking(process.name(), position))) {
          tracked = position;
          passedOver = 0;
          return;
        }
        break;
      } catch (TrackingNotRisingException e) {
        tracked = Math.max(tracked, e.storedPosition());
        instances.leaveToOthers(byInstance.keySet());
        return;
      } catch (UnreadableInstanceException e) {
        if (!e.isForeign()) {
          throw new FaultyEventException(event, e);
        }
        lost(event, String.valueOf(e.getMessage()), e);
        byInstance.remove(e.instance());
        if (byInstance.isEmpty()) {
          track(position); // so that nobody tells of it again
          return;
        }
      } catch (InvalidRequestException e) {
        throw new FaultyEventException(event, e);
      }
    }
    passedOver(position);
  }

  private Map<String, List<TypedEvent<E>>> byInstance(RecordedEvent event) {
    Map<String, List<TypedEvent<E>>> byInstance = new LinkedHashMap<>();
    for (TypedEvent<E> part : types.decode(event)) {
      Optional<String> id = process.correlate(part.event(), Origin.of(event));
      if (id == null) {
        throw new IllegalStateException("the process's correlate gives null for it, not an id");
      }
      if (id.isPresent()) {
        requireStream(process.name() + "-" + id.get());
        byInstance.computeIfAbsent(id.get(), unused -> new ArrayList<>()).add(part);
      }
    }
    return byInstance;
  }

  private static void requireStream(String name) {
    String text = name.length() > 600 ? name.substring(0, 600) + "…" : name;
    if (!UTF_8.newEncoder().canEncode(name)
        || name.chars().anyMatch(Character::isISOControl)
        || name.getBytes(UTF_8).length > LONGEST_STREAM_BYTES) {
      throw new IllegalStateException(
          "its instance's stream would be \""
              + text
              + "\"; a stream's name has at most "
              + LONGEST_STREAM_BYTES
              + " bytes of UTF-8 and no control characters");
    }
  }

  private void passedOver(long position) {
    passedOver++;
    if (passedOver >= TRACK_AFTER) {
      track(position);
    }
  }

  private void track(long position) {
    try {
      store.transact(Transaction.builder().tracking(process.name(), position).build());
      tracked = position;
    } catch (TrackingNotRisingException e) {
      tracked = Math.max(tracked, e.storedPosition());
    }
    passedOver = 0;
  }

  private final class Listener implements SubscriptionListener {

    @Override
    public void onEvent(RecordedEvent event) {
      take(event);
      progressed();
    }

    @Override
    public void onCheckpoint(long position) {
      reached = Math.max(reached, position);
    }

    @Override
    public void onCaughtUp(long position) {
      reached = Math.max(reached, position);
      progressed();
    }

    @Override
    public void onReconnecting(VarveException cause) {
      synchronized (lock) {
        if (!closed) {
          state = ProcessStatus.Intake.RECONNECTING;
          error = cause.getMessage();
        }
      }
    }

    @Override
    public void onClosed(@Nullable Throwable cause) {
      if (cause != null) {
        again(cause);
      }
    }
  }

  // ---- status

  ProcessStatus.Intake state() {
    return state;
  }

  ProcessStatus.@Nullable PassedOver lost() {
    return lost;
  }

  @Nullable String error() {
    return error;
  }

  long reached() {
    return reached;
  }

  /** Ends it. Once this returns, no event is taken in. */
  void close() {
    Subscription open;
    synchronized (lock) {
      closed = true;
      state = ProcessStatus.Intake.CLOSED;
      error = null;
      open = subscription;
      if (next != null) {
        next.cancel(false);
      }
    }
    if (open != null) {
      open.close();
    }
  }
}

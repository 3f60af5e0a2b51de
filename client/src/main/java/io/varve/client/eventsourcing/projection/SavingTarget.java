package io.varve.client.eventsourcing.projection;

import io.varve.client.eventsourcing.projection.Tenure.Step;
import io.varve.client.streams.RecordedEvent;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentSkipListMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An object of the application, and a checkpoint that is saved apart from it: at least once. What
 * is put aside is remembered until the program ends.
 */
class SavingTarget<T> implements ProjectionTarget<T> {

  /** More than anybody looks through; a projection that fails so often waits for help. */
  private static final int MOST_PARKED = 1_000;

  private static final Logger log = LoggerFactory.getLogger(SavingTarget.class);

  private final T target;
  private final Checkpoints checkpoints;
  private final SavePolicy saves;
  private final Map<Long, ParkedEvent> parked = new ConcurrentSkipListMap<>();
  private volatile long applied = -1; // by the tenure that is open; -1: none is

  SavingTarget(T target, Checkpoints checkpoints, SavePolicy saves) {
    this.target = target;
    this.checkpoints = checkpoints;
    this.saves = saves;
  }

  @Override
  public boolean isAtomic() {
    return false;
  }

  @Override
  public Optional<Tenure<T>> claim(Projection<T> projection, int generation, String owner)
      throws Exception {
    Optional<Checkpoints.Held> held = checkpoints.hold(projection.name(), projection.version());
    if (held.isEmpty()) {
      return Optional.empty();
    }
    try {
      return Optional.of(new Saving(projection.name(), held.get(), held.get().load()));
    } catch (Exception e) {
      held.get().release();
      throw e;
    }
  }

  @Override
  public long servedPosition(Projection<T> projection) throws Exception {
    long here = applied;
    return here >= 0 ? here : checkpoints.read(projection.name(), projection.version());
  }

  @Override
  public List<ParkedEvent> parked(Projection<T> projection) {
    return List.copyOf(parked.values());
  }

  @Override
  public boolean discardParked(Projection<T> projection, long position) {
    return parked.remove(position) != null;
  }

  /** Has the object take one event. */
  Step take(T into, Tenure.Work<? super T> work) throws Exception {
    return work.run(into);
  }

  private final class Saving implements Tenure<T> {

    private final String projection;
    private final Checkpoints.Held held;
    private long position;
    private long saved;
    private int unsaved;

    Saving(String projection, Checkpoints.Held held, long saved) {
      this.projection = projection;
      this.held = held;
      this.saved = saved;
      this.position = saved;
      applied = saved;
    }

    @Override
    public long position() {
      return position;
    }

    @Override
    public boolean isLive() {
      return true;
    }

    @Override
    public Step commit(Work<? super T> work) throws Exception {
      Step step = take(target, work);
      moveTo(step);
      return step;
    }

    private void moveTo(Step step) throws Exception {
      position = step.position();
      applied = position;
      unsaved += step.events();
      if (unsaved >= saves.events()) {
        renew();
      }
    }

    @Override
    public void park(RecordedEvent event, Exception failure, int attempts) throws Exception {
      if (parked.size() >= MOST_PARKED) {
        throw new IllegalStateException(
            MOST_PARKED + " events are put aside; retry or discard some");
      }
      parked.put(event.position(), entry(event, failure, attempts));
      moveTo(new Step(event.position(), 1));
    }

    private ParkedEvent entry(RecordedEvent event, Exception failure, int attempts) {
      return new ParkedEvent(
          projection,
          event.position(),
          event.stream(),
          event.type(),
          String.valueOf(failure.getMessage()),
          attempts,
          Instant.now());
    }

    @Override
    public boolean retryParked(long at, Work<? super T> work) throws Exception {
      ParkedEvent event = parked.get(at);
      if (event == null) {
        return false;
      }
      try {
        Step unused = take(target, work);
      } catch (Exception e) {
        parked.put(
            at,
            new ParkedEvent(
                projection,
                at,
                event.stream(),
                event.type(),
                String.valueOf(e.getMessage()),
                event.attempts() + 1,
                event.parkedAt()));
        throw e;
      }
      parked.remove(at);
      return true;
    }

    @Override
    public int parkedCount() {
      return parked.size();
    }

    @Override
    public void renew() throws Exception {
      if (position > saved) {
        held.save(saved, position);
        saved = position;
        unsaved = 0;
      }
    }

    @Override
    public Duration renewEvery() {
      return saves.interval();
    }

    @Override
    public void close() {
      try {
        renew();
      } catch (Exception e) {
        log.warn(
            "the checkpoint of projection {} stays at {} instead of {}; what is between comes"
                + " again",
            projection,
            saved,
            position,
            e);
      } finally {
        applied = -1;
        held.release();
      }
    }
  }
}

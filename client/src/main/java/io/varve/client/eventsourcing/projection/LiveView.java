package io.varve.client.eventsourcing.projection;

import static java.util.Objects.requireNonNull;

import io.varve.client.eventsourcing.EventTypes;
import io.varve.client.eventsourcing.TypedEvent;
import io.varve.client.eventsourcing.projection.Tenure.Step;
import io.varve.client.eventsourcing.projection.Tenure.Work;
import io.varve.client.streams.Query;

/**
 * A fold of events that is kept in memory and kept up to date: made anew from the log whenever the
 * program starts, and asked without any database.
 *
 * <p>The state is a value: each event makes a new one of it, so whoever looks sees the state after
 * one recorded event, whole, and may keep it; an event that one of its folds cannot take changes
 * nothing. Share structure between states if they are large.
 *
 * <pre>{@code
 * LiveView<Integer> openAccounts =
 *     LiveView.named("open-accounts", types, 0)
 *         .on(Opened.class, (count, opened) -> count + 1)
 *         .on(Closed.class, (count, closed) -> count - 1)
 *         .build();
 * ProjectionRunner runner = ProjectionRunner.builder(store).add(openAccounts).start();
 * runner.awaitPosition("open-accounts", result.position(), Duration.ofSeconds(1));
 * int open = openAccounts.current();
 * }</pre>
 *
 * @param <S> the state, immutable
 */
public final class LiveView<S> {

  /**
   * Makes the next state.
   *
   * @param <S> the state
   * @param <E> the events that it takes
   */
  @FunctionalInterface
  public interface Fold<S, E> {

    /** The state after the event. It must not change the state that it is given. */
    S apply(S state, TypedEvent<E> event) throws Exception;
  }

  /**
   * Where the state is kept; what the handlers of a view's projection write to.
   *
   * @param <S> the state
   */
  static final class Cell<S> {
    private volatile S state;
    private S draft; // of the feed's thread: the event in hand may have several folds

    Cell(S initial) {
      this.state = requireNonNull(initial);
      this.draft = initial;
    }

    /** All that one recorded event makes of the state, or nothing of it. */
    Step takeWhole(Work<? super Cell<S>> work) throws Exception {
      draft = state;
      Step step = work.run(this);
      state = draft;
      return step;
    }
  }

  private final Projection<Cell<S>> projection;
  private final Cell<S> cell;
  private final ProjectionTarget<Cell<S>> target;

  private LiveView(Projection<Cell<S>> projection, Cell<S> cell) {
    this.projection = projection;
    this.cell = cell;
    this.target =
        new SavingTarget<>(cell, new MemoryCheckpoints(), SavePolicy.every(1)) {
          @Override
          Step take(Cell<S> into, Work<? super Cell<S>> work) throws Exception {
            return into.takeWhole(work);
          }
        };
  }

  /**
   * Starts a view.
   *
   * @param name as that of a projection
   * @param types the events that there are
   * @param initial the state before the first event
   */
  public static <E, S> Builder<E, S> named(String name, EventTypes<E> types, S initial) {
    Cell<S> cell = new Cell<>(initial);
    @SuppressWarnings("unchecked") // it is the class of this very cell
    Class<Cell<S>> type = (Class<Cell<S>>) cell.getClass();
    return new Builder<>(Projection.named(name, types, type), cell);
  }

  /** Its name. */
  public String name() {
    return projection.name();
  }

  /** The state now, after whatever the runner has taken so far. Any thread may call it. */
  public S current() {
    return cell.state;
  }

  Projection<Cell<S>> projection() {
    return projection;
  }

  ProjectionTarget<Cell<S>> target() {
    return target;
  }

  /**
   * Builds a {@link LiveView}. Not safe for use by several threads.
   *
   * @param <E> the family of events that handlers are being given for
   * @param <S> the state
   */
  public static final class Builder<E, S> {

    private final Projection.Builder<E, Cell<S>> projection;
    private final Cell<S> cell;

    private Builder(Projection.Builder<E, Cell<S>> projection, Cell<S> cell) {
      this.projection = projection;
      this.cell = cell;
    }

    /** Folds events of this class, or of all classes below it, into the state. */
    public <F extends E> Builder<E, S> on(Class<F> type, Fold<S, F> fold) {
      requireNonNull(fold);
      projection.on(
          type,
          (Cell<S> into, TypedEvent<F> event) ->
              into.draft = requireNonNull(fold.apply(into.draft, event)));
      return this;
    }

    /** Goes on with events of another family; the earlier ones stay. */
    public <F> Builder<F, S> alsoOf(EventTypes<F> others) {
      return new Builder<>(projection.alsoOf(others), cell);
    }

    /** Takes only events that match this as well. */
    public Builder<E, S> within(Query query) {
      projection.within(query);
      return this;
    }

    /** Makes the view. */
    public LiveView<S> build() {
      return new LiveView<>(projection.build(), cell);
    }
  }
}

package io.varve.client.eventsourcing.decision;

import static java.util.Objects.requireNonNull;

import io.varve.client.eventsourcing.EventTypes;
import io.varve.client.eventsourcing.TypedEvent;
import io.varve.client.streams.Query;
import io.varve.client.streams.QueryItem;
import io.varve.client.streams.RecordedEvent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * What a decision needs to know: which events matter, and what they come to. Immutable; any thread
 * may use it.
 *
 * <p>It asks for the types of the events that it takes, old names included, and for its tags, and
 * for nothing else: what it does not ask for never makes it decide again. So a narrow model is a
 * fast one.
 *
 * <p>Models combine into larger ones that are read from the log in one go; each part takes the
 * events that match its own query, and no others.
 *
 * <pre>{@code
 * DecisionModel<Integer> taken(String course) {
 *   return DecisionModel.of(TYPES, 0)
 *       .tagged("course:" + course)
 *       .on(StudentSubscribed.class, (seats, event) -> seats + 1)
 *       .build();
 * }
 * DecisionModel<Boolean> isFull = taken(c).and(capacity(c), (taken, seats) -> taken >= seats);
 * }</pre>
 *
 * @param <S> what the events come to, immutable
 */
public final class DecisionModel<S> {

  /** A model on its way through the events. For one thread, and for one pass. */
  interface Run<S> {

    /** Takes the next event, and tells whether it mattered. */
    boolean take(RecordedEvent event);

    /** What the events have come to so far. */
    S state();
  }

  private final Query query;
  private final boolean newestOnly;
  private final Supplier<Run<S>> start;

  private DecisionModel(Query query, boolean newestOnly, Supplier<Run<S>> start) {
    this.query = query;
    this.newestOnly = newestOnly;
    this.start = start;
  }

  /**
   * Starts a model of events of these types that begins with this state.
   *
   * @param <E> the application's events
   */
  public static <E, S> Builder<E, S> of(EventTypes<E> types, S initial) {
    return new Builder<>(types, initial);
  }

  /**
   * A model of whatever events a query is about, for queries that a {@link Builder} cannot say. It
   * is given every one of them that the types can read.
   */
  public static <E, S> DecisionModel<S> of(
      EventTypes<E> types,
      Query query,
      S initial,
      BiFunction<? super S, ? super TypedEvent<E>, ? extends S> fold) {
    requireNonNull(fold);
    return leaf(types, query, initial, false, event -> true, fold);
  }

  private static <E, S> DecisionModel<S> leaf(
      EventTypes<E> types,
      Query query,
      S initial,
      boolean newestOnly,
      Predicate<TypedEvent<E>> matters,
      BiFunction<? super S, ? super TypedEvent<E>, ? extends S> fold) {
    requireNonNull(initial);
    return new DecisionModel<>(
        requireNonNull(query),
        newestOnly,
        () ->
            new Run<>() {
              private S state = initial;

              @Override
              public boolean take(RecordedEvent event) {
                if (!query.matches(event)) {
                  return false;
                }
                // An upcaster may have made nothing of it, or something that is not asked for.
                List<TypedEvent<E>> mattering =
                    types.decode(event).stream().filter(matters).toList();
                if (newestOnly && !mattering.isEmpty()) {
                  state = initial;
                }
                for (TypedEvent<E> typed : mattering) {
                  state = fold.apply(state, typed);
                }
                return !mattering.isEmpty();
              }

              @Override
              public S state() {
                return state;
              }
            });
  }

  /** What both come to, put together. */
  public <T, R> DecisionModel<R> and(
      DecisionModel<T> other, BiFunction<? super S, ? super T, ? extends R> together) {
    requireNonNull(together);
    return new DecisionModel<>(
        query.or(other.query),
        false,
        () -> {
          Run<S> mine = start.get();
          Run<T> others = other.start.get();
          return new Run<>() {
            @Override
            public boolean take(RecordedEvent event) {
              boolean mattersToMe = mine.take(event);
              return others.take(event) || mattersToMe;
            }

            @Override
            public R state() {
              return together.apply(mine.state(), others.state());
            }
          };
        });
  }

  /**
   * Several of a kind under their keys, such as the products of a cart.
   *
   * @param models at least one
   */
  public static <K, S> DecisionModel<Map<K, S>> allOf(Map<K, DecisionModel<S>> models) {
    if (models.isEmpty()) {
      throw new IllegalArgumentException("a model of several needs one at least");
    }
    Map<K, DecisionModel<S>> parts = new LinkedHashMap<>(models);
    return new DecisionModel<>(
        parts.values().stream().map(DecisionModel::query).reduce(Query::or).orElseThrow(),
        false,
        () -> {
          Map<K, Run<S>> runs = new LinkedHashMap<>();
          parts.forEach((key, model) -> runs.put(key, model.start.get()));
          return new Run<>() {
            @Override
            public boolean take(RecordedEvent event) {
              boolean matters = false;
              for (Run<S> run : runs.values()) {
                matters |= run.take(event);
              }
              return matters;
            }

            @Override
            public Map<K, S> state() {
              Map<K, S> states = new LinkedHashMap<>();
              runs.forEach((key, run) -> states.put(key, run.state()));
              return states;
            }
          };
        });
  }

  /** The same events, seen as something else. */
  public <R> DecisionModel<R> map(Function<? super S, ? extends R> as) {
    requireNonNull(as);
    return new DecisionModel<>(
        query,
        newestOnly,
        () -> {
          Run<S> run = start.get();
          return new Run<>() {
            @Override
            public boolean take(RecordedEvent event) {
              return run.take(event);
            }

            @Override
            public R state() {
              return as.apply(run.state());
            }
          };
        });
  }

  /** Which events matter. */
  public Query query() {
    return query;
  }

  /** What these events, oldest first, come to; those that do not matter are passed over. */
  public S fold(Iterable<RecordedEvent> events) {
    Run<S> run = start.get();
    events.forEach(run::take);
    return run.state();
  }

  /** Whether the newest event that matters is enough. */
  boolean isNewestOnly() {
    return newestOnly;
  }

  Run<S> start() {
    return start.get();
  }

  @Override
  public String toString() {
    return "DecisionModel[" + query + (newestOnly ? ", the newest only" : "") + "]";
  }

  /**
   * Builds a {@link DecisionModel}. Not safe for use by several threads.
   *
   * @param <E> the application's events
   * @param <S> what they come to
   */
  public static final class Builder<E, S> {

    private record Handler<S, T>(
        Class<T> type, BiFunction<? super S, ? super TypedEvent<T>, ? extends S> take) {}

    private final EventTypes<E> types;
    private final S initial;
    private final List<Handler<S, ?>> handlers = new ArrayList<>();
    private final List<String> tags = new ArrayList<>();
    private final List<String> categories = new ArrayList<>();
    private boolean newestOnly;

    private Builder(EventTypes<E> types, S initial) {
      this.types = requireNonNull(types);
      this.initial = requireNonNull(initial);
    }

    /** Only events that have all of these tags; more of them add up. */
    public Builder<E, S> tagged(String... tags) {
      this.tags.addAll(Arrays.asList(tags));
      return this;
    }

    /** Only events of streams of any of these categories; more of them add up. */
    public Builder<E, S> inCategories(String... categories) {
      this.categories.addAll(Arrays.asList(categories));
      return this;
    }

    /**
     * Takes events of this class, or of any class below it. An event that several of these are
     * about is given to each of them, in the order in which they were added.
     *
     * @throws IllegalArgumentException no such event is registered
     */
    public <T extends E> Builder<E, S> on(
        Class<T> type, BiFunction<? super S, ? super T, ? extends S> take) {
      requireNonNull(take);
      return onRecorded(type, (state, event) -> take.apply(state, event.event()));
    }

    /** Takes events of this class together with their times, tags and metadata. */
    public <T extends E> Builder<E, S> onRecorded(
        Class<T> type, BiFunction<? super S, ? super TypedEvent<T>, ? extends S> take) {
      types.storedNames(type); // throws if there is none
      handlers.add(new Handler<>(type, requireNonNull(take)));
      return this;
    }

    /**
     * Takes only the newest of all the events that matter, whose effect on the initial state is
     * all: then one event is read, however many there are.
     */
    public Builder<E, S> newestOnly() {
      newestOnly = true;
      return this;
    }

    /**
     * The model.
     *
     * @throws IllegalStateException it takes no event
     */
    public DecisionModel<S> build() {
      if (handlers.isEmpty()) {
        throw new IllegalStateException("a model takes events of one class at least");
      }
      List<Handler<S, ?>> handlers = List.copyOf(this.handlers);
      return leaf(
          types,
          query(),
          initial,
          newestOnly,
          event -> handlers.stream().anyMatch(h -> h.type().isInstance(event.event())),
          (state, event) -> take(handlers, state, event));
    }

    private Query query() {
      Set<String> names = new TreeSet<>();
      handlers.forEach(handler -> names.addAll(types.storedNames(handlerType(handler))));
      return Query.of(new QueryItem(List.copyOf(names), tags, List.of(), categories));
    }

    private static Class<?> handlerType(Handler<?, ?> handler) {
      return handler.type();
    }

    private static <E, S> S take(List<Handler<S, ?>> handlers, S before, TypedEvent<E> event) {
      S state = before;
      for (Handler<S, ?> handler : handlers) {
        state = take(handler, state, event);
      }
      return state;
    }

    private static <S, T> S take(Handler<S, T> handler, S state, TypedEvent<?> event) {
      return handler.type().isInstance(event.event())
          ? handler
              .take()
              .apply(
                  state,
                  new TypedEvent<>(
                      handler.type().cast(event.event()), event.recorded(), event.part()))
          : state;
    }
  }
}

package io.varve.client.eventsourcing.projection;

import static java.util.Objects.requireNonNull;

import io.varve.client.eventsourcing.EventTypes;
import io.varve.client.eventsourcing.TypedEvent;
import io.varve.client.streams.Query;
import io.varve.client.streams.QueryItem;
import io.varve.client.streams.RecordedEvent;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * What becomes of events so that it can be asked: a name, and a handler for each class of events
 * that matter. Immutable; it does nothing until a {@link ProjectionRunner} feeds it.
 *
 * <p>The handlers decide what the store is asked for: only events that can be read as one of the
 * handled classes are sent, under all the names that they ever had.
 *
 * <pre>{@code
 * Projection<SearchIndex> search =
 *     Projection.named("search", types, SearchIndex.class)
 *         .on(BookAdded.class, (index, added) -> index.put(added.stream(), added.event().title()))
 *         .on(BookRemoved.class, (index, removed) -> index.remove(removed.stream()))
 *         .build();
 * }</pre>
 *
 * <p>For tables begin with {@code SqlProjection.named} of the package {@code sql}.
 *
 * @param <T> what the handlers write to: a database connection, or an object of the application
 */
public final class Projection<T> {

  private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9_-]{0,47}");

  /**
   * Makes something of an event.
   *
   * @param <E> the events that it takes
   * @param <T> what it writes to
   */
  @FunctionalInterface
  public interface Handler<E, T> {

    /**
     * Takes the next event.
     *
     * @throws Exception the event cannot be taken; the projection's {@link ErrorPolicy} says what
     *     follows
     */
    void handle(T target, TypedEvent<E> event) throws Exception;
  }

  /** A handler with the registry that knows its class. */
  private record Handled<F, E extends F, T>(
      EventTypes<F> types, Class<E> type, Handler<E, ? super T> handler) {

    void offer(T target, TypedEvent<?> event) throws Exception {
      if (type.isInstance(event.event())) {
        handler.handle(
            target, new TypedEvent<E>(type.cast(event.event()), event.recorded(), event.part()));
      }
    }
  }

  private final String name;
  private final int version;
  private final List<String> tables;
  private final List<Handled<?, ?, T>> handlers;
  private final Set<EventTypes<?>> registries;
  private final Query query;

  private Projection(Shared<T> from) {
    if (from.handlers.isEmpty()) {
      throw new IllegalStateException("the projection " + from.name + " handles no event");
    }
    this.name = from.name;
    this.version = from.version;
    this.tables = List.copyOf(from.tables);
    this.handlers = List.copyOf(from.handlers);
    this.registries = new LinkedHashSet<>();
    for (Handled<?, ?, T> handled : handlers) {
      registries.add(handled.types());
    }
    this.query = query(from, handlers);
  }

  private static <T> Query query(Shared<T> from, List<Handled<?, ?, T>> handlers) {
    if (from.unknownToo) {
      return from.within;
    }
    Set<String> names = new TreeSet<>();
    for (Handled<?, ?, T> handled : handlers) {
      names.addAll(handled.types().storedNames(handled.type()));
    }
    List<QueryItem> within =
        from.within.items().isEmpty()
            ? List.of(QueryItem.types(new String[0]))
            : from.within.items();
    List<QueryItem> items = new ArrayList<>();
    for (QueryItem item : within) {
      Set<String> wanted = new TreeSet<>(names);
      if (!item.types().isEmpty()) {
        wanted.retainAll(item.types());
      }
      if (!wanted.isEmpty()) {
        items.add(item.withTypes(wanted.toArray(String[]::new)));
      }
    }
    if (items.isEmpty()) {
      throw new IllegalStateException(
          "the projection "
              + from.name
              + " is restricted to events that none of its handlers take");
    }
    return new Query(items);
  }

  /**
   * Starts a projection.
   *
   * @param name stable, because its checkpoint is kept under it: 1 to 48 lower-case letters,
   *     digits, {@code _} and {@code -}, beginning with a letter
   * @param types the events that there are
   * @param target the class of what handlers write to
   */
  public static <E, T> Builder<E, T> named(String name, EventTypes<E> types, Class<T> target) {
    requireNonNull(target);
    return new Builder<>(new Shared<>(name), types);
  }

  /** Its name. */
  public String name() {
    return name;
  }

  /**
   * The number of its own shape, from 1: of its tables, and of what its handlers make of events.
   */
  public int version() {
    return version;
  }

  /** The statements that make its tables, in order. Unmodifiable. */
  public List<String> tables() {
    return tables;
  }

  /** The events that it must see. */
  public Query query() {
    return query;
  }

  /**
   * Hands one recorded event to every handler that takes what it is read as. Runners and fixtures
   * call this.
   *
   * @throws io.varve.client.eventsourcing.UndecodableEventException it cannot be read
   * @throws Exception what a handler threw
   */
  public void apply(T target, RecordedEvent recorded) throws Exception {
    for (EventTypes<?> types : registries) {
      if (registries.size() == 1 || concerns(types, recorded)) {
        applyAs(types, target, recorded);
      }
    }
  }

  /** With several registries, each is asked only about what its own handlers wait for. */
  private boolean concerns(EventTypes<?> types, RecordedEvent recorded) {
    for (Handled<?, ?, T> handled : handlers) {
      if (handled.types() == types && types.storedNames(handled.type()).contains(recorded.type())) {
        return true;
      }
    }
    return false;
  }

  private <F> void applyAs(EventTypes<F> types, T target, RecordedEvent recorded) throws Exception {
    for (TypedEvent<F> event : types.decode(recorded)) {
      for (Handled<?, ?, T> handled : handlers) {
        if (handled.types() == types) {
          handled.offer(target, event);
        }
      }
    }
  }

  @Override
  public String toString() {
    return "projection " + name + " of version " + version;
  }

  /** What a builder collects, whichever family of events it is about at the moment. */
  private static final class Shared<T> {
    private final String name;
    private final List<Handled<?, ?, T>> handlers = new ArrayList<>();
    private final List<String> tables = new ArrayList<>();
    private Query within = Query.all();
    private boolean unknownToo;
    private int version = 1;

    private Shared(String name) {
      if (!NAME.matcher(name).matches()) {
        throw new IllegalArgumentException(
            "the name of a projection is 1 to 48 lower-case letters, digits, _ and -, and begins"
                + " with a letter; \""
                + name
                + "\" is not");
      }
      this.name = name;
    }
  }

  /**
   * Builds a {@link Projection}. Not safe for use by several threads.
   *
   * @param <E> the family of events that handlers are being given for
   * @param <T> what they write to
   */
  public static final class Builder<E, T> {

    private final Shared<T> shared;
    private final EventTypes<E> types;

    private Builder(Shared<T> shared, EventTypes<E> types) {
      this.shared = shared;
      this.types = requireNonNull(types);
    }

    /**
     * Handles events of this class, or of all classes below it if it is an interface. Several
     * handlers may take the same event, and do so in the order given here.
     *
     * @throws IllegalArgumentException no event of this class is registered
     */
    public <F extends E> Builder<E, T> on(Class<F> type, Handler<F, ? super T> handler) {
      if (!shared.unknownToo) {
        Set<String> checked = types.storedNames(type);
        requireNonNull(checked);
      }
      shared.handlers.add(new Handled<>(types, type, requireNonNull(handler)));
      return this;
    }

    /** Goes on with handlers for events of another family; the earlier ones stay. */
    public <F> Builder<F, T> alsoOf(EventTypes<F> others) {
      return new Builder<>(shared, others);
    }

    /**
     * Takes only events that match this as well, such as those of a category or with a tag. Given
     * twice, the later one counts.
     */
    public Builder<E, T> within(Query query) {
      shared.within = requireNonNull(query);
      return this;
    }

    /**
     * Has events sent of types that the registry does not know, too; it says what becomes of them:
     * a failure, nothing, or an event that is handed over in their place. The store does not filter
     * by type then. Comes before the handlers.
     */
    public Builder<E, T> unknownToo() {
      shared.unknownToo = true;
      return this;
    }

    /**
     * Statements that make the projection's tables, and whatever else must be there before its
     * first event, in order. Plain names; each generation of the projection has a schema of its
     * own.
     */
    public Builder<E, T> tables(String... statements) {
      shared.tables.addAll(List.of(statements));
      return this;
    }

    /**
     * The number of the projection's shape; 1 unless it is said. Raise it whenever tables or
     * handlers change in a way that old rows do not have: what there is is then built anew from the
     * log.
     */
    public Builder<E, T> version(int version) {
      if (version < 1) {
        throw new IllegalArgumentException("the version must be >= 1, was " + version);
      }
      shared.version = version;
      return this;
    }

    /**
     * Makes the projection.
     *
     * @throws IllegalStateException there is no handler, or none that could ever be called
     */
    public Projection<T> build() {
      return new Projection<>(shared);
    }
  }
}

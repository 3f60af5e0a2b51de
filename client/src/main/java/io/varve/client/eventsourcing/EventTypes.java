package io.varve.client.eventsourcing;

import static java.util.Objects.requireNonNull;

import io.varve.client.streams.EventIds;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.SubscriptionListener;
import java.lang.reflect.Modifier;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The events that a program knows: what each class is called in the store, how its payload is
 * written, which schema version that is, how older ones are lifted, and what becomes of events that
 * it does not know. Immutable; any thread may use it.
 *
 * <p>Given a sealed interface, every class that it permits is registered, by its simple name unless
 * {@link EventType} or the builder says otherwise. Names are unique, which is checked when the
 * object is built, not when the first event is written.
 *
 * <pre>{@code
 * EventTypes<AccountEvent> accounts = JsonEvents.of(AccountEvent.class);
 *
 * EventTypes<OrderEvent> orders =
 *     JsonEvents.builder(OrderEvent.class)
 *         .upcast(JsonEvents.upcast("OrderPlaced", 1, 2, order -> order.put("email", "unknown")))
 *         .tags(OrderEvent.class, event -> List.of("order:" + event.orderId()))
 *         .skipUnknown()
 *         .build();
 * }</pre>
 *
 * @param <E> what all the events are; a sealed interface of records is best, because the compiler
 *     then finds every place that forgets one
 */
public final class EventTypes<E> {

  /** The metadata key of a payload's schema version; absent: 1. */
  public static final String SCHEMA_VERSION = "schema-version";

  private record Entry<T>(Class<T> type, String name, int schemaVersion, PayloadCodec<T> codec) {

    /** What is made of the whole recorded event sees to its payload's schema version itself. */
    boolean takes(int storedVersion) {
      return storedVersion == schemaVersion || codec instanceof ReadOnlyCodec<T>;
    }

    T decode(RecordedEvent recorded, byte[] data) {
      return codec instanceof ReadOnlyCodec<T> whole ? whole.read(recorded) : codec.decode(data);
    }
  }

  private record Schema(String name, int version) {}

  private record Tags<T>(Class<T> type, Function<? super T, ? extends Collection<String>> of) {}

  private final Class<E> family;
  private final Map<Class<?>, Entry<?>> byClass;
  private final Map<String, Entry<?>> byName;
  private final Map<Schema, Upcaster> upcasters;
  private final List<Tags<?>> tags;
  private final UnknownEvents<E> unknown;
  private final @Nullable Consumer<? super UndecodableEventException> unreadable; // null: it fails

  private EventTypes(Builder<E> from) {
    this.family = from.family;
    this.byClass = Map.copyOf(from.byClass);
    this.byName = new HashMap<>();
    this.upcasters = Map.copyOf(from.upcasters);
    this.tags = List.copyOf(from.tags);
    this.unknown = from.unknown;
    this.unreadable = from.unreadable;
    for (Entry<?> entry : from.byClass.values()) {
      Entry<?> taken = byName.putIfAbsent(entry.name(), entry);
      if (taken != null) {
        throw new IllegalArgumentException(
            "two classes are called \""
                + entry.name()
                + "\": "
                + taken.type().getName()
                + " and "
                + entry.type().getName()
                + "; give one of them another name");
      }
    }
  }

  /**
   * Starts with all classes of a sealed family, or with none if the family is not sealed.
   *
   * @param family what all the events are
   * @param codecs how payloads are written, unless a class is given a codec of its own
   * @throws IllegalArgumentException a permitted class is neither final nor sealed, so that nobody
   *     knows what it stands for
   */
  public static <E> Builder<E> builder(Class<E> family, PayloadCodec.Source codecs) {
    return new Builder<>(family, codecs);
  }

  /**
   * Starts with all classes of a sealed family of events that are only read, such as those that
   * another part of the toolkit writes. Each is made of the whole recorded event, so it may be told
   * by the metadata, whatever the schema version there; upcasters lead to none of them, and {@link
   * #encode} refuses them.
   *
   * @param family what all the events are
   * @param reader makes the event, of the class that is registered for its type; what it throws
   *     means that it cannot be read
   * @throws IllegalArgumentException as {@link #builder}
   */
  public static <E> Builder<E> readOnly(
      Class<E> family, Function<? super RecordedEvent, ? extends E> reader) {
    requireNonNull(reader);
    return new Builder<>(
        family,
        new PayloadCodec.Source() {
          @Override
          public <T> PayloadCodec<T> of(Class<T> type) {
            return new ReadOnlyCodec<>(type, reader);
          }
        });
  }

  /** What all the events are. */
  public Class<E> family() {
    return family;
  }

  // ---- writing

  /** The event as it is appended, under a new id. */
  public NewEvent encode(E event, EventContext context) {
    return encode(EventIds.next(), event, context);
  }

  /**
   * The event as it is appended.
   *
   * @throws IllegalArgumentException its class is not registered
   * @throws UnsupportedOperationException its class is registered for reading only
   */
  public NewEvent encode(UUID id, E event, EventContext context) {
    return encode(entryOf(event.getClass()), id, event, context);
  }

  private <T> NewEvent encode(Entry<T> entry, UUID id, Object event, EventContext context) {
    NewEvent.Builder builder =
        NewEvent.builder(entry.name())
            .id(id)
            .data(entry.codec().encode(entry.type().cast(event)))
            .contentType(entry.codec().contentType())
            .metadata(withoutSchemaVersion(context.metadata()))
            .metadata(EventContext.CORRELATION_ID, context.correlationId())
            .metadata(EventContext.CAUSATION_ID, context.causationId());
    if (entry.schemaVersion() > 1) {
      builder.metadata(SCHEMA_VERSION, Integer.toString(entry.schemaVersion()));
    }
    if (context.occurredAt() != null) {
      builder.occurredAt(context.occurredAt());
    }
    for (Tags<?> labels : tags) {
      tag(builder, labels, event);
    }
    return builder.build();
  }

  /** Metadata that was copied from another event says what that one was written as. */
  private static Map<String, String> withoutSchemaVersion(Map<String, String> metadata) {
    if (!metadata.containsKey(SCHEMA_VERSION)) {
      return metadata;
    }
    Map<String, String> rest = new HashMap<>(metadata);
    rest.remove(SCHEMA_VERSION);
    return rest;
  }

  private static <T> void tag(NewEvent.Builder builder, Tags<T> labels, Object event) {
    if (labels.type().isInstance(event)) {
      builder.tags(labels.of().apply(labels.type().cast(event)));
    }
  }

  // ---- reading

  /**
   * What the recorded event is to the application, after all upcasters: one event as a rule;
   * several or none if an upcaster made that of it; none if it is unknown, or cannot be read, and
   * is passed over.
   *
   * @throws UndecodableEventException it is unknown, or its payload cannot be read, and it is not
   *     passed over
   */
  public List<TypedEvent<E>> decode(RecordedEvent recorded) {
    if (unreadable == null) {
      return decodeOrFail(recorded);
    }
    try {
      return decodeOrFail(recorded);
    } catch (UndecodableEventException e) {
      unreadable.accept(e);
      return List.of();
    }
  }

  private List<TypedEvent<E>> decodeOrFail(RecordedEvent recorded) {
    Entry<?> entry = byName.get(recorded.type());
    if (entry != null && entry.takes(schemaVersion(recorded))) {
      return List.of(new TypedEvent<>(decode(entry, recorded, recorded.data()), recorded));
    }
    return decodeOld(recorded);
  }

  /** A listener for a subscription that hands every event on as the application knows it. */
  public SubscriptionListener listener(TypedListener<? super E> listener) {
    requireNonNull(listener);
    return new DecodingListener<>(this, listener);
  }

  private List<TypedEvent<E>> decodeOld(RecordedEvent recorded) {
    List<TypedEvent<E>> result = new ArrayList<>();
    Deque<EventPayload> pending = new ArrayDeque<>();
    pending.push(EventPayload.of(recorded, schemaVersion(recorded)));
    int steps = 0;
    while (!pending.isEmpty()) {
      EventPayload payload = pending.pop();
      Upcaster upcaster = upcasters.get(new Schema(payload.type(), payload.schemaVersion()));
      if (upcaster != null) {
        if (++steps > MOST_STEPS) {
          throw new UndecodableEventException(
              recorded, "its upcasters lead in a circle, through " + payload, null);
        }
        pushInOrder(pending, lift(upcaster, payload, recorded));
      } else {
        Entry<?> entry = byName.get(payload.type());
        if (entry != null && entry.takes(payload.schemaVersion())) {
          result.add(
              new TypedEvent<>(decode(entry, recorded, payload.data()), recorded, result.size()));
        } else {
          handleUnknown(payload, entry, result);
        }
      }
    }
    return result;
  }

  /** More steps than any honest chain of one event takes, splits included. */
  private static final int MOST_STEPS = 10_000;

  private static List<EventPayload> lift(
      Upcaster upcaster, EventPayload payload, RecordedEvent recorded) {
    try {
      return upcaster.step().apply(payload);
    } catch (RuntimeException e) {
      throw new UndecodableEventException(
          recorded, "its upcaster from " + payload + " failed: " + e.getMessage(), e);
    }
  }

  private static void pushInOrder(Deque<EventPayload> pending, List<EventPayload> lifted) {
    for (EventPayload payload : lifted.reversed()) {
      pending.push(payload);
    }
  }

  private void handleUnknown(
      EventPayload payload, @Nullable Entry<?> entry, List<TypedEvent<E>> result) {
    switch (unknown) {
      case UnknownEvents.Skip<E> skip -> skip.heard().accept(payload.recorded());
      case UnknownEvents.HandOver<E> handOver ->
          result.add(
              new TypedEvent<>(
                  handOver.as().apply(payload.recorded()), payload.recorded(), result.size()));
      case UnknownEvents.Fail<E> _fail ->
          throw new UndecodableEventException(
              payload.recorded(),
              entry == null
                  ? "no class is registered for type \"" + payload.type() + "\""
                  : "its schema version is "
                      + payload.schemaVersion()
                      + ", and the program knows "
                      + entry.schemaVersion()
                      + " and has no upcaster from there",
              null);
    }
  }

  private E decode(Entry<?> entry, RecordedEvent recorded, byte[] data) {
    try {
      return family.cast(entry.decode(recorded, data));
    } catch (RuntimeException e) {
      String what = entry.codec() instanceof ReadOnlyCodec<?> ? "it" : "its payload";
      throw new UndecodableEventException(
          recorded, what + " is no " + entry.type().getSimpleName() + ": " + e.getMessage(), e);
    }
  }

  private static int schemaVersion(RecordedEvent recorded) {
    String text = recorded.metadata().get(SCHEMA_VERSION);
    if (text == null) {
      return 1;
    }
    try {
      int version = Integer.parseInt(text);
      if (version >= 1) {
        return version;
      }
    } catch (NumberFormatException e) {
      throw badSchemaVersion(recorded, text, e);
    }
    throw badSchemaVersion(recorded, text, null);
  }

  private static UndecodableEventException badSchemaVersion(
      RecordedEvent recorded, String text, @Nullable Throwable cause) {
    return new UndecodableEventException(
        recorded,
        "its metadata \"" + SCHEMA_VERSION + "\" is no number from 1: \"" + text + "\"",
        cause);
  }

  // ---- names

  /**
   * What events of this class are called.
   *
   * @throws IllegalArgumentException the class is not registered
   */
  public String nameOf(Class<? extends E> type) {
    return entryOf(type).name();
  }

  /** What the events are called that are written now, in alphabetical order. */
  public Set<String> names() {
    return new TreeSet<>(byName.keySet());
  }

  /**
   * Whether events of this type and schema version can be read, be it as nothing: there is a class
   * that is written so now, or an upcaster from there.
   */
  public boolean knows(String type, int schemaVersion) {
    Entry<?> entry = byName.get(type);
    return (entry != null && entry.takes(schemaVersion))
        || upcasters.containsKey(new Schema(type, schemaVersion));
  }

  /**
   * Under which types the store may hold events that are read as this class, or as any class below
   * it: the present names, and the old ones from which upcasters lead there. What a query for them
   * must ask for.
   *
   * @throws IllegalArgumentException no registered class is of this type
   */
  public Set<String> storedNames(Class<?> type) {
    Set<String> names = new TreeSet<>();
    for (Entry<?> entry : byClass.values()) {
      if (type.isAssignableFrom(entry.type())) {
        names.add(entry.name());
      }
    }
    if (names.isEmpty()) {
      throw notRegistered(type);
    }
    boolean grows = true;
    while (grows) {
      grows = false;
      for (Upcaster upcaster : upcasters.values()) {
        if (upcaster.leadsTo().stream().anyMatch(names::contains)) {
          grows |= names.add(upcaster.type());
        }
      }
    }
    return names;
  }

  private Entry<?> entryOf(Class<?> type) {
    Entry<?> entry = byClass.get(type);
    if (entry == null) {
      throw notRegistered(type);
    }
    return entry;
  }

  private IllegalArgumentException notRegistered(Class<?> type) {
    return new IllegalArgumentException(
        "no event of class "
            + type.getName()
            + " is registered among those of "
            + family.getSimpleName());
  }

  @Override
  public String toString() {
    return "EventTypes" + names();
  }

  /** Builds {@link EventTypes}. Not safe for use by several threads. */
  public static final class Builder<E> {

    private final Class<E> family;
    private final PayloadCodec.Source codecs;
    private final Map<Class<?>, Entry<?>> byClass = new LinkedHashMap<>();
    private final Map<Schema, Upcaster> upcasters = new HashMap<>();
    private final List<Tags<?>> tags = new ArrayList<>();
    private UnknownEvents<E> unknown = new UnknownEvents.Fail<>();
    private @Nullable Consumer<? super UndecodableEventException> unreadable;

    private Builder(Class<E> family, PayloadCodec.Source codecs) {
      this.family = requireNonNull(family);
      this.codecs = requireNonNull(codecs);
      for (Class<? extends E> leaf : leaves(family)) {
        register(leaf);
      }
    }

    private static <E> List<Class<? extends E>> leaves(Class<E> family) {
      List<Class<? extends E>> leaves = new ArrayList<>();
      Set<Class<?>> seen = new HashSet<>();
      if (family.isSealed()) {
        collect(family, family, leaves, seen);
      }
      return leaves;
    }

    private static <E> void collect(
        Class<E> family, Class<?> sealed, List<Class<? extends E>> leaves, Set<Class<?>> seen) {
      for (Class<?> permitted : sealed.getPermittedSubclasses()) {
        if (!seen.add(permitted)) {
          continue; // reached through two interfaces
        }
        if (permitted.isSealed()) {
          collect(family, permitted, leaves, seen);
        } else if (Modifier.isFinal(permitted.getModifiers())) {
          leaves.add(permitted.asSubclass(family));
        } else {
          throw new IllegalArgumentException(
              permitted.getName()
                  + " is permitted by "
                  + sealed.getName()
                  + " and must be final (a record) or sealed, or nobody knows which events there"
                  + " are");
        }
      }
    }

    /**
     * Registers a class of its own, or anew: under the name and schema version of its {@link
     * EventType}, with the codec that the builder's way of writing has for it.
     */
    public Builder<E> register(Class<? extends E> type) {
      EventType named = type.getAnnotation(EventType.class);
      boolean hasName = named != null && !named.value().isEmpty();
      return register(
          type,
          hasName ? named.value() : type.getSimpleName(),
          named == null ? 1 : named.schemaVersion(),
          null);
    }

    private <T extends E> Builder<E> register(
        Class<T> type, String name, int schemaVersion, @Nullable PayloadCodec<T> codec) {
      if (name.isEmpty()) {
        throw new IllegalArgumentException(type.getName() + " needs a name");
      }
      if (schemaVersion < 1) {
        throw new IllegalArgumentException(
            "the schema version of " + type.getName() + " must be >= 1, was " + schemaVersion);
      }
      byClass.put(
          type, new Entry<>(type, name, schemaVersion, codec == null ? codecs.of(type) : codec));
      return this;
    }

    /** Calls a registered class by this name. */
    public <T extends E> Builder<E> name(Class<T> type, String name) {
      Entry<T> entry = entry(type);
      return register(type, name, entry.schemaVersion(), entry.codec());
    }

    /** Calls every class that has no name of its own ({@link EventType}) as this function says. */
    public Builder<E> names(Function<Class<?>, String> naming) {
      for (Class<?> type : List.copyOf(byClass.keySet())) {
        EventType named = type.getAnnotation(EventType.class);
        if (named == null || named.value().isEmpty()) {
          name(type.asSubclass(family), naming.apply(type));
        }
      }
      return this;
    }

    /** What is written of a registered class is of this schema version. */
    public <T extends E> Builder<E> schemaVersion(Class<T> type, int schemaVersion) {
      Entry<T> entry = entry(type);
      return register(type, entry.name(), schemaVersion, entry.codec());
    }

    /** Writes a class with a codec of its own; registers it if it is not. */
    public <T extends E> Builder<E> codec(Class<T> type, PayloadCodec<T> codec) {
      if (!byClass.containsKey(type)) {
        EventType named = type.getAnnotation(EventType.class);
        boolean hasName = named != null && !named.value().isEmpty();
        return register(
            type,
            hasName ? named.value() : type.getSimpleName(),
            named == null ? 1 : named.schemaVersion(),
            codec);
      }
      Entry<T> entry = entry(type);
      return register(type, entry.name(), entry.schemaVersion(), codec);
    }

    private <T extends E> Entry<T> entry(Class<T> type) {
      Entry<?> entry = byClass.get(type);
      if (entry == null) {
        throw new IllegalArgumentException(type.getName() + " is not registered");
      }
      @SuppressWarnings("unchecked") // entries are kept by their own class
      Entry<T> ofType = (Entry<T>) entry;
      return ofType;
    }

    /**
     * Adds a step from an old schema.
     *
     * @throws IllegalArgumentException there is one from this type and schema version already
     */
    public Builder<E> upcast(Upcaster upcaster) {
      Upcaster taken =
          upcasters.putIfAbsent(new Schema(upcaster.type(), upcaster.schemaVersion()), upcaster);
      if (taken != null) {
        throw new IllegalArgumentException(
            "there are two upcasters from \""
                + upcaster.type()
                + "\" of schema version "
                + upcaster.schemaVersion());
      }
      return this;
    }

    /**
     * Labels events of this class, or of any class below it, when they are written. May be called
     * more than once; the labels add up.
     */
    public <T> Builder<E> tags(
        Class<T> type, Function<? super T, ? extends Collection<String>> tags) {
      this.tags.add(new Tags<>(type, tags));
      return this;
    }

    /**
     * Adds everything that the others know, but for what becomes of unknown events: for a consumer
     * that reads several families.
     */
    public Builder<E> include(EventTypes<? extends E> others) {
      for (Map.Entry<Class<?>, Entry<?>> entry : others.byClass.entrySet()) {
        byClass.put(entry.getKey(), entry.getValue());
      }
      others.upcasters.values().forEach(this::upcast);
      tags.addAll(others.tags);
      return this;
    }

    /** Reading an event of an unknown type or schema version fails. The default. */
    public Builder<E> failOnUnknown() {
      this.unknown = new UnknownEvents.Fail<>();
      return this;
    }

    /** Events of an unknown type or schema version are passed over. */
    public Builder<E> skipUnknown() {
      return skipUnknown(event -> {});
    }

    /**
     * The same, and this hears of each, for a warning or a count.
     *
     * @param heard is told on the thread that reads, every time that such an event is read
     */
    public Builder<E> skipUnknown(Consumer<? super RecordedEvent> heard) {
      this.unknown = new UnknownEvents.Skip<>(requireNonNull(heard));
      return this;
    }

    /**
     * Events of a known type and schema version whose payload cannot be read are passed over. So
     * are unknown ones for which nothing else was chosen. For what only shows events: whoever
     * decides by them would decide on less than has happened.
     *
     * @param heard is told on the thread that reads, every time that such an event is read
     */
    public Builder<E> skipUnreadable(Consumer<? super UndecodableEventException> heard) {
      this.unreadable = requireNonNull(heard);
      return this;
    }

    /** Events of an unknown type or schema version are handed over as this function makes them. */
    public Builder<E> unknownAs(Function<RecordedEvent, ? extends E> unknown) {
      this.unknown = new UnknownEvents.HandOver<>(unknown);
      return this;
    }

    /**
     * The event types.
     *
     * @throws IllegalArgumentException two classes have one name, or an upcaster takes what is
     *     written now, or leads to what is read from the whole recorded event
     */
    public EventTypes<E> build() {
      for (Entry<?> entry : byClass.values()) {
        if (entry.codec() instanceof ReadOnlyCodec<?> && isLifted(entry.name())) {
          throw new IllegalArgumentException(
              "an upcaster takes or gives \""
                  + entry.name()
                  + "\", and "
                  + entry.type().getName()
                  + " is read from the whole recorded event, which no upcaster changes");
        }
        if (upcasters.containsKey(new Schema(entry.name(), entry.schemaVersion()))) {
          throw new IllegalArgumentException(
              "an upcaster takes \""
                  + entry.name()
                  + "\" of schema version "
                  + entry.schemaVersion()
                  + ", which is what "
                  + entry.type().getName()
                  + " is written as now; raise the schema version of the class");
        }
      }
      return new EventTypes<>(this);
    }

    private boolean isLifted(String name) {
      return upcasters.values().stream()
          .anyMatch(step -> step.type().equals(name) || step.leadsTo().contains(name));
    }
  }
}

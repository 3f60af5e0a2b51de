package io.varve.client.eventsourcing.aggregate;

import static java.util.Objects.requireNonNull;

import io.varve.client.eventsourcing.Decider;
import io.varve.client.eventsourcing.Decision;
import io.varve.client.eventsourcing.EventTypes;
import io.varve.client.eventsourcing.PayloadCodec;
import io.varve.client.streams.Snapshot;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A kind of aggregate: the category of its streams, its events, how it decides, and how its
 * snapshots are kept. Immutable; each method gives a new one.
 *
 * <pre>{@code
 * AggregateType.of("account", JsonEvents.of(AccountEvent.class), AccountDecider.INSTANCE)
 *     .snapshots(JsonEvents.codecs().of(Account.class), 1, SnapshotPolicy.every(200));
 *
 * AggregateType.ofRoot("account", JsonEvents.of(AccountEvent.class), Account::new);
 * }</pre>
 *
 * @param <C> commands
 * @param <S> the state
 * @param <E> events
 */
public final class AggregateType<C, S, E> {

  /**
   * What a command did to a state.
   *
   * @param decision what it came to
   * @param after the state with the events of the decision in it. When a root was refused, or did
   *     nothing, it is the root itself, which may have changed
   */
  public record Handled<S, E>(Decision<E> decision, S after) {}

  private record Snapshots<S>(
      PayloadCodec<S> codec, int schemaVersion, SnapshotPolicy<? super S> policy) {}

  private static final Logger log = LoggerFactory.getLogger(AggregateType.class);

  private final String category;
  private final EventTypes<E> types;
  private final Decider<C, S, E> decider;
  private final @Nullable Snapshots<S> snapshots;
  private final Function<? super E, String> line;
  private final boolean startsAnywhere;

  private AggregateType(
      String category,
      EventTypes<E> types,
      Decider<C, S, E> decider,
      @Nullable Snapshots<S> snapshots,
      Function<? super E, String> line,
      boolean startsAnywhere) {
    this.category = requireCategory(category);
    this.types = requireNonNull(types);
    this.decider = requireNonNull(decider);
    this.snapshots = snapshots;
    this.line = requireNonNull(line);
    this.startsAnywhere = startsAnywhere;
  }

  private static String requireCategory(String category) {
    if (category.isEmpty() || category.contains("-") || category.startsWith("$")) {
      throw new IllegalArgumentException(
          "a category has no \"-\", which ends it in a stream's name, and does not start with"
              + " \"$\", was \""
              + category
              + "\"");
    }
    return category;
  }

  /**
   * An aggregate as pure functions.
   *
   * @param category the part of its streams' names before the {@code -}: at least 1 character
   */
  public static <C, S, E> AggregateType<C, S, E> of(
      String category, EventTypes<E> types, Decider<C, S, E> decider) {
    return new AggregateType<>(category, types, decider, null, String::valueOf, false);
  }

  /**
   * An aggregate as an object that changes; a command is what is done to it.
   *
   * @param category the part of its streams' names before the {@code -}: at least 1 character
   * @param create makes a root before its first event, a new one at each call
   */
  public static <A extends AggregateRoot<E>, E> AggregateType<Consumer<A>, A, E> ofRoot(
      String category, EventTypes<E> types, Supplier<A> create) {
    return of(category, types, new RootDecider<>(create));
  }

  /**
   * Keeps snapshots. They are a cache: one that was written under another schema number or content
   * type, or that cannot be read, is ignored, and the stream is read in full.
   *
   * @param codec writes and reads states
   * @param schemaVersion the number of the state's present shape, 0 or higher. Raise it whenever
   *     the class of the state, or what {@code evolve} makes of events, changes
   * @param policy when one is written
   */
  public AggregateType<C, S, E> snapshots(
      PayloadCodec<S> codec, int schemaVersion, SnapshotPolicy<? super S> policy) {
    if (schemaVersion < 0) {
      throw new IllegalArgumentException("schema version must be >= 0, was " + schemaVersion);
    }
    return new AggregateType<>(
        category,
        types,
        decider,
        new Snapshots<>(requireNonNull(codec), schemaVersion, requireNonNull(policy)),
        line,
        startsAnywhere);
  }

  /** Says in words what an event means to a person; by default, what its {@code toString} says. */
  public AggregateType<C, S, E> described(Function<? super E, String> line) {
    return new AggregateType<>(category, types, decider, snapshots, line, startsAnywhere);
  }

  /**
   * Makes do with the events that are kept, for streams whose old events lose their meaning:
   * without this, a stream whose first events are hidden by retention or truncation, and that has
   * no snapshot in their place, cannot be loaded.
   */
  public AggregateType<C, S, E> fromWhatIsKept() {
    return new AggregateType<>(category, types, decider, snapshots, line, true);
  }

  /** The category of its streams. */
  public String category() {
    return category;
  }

  /** Its events. */
  public EventTypes<E> types() {
    return types;
  }

  /**
   * The stream of the aggregate with this id.
   *
   * @throws IllegalArgumentException the id is empty
   */
  public String streamOf(String id) {
    if (id.isEmpty()) {
      throw new IllegalArgumentException("the id of " + category + " is empty");
    }
    return category + "-" + id;
  }

  /** The state before the first event; for a root, a new one. */
  public S initial() {
    return decider.initial();
  }

  /** The state after the event; for a root, the same one. */
  public S evolve(S state, E event) {
    return decider.evolve(state, event);
  }

  /** Lets a state take a command, without any store. A root is changed by it. */
  public Handled<S, E> handle(C command, S state) {
    Decision<E> decision =
        requireNonNull(
            decider.decide(command, state), "a decider answers with a decision, never with null");
    if (isMutable() || !(decision instanceof Decision.Accepted<E> accepted)) {
      return new Handled<>(decision, state);
    }
    S after = state;
    for (E event : accepted.events()) {
      after = decider.evolve(after, event);
    }
    return new Handled<>(decision, after);
  }

  /** Whether states change in place, so that one that has taken a command is not as it was. */
  boolean isMutable() {
    return decider instanceof RootDecider;
  }

  /** What an event means to a person. */
  String line(E event) {
    return line.apply(event);
  }

  boolean startsAnywhere() {
    return startsAnywhere;
  }

  boolean hasSnapshots() {
    return snapshots != null;
  }

  /** The state that a snapshot holds; empty: it cannot be used. */
  Optional<S> read(Snapshot snapshot) {
    if (snapshots == null
        || snapshot.schemaVersion() != snapshots.schemaVersion()
        || !snapshot.contentType().equals(snapshots.codec().contentType())) {
      return Optional.empty();
    }
    try {
      return Optional.of(snapshots.codec().decode(snapshot.data()));
    } catch (RuntimeException e) {
      log.warn(
          "the snapshot of stream \"{}\" at version {} cannot be read; the stream is read in full",
          snapshot.stream(),
          snapshot.version(),
          e);
      return Optional.empty();
    }
  }

  /** Whether a snapshot is to be taken. */
  boolean isSnapshotDue(SnapshotPolicy.Moment<S> moment) {
    return snapshots != null && snapshots.policy().isDue(moment);
  }

  /** The state as a snapshot. */
  Snapshot write(String stream, long version, S state) {
    if (snapshots == null) {
      throw new IllegalStateException(category + " keeps no snapshots");
    }
    return Snapshot.builder(stream, version)
        .schemaVersion(snapshots.schemaVersion())
        .contentType(snapshots.codec().contentType())
        .data(snapshots.codec().encode(state))
        .build();
  }

  @Override
  public String toString() {
    return "AggregateType[" + category + ", " + List.copyOf(types.names()) + "]";
  }
}

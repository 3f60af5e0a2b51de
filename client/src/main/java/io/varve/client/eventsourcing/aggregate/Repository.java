package io.varve.client.eventsourcing.aggregate;

import static java.util.Objects.requireNonNull;

import io.varve.client.eventsourcing.CommandEvents;
import io.varve.client.eventsourcing.CommandOptions;
import io.varve.client.eventsourcing.ConflictRetry;
import io.varve.client.eventsourcing.Decision;
import io.varve.client.eventsourcing.EventContext;
import io.varve.client.eventsourcing.ToolkitObserver;
import io.varve.client.eventsourcing.TypedEvent;
import io.varve.client.eventsourcing.UndecodableEventException;
import io.varve.client.streams.AppendResult;
import io.varve.client.streams.EventIdTakenException;
import io.varve.client.streams.EventIds;
import io.varve.client.streams.EventReader;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.ReadStream;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.StreamNotFoundException;
import io.varve.client.streams.VersionConflictException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The aggregates of one type: loads one, lets it decide, and appends what follows under the version
 * that was loaded. If somebody else was faster it loads and decides again, so no decision is ever
 * based on what is no longer true. Any thread may call it, many at a time; there is nothing to
 * close.
 *
 * <pre>{@code
 * var accounts = Repository.of(store, AggregateType.of("account", types, AccountDecider.INSTANCE));
 * accounts.execute("42", new Deposit(new BigDecimal("25.00")));      // on stream account-42
 * Account account = accounts.load("42").state();
 * Account then = accounts.loadAt("42", Instant.parse("2026-01-15T00:00:00Z")).state();
 * }</pre>
 *
 * <p><b>What is not there.</b> An aggregate without a stream, or whose stream is deleted, has the
 * initial state and version 0. The first events of a command make the stream, or reopen it: its
 * versions then continue, and what was deleted stays forgotten. One whose stream is closed for ever
 * can be neither loaded nor commanded ({@link io.varve.client.streams.StreamTombstonedException}).
 * One whose first events are no longer kept needs a snapshot in their place, or its state cannot be
 * told ({@link io.varve.client.streams.EventsNotKeptException}), unless its type {@linkplain
 * AggregateType#fromWhatIsKept says otherwise}.
 *
 * <p><b>Faults.</b> A command that the domain refuses is a result, not an exception. What the store
 * cannot do is a {@link io.varve.client.streams.VarveException}, an event that cannot be read is an
 * {@link UndecodableEventException}, and what a decider throws is thrown on.
 *
 * @param <C> commands
 * @param <S> the state
 * @param <E> events
 */
public final class Repository<C, S, E> {

  /*
   * A command under an explicit id gives its events ids that follow from it. An append of events
   * that are all in the store already is answered by the store as the first time; one of events
   * that are partly there is refused; both tell that this is a repeat, without a look-up before
   * each first execution. Only a repeat that decides nothing has no events to be recognised by, and
   * is looked up.
   */

  private static final Executor VIRTUAL_THREADS =
      task -> Thread.ofVirtual().name("varve-aggregate").start(task);

  private final EventStore store;
  private final AggregateType<C, S, E> type;
  private final ToolkitObserver observer;
  private final InstantSource clock;
  private final ConflictRetry retry;
  private final AggregateLoader<S, E> loader;
  private final SnapshotWriter<S> snapshots;

  private Repository(Builder<C, S, E> from) {
    this.store = from.store;
    this.type = from.type;
    this.observer = from.observer;
    this.clock = from.clock;
    this.retry = from.retry;
    this.loader = new AggregateLoader<>(store, type, observer, clock);
    this.snapshots = new SnapshotWriter<>(store, type, observer, from.snapshotExecutor);
  }

  /** The aggregates of this type in this store. */
  public static <C, S, E> Repository<C, S, E> of(EventStore store, AggregateType<C, S, E> type) {
    return builder(store, type).build();
  }

  /** Starts a repository with settings of its own. */
  public static <C, S, E> Builder<C, S, E> builder(EventStore store, AggregateType<C, S, E> type) {
    return new Builder<>(store, type);
  }

  /** The type of its aggregates. */
  public AggregateType<C, S, E> type() {
    return type;
  }

  /** The stream of the aggregate with this id. */
  public String streamOf(String id) {
    return type.streamOf(id);
  }

  // ---- commands

  /** Carries out a command; see {@link #execute(String, Object, CommandOptions)}. */
  public CommandResult<S, E> execute(String id, C command) {
    return execute(id, command, CommandOptions.none());
  }

  /**
   * Carries out a command, and waits until its events are durable.
   *
   * @throws VersionConflictException somebody else was faster time and again, or the stream is not
   *     as the options expect; nothing was written
   * @throws io.varve.client.streams.StoreUnavailableException no answer in time. If the outcome is
   *     unknown, repeating the command is safe under an id of its own
   */
  public CommandResult<S, E> execute(String id, C command, CommandOptions options) {
    requireNonNull(command);
    String stream = streamOf(id);
    String name = options.nameOf(command);
    Instant startedAt = clock.instant();
    int[] conflicts = new int[1];
    try {
      CommandResult<S, E> result = execute(stream, command, options, conflicts);
      observer.tell(o -> told(o, name, result, conflicts[0], since(startedAt)));
      return result;
    } catch (RuntimeException e) {
      observer.tell(o -> o.commandFailed(type.category(), name, e, since(startedAt)));
      throw e;
    }
  }

  private void told(
      ToolkitObserver to, String name, CommandResult<S, E> result, int conflicts, Duration took) {
    switch (result) {
      case CommandResult.Executed<S, E> done ->
          to.commandExecuted(
              type.category(), name, done.repeated() ? 0 : done.events().size(), conflicts, took);
      case CommandResult.Refused<S, E> refused ->
          to.commandRefused(type.category(), name, refused.refusal(), took);
    }
  }

  Duration since(Instant startedAt) {
    Duration took = Duration.between(startedAt, clock.instant());
    return took.isNegative() ? Duration.ZERO : took;
  }

  private CommandResult<S, E> execute(
      String stream, C command, CommandOptions options, int[] conflicts) {
    EventContext context = options.contextOrNew();
    ConflictRetry patience = options.retry(retry);
    while (true) {
      Loaded<S> loaded = loader.load(stream, null);
      VersionConflictException unexpected = unexpected(loaded, options.expected());
      if (unexpected != null) {
        CommandResult<S, E> repeat = repeat(loaded, options, false);
        if (repeat != null) {
          return repeat;
        }
        throw unexpected;
      }
      AggregateType.Handled<S, E> handled = type.handle(command, loaded.state());
      if (!(handled.decision() instanceof Decision.Accepted<E> accepted)
          || accepted.events().isEmpty()) {
        CommandResult<S, E> repeat = repeat(loaded, options, true);
        return repeat == null ? nothingToWrite(loaded, handled) : repeat;
      }
      try {
        return append(loaded, accepted.events(), handled.after(), options, context);
      } catch (VersionConflictException e) {
        conflicts[0]++;
        if (!patience.pause(conflicts[0])) {
          throw e;
        }
      }
    }
  }

  /** Null: the stream is as it should be. */
  private static @Nullable VersionConflictException unexpected(
      Loaded<?> loaded, ExpectedVersion expected) {
    boolean holds =
        switch (expected) {
          case ExpectedVersion.Any any -> true;
          case ExpectedVersion.NoStream noStream -> !loaded.exists();
          case ExpectedVersion.StreamExists exists -> loaded.exists();
          case ExpectedVersion.Exactly exactly -> loaded.version() == exactly.version();
        };
    return holds
        ? null
        : new VersionConflictException(loaded.stream(), expected, loaded.version(), null);
  }

  private CommandResult<S, E> nothingToWrite(
      Loaded<S> loaded, AggregateType.Handled<S, E> handled) {
    return switch (handled.decision()) {
      case Decision.Accepted<E> nothing ->
          new CommandResult.Executed<>(
              loaded.stream(),
              loaded.state(),
              loaded.version(),
              loaded.position(),
              List.of(),
              false);
      case Decision.Refused<E> refused -> {
        Loaded<S> clean = untouched(loaded);
        yield new CommandResult.Refused<>(
            clean.stream(), clean.state(), clean.version(), clean.position(), refused.refusal());
      }
    };
  }

  private CommandResult<S, E> append(
      Loaded<S> loaded, List<E> events, S after, CommandOptions options, EventContext context) {
    String stream = loaded.stream();
    List<NewEvent> encoded = encode(stream, events, options, context);
    AppendResult appended;
    try {
      appended = store.append(stream, ExpectedVersion.exactly(loaded.version()), encoded);
    } catch (EventIdTakenException e) {
      CommandResult<S, E> repeat = repeat(loaded, options, true);
      if (repeat == null) {
        throw e;
      }
      return repeat;
    }
    if (appended.deduplicated() && options.commandId() != null) {
      CommandResult<S, E> repeat = repeat(loaded, options, true);
      if (repeat != null) {
        return repeat;
      }
    }
    snapshots.offer(loaded, after, appended.version());
    return new CommandResult.Executed<>(
        stream, after, appended.version(), appended.position(), events, false);
  }

  private List<NewEvent> encode(
      String stream, List<E> events, CommandOptions options, EventContext context) {
    String commandId = options.commandId();
    CommandEvents ids = commandId == null ? null : CommandEvents.of(stream, commandId);
    List<NewEvent> encoded = new ArrayList<>(events.size());
    for (E event : events) {
      encoded.add(
          type.types()
              .encode(ids == null ? EventIds.next() : ids.id(encoded.size()), event, context));
    }
    return encoded;
  }

  /**
   * The answer to a command that has been carried out before; null: it has not.
   *
   * @param decided whether the loaded state has taken the command
   */
  private @Nullable CommandResult<S, E> repeat(
      Loaded<S> loaded, CommandOptions options, boolean decided) {
    String commandId = options.commandId();
    if (commandId == null) {
      return null;
    }
    List<RecordedEvent> originals = CommandEvents.of(loaded.stream(), commandId).find(store);
    if (originals.isEmpty()) {
      return null;
    }
    RecordedEvent last = originals.getLast();
    Loaded<S> now = decided ? untouched(loaded) : loaded;
    if (now.version() < last.version()) {
      now = loader.load(loaded.stream(), null); // the first one came in between
    }
    List<E> events =
        originals.stream()
            .flatMap(original -> type.types().decode(original).stream())
            .map(TypedEvent::event)
            .toList();
    return new CommandResult.Executed<>(
        now.stream(), now.state(), now.version(), last.position(), events, true);
  }

  /** What was loaded, without what a decision that was not written has done to it. */
  private Loaded<S> untouched(Loaded<S> loaded) {
    return type.isMutable() ? loader.load(loaded.stream(), null) : loaded;
  }

  /** Carries out a command on a virtual thread; see {@link #execute(String, Object)}. */
  public CompletableFuture<CommandResult<S, E>> executeAsync(String id, C command) {
    return executeAsync(id, command, CommandOptions.none());
  }

  /**
   * Carries out a command on a virtual thread of its own. Commands to one aggregate are decided in
   * any order, and how many are under way is for the caller to bound.
   *
   * @return completes with the result, or with the exception that {@code execute} would have
   *     thrown. Cancelling it does not cancel the command.
   */
  public CompletableFuture<CommandResult<S, E>> executeAsync(
      String id, C command, CommandOptions options) {
    return CompletableFuture.supplyAsync(() -> execute(id, command, options), VIRTUAL_THREADS);
  }

  // ---- what a unit of work is made of

  EventStore store() {
    return store;
  }

  ToolkitObserver observer() {
    return observer;
  }

  Instant now() {
    return clock.instant();
  }

  ConflictRetry retry() {
    return retry;
  }

  Loaded<S> loadStream(String stream) {
    return loader.load(stream, null);
  }

  void offerSnapshot(Loaded<S> before, S state, long version) {
    snapshots.offer(before, state, version);
  }

  // ---- reading

  /** The aggregate as it is now. */
  public Loaded<S> load(String id) {
    return loader.load(streamOf(id), null);
  }

  /**
   * The aggregate as it was when its stream had come to this version; as it is now if it has not
   * come that far, which the result's version tells.
   *
   * @param version 0: before the first event
   */
  public Loaded<S> loadAt(String id, long version) {
    if (version < 0) {
      throw new IllegalArgumentException("a version is never negative, was " + version);
    }
    String stream = streamOf(id);
    if (version == 0) {
      return new Loaded<>(stream, type.initial(), 0, 0, 0, Duration.ZERO);
    }
    return loader.loadAt(stream, version);
  }

  /** The aggregate as it was at this time, by the time at which its events were recorded. */
  public Loaded<S> loadAt(String id, Instant time) {
    return loader.load(streamOf(id), requireNonNull(time));
  }

  /**
   * The events of an aggregate that are kept, oldest first, read as they are taken; none if there
   * is no such aggregate. The caller closes it.
   */
  public Stream<TypedEvent<E>> history(String id) {
    return recorded(id).flatMap(event -> type.types().decode(event).stream());
  }

  /**
   * The events of an aggregate that are kept, as a person would read them, oldest first, read as
   * they are taken. Events that the program does not know or cannot read are there too, and say so.
   * The caller closes it.
   */
  public Stream<TimelineEntry> timeline(String id) {
    return recorded(id).flatMap(event -> entries(event).stream());
  }

  private Stream<RecordedEvent> recorded(String id) {
    try {
      EventReader reader = store.readStream(ReadStream.of(streamOf(id)));
      return reader.stream();
    } catch (StreamNotFoundException e) {
      return Stream.empty();
    }
  }

  private List<TimelineEntry> entries(RecordedEvent event) {
    List<String> lines;
    try {
      lines = type.types().decode(event).stream().map(typed -> type.line(typed.event())).toList();
    } catch (UndecodableEventException e) {
      lines = List.of("(" + e.getMessage() + ")");
    }
    if (lines.isEmpty()) {
      lines = List.of("(not known to this program)");
    }
    Instant occurredAt = event.occurredAt();
    Instant time = occurredAt == null ? event.recordedAt() : occurredAt;
    return lines.stream()
        .map(line -> new TimelineEntry(event.version(), time, event.type(), line))
        .toList();
  }

  @Override
  public String toString() {
    return "Repository[" + type.category() + "]";
  }

  /** Builds a {@link Repository}. Not safe for use by several threads. */
  public static final class Builder<C, S, E> {

    private final EventStore store;
    private final AggregateType<C, S, E> type;
    private ToolkitObserver observer = ToolkitObserver.NONE;
    private InstantSource clock = InstantSource.system();
    private ConflictRetry retry = ConflictRetry.standard();
    private Executor snapshotExecutor = VIRTUAL_THREADS;

    private Builder(EventStore store, AggregateType<C, S, E> type) {
      this.store = requireNonNull(store);
      this.type = requireNonNull(type);
    }

    /** Who hears of commands, loads and snapshots. */
    public Builder<C, S, E> observer(ToolkitObserver observer) {
      this.observer = requireNonNull(observer);
      return this;
    }

    /** What measures how long things take; by default the system's clock. */
    public Builder<C, S, E> clock(InstantSource clock) {
      this.clock = requireNonNull(clock);
      return this;
    }

    /** How often, and after which waits, a command is decided again. */
    public Builder<C, S, E> retry(ConflictRetry retry) {
      this.retry = requireNonNull(retry);
      return this;
    }

    /** Where snapshots are written; by default on a virtual thread each. */
    public Builder<C, S, E> snapshotExecutor(Executor executor) {
      this.snapshotExecutor = requireNonNull(executor);
      return this;
    }

    /** The repository. */
    public Repository<C, S, E> build() {
      return new Repository<>(this);
    }
  }
}

package io.varve.client.testkit;

import static java.util.Objects.requireNonNull;

import io.varve.client.eventsourcing.EventContext;
import io.varve.client.eventsourcing.EventTypes;
import io.varve.client.eventsourcing.Refusal;
import io.varve.client.eventsourcing.process.CommandTarget;
import io.varve.client.eventsourcing.process.Effect;
import io.varve.client.eventsourcing.process.Input;
import io.varve.client.eventsourcing.process.Origin;
import io.varve.client.eventsourcing.process.ProcessManager;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.RecordedEvent;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Tests one instance of a process or saga, without a store: give it inputs, and say what it wants
 * done after each.
 *
 * <pre>{@code
 * ProcessFixture.given(transfers)
 *     .event(new TransferRequested("t1", "a", "b", amount))
 *         .thenSends(Effect.send(ACCOUNTS, "a", new Withdraw(amount, "t1")))
 *         .thenSchedules("late", Duration.ofMinutes(5))
 *     .accepted()
 *         .thenSends(Effect.send(ACCOUNTS, "b", new Deposit(amount, "t1")))
 *     .advance(Duration.ofMinutes(5)).thenNothing()          // late is not refused
 *     .refused("CLOSED")
 *         .thenSends(Effect.send(ACCOUNTS, "a", new Deposit(amount, "t1/refund")))
 *     .accepted().thenCompleted("compensated");
 * }</pre>
 *
 * <p>With {@link #events} and {@link #targets} it writes and reads events and commands as a runner
 * does, so that what cannot be stored fails here. What is not as it should be is an {@link
 * AssertionError} that tells all inputs so far.
 *
 * @param <S> what the instance knows
 * @param <E> the events that it listens to
 */
public final class ProcessFixture<S, E> {

  private record Timer(String name, Instant due) {}

  private final ProcessManager<S, E> process;
  private final List<String> story = new ArrayList<>();
  private final List<Effect.Send> pending = new ArrayList<>();
  private final Map<String, Timer> timers = new LinkedHashMap<>();
  private final Set<String> keys = new HashSet<>();
  private final List<Effect> effects = new ArrayList<>(); // of the last input
  private S state;
  private Instant now = Instant.parse("2026-01-15T12:00:00Z");
  private @Nullable String instance;
  private Effect.@Nullable Complete completed;
  private long position;
  private boolean needsHelp; // as of the last input
  private @Nullable EventTypes<E> events; // null: they are not written
  private @Nullable Map<String, CommandTarget<?>> targets; // null: commands are not written

  private ProcessFixture(ProcessManager<S, E> process) {
    this.process = process;
    this.state = process.initial();
  }

  /** An instance of this process that has not begun. */
  public static <S, E> ProcessFixture<S, E> given(ProcessManager<S, E> process) {
    return new ProcessFixture<>(process);
  }

  /**
   * From here on each event is written and read through these types, as a store would, and must
   * survive it. Without this the fixture does not write events.
   */
  public ProcessFixture<S, E> events(EventTypes<E> types) {
    this.events = requireNonNull(types);
    return this;
  }

  /**
   * From here on each command is written and read through its target's types, as the runner does,
   * and must survive it; one to another target is an error, as it is for a runner without a handler
   * for it. Without this the fixture does not write commands: an effect has its target's name only.
   */
  public ProcessFixture<S, E> targets(CommandTarget<?>... targets) {
    Map<String, CommandTarget<?>> byName = new LinkedHashMap<>();
    for (CommandTarget<?> target : targets) {
      byName.put(target.name(), target);
    }
    this.targets = byName;
    return this;
  }

  private <T> void requireWritable(EventTypes<T> types, Object value, String stream) {
    try {
      T typed = types.family().cast(value);
      NewEvent written = types.encode(typed, EventContext.begin());
      Differences.requireSurvives(
          typed, types.decode(new RecordedEvent(stream, 1, 1, now, written)));
    } catch (RuntimeException e) {
      AssertionError failure = failure("cannot be written and read: " + value);
      failure.initCause(e);
      throw failure;
    }
  }

  // ---- inputs

  /** An event, in a stream of no interest. */
  public ProcessFixture<S, E> event(E event) {
    return event("fixture-1", event);
  }

  /** An event in this stream. It must concern the instance, and start it if it is the first. */
  public ProcessFixture<S, E> event(String stream, E event) {
    if (events != null) {
      requireWritable(events, event, stream);
    }
    position++;
    Origin origin = new Origin(new UUID(0x7000, position), stream, position, position, now);
    String id =
        process
            .correlate(event, origin)
            .orElseThrow(() -> failure("the event concerns no instance: " + event));
    if (instance == null) {
      if (!process.starts(event)) {
        throw failure("the event does not start an instance: " + event);
      }
      instance = id;
    } else if (!instance.equals(id)) {
      throw failure("the event concerns instance " + id + ", not " + instance + ": " + event);
    }
    if (completed != null) {
      throw failure("the instance is over, and takes no event: " + event);
    }
    begin();
    take(new Input.Happened<>(event, origin), "event " + event);
    return this;
  }

  /** The command that was sent first, of those without an outcome, is accepted. */
  public ProcessFixture<S, E> accepted() {
    Effect.Send sent = first();
    begin();
    take(new Input.CommandAccepted<>(sent), "accepted " + sent.command());
    return this;
  }

  /** This command is accepted, which must be the first of those without an outcome. */
  public ProcessFixture<S, E> accepted(Object command) {
    requireFirst(command);
    return accepted();
  }

  /** The command that was sent first, of those without an outcome, is refused with this code. */
  public ProcessFixture<S, E> refused(String code) {
    return refused(new Refusal(code, "refused by the fixture"));
  }

  /** The command that was sent first, of those without an outcome, is refused for this reason. */
  public ProcessFixture<S, E> refused(Refusal refusal) {
    Effect.Send sent = first();
    begin();
    take(
        new Input.CommandRefused<>(sent, refusal),
        "refused " + sent.command() + " with " + refusal.code());
    return this;
  }

  /** This command is refused, which must be the first of those without an outcome. */
  public ProcessFixture<S, E> refused(Object command, String code) {
    requireFirst(command);
    return refused(code);
  }

  private void requireFirst(Object command) {
    if (pending.isEmpty() || !pending.getFirst().command().equals(command)) {
      throw failure("the command is not the next to be carried out: " + command);
    }
  }

  private Effect.Send first() {
    if (pending.isEmpty()) {
      throw failure("no command waits for an outcome");
    }
    return pending.removeFirst();
  }

  /** Moves the clock to this timer, which must have been scheduled, and fires it alone. */
  public ProcessFixture<S, E> timer(String name) {
    Timer timer = timers.remove(name);
    if (timer == null) {
      throw failure("no timer \"" + name + "\" is scheduled");
    }
    now = timer.due().isAfter(now) ? timer.due() : now;
    begin();
    take(new Input.TimerFired<>(name, timer.due()), "timer " + name);
    return this;
  }

  /** Moves the clock, and fires every timer that is then due, in order. */
  public ProcessFixture<S, E> advance(Duration time) {
    Instant until = now.plus(time);
    begin();
    story.add("advance " + time);
    Optional<Timer> next = nextDue(until);
    while (next.isPresent()) {
      Timer timer = next.get();
      timers.remove(timer.name());
      now = timer.due().isAfter(now) ? timer.due() : now;
      take(new Input.TimerFired<>(timer.name(), timer.due()), "timer " + timer.name());
      next = nextDue(until);
    }
    now = until;
    return this;
  }

  private Optional<Timer> nextDue(Instant until) {
    return timers.values().stream()
        .filter(timer -> !timer.due().isAfter(until))
        .min(Comparator.comparing(Timer::due));
  }

  /** Somebody asks for another try, which the instance must have asked help for. */
  public ProcessFixture<S, E> retry() {
    if (completed != null) {
      throw failure("the instance is over, and there is nothing to try again");
    }
    if (!needsHelp) {
      throw failure("the instance has not asked for help, and there is nothing to try again");
    }
    begin();
    take(new Input.RetryRequested<>(), "retry");
    return this;
  }

  private void begin() {
    effects.clear();
  }

  private void take(Input<E> input, String told) {
    story.add(told);
    needsHelp = false;
    state = process.evolve(state, input);
    for (Effect effect : process.react(state, input)) {
      if (effect instanceof Effect.Send send && targets != null) {
        CommandTarget<?> target = targets.get(send.target());
        if (target == null) {
          throw failure("there is no target \"" + send.target() + "\" for " + send.command());
        }
        requireWritable(target.types(), send.command(), process.name());
      }
      effects.add(effect);
      story.add("    " + effect);
      apply(effect);
    }
  }

  private void apply(Effect effect) {
    switch (effect) {
      case Effect.Send send -> {
        if (send.key() == null || keys.add(send.key())) {
          pending.add(send);
        }
      }
      case Effect.Schedule timer ->
          timers.put(timer.timer(), new Timer(timer.timer(), now.plus(timer.after())));
      case Effect.ScheduleAt timer ->
          timers.put(timer.timer(), new Timer(timer.timer(), timer.due()));
      case Effect.Cancel cancel -> timers.remove(cancel.timer());
      case Effect.Help help -> needsHelp = true;
      case Effect.Complete complete -> {
        completed = complete;
        timers.clear();
      }
    }
  }

  // ---- what follows

  /**
   * After the last input these commands are sent, in this order, and no others. The {@linkplain
   * Effect.Send#as key} of a command counts where the expected one has a key.
   */
  public ProcessFixture<S, E> thenSends(Effect.Send... expected) {
    List<Effect.Send> actual = new ArrayList<>();
    for (Effect effect : effects) {
      if (effect instanceof Effect.Send send) {
        boolean keyed = actual.size() >= expected.length || expected[actual.size()].key() != null;
        actual.add(keyed ? send : new Effect.Send(send.target(), send.id(), send.command(), null));
      }
    }
    if (!actual.equals(List.of(expected))) {
      throw difference("sends", List.of(expected), actual);
    }
    return this;
  }

  /** After the last input no command is sent. */
  public ProcessFixture<S, E> thenSendsNothing() {
    return thenSends();
  }

  /** After the last input this timer, and no other, is set to fire after this time. */
  public ProcessFixture<S, E> thenSchedules(String timer, Duration after) {
    return schedules(Effect.schedule(timer, after));
  }

  /** After the last input this timer, and no other, is set to fire at this time. */
  public ProcessFixture<S, E> thenSchedules(String timer, Instant due) {
    return schedules(Effect.schedule(timer, due));
  }

  private ProcessFixture<S, E> schedules(Effect expected) {
    List<Effect> actual =
        effects.stream()
            .filter(e -> e instanceof Effect.Schedule || e instanceof Effect.ScheduleAt)
            .toList();
    if (!actual.equals(List.of(expected))) {
      throw difference("schedules", List.of(expected), actual);
    }
    return this;
  }

  /** After the last input these timers, and no others, are cancelled. */
  public ProcessFixture<S, E> thenCancels(String... names) {
    return then("cancels", List.of(names), Effect.Cancel.class, Effect.Cancel::timer);
  }

  /** After the last input the instance asks for help. */
  public ProcessFixture<S, E> thenAsksForHelp() {
    if (effects.stream().noneMatch(Effect.Help.class::isInstance)) {
      throw difference("asks for help", List.of("ask for help"), effects);
    }
    return this;
  }

  /** The instance is over. */
  public ProcessFixture<S, E> thenCompleted() {
    if (completed == null) {
      throw failure("the instance is not over");
    }
    return this;
  }

  /** The instance is over, with this outcome. */
  public ProcessFixture<S, E> thenCompleted(String outcome) {
    thenCompleted();
    String actual = completed == null ? "" : completed.outcome();
    if (!outcome.equals(actual)) {
      throw difference("outcome", List.of(outcome), List.of(actual));
    }
    return this;
  }

  /** The instance is not over. */
  public ProcessFixture<S, E> thenGoesOn() {
    if (completed != null) {
      throw failure("the instance is over: " + completed);
    }
    return this;
  }

  /** Nothing at all follows from the last input. */
  public ProcessFixture<S, E> thenNothing() {
    if (!effects.isEmpty()) {
      throw difference("what follows", List.of(), effects);
    }
    return this;
  }

  /** The instance knows this now. */
  public ProcessFixture<S, E> andState(S expected) {
    if (!state.equals(expected)) {
      throw difference("state", List.of(expected), List.of(state));
    }
    return this;
  }

  /** What the instance knows now, for assertions of another kind. */
  public S state() {
    return state;
  }

  private <T extends Effect, X> ProcessFixture<S, E> then(
      String what, List<?> expected, Class<T> kind, Function<T, X> as) {
    List<X> actual = effects.stream().filter(kind::isInstance).map(kind::cast).map(as).toList();
    if (!actual.equals(expected)) {
      throw difference(what, expected, actual);
    }
    return this;
  }

  private AssertionError difference(String what, List<?> expected, List<?> actual) {
    return failure(
        what
            + " is not as expected\n  expected:"
            + lines(expected)
            + "\n  actual:"
            + lines(actual));
  }

  private static String lines(List<?> values) {
    return values.isEmpty()
        ? " nothing"
        : values.stream().map(value -> "\n    " + value).collect(Collectors.joining());
  }

  private AssertionError failure(String what) {
    String told =
        Stream.concat(Stream.of(process.name() + ": " + what, "  so far:"), lines(story.stream()))
            .collect(Collectors.joining("\n"));
    return new AssertionError(told);
  }

  private static Stream<String> lines(Stream<String> story) {
    return story.map(line -> "    " + line);
  }
}

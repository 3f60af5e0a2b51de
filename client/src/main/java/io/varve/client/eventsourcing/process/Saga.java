package io.varve.client.eventsourcing.process;

import static java.util.Objects.requireNonNull;

import io.varve.client.eventsourcing.Refusal;
import io.varve.client.eventsourcing.process.SagaState.Next;
import io.varve.client.eventsourcing.process.SagaState.Phase;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A process as a list of steps, each a command and, if it has to be undone, another one. When a
 * step is refused, those before it are undone, the last one first. When that is refused too, the
 * saga asks for help and keeps what it knows; {@link ProcessRunner#retry} has it try again.
 *
 * <pre>{@code
 * Saga<TransferRequested, TransferEvent> transfers =
 *     Saga.<TransferEvent>named("transferSaga")
 *         .startedBy(TransferRequested.class, TransferRequested::transferId)
 *         .step("withdraw", t -> Effect.send(ACCOUNTS, t.from(), new Withdraw(t.amount(), t.transferId())))
 *         .undoneBy(t -> Effect.send(ACCOUNTS, t.from(), new Deposit(t.amount(), t.transferId() + "/refund")))
 *         .step("deposit", t -> Effect.send(ACCOUNTS, t.to(), new Deposit(t.amount(), t.transferId())))
 *         .lateAfter(Duration.ofMinutes(5))
 *         .build();
 * }</pre>
 *
 * <p>It ends {@code completed}, {@code compensated} (a step was refused, and what came before is
 * undone), or {@code failed} (a step was refused, and there was nothing to undo); the reason is
 * recorded with it. Only a refusal turns it back. A step that gets no answer is tried for ever: it
 * may have taken effect. {@link Builder#lateAfter} makes that visible, and nothing else.
 *
 * <p><b>Changing the steps.</b> While instances are open, steps may only be appended at the end.
 * Whatever else changes about their order, their names, which of them are undone or tried again, is
 * a new saga, under a new name, and the old one runs until its last instance is over. Each command
 * is sent under a {@linkplain Effect.Send#as key} that is made of its step's name. An outcome of
 * another step than the list says stops its instance before anything is done: it shows as {@link
 * ProcessStatus#stuck}, and goes on when a program with the former steps takes it up.
 *
 * @param <D> the event that starts it
 * @param <E> the events that it listens to
 */
public final class Saga<D extends E, E> implements ProcessManager<SagaState<D>, E> {

  /** The timer that says that a step takes long. */
  public static final String LATE = "late";

  /** The timer after which a refused command is sent again. */
  public static final String AGAIN = "again";

  private record Step<D>(
      String name,
      Function<? super D, Effect.Send> command,
      @Nullable BiFunction<? super D, ? super Refusal, Effect.Send> undo,
      @Nullable Duration lateAfter,
      Set<String> retryCodes,
      int retries,
      Duration retryPause) {}

  private final String name;
  private final Class<D> start;
  private final Function<? super D, String> id;
  private final List<Step<D>> steps;

  private Saga(String name, Class<D> start, Function<? super D, String> id, List<Step<D>> steps) {
    this.name = name;
    this.start = start;
    this.id = id;
    this.steps = List.copyOf(steps);
  }

  /** Starts a saga of this name, which is a process's name. */
  public static <E> Named<E> named(String name) {
    return new Named<>(requireNonNull(name));
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public SagaState<D> initial() {
    return new SagaState<>(null, Phase.NEW, 0, 0, false, "", null, Next.NOTHING);
  }

  @Override
  public Optional<String> correlate(E event, Origin origin) {
    return start.isInstance(event) ? Optional.of(id.apply(start.cast(event))) : Optional.empty();
  }

  @Override
  public boolean starts(E event) {
    return start.isInstance(event);
  }

  @Override
  public SagaState<D> evolve(SagaState<D> saga, Input<E> input) {
    return switch (input) {
      case Input.Happened<E> happened -> {
        boolean starts = saga.phase() == Phase.NEW && start.isInstance(happened.event());
        yield starts
            ? new SagaState<>(
                start.cast(happened.event()), Phase.RUNNING, 0, 0, false, "", null, Next.GO_ON)
            : saga.with(saga.tries(), saga.late(), Next.NOTHING);
      }
      case Input.CommandAccepted<E> accepted -> {
        requireAwaited(saga, accepted.sent());
        yield afterAcceptance(saga);
      }
      case Input.CommandRefused<E> refused -> {
        requireAwaited(saga, refused.sent());
        yield afterRefusal(saga, refused.refusal());
      }
      case Input.TimerFired<E> fired ->
          fired.timer().equals(AGAIN)
              ? saga.with(saga.tries(), saga.late(), Next.GO_ON)
              : saga.with(saga.tries(), true, Next.NOTHING);
      case Input.RetryRequested<E> retry ->
          saga.phase() == Phase.NEEDS_HELP
              ? saga.with(Phase.COMPENSATING, saga.step(), saga.reason(), Next.GO_ON)
                  .with(saga.tries() + 1, false, Next.GO_ON)
              : saga.with(saga.tries(), saga.late(), Next.NOTHING);
    };
  }

  /**
   * The state is only where in the list the saga stands, so it means nothing with another list:
   * going on would take a step twice, or none.
   */
  private void requireAwaited(SagaState<D> saga, Effect.Send decided) {
    boolean waits = saga.phase() == Phase.RUNNING || saga.phase() == Phase.COMPENSATING;
    String awaited = waits ? key(saga) : null;
    if (awaited == null || !awaited.equals(decided.key())) {
      throw new IllegalStateException(
          "saga "
              + name
              + (awaited == null ? " waits for no step" : " waits for step \"" + awaited + "\"")
              + ", and this is the outcome of "
              + (decided.key() == null ? "no step" : "\"" + decided.key() + "\"")
              + ": have its steps changed while it was under way?");
    }
  }

  /** The name of the command that it is about: no two of an instance have the same. */
  private String key(SagaState<D> saga) {
    String step = steps.get(saga.step()).name();
    String key = saga.phase() == Phase.COMPENSATING ? step + "/undo" : step;
    return saga.tries() == 0 ? key : key + "/" + (saga.tries() + 1);
  }

  private SagaState<D> afterAcceptance(SagaState<D> saga) {
    if (saga.phase() == Phase.COMPENSATING) {
      return undo(saga, saga.step(), saga.reason(), Phase.COMPENSATED);
    }
    int next = saga.step() + 1;
    return next < steps.size()
        ? saga.with(Phase.RUNNING, next, saga.reason(), Next.GO_ON)
        : saga.with(Phase.COMPLETED, saga.step(), saga.reason(), Next.GO_ON);
  }

  private SagaState<D> afterRefusal(SagaState<D> saga, Refusal refusal) {
    Step<D> step = steps.get(saga.step());
    if (saga.phase() == Phase.COMPENSATING) {
      String reason = saga.reason() + "; undoing " + step.name() + " was refused: " + refusal;
      return saga.with(Phase.NEEDS_HELP, saga.step(), reason, Next.GO_ON)
          .with(saga.tries(), false, Next.GO_ON);
    }
    if (step.retryCodes().contains(refusal.code()) && saga.tries() < step.retries()) {
      return saga.with(saga.tries() + 1, saga.late(), Next.PAUSE);
    }
    String reason = step.name() + " was refused: " + refusal;
    return undo(saga.turnedBackBy(refusal), saga.step(), reason, Phase.FAILED);
  }

  /** Goes back to the next step below that has to be undone. */
  private SagaState<D> undo(SagaState<D> saga, int below, String reason, Phase ifNone) {
    for (int step = below - 1; step >= 0; step--) {
      if (steps.get(step).undo() != null) {
        return saga.with(Phase.COMPENSATING, step, reason, Next.GO_ON);
      }
    }
    return saga.with(ifNone, saga.step(), reason, Next.GO_ON);
  }

  @Override
  public List<Effect> react(SagaState<D> saga, Input<E> input) {
    if (saga.data() == null) {
      return List.of();
    }
    return switch (saga.next()) {
      case NOTHING -> List.of();
      case PAUSE -> List.of(Effect.schedule(AGAIN, steps.get(saga.step()).retryPause()));
      case GO_ON -> goOn(saga, saga.data());
    };
  }

  private List<Effect> goOn(SagaState<D> saga, D data) {
    Step<D> step = steps.get(saga.step());
    return switch (saga.phase()) {
      case NEW -> List.of();
      case RUNNING -> {
        Effect.Send send = step.command().apply(data).as(key(saga));
        yield saga.tries() > 0
            ? List.of(send) // its time goes on from the first try
            : List.of(
                send,
                step.lateAfter() == null
                    ? Effect.cancel(LATE)
                    : Effect.schedule(LATE, step.lateAfter()));
      }
      case COMPENSATING ->
          List.of(
              requireNonNull(step.undo()).apply(data, requireNonNull(saga.refusal())).as(key(saga)),
              Effect.cancel(LATE));
      case NEEDS_HELP -> List.of(Effect.help(saga.reason()));
      case COMPLETED -> List.of(Effect.complete("completed"));
      case COMPENSATED -> List.of(Effect.complete("compensated", saga.reason()));
      case FAILED -> List.of(Effect.complete("failed", saga.reason()));
    };
  }

  /** A saga that has a name and nothing else. */
  public static final class Named<E> {

    private final String name;

    private Named(String name) {
      this.name = name;
    }

    /**
     * The event that starts an instance; it is what the steps are told.
     *
     * @param id gives the instance's id
     */
    public <D extends E> Builder<D, E> startedBy(Class<D> start, Function<? super D, String> id) {
      return new Builder<>(name, start, id);
    }
  }

  /** Builds a {@link Saga}. Not safe for use by several threads. */
  public static final class Builder<D extends E, E> {

    private final String name;
    private final Class<D> start;
    private final Function<? super D, String> id;
    private final List<Step<D>> steps = new ArrayList<>();

    private Builder(String name, Class<D> start, Function<? super D, String> id) {
      this.name = name;
      this.start = requireNonNull(start);
      this.id = requireNonNull(id);
    }

    /**
     * The next step: a command that is sent when all steps before it are taken.
     *
     * @param name unique in the saga, without {@code /}; the key of the command is made of it, in
     *     place of one that the command has
     * @throws IllegalArgumentException the name is empty, taken, or has a {@code /}
     */
    public Builder<D, E> step(String name, Function<? super D, Effect.Send> command) {
      if (name.isEmpty() || name.contains("/")) {
        throw new IllegalArgumentException(
            "a step's name is not empty and has no \"/\", was \"" + name + "\"");
      }
      if (steps.stream().anyMatch(step -> step.name().equals(name))) {
        throw new IllegalArgumentException("there is a step \"" + name + "\" already");
      }
      steps.add(new Step<>(name, requireNonNull(command), null, null, Set.of(), 0, Duration.ZERO));
      return this;
    }

    /**
     * What undoes the step that was named last, when a later one is refused. Without it there is
     * nothing to undo about the step.
     */
    public Builder<D, E> undoneBy(Function<? super D, Effect.Send> command) {
      requireNonNull(command);
      return undoneBy((data, _refusal) -> command.apply(data));
    }

    /**
     * What undoes the step that was named last, when a later one is refused. The command may tell
     * why that was: it is made with the refusal of the step that turned the saga back, which stays
     * the same however many steps are undone, and however often that is tried again.
     */
    public Builder<D, E> undoneBy(BiFunction<? super D, ? super Refusal, Effect.Send> command) {
      Step<D> s = last();
      return replaceLast(
          new Step<>(
              s.name(),
              s.command(),
              requireNonNull(command),
              s.lateAfter(),
              s.retryCodes(),
              s.retries(),
              s.retryPause()));
    }

    /** After this time the step that was named last is late; its state says so. */
    public Builder<D, E> lateAfter(Duration time) {
      Step<D> s = last();
      return replaceLast(
          new Step<>(
              s.name(),
              s.command(),
              s.undo(),
              requireNonNull(time),
              s.retryCodes(),
              s.retries(),
              s.retryPause()));
    }

    /**
     * When the step that was named last is refused for one of these reasons, its command is sent
     * again, as a new one, up to so many times: the reason may pass.
     *
     * @param pause after each refusal
     * @param codes the codes of the refusals
     */
    public Builder<D, E> retry(int times, Duration pause, String... codes) {
      if (times < 1) {
        throw new IllegalArgumentException("times must be >= 1, was " + times);
      }
      Step<D> s = last();
      return replaceLast(
          new Step<>(
              s.name(),
              s.command(),
              s.undo(),
              s.lateAfter(),
              Set.of(codes),
              times,
              requireNonNull(pause)));
    }

    private Step<D> last() {
      if (steps.isEmpty()) {
        throw new IllegalStateException("there is no step yet");
      }
      return steps.getLast();
    }

    private Builder<D, E> replaceLast(Step<D> step) {
      steps.removeLast();
      steps.add(step);
      return this;
    }

    /**
     * The saga.
     *
     * @throws IllegalStateException it has no step
     */
    public Saga<D, E> build() {
      if (steps.isEmpty()) {
        throw new IllegalStateException("saga " + name + " has no step");
      }
      return new Saga<>(name, start, id, steps);
    }
  }
}

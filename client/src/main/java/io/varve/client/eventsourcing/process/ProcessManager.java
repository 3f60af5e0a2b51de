package io.varve.client.eventsourcing.process;

import java.util.List;
import java.util.Optional;

/**
 * A process that turns events into commands, as pure functions: which instance an event belongs to,
 * what the instance knows after an input, and what it wants done. Nothing here waits, sends or asks
 * what time it is; {@link ProcessRunner} does that, durably.
 *
 * <pre>{@code
 * final class Reminders implements ProcessManager<Boolean, OrderEvent> {
 *   public String name() { return "reminders"; }
 *   public Boolean initial() { return false; }
 *   public boolean starts(OrderEvent event) { return event instanceof OrderPlaced; }
 *   public Optional<String> correlate(OrderEvent event, Origin origin) { return Optional.of(origin.id()); }
 *   public Boolean evolve(Boolean paid, Input<OrderEvent> input) {
 *     return paid || input instanceof Input.Happened<OrderEvent> h && h.event() instanceof OrderPaid;
 *   }
 *   public List<Effect> react(Boolean paid, Input<OrderEvent> input) {
 *     return switch (input) {
 *       case Input.Happened<OrderEvent> h when paid -> List.of(Effect.complete("paid"));
 *       case Input.Happened<OrderEvent> h -> List.of(Effect.schedule("unpaid", Duration.ofDays(3)));
 *       case Input.TimerFired<OrderEvent> t -> List.of(Effect.send(MAILS, "reminder", new Remind()));
 *       default -> List.of();
 *     };
 *   }
 * }
 * }</pre>
 *
 * <p>Two rules keep money and goods where they can be seen. A timer that fires says that something
 * has not been answered <em>yet</em>: it never undoes a command, whose outcome is still unknown;
 * only a refusal does. And what cannot be undone either is a case for people: {@link Effect#help},
 * never silence.
 *
 * @param <S> what an instance knows, immutable
 * @param <E> the events that it listens to, best a sealed interface of records
 */
public interface ProcessManager<S, E> {

  /**
   * The process's name: the category of its instances' streams, and the source under which its
   * progress is stored. Never to be changed once instances exist; 1 to 200 bytes of UTF-8, without
   * {@code -} and control characters, and no {@code $} at its beginning.
   */
  String name();

  /** What an instance knows before its first input. */
  S initial();

  /**
   * The id of the instance that the event belongs to; empty: it concerns none. The instance's
   * stream is the process's name, {@code -}, and this id.
   */
  Optional<String> correlate(E event, Origin origin);

  /**
   * Whether the event begins an instance that does not exist yet. Events that do not are passed
   * over until one has; one that has completed takes no more events of any kind.
   */
  boolean starts(E event);

  /** What the instance knows after the input. */
  S evolve(S state, Input<E> input);

  /**
   * What is to be done now, in this order.
   *
   * @param state what the instance knows, with the input taken in already
   */
  List<Effect> react(S state, Input<E> input);
}

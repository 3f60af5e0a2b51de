package io.varve.client.eventsourcing.aggregate;

import static java.util.Objects.requireNonNull;

import io.varve.client.eventsourcing.CommandRefusedException;
import io.varve.client.eventsourcing.Decider;
import io.varve.client.eventsourcing.Decision;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * A root as a decider, except that it is not pure: deciding changes the root itself, so what was
 * decided must not be evolved again, and a root that has decided is used up unless its events are
 * written.
 */
final class RootDecider<A extends AggregateRoot<E>, E> implements Decider<Consumer<A>, A, E> {

  private final Supplier<A> create;

  RootDecider(Supplier<A> create) {
    this.create = requireNonNull(create);
  }

  @Override
  public A initial() {
    return create.get();
  }

  @Override
  public Decision<E> decide(Consumer<A> command, A root) {
    root.takeRaised(); // whoever had it before may have raised something that was not written
    try {
      command.accept(root);
    } catch (CommandRefusedException e) {
      return new Decision.Refused<>(e.refusal());
    }
    return Decision.of(root.takeRaised());
  }

  @Override
  public A evolve(A root, E event) {
    root.on(event);
    return root;
  }
}

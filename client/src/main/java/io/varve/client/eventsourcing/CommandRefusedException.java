package io.varve.client.eventsourcing;

import static java.util.Objects.requireNonNull;

/**
 * A command was refused by the domain, and nothing was written: the {@link Refusal} for those who
 * like exceptions. Trying again does not help unless something else happens first.
 */
public final class CommandRefusedException extends RuntimeException {

  private static final long serialVersionUID = 1;

  private final transient Refusal refusal;

  /** Says why. */
  public CommandRefusedException(Refusal refusal) {
    super(requireNonNull(refusal).toString());
    this.refusal = refusal;
  }

  /** Why it was refused. */
  public Refusal refusal() {
    return refusal;
  }
}

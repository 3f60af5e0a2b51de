package io.varve.server.security;

import io.varve.server.append.Outcome;
import java.util.function.Consumer;

/** Where changes of access are kept. */
public interface AccessJournal {

  /**
   * Keeps a change. The callback hears what became of it, {@link Outcome.Appended} once it is
   * durable; it must be short. Changes are kept, and told, in the order of the calls.
   */
  void append(AccessChange change, String by, Consumer<Outcome> done);
}

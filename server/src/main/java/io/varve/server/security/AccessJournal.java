package io.varve.server.security;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Where changes of access are kept. */
public interface AccessJournal {

  /**
   * Keeps a change. The callback hears null once it is durable, and otherwise why it is not; it
   * must be short. Changes are kept, and told, in the order of the calls.
   */
  void append(AccessChange change, String by, Consumer<@Nullable String> done);
}

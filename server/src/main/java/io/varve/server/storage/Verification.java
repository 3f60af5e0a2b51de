package io.varve.server.storage;

/** Re-reads a part of the store and compares it with the rest. May take as long as reading it. */
public interface Verification {
  /**
   * Looks at everything. Damage is told to the watch and does not end it.
   *
   * @throws RuntimeException whatever the watch throws, which ends it early
   */
  void run(VerifyWatch watch);
}

package io.varve.client.eventsourcing.consumer;

/** What the tests of consumers are about. */
public sealed interface Note {

  /** Something was written down. */
  record Noted(String text) implements Note {}

  /** Something was crossed out. */
  record CrossedOut(String text) implements Note {}
}

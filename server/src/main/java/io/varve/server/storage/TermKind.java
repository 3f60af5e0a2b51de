package io.varve.server.storage;

/** What kind of thing an event can be found by, beside its id and its place. */
public enum TermKind {
  /** Its type; every event has one. */
  TYPE,
  /** A tag; an event has any number. */
  TAG,
  /** Its stream's category; every event has one. */
  CATEGORY
}

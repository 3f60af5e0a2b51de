package io.varve.server.event;

/** Whether a stream can be read and appended to. */
public enum StreamLife {
  /** It can. */
  OPEN,

  /** Hidden until somebody appends to it; its versions then continue. */
  DELETED,

  /** Closed for ever. */
  TOMBSTONED
}

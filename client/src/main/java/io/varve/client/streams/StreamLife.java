package io.varve.client.streams;

/** Whether a stream can be read and appended to. */
public enum StreamLife {

  /** It can. */
  OPEN,

  /** It is hidden until somebody appends to it; its versions then continue. */
  DELETED,

  /** It is closed for ever: its name can never be used again. */
  TOMBSTONED
}

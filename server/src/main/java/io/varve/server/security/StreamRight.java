package io.varve.server.security;

/** What the access control list of a stream tells apart, and how it calls that. */
public enum StreamRight {
  /** Read the stream's events. */
  READ("$r"),
  /** Append to it. */
  WRITE("$w"),
  /** Delete it, or close it for ever. */
  DELETE("$d"),
  /**
   * Read and follow its metadata stream, {@code $$NAME}. What Varve's own API tells of a stream
   * beside its events is under {@link #READ}.
   */
  READ_METADATA("$mr"),
  /** Say and decide that. */
  WRITE_METADATA("$mw");

  private final String key;

  StreamRight(String key) {
    this.key = key;
  }

  /** How a list calls it: {@code $r}. */
  public String key() {
    return key;
  }
}

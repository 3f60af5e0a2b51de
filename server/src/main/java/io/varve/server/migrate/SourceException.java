package io.varve.server.migrate;

/** Another store does not give its events. The message is a sentence that names it. */
public final class SourceException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** What became of the call. */
  public enum Kind {
    /** The store cannot be reached, or did not answer in time: it may answer later. */
    UNAVAILABLE,

    /** It does not let the caller do this, or does not know the caller. */
    DENIED,

    /** It answers with something else. */
    REFUSED
  }

  private final Kind kind;

  SourceException(Kind kind, String sentence, Throwable cause) {
    super(sentence, cause);
    this.kind = kind;
  }

  public Kind kind() {
    return kind;
  }
}

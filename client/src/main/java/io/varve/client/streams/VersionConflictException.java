package io.varve.client.streams;

import org.jspecify.annotations.Nullable;

/**
 * The expected version did not hold, and nothing was written. Load the stream again, decide again.
 */
public final class VersionConflictException extends VarveException {

  private static final long serialVersionUID = 1;

  private final String stream;
  private final transient ExpectedVersion expected;
  private final long actualVersion;

  /** Made by stores, and by tests of code that handles it. */
  public VersionConflictException(
      String stream, ExpectedVersion expected, long actualVersion, @Nullable Throwable cause) {
    super(
        "stream \""
            + stream
            + "\": expected "
            + expected
            + ", but "
            + (actualVersion == 0 ? "there is no such stream" : "it is at version " + actualVersion)
            + "; nothing was written",
        cause);
    this.stream = stream;
    this.expected = expected;
    this.actualVersion = actualVersion;
  }

  /** The stream. */
  public String stream() {
    return stream;
  }

  /** What the appender believed. */
  public ExpectedVersion expected() {
    return expected;
  }

  /** The stream's version when the append was decided; 0: it had no event. */
  public long actualVersion() {
    return actualVersion;
  }

  /** Always false: the caller must load and decide again. */
  @Override
  public boolean retryable() {
    return false;
  }
}

package io.varve.client.streams;

/**
 * What an appender believes about a stream. It is checked in the same atomic step as the write; if
 * it does not hold, the append is refused with a {@link VersionConflictException}.
 *
 * <pre>{@code
 * store.append("account-42", ExpectedVersion.noStream(), opened);
 * store.append("account-42", ExpectedVersion.exactly(1), deposited);
 * }</pre>
 */
public sealed interface ExpectedVersion {

  /** Nothing: append in any case. */
  record Any() implements ExpectedVersion {
    @Override
    public String toString() {
      return "any version";
    }
  }

  /** The stream has no event yet. */
  record NoStream() implements ExpectedVersion {
    @Override
    public String toString() {
      return "no stream";
    }
  }

  /** The stream has at least one event, whichever its version is. */
  record StreamExists() implements ExpectedVersion {
    @Override
    public String toString() {
      return "stream exists";
    }
  }

  /**
   * The stream's last event has exactly this version.
   *
   * @param version 0: the stream has no event yet
   */
  record Exactly(long version) implements ExpectedVersion {
    public Exactly {
      if (version < 0) {
        throw new IllegalArgumentException("expected version must be >= 0, was " + version);
      }
    }

    @Override
    public String toString() {
      return "version " + version;
    }
  }

  /** No check. */
  static ExpectedVersion any() {
    return new Any();
  }

  /** The stream has no event yet. */
  static ExpectedVersion noStream() {
    return new NoStream();
  }

  /** The stream has at least one event. */
  static ExpectedVersion streamExists() {
    return new StreamExists();
  }

  /**
   * The stream's last event has exactly this version.
   *
   * @param version 0: the stream has no event yet
   * @throws IllegalArgumentException the version is negative
   */
  static ExpectedVersion exactly(long version) {
    return new Exactly(version);
  }
}

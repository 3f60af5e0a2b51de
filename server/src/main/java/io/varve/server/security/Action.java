package io.varve.server.security;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** What a permission allows. */
public enum Action {
  /** See events, streams and snapshots. */
  READ,
  /** Append events, and save or delete snapshots. */
  APPEND,
  /** Decide what is kept of streams: retention, truncation, deletion, tombstones. */
  MANAGE,
  /** Use consumer groups. Its scope is about names of groups. */
  CONSUME,
  /** Everything, on every stream, the server's own included. Has no scope. */
  ADMINISTER;

  /** How it is written: {@code read}. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  static Action of(String word) {
    return Arrays.stream(values())
        .filter(action -> action.word().equals(word))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "there is no action \""
                        + word
                        + "\"; there are "
                        + Arrays.stream(values())
                            .map(Action::word)
                            .collect(Collectors.joining(", "))));
  }
}

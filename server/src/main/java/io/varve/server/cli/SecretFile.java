package io.varve.server.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A file whose first line is a password or a token. Its owner may replace it while a tool runs,
 * which takes up the new secret soon. Thread-safe.
 */
final class SecretFile {
  private static final Duration LOOK_AGAIN_AFTER = Duration.ofSeconds(1);

  private final Path path;
  private @Nullable String last; // guarded by this
  private long readAt; // guarded by this

  SecretFile(Path path) {
    this.path = path;
  }

  /**
   * What is in the file now.
   *
   * @throws CommandFailure it cannot be read, or is empty
   */
  synchronized String read() {
    String secret;
    try (var lines = Files.lines(path)) {
      secret = lines.findFirst().orElse("").strip();
    } catch (NoSuchFileException e) {
      throw new CommandFailure(ExitCode.NOT_THERE, "there is no file " + path, e);
    } catch (UncheckedIOException e) {
      throw new CommandFailure(ExitCode.REFUSED, path + " is not text in UTF-8", e);
    } catch (IOException e) {
      throw new CommandFailure(
          ExitCode.NOT_THERE, "cannot read " + path + " (" + e.getMessage() + ")", e);
    }
    if (secret.isEmpty()) {
      throw new CommandFailure(ExitCode.REFUSED, "the first line of " + path + " is empty");
    }
    last = secret;
    readAt = System.nanoTime();
    return secret;
  }

  /** The same, a second old at most; while the file cannot be read, what was in it before. */
  synchronized String current() {
    String known = last;
    if (known != null && System.nanoTime() - readAt < LOOK_AGAIN_AFTER.toNanos()) {
      return known;
    }
    try {
      return read();
    } catch (CommandFailure e) {
      if (known == null) {
        throw e;
      }
      readAt = System.nanoTime();
      return known; // it is being replaced
    }
  }
}

package io.varve.server.cli;

import java.io.BufferedWriter;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;

/**
 * A writer whose failures reach the command. A {@link PrintWriter} swallows every {@link
 * IOException}, so that a command would go on into a pipe that nobody reads, or leave half a file
 * on a full disk and report success; an {@link UncheckedIOException} it lets through.
 */
final class LoudWriter extends Writer {
  private static final int BUFFER_CHARS = 32 << 10;

  private final Writer target;

  LoudWriter(Writer target) {
    this.target = target;
  }

  /** The standard output, in UTF-8 whatever the locale is. Written when it is flushed, or full. */
  static PrintWriter standardOutput() {
    return new PrintWriter(buffered(FileDescriptor.out), false);
  }

  /** The standard error output, written at each line. */
  static PrintWriter standardError() {
    return new PrintWriter(
        new OutputStreamWriter(new FileOutputStream(FileDescriptor.err), StandardCharsets.UTF_8),
        true);
  }

  private static Writer buffered(FileDescriptor descriptor) {
    return new BufferedWriter(
        new LoudWriter(
            new OutputStreamWriter(new FileOutputStream(descriptor), StandardCharsets.UTF_8)),
        BUFFER_CHARS);
  }

  /**
   * Whether whoever read the output has gone; the JDK has no class for it, only the system's text.
   */
  static boolean isPipeClosed(UncheckedIOException failure) {
    String message = String.valueOf(failure.getMessage());
    return message.contains("Broken pipe") || message.contains("The pipe is being closed");
  }

  @Override
  public void write(char[] text, int from, int length) {
    try {
      target.write(text, from, length);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void flush() {
    try {
      target.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    flush();
  }
}

package io.varve.server.cli;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** What is said of a file that a tool was to read. */
final class InputFile {
  private InputFile() {}

  static String cannotRead(Path file, IOException why) {
    String reason =
        switch (why) {
          case NoSuchFileException _ -> "there is no such file";
          case AccessDeniedException _ -> "permission denied";
          default -> String.valueOf(why.getMessage());
        };
    return "cannot read " + file + ": " + reason;
  }
}

package io.varve.server.cli;

import io.varve.server.StartFailure;

/**
 * How the command ends, after the numbers of BSD's sysexits where they have one. Scripts rely on
 * these.
 */
enum ExitCode {
  OK(0, "done; a server: a clean stop"),
  UNEXPECTED(1, "a fault of the program's own"),
  CONFLICT(4, "the store is not as the request expects it; nothing was written"),
  USAGE(64, "the command line is wrong"),
  REFUSED(65, "the input or the request is malformed or over a limit"),
  NOT_THERE(66, "there is no such stream, event, group or input file"),
  ADDRESS_UNAVAILABLE(
      69, "the port is taken or the address is not this machine's; for tools: no store answers"),
  FOLDER_UNUSABLE(73, "the data folder cannot be created, read or written"),
  STORAGE_UNUSABLE(
      74, "the database or a backup is damaged or cannot be opened; a file cannot be written"),
  FOLDER_IN_USE(75, "another server has the data folder open"),
  DENIED(77, "the store does not let the caller do this"),
  CONFIGURATION(78, "the configuration is wrong, or there is no Java 25 or newer");

  private final int code;
  private final String meaning;

  ExitCode(int code, String meaning) {
    this.code = code;
    this.meaning = meaning;
  }

  static ExitCode of(StartFailure.Kind kind) {
    return switch (kind) {
      case FOLDER_UNUSABLE -> FOLDER_UNUSABLE;
      case FOLDER_IN_USE -> FOLDER_IN_USE;
      case ADDRESS_UNAVAILABLE -> ADDRESS_UNAVAILABLE;
      case STORAGE_UNUSABLE -> STORAGE_UNUSABLE;
      case CONFIGURATION -> CONFIGURATION;
    };
  }

  int code() {
    return code;
  }

  String meaning() {
    return meaning;
  }
}

package io.varve.server.cli;

import io.varve.server.StartFailure;

/**
 * How the command ends, after the numbers of BSD's sysexits where they have one. Scripts rely on
 * these.
 */
enum ExitCode {
  OK(0, "a clean stop"),
  UNEXPECTED(1, "a fault of the program's own"),
  USAGE(64, "the command line is wrong"),
  ADDRESS_UNAVAILABLE(69, "the port is taken or the address is not this machine's"),
  FOLDER_UNUSABLE(73, "the data folder cannot be created, read or written"),
  STORAGE_UNUSABLE(74, "the database cannot be opened or is damaged"),
  FOLDER_IN_USE(75, "another server has the data folder open"),
  WRONG_JAVA(78, "no Java 25 or newer");

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
    };
  }

  int code() {
    return code;
  }

  String meaning() {
    return meaning;
  }
}

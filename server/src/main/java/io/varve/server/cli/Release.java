package io.varve.server.cli;

import org.jspecify.annotations.Nullable;

/** Which release this is, as the build wrote it into the JAR. */
final class Release {
  private Release() {}

  /** The release's number; {@code unpackaged} when the classes do not come from a JAR. */
  static String number() {
    @Nullable String number = Release.class.getPackage().getImplementationVersion();
    return number == null ? "unpackaged" : number;
  }
}

package io.varve.server;

import org.jspecify.annotations.Nullable;

/** Which release this is, as the build wrote it into the JAR. */
public final class Release {
  private Release() {}

  /** The release's number; {@code unpackaged} when the classes do not come from a JAR. */
  public static String number() {
    @Nullable String number = Release.class.getPackage().getImplementationVersion();
    return number == null ? "unpackaged" : number;
  }
}

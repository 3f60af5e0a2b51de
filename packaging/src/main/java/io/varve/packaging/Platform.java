package io.varve.packaging;

import java.util.Locale;

/**
 * What RocksDB's native code is shipped for. The launcher is a POSIX shell script, so no Windows.
 */
enum Platform {
  LINUX_X86_64("linux-x86_64", "amd64", "linux64"),
  LINUX_AARCH64("linux-aarch64", "arm64", "linux-aarch64"),
  MACOS_X86_64("macos-x86_64", "amd64", "osx-x86_64"),
  MACOS_AARCH64("macos-aarch64", "arm64", "osx-arm64");

  /** How the files begin that hold native code, in rocksdbjni's JAR. */
  private static final String PREFIX = "librocksdbjni-";

  private final String label;
  private final String architecture;
  private final String nativeCode;

  Platform(String label, String architecture, String nativeCode) {
    this.label = label;
    this.architecture = architecture;
    this.nativeCode = PREFIX + nativeCode;
  }

  static Platform ofThisMachine() {
    String os = System.getProperty("os.name").toLowerCase(Locale.ROOT);
    boolean arm = System.getProperty("os.arch").equals("aarch64");
    if (os.startsWith("linux")) {
      return arm ? LINUX_AARCH64 : LINUX_X86_64;
    }
    return arm ? MACOS_AARCH64 : MACOS_X86_64;
  }

  String label() {
    return label;
  }

  /** As Debian and container images call it. */
  String architecture() {
    return architecture;
  }

  boolean isLinux() {
    return label.startsWith("linux");
  }

  /** The file in rocksdbjni's JAR that holds the native code for the usual C library. */
  String nativeCode() {
    return nativeCode + (isLinux() ? ".so" : ".jnilib");
  }

  /** Whether a file in rocksdbjni's JAR is native code of another platform. */
  boolean isForeign(String name) {
    return name.startsWith(PREFIX)
        && !name.startsWith(nativeCode + ".")
        && !name.startsWith(nativeCode + "-musl.");
  }
}

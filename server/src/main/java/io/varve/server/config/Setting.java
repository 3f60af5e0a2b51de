package io.varve.server.config;

import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One row of the table of settings ({@link Settings}): everything that the command line, the
 * environment, the file, the help and the documentation need to know of it.
 */
public final class Setting<T> {
  private final String name;
  private final SettingKind<T> kind;
  private final @Nullable T standard;
  private final Section section;
  private final String sentence;
  private final boolean secret;

  /** Where the help and the documentation put it. */
  public enum Section {
    BASICS("The store and its port"),
    ACCESS("Transport security and access"),
    OPERATIONS("Looking after it"),
    STORAGE("Storage and memory"),
    LIMITS("What one request may ask for");

    private final String title;

    Section(String title) {
      this.title = title;
    }

    public String title() {
      return title;
    }
  }

  Setting(
      String name,
      SettingKind<T> kind,
      @Nullable T standard,
      Section section,
      String sentence,
      boolean secret) {
    this.name = name;
    this.kind = kind;
    this.standard = standard;
    this.section = section;
    this.sentence = sentence;
    this.secret = secret;
  }

  /** Its key in the file: {@code scavenge-interval}. */
  public String name() {
    return name;
  }

  /** Its variable in the environment: {@code VARVE_SCAVENGE_INTERVAL}. */
  public String variable() {
    return Settings.PREFIX + name.toUpperCase(Locale.ROOT).replace('-', '_');
  }

  /**
   * Its option on the command line, absent for a secret: everybody on the machine can see a command
   * line.
   */
  public Optional<String> option() {
    if (secret) {
      return Optional.empty();
    }
    return Optional.of(
        section == Section.LIMITS ? "--limit " + Settings.limitName(this) : "--" + name);
  }

  public SettingKind<T> kind() {
    return kind;
  }

  /** What holds when nobody says otherwise. Empty: nothing does. */
  public Optional<T> standard() {
    return Optional.ofNullable(standard);
  }

  /** The default as text; empty if there is none. */
  public String standardText() {
    return standard == null ? "" : kind.writer().apply(standard);
  }

  public Section section() {
    return section;
  }

  /** What it is, with the meaning of special values. */
  public String sentence() {
    return sentence;
  }

  /** Whether its value is never shown. */
  public boolean secret() {
    return secret;
  }

  @Override
  public String toString() {
    return name;
  }
}

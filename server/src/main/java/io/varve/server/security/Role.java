package io.varve.server.security;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** Permissions that go together, under a name. A user has one. */
public enum Role {
  /** Sees everything but system streams. */
  READER(Action.READ),
  /** An application: reads, appends, uses consumer groups. */
  WRITER(Action.READ, Action.APPEND, Action.CONSUME),
  /** The same, and decides what is kept of streams. */
  MANAGER(Action.READ, Action.APPEND, Action.CONSUME, Action.MANAGE),
  /** May do everything. */
  ADMINISTRATOR(Action.ADMINISTER);

  /** The actions' words, with blanks between them. */
  private final String actions;

  Role(Action... actions) {
    this.actions = Arrays.stream(actions).map(Action::word).collect(Collectors.joining(" "));
  }

  public List<Permission> permissions() {
    return Arrays.stream(actions.split(" ", -1)).map(Permission::parse).toList();
  }

  /** How it is written: {@code administrator}. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * The role that is written so.
   *
   * @throws IllegalArgumentException with a sentence, if there is none
   */
  public static Role of(String word) {
    return Arrays.stream(values())
        .filter(role -> role.word().equals(word))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "there is no role \""
                        + word
                        + "\"; there are "
                        + Arrays.stream(values())
                            .map(Role::word)
                            .collect(Collectors.joining(", "))));
  }
}

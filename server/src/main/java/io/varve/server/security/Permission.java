package io.varve.server.security;

import io.varve.server.event.StreamScope;

/**
 * An action that is allowed, and on what. Written {@code read} (on everything but system streams),
 * {@code read:account-} (on names that begin so) or {@code read:category=account}.
 *
 * @param prefix names begin with it; empty for any name
 * @param category names are of this category; empty for any
 */
public record Permission(Action action, String prefix, String category) {
  private static final String CATEGORY = "category=";

  public Permission {
    if (!prefix.isEmpty() && !category.isEmpty()) {
      throw new IllegalArgumentException("a permission has a prefix or a category, not both");
    }
    if (action == Action.ADMINISTER && !(prefix + category).isEmpty()) {
      throw new IllegalArgumentException("administer is about everything and has no scope");
    }
    if (category.indexOf('-') >= 0) {
      throw new IllegalArgumentException(
          "a category ends before the first \"-\"; for names that begin so, say "
              + action.word()
              + ":"
              + category);
    }
    if (prefix.startsWith("$") || category.startsWith("$")) {
      throw new IllegalArgumentException(
          "system streams can be read with administer only; no permission names them");
    }
  }

  /**
   * Reads a permission.
   *
   * @throws IllegalArgumentException with a sentence, if it is none
   */
  public static Permission parse(String text) {
    int colon = text.indexOf(':');
    if (colon < 0) {
      return new Permission(Action.of(text), "", "");
    }
    Action action = Action.of(text.substring(0, colon));
    String scope = text.substring(colon + 1);
    if (scope.isEmpty() || scope.equals(CATEGORY)) {
      throw new IllegalArgumentException("\"" + text + "\" has nothing behind its last sign");
    }
    return scope.startsWith(CATEGORY)
        ? new Permission(action, "", scope.substring(CATEGORY.length()))
        : new Permission(action, scope, "");
  }

  /** What it is written as. */
  public String text() {
    if (!category.isEmpty()) {
      return action.word() + ":" + CATEGORY + category;
    }
    return prefix.isEmpty() ? action.word() : action.word() + ":" + prefix;
  }

  StreamScope scope() {
    if (!prefix.isEmpty()) {
      return StreamScope.ofPrefix(prefix);
    }
    return category.isEmpty() ? StreamScope.ALL_BUT_SYSTEM : StreamScope.ofCategory(category);
  }

  @Override
  public String toString() {
    return text();
  }
}

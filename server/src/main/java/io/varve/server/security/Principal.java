package io.varve.server.security;

import io.varve.server.event.StreamScope;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * Who is calling, and what they may do. Immutable. Made once for a user or token; asked for each
 * append.
 */
public final class Principal {
  /** Whoever calls while access control is off: all may do everything. */
  public static final Principal EVERYBODY =
      new Principal("anybody", List.of(new Permission(Action.ADMINISTER, "", "")));

  private final String name;
  private final List<Permission> permissions;
  private final boolean administrator;
  private final Map<Action, StreamScope> scopes = new EnumMap<>(Action.class);

  /**
   * @param name as it stands in the audit trail: {@code user ada}, {@code token id (reporting)}
   * @param permissions what is allowed; nothing else is
   */
  public Principal(String name, List<Permission> permissions) {
    this.name = name;
    this.permissions = List.copyOf(permissions);
    this.administrator = permissions.stream().anyMatch(held -> held.action() == Action.ADMINISTER);
    for (Action action : Action.values()) {
      StreamScope scope = administrator ? StreamScope.EVERYTHING : StreamScope.NOTHING;
      for (Permission held : permissions) {
        if (held.action() == action) {
          scope = scope.or(held.scope());
        }
      }
      scopes.put(action, scope);
    }
  }

  public String name() {
    return name;
  }

  public List<Permission> permissions() {
    return permissions;
  }

  public boolean isAdministrator() {
    return administrator;
  }

  /** On which streams an action is allowed; on names of groups for {@link Action#CONSUME}. */
  public StreamScope scopeOf(Action action) {
    return scopes.getOrDefault(action, StreamScope.NOTHING);
  }

  public boolean may(Action action, String name) {
    return administrator || scopeOf(action).contains(name);
  }
}

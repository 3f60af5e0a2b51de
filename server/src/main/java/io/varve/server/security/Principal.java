package io.varve.server.security;

import io.varve.server.event.StreamScope;
import java.util.List;

/**
 * Who is calling, and what they may do.
 *
 * @param name as it stands in the audit trail: {@code user ada}, {@code token reporting (id)}
 * @param permissions what is allowed; nothing else is
 */
public record Principal(String name, List<Permission> permissions) {
  /** Whoever calls while access control is off: all may do everything. */
  public static final Principal EVERYBODY =
      new Principal("anybody", List.of(new Permission(Action.ADMINISTER, "", "")));

  public Principal {
    permissions = List.copyOf(permissions);
  }

  public boolean isAdministrator() {
    return permissions.stream().anyMatch(held -> held.action() == Action.ADMINISTER);
  }

  /** On which streams an action is allowed; on names of groups for {@link Action#CONSUME}. */
  public StreamScope scopeOf(Action action) {
    if (isAdministrator()) {
      return StreamScope.EVERYTHING;
    }
    StreamScope scope = StreamScope.NOTHING;
    for (Permission held : permissions) {
      if (held.action() == action) {
        scope = scope.or(held.scope());
      }
    }
    return scope;
  }

  public boolean may(Action action, String name) {
    return scopeOf(action).contains(name);
  }
}

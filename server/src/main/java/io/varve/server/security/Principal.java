package io.varve.server.security;

import io.varve.server.event.StreamScope;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Who is calling, and what they may do: what permissions allow, less what the access control lists
 * of streams take away. Immutable, but for the lists, which are asked whenever it is. Made once for
 * a user or token; asked for each append.
 */
public final class Principal {
  /** Whoever calls while access control is off: all may do everything. */
  public static final Principal EVERYBODY =
      new Principal("anybody", List.of(new Permission(Action.ADMINISTER, "", "")));

  private final String name;
  private final List<Permission> permissions;
  private final boolean administrator;
  private final StreamAcls acls;
  private final Set<String> names;

  /** By permissions alone. */
  private final Map<Action, StreamScope> permitted = new EnumMap<>(Action.class);

  private final Map<Action, StreamScope> scopes = new EnumMap<>(Action.class);

  /** Somebody of whom no list of a stream knows. */
  public Principal(String name, List<Permission> permissions) {
    this(name, permissions, Set.of(), new StreamAcls());
  }

  /**
   * @param name as it stands in the audit trail: {@code user ada}, {@code token id (reporting)}
   * @param permissions what is allowed; nothing else is
   * @param names by which lists of streams call them, beside {@link StreamAcl#ALL}
   * @param acls the lists
   */
  public Principal(String name, List<Permission> permissions, Set<String> names, StreamAcls acls) {
    this.name = name;
    this.permissions = List.copyOf(permissions);
    this.administrator = permissions.stream().anyMatch(held -> held.action() == Action.ADMINISTER);
    this.acls = acls;
    Set<String> all = new HashSet<>(names);
    all.add(StreamAcl.ALL);
    this.names = Set.copyOf(all);
    for (Action action : Action.values()) {
      StreamScope scope = administrator ? StreamScope.EVERYTHING : StreamScope.NOTHING;
      for (Permission held : permissions) {
        if (held.action() == action) {
          scope = scope.or(held.scope());
        }
      }
      permitted.put(action, scope);
      Set<StreamRight> rights = administrator ? Set.of() : rights(action);
      scopes.put(action, rights.isEmpty() ? scope : scope.except(acls.denied(rights, this.names)));
    }
  }

  /** What a list must not deny for an action on a stream, unless a right is asked for by name. */
  private static Set<StreamRight> rights(Action action) {
    return switch (action) {
      case READ -> Set.of(StreamRight.READ);
      case APPEND -> Set.of(StreamRight.WRITE);
      case MANAGE -> Set.of(StreamRight.DELETE, StreamRight.WRITE_METADATA);
      case CONSUME, ADMINISTER -> Set.of(); // not about streams
    };
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

  /** The same as far as permissions go, whatever lists of streams say. */
  public StreamScope permitted(Action action) {
    return permitted.getOrDefault(action, StreamScope.NOTHING);
  }

  public boolean may(Action action, String name) {
    return administrator || scopeOf(action).contains(name);
  }

  /** Whether an action is permitted on a stream, and no list denies that right. */
  public boolean may(Action action, StreamRight right, String stream) {
    return administrator || (permitted(action).contains(stream) && !isDenied(right, stream));
  }

  /** Whether the stream's list denies a right, whatever else is permitted. */
  public boolean isDenied(StreamRight right, String stream) {
    return !administrator && acls.denies(right, stream, names);
  }
}

package io.varve.server.security;

import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/** Users and tokens as they are after some changes. Immutable. */
public record AccessState(
    Map<String, AccessChange.UserSaved> users, Map<String, AccessChange.TokenCreated> tokens) {
  public static final AccessState NONE = new AccessState(Map.of(), Map.of());

  public AccessState {
    users = Collections.unmodifiableMap(new TreeMap<>(users));
    tokens = Collections.unmodifiableMap(new TreeMap<>(tokens));
  }

  public AccessState after(AccessChange change) {
    Map<String, AccessChange.UserSaved> newUsers = new TreeMap<>(users);
    Map<String, AccessChange.TokenCreated> newTokens = new TreeMap<>(tokens);
    switch (change) {
      case AccessChange.UserSaved user -> newUsers.put(user.name(), user);
      case AccessChange.UserRemoved(String name) -> newUsers.remove(name);
      case AccessChange.TokenCreated token -> newTokens.put(token.id(), token);
      case AccessChange.TokenRevoked(String id) -> newTokens.remove(id);
    }
    return new AccessState(newUsers, newTokens);
  }

  /** Whether nobody at all can do anything. */
  public boolean isEmpty() {
    return users.isEmpty() && tokens.isEmpty();
  }
}

package io.varve.server.security;

import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Users and tokens as they are after some changes. Immutable. */
public final class AccessState {
  /** For how long a token that has expired is still listed; after that it is forgotten. */
  public static final Duration EXPIRED_KEPT = Duration.ofDays(7);

  public static final AccessState NONE = none(new StreamAcls());

  private final Map<String, User> users;
  private final Map<String, Token> tokens;
  private final StreamAcls acls;

  /** Nobody yet; whoever comes is subject to these lists of streams. */
  public static AccessState none(StreamAcls acls) {
    return new AccessState(Map.of(), Map.of(), acls);
  }

  /** Before a token's name in a list of a stream, where names alone are those of users. */
  private static final String TOKEN = "token:";

  /** What lists of streams call a user: by name, and by role. */
  private static Set<String> names(AccessChange.UserSaved user) {
    Set<String> names = new HashSet<>();
    names.add(user.name());
    names.add(user.role().word());
    return names;
  }

  /** A user, and who it is that calls as this user. */
  public record User(AccessChange.UserSaved saved, Principal principal) {
    static User of(AccessChange.UserSaved saved, StreamAcls acls) {
      return new User(
          saved,
          new Principal("user " + saved.name(), saved.role().permissions(), names(saved), acls));
    }
  }

  /** A token, and who it is that calls with it. */
  public record Token(AccessChange.TokenCreated created, Principal principal) {
    static Token of(AccessChange.TokenCreated created, StreamAcls acls) {
      return new Token(
          created,
          new Principal(
              "token " + created.id() + " (" + created.name() + ")",
              created.permissions(),
              created.name().isBlank() ? Set.of() : Set.of(TOKEN + created.name()),
              acls));
    }
  }

  /** Takes the maps over; nobody changes them any more. */
  private AccessState(Map<String, User> users, Map<String, Token> tokens, StreamAcls acls) {
    this.acls = acls;
    this.users = Collections.unmodifiableMap(users);
    this.tokens = Collections.unmodifiableMap(tokens);
  }

  /** By name. */
  public Map<String, User> users() {
    return users;
  }

  /** By id; tokens that have expired lately are among them. */
  public Map<String, Token> tokens() {
    return tokens;
  }

  /**
   * What is after one more change. Only the map that changes is copied.
   *
   * @param now tokens that have expired long before are forgotten
   */
  public AccessState after(AccessChange change, Instant now) {
    return switch (change) {
      case AccessChange.UserSaved user -> {
        Map<String, User> changed = new TreeMap<>(users);
        changed.put(user.name(), User.of(user, acls));
        yield new AccessState(changed, tokens, acls);
      }
      case AccessChange.UserRemoved(String name) -> {
        Map<String, User> changed = new TreeMap<>(users);
        changed.remove(name);
        yield new AccessState(changed, tokens, acls);
      }
      case AccessChange.TokenCreated token -> {
        Map<String, Token> changed = lasting(now);
        changed.put(token.id(), Token.of(token, acls));
        yield new AccessState(users, changed, acls);
      }
      case AccessChange.TokenRevoked(String id) -> {
        Map<String, Token> changed = lasting(now);
        changed.remove(id);
        yield new AccessState(users, changed, acls);
      }
    };
  }

  private Map<String, Token> lasting(Instant now) {
    Map<String, Token> lasting = new TreeMap<>(tokens);
    lasting.values().removeIf(token -> isLongExpired(token.created(), now));
    return lasting;
  }

  private static boolean isLongExpired(AccessChange.TokenCreated token, Instant now) {
    Instant expires = token.expiresAt();
    return expires != null && expires.isBefore(now.minus(EXPIRED_KEPT));
  }

  /** Whether nobody at all can do anything. */
  public boolean isEmpty() {
    return users.isEmpty() && tokens.isEmpty();
  }

  /** Many changes, taken up one after the other. Each costs no more for those before it. */
  public static final class Fold {
    private final Map<String, AccessChange.UserSaved> users = new TreeMap<>();
    private final Map<String, AccessChange.TokenCreated> tokens = new TreeMap<>();
    private final StreamAcls acls;

    public Fold() {
      this(new StreamAcls());
    }

    /**
     * @param acls lists of streams, to which those who come are subject
     */
    public Fold(StreamAcls acls) {
      this.acls = acls;
    }

    public void add(AccessChange change) {
      switch (change) {
        case AccessChange.UserSaved user -> users.put(user.name(), user);
        case AccessChange.UserRemoved(String name) -> users.remove(name);
        case AccessChange.TokenCreated token -> tokens.put(token.id(), token);
        case AccessChange.TokenRevoked(String id) -> tokens.remove(id);
      }
    }

    /**
     * What is after all of them.
     *
     * @param now tokens that have expired long before are forgotten
     */
    public AccessState state(Instant now) {
      Map<String, User> allUsers = new TreeMap<>();
      users.forEach((name, user) -> allUsers.put(name, User.of(user, acls)));
      Map<String, Token> lasting = new TreeMap<>();
      tokens.forEach(
          (id, token) -> {
            if (!isLongExpired(token, now)) {
              lasting.put(id, Token.of(token, acls));
            }
          });
      return new AccessState(allUsers, lasting, acls);
    }
  }
}

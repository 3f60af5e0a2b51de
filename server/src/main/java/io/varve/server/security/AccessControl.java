package io.varve.server.security;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.varve.server.security.Login.Credential;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/**
 * Tells who is calling. Holds users and tokens as of the last change; {@link #apply} is called once
 * a change is durable. Thread-safe.
 */
public final class AccessControl {
  /**
   * Calls that may be occupied with a password at once: one checks it, which costs a core for a
   * third of a second, on purpose, and one waits. More would leave a flood of wrong passwords no
   * thread for anybody else.
   */
  private static final int OCCUPIED = 2;

  private static final String NO_SUCH_USER = "there is no such user, or the password is another";

  private final boolean on;
  private final InstantSource clock;
  private final byte[] salt;
  private final Semaphore occupied = new Semaphore(OCCUPIED);
  private final Object oneAtATime = new Object();
  private final Map<String, Remembered> remembered = new ConcurrentHashMap<>();
  private final List<Runnable> listeners = new CopyOnWriteArrayList<>();
  private final AccessChange.UserSaved nobody;
  private volatile AccessState state;

  /** A password that was found right: checking it again is quick. One for each user at most. */
  private record Remembered(AccessChange.UserSaved user, String digest) {}

  /**
   * @param on whether anybody is asked who they are
   * @param salt random bytes of this process alone
   */
  public AccessControl(boolean on, AccessState state, InstantSource clock, byte[] salt) {
    this.on = on;
    this.state = state;
    this.clock = clock;
    this.salt = salt.clone();
    this.nobody = new AccessChange.UserSaved("", Role.READER, Secrets.hashOfNobody());
  }

  public AccessState state() {
    return state;
  }

  public boolean isOn() {
    return on;
  }

  /** Takes up a change, and tells those who hold calls of somebody that may be concerned. */
  public synchronized void apply(AccessChange change) {
    state = state.after(change);
    remembered.keySet().retainAll(state.users().keySet());
    listeners.forEach(Runnable::run);
  }

  /** Has something run after each change. It must be quick. */
  public void onChange(Runnable listener) {
    listeners.add(listener);
  }

  /** Whether a login is still good. */
  public boolean holds(Login.Known login) {
    Instant expires = login.expiresAt();
    return login.credential().holds(state)
        && (expires == null || clock.instant().isBefore(expires));
  }

  /**
   * Who is behind a header {@code authorization}: {@code Bearer TOKEN}, or {@code Basic} with a
   * name and a password.
   */
  public Login login(@Nullable String header) {
    if (!on) {
      return new Login.Known(Principal.EVERYBODY, new Credential.OfNobody(), null);
    }
    if (header == null) {
      return new Login.Unknown("the call has no credentials; send a token or a user's password");
    }
    int blank = header.indexOf(' ');
    String scheme = header.substring(0, Math.max(0, blank)).toLowerCase(Locale.ROOT);
    String rest = header.substring(blank + 1).strip();
    return switch (scheme) {
      case "bearer" -> ofToken(rest);
      case "basic" -> ofPassword(rest);
      default ->
          new Login.Unknown("the header authorization must begin with \"Bearer\" or \"Basic\"");
    };
  }

  private Login ofToken(String text) {
    AccessChange.TokenCreated token = state.tokens().get(Secrets.idOf(text));
    if (token == null || !Secrets.areEqual(Secrets.hashOfToken(text), token.hash())) {
      return new Login.Unknown("the token is not valid: it is unknown or was revoked");
    }
    Instant expires = token.expiresAt();
    if (expires != null && !clock.instant().isBefore(expires)) {
      return new Login.Unknown("the token " + token.id() + " expired at " + expires);
    }
    return new Login.Known(
        new Principal("token " + token.id() + " (" + token.name() + ")", token.permissions()),
        new Credential.OfToken(token),
        expires);
  }

  private Login ofPassword(String base64) {
    String pair;
    try {
      pair = new String(Base64.getDecoder().decode(base64), UTF_8);
    } catch (IllegalArgumentException e) {
      return new Login.Unknown("what follows Basic is not base64");
    }
    int colon = pair.indexOf(':');
    String name = pair.substring(0, Math.max(0, colon));
    String password = pair.substring(colon + 1);
    AccessChange.UserSaved known = state.users().get(name);
    // A name that nobody has is checked like any other, so that the time it takes tells nothing.
    AccessChange.UserSaved user = known == null ? nobody : known;
    String digest = Secrets.hashOfToken(Base64.getEncoder().encodeToString(salt) + password);
    if (!isRemembered(user, digest)) {
      if (!occupied.tryAcquire()) {
        return new Login.Busy();
      }
      try {
        if (!isPasswordOf(user, password, digest)) {
          return new Login.Unknown(NO_SUCH_USER);
        }
      } finally {
        occupied.release();
      }
    }
    return new Login.Known(
        new Principal("user " + name, user.role().permissions()),
        new Credential.OfUser(user),
        null);
  }

  private boolean isRemembered(AccessChange.UserSaved user, String digest) {
    Remembered known = remembered.get(user.name());
    return known != null && known.user().equals(user) && Secrets.areEqual(known.digest(), digest);
  }

  private boolean isPasswordOf(AccessChange.UserSaved user, String password, String digest) {
    synchronized (oneAtATime) {
      if (isRemembered(user, digest)) {
        return true; // somebody else has just asked the same
      }
      if (!Secrets.isPassword(password, user.passwordHash()) || user.equals(nobody)) {
        return false;
      }
      remembered.put(user.name(), new Remembered(user, digest));
      return true;
    }
  }
}

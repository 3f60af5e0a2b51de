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
import java.util.function.BiPredicate;
import java.util.function.Supplier;
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

  private static final Login EVERYBODY =
      new Login.Known(Principal.EVERYBODY, new Credential.OfNobody(), null);

  private final boolean on;
  private final InstantSource clock;
  private final byte[] salt;
  private final Semaphore occupied = new Semaphore(OCCUPIED);
  private final Object oneAtATime = new Object();
  private final Map<String, Remembered> remembered = new ConcurrentHashMap<>();
  private final List<Runnable> listeners = new CopyOnWriteArrayList<>();
  private final AccessState.User nobody;
  private volatile AccessState state;

  private final BiPredicate<String, String> isPassword;

  /** A password that was found right: checking it again is quick. One for each user at most. */
  private record Remembered(AccessChange.UserSaved user, String digest) {}

  /**
   * @param on whether anybody is asked who they are
   * @param salt random bytes of this process alone
   */
  public AccessControl(
      boolean on, AccessState state, InstantSource clock, byte[] salt, Secrets secrets) {
    this(on, state, clock, salt, secrets.hashOfNobody(), Secrets::isPassword);
  }

  /**
   * @param hashOfNobody what names that nobody has are checked against
   * @param isPassword whether a hash is that of a password; slow
   */
  AccessControl(
      boolean on,
      AccessState state,
      InstantSource clock,
      byte[] salt,
      String hashOfNobody,
      BiPredicate<String, String> isPassword) {
    this.on = on;
    this.state = state;
    this.clock = clock;
    this.salt = salt.clone();
    this.isPassword = isPassword;
    this.nobody =
        AccessState.User.of(
            new AccessChange.UserSaved("", Role.READER, hashOfNobody), new StreamAcls());
  }

  public AccessState state() {
    return state;
  }

  public boolean isOn() {
    return on;
  }

  /** Takes up a change, and tells those who hold calls of somebody that may be concerned. */
  public synchronized void apply(AccessChange change) {
    state = state.after(change, clock.instant());
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
      return EVERYBODY;
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
    AccessState.Token known = state.tokens().get(Secrets.idOf(text));
    if (known == null || !Secrets.areEqual(Secrets.hashOfToken(text), known.created().hash())) {
      return new Login.Unknown("the token is not valid: it is unknown or was revoked");
    }
    AccessChange.TokenCreated token = known.created();
    Instant expires = token.expiresAt();
    if (expires != null && !clock.instant().isBefore(expires)) {
      return new Login.Unknown("the token " + token.id() + " expired at " + expires);
    }
    return new Login.Known(known.principal(), new Credential.OfToken(token), expires);
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
    AccessState.User known = state.users().get(name);
    // A name that nobody has is checked like any other, so that the time it takes tells nothing.
    AccessState.User found = known == null ? nobody : known;
    AccessChange.UserSaved user = found.saved();
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
    return new Login.Known(found.principal(), new Credential.OfUser(user), null);
  }

  /**
   * Has a new password hashed for a caller. That takes as long as checking one, and counts like it.
   *
   * @return null when too many passwords are at work already
   */
  public @Nullable String hashed(Supplier<String> hash) {
    if (!occupied.tryAcquire()) {
      return null;
    }
    try {
      return hash.get();
    } finally {
      occupied.release();
    }
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
      if (!isPassword.test(password, user.passwordHash()) || user.equals(nobody.saved())) {
        return false;
      }
      remembered.put(user.name(), new Remembered(user, digest));
      return true;
    }
  }
}

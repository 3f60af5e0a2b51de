package io.varve.server.security;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** What came of looking at the credentials of a call. */
public sealed interface Login {

  /**
   * They are good.
   *
   * @param credential the user or token that they are; calls end when it changes
   * @param expiresAt from then on they are not; null: for as long as nobody takes them away
   */
  record Known(Principal principal, Credential credential, @Nullable Instant expiresAt)
      implements Login {}

  /** They are not, or there are none; the sentence says which and gives nothing away. */
  record Unknown(String sentence) implements Login {}

  /** Too many passwords are being checked; nothing is known of this one. */
  record Busy() implements Login {}

  /** The user or token behind a login, with what it was worth at that moment. */
  sealed interface Credential {
    /** Whether it is still worth the same. */
    boolean holds(AccessState state);

    record OfUser(AccessChange.UserSaved user) implements Credential {
      @Override
      public boolean holds(AccessState state) {
        AccessState.User now = state.users().get(user.name());
        return now != null && user.equals(now.saved());
      }
    }

    record OfToken(AccessChange.TokenCreated token) implements Credential {
      @Override
      public boolean holds(AccessState state) {
        AccessState.Token now = state.tokens().get(token.id());
        return now != null && token.equals(now.created());
      }
    }

    /** Of a server without access control. */
    record OfNobody() implements Credential {
      @Override
      public boolean holds(AccessState state) {
        return true;
      }
    }
  }
}

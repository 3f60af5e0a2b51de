package io.varve.server.security;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class AccessStateTest {
  private static final Instant NOON = Instant.parse("2026-11-27T12:00:00Z");

  private static AccessChange.UserSaved user(String name, Role role) {
    return new AccessChange.UserSaved(name, role, "hash of " + name);
  }

  private static AccessChange.TokenCreated token(String id, @Nullable Instant expiresAt) {
    return new AccessChange.TokenCreated(
        id, "for " + id, "hash", List.of(Permission.parse("read:account-")), expiresAt);
  }

  private static final List<AccessChange> HISTORY =
      List.of(
          user("ada", Role.READER),
          user("bob", Role.WRITER),
          token("a", null),
          token("b", NOON.plusSeconds(1)),
          user("ada", Role.MANAGER),
          new AccessChange.UserRemoved("bob"),
          token("c", null),
          new AccessChange.TokenRevoked("a"),
          new AccessChange.TokenRevoked("unknown"),
          new AccessChange.UserRemoved("nobody"));

  @Test
  void what_is_folded_at_once_is_what_comes_of_one_change_after_the_other() {
    AccessState one = AccessState.NONE;
    AccessState.Fold fold = new AccessState.Fold();
    for (AccessChange change : HISTORY) {
      one = one.after(change, NOON);
      fold.add(change);
    }
    AccessState all = fold.state(NOON);

    for (AccessState state : List.of(one, all)) {
      assertThat(state.users()).containsOnlyKeys("ada");
      AccessState.User ada = requireNonNull(state.users().get("ada"));
      assertThat(ada.saved()).isEqualTo(user("ada", Role.MANAGER));
      assertThat(ada.principal().name()).isEqualTo("user ada");
      assertThat(ada.principal().may(Action.MANAGE, "account-1")).isTrue();
      assertThat(state.tokens()).containsOnlyKeys("b", "c");
      AccessState.Token kept = requireNonNull(state.tokens().get("c"));
      assertThat(kept.created()).isEqualTo(token("c", null));
      assertThat(kept.principal().name()).isEqualTo("token c (for c)");
      assertThat(state.isEmpty()).isFalse();
    }
    assertThat(AccessState.NONE.isEmpty()).isTrue();
  }

  @Test
  void a_change_copies_what_it_changes_and_nothing_else() {
    AccessState before =
        AccessState.NONE.after(user("ada", Role.READER), NOON).after(token("a", null), NOON);

    AccessState after = before.after(user("bob", Role.READER), NOON);
    assertThat(after.tokens()).isSameAs(before.tokens());
    assertThat(after.users().get("ada")).isSameAs(before.users().get("ada"));
    assertThat(before.users()).containsOnlyKeys("ada");
    assertThat(before.after(token("b", null), NOON).users()).isSameAs(before.users());
    assertThat(before.after(new AccessChange.TokenRevoked("a"), NOON).users())
        .isSameAs(before.users());
  }

  @Test
  void tokens_that_expired_a_week_ago_are_forgotten_and_none_before() {
    Instant expiry = NOON.plusSeconds(60);
    AccessState.Fold fold = new AccessState.Fold();
    fold.add(token("short", expiry));
    fold.add(token("lasting", null));
    AccessState state = fold.state(NOON);
    Instant aWeekLater = expiry.plus(Duration.ofDays(7));

    assertThat(state.after(token("new", null), aWeekLater).tokens())
        .containsOnlyKeys("lasting", "new", "short");
    assertThat(fold.state(aWeekLater).tokens()).containsOnlyKeys("lasting", "short");
    assertThat(state.after(token("new", null), aWeekLater.plusNanos(1)).tokens())
        .containsOnlyKeys("lasting", "new");
    assertThat(fold.state(aWeekLater.plusNanos(1)).tokens()).containsOnlyKeys("lasting");
  }
}

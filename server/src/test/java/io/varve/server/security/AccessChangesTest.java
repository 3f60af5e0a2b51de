package io.varve.server.security;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.varve.server.append.Outcome;
import io.varve.server.event.Position;
import io.varve.server.event.StreamVersion;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.function.Consumer;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

class AccessChangesTest {
  private static final Instant NOON = Instant.parse("2026-11-27T12:00:00Z");
  private static final Outcome KEPT =
      new Outcome.Appended(new StreamVersion(1), new Position(1), NOON, false);

  private final AccessControl access =
      new AccessControl(
          true, AccessState.NONE, () -> NOON, new byte[0], new Secrets(new SecureRandom(), 1));

  /** What the journal was given, and its answers that are due. */
  private final List<AccessChange> journalled = new ArrayList<>();

  private final Queue<Consumer<Outcome>> due = new ArrayDeque<>();
  private final AccessChanges changes =
      new AccessChanges(
          access,
          (change, by, done) -> {
            journalled.add(change);
            due.add(done);
          });

  private void journalSays(Outcome outcome) {
    requireNonNull(due.poll(), "nothing is due").accept(outcome);
  }

  private final List<String> heard = new ArrayList<>();

  private AccessChanges.Request request(String name, Function<AccessState, AccessChange> decision) {
    return new AccessChanges.Request() {
      @Override
      public String by() {
        return name;
      }

      @Override
      public AccessChange decide(AccessState state) {
        return decision.apply(state);
      }

      @Override
      public void isKept() {
        heard.add(name + " is kept");
      }

      @Override
      public void done() {
        heard.add(name + " done");
      }

      @Override
      public void notKept(Outcome outcome) {
        heard.add(name + " not kept: " + outcome.getClass().getSimpleName());
      }

      @Override
      public void failed(RuntimeException cause) {
        heard.add(name + " failed: " + cause.getMessage());
      }
    };
  }

  private static AccessChange.UserSaved user(String name, Role role, String hash) {
    return new AccessChange.UserSaved(name, role, hash);
  }

  private static AccessChange.UserSaved saved(AccessState state, String name) {
    return requireNonNull(state.users().get(name)).saved();
  }

  private static AccessChange.UserSaved withRole(AccessState state, String name, Role role) {
    return user(name, role, saved(state, name).passwordHash());
  }

  private static AccessChange.UserSaved withHash(AccessState state, String name, String hash) {
    return user(name, saved(state, name).role(), hash);
  }

  @Test
  void two_changes_of_one_user_at_once_are_both_in_force_afterwards() {
    access.apply(user("ada", Role.READER, "leaked"));

    changes.make(request("one", state -> withHash(state, "ada", "new")));
    changes.make(request("two", state -> withRole(state, "ada", Role.WRITER)));
    assertThat(journalled).hasSize(1); // the second is not even decided
    journalSays(KEPT);
    assertThat(heard).containsExactly("one is kept", "one done");
    journalSays(KEPT);

    assertThat(saved(access.state(), "ada")).isEqualTo(user("ada", Role.WRITER, "new"));
    assertThat(journalled.getLast()).isEqualTo(user("ada", Role.WRITER, "new"));
    assertThat(heard).containsExactly("one is kept", "one done", "two is kept", "two done");
  }

  @Test
  void a_change_takes_effect_after_it_is_kept_and_before_it_is_done() {
    List<String> order = new ArrayList<>();
    access.onChange(() -> order.addAll(List.of("in effect", String.join(", ", heard))));

    changes.make(request("one", _ -> user("ada", Role.READER, "x")));
    journalSays(KEPT);

    assertThat(order).containsExactly("in effect", "one is kept");
  }

  @Test
  void after_one_that_fails_or_is_not_kept_the_next_has_its_turn() {
    changes.make(request("one", _ -> user("ada", Role.READER, "x")));
    changes.make(
        request(
            "two",
            _ -> {
              throw new IllegalStateException("may no longer");
            }));
    changes.make(request("three", state -> user("eve", Role.READER, "" + state.users().size())));
    changes.make(request("four", _ -> user("bob", Role.READER, "x")));

    journalSays(new Outcome.StoreStopped("the disk is full"));
    journalSays(new Outcome.QueueFull(7));
    journalSays(KEPT);

    assertThat(heard)
        .containsExactly(
            "one not kept: StoreStopped",
            "two failed: may no longer",
            "three not kept: QueueFull",
            "four is kept",
            "four done");
    assertThat(access.state().users()).containsOnlyKeys("bob");
    changes.make(request("five", _ -> new AccessChange.UserRemoved("bob")));
    journalSays(KEPT);
    assertThat(access.state().users()).isEmpty();
  }

  @Test
  void what_waits_is_bounded_and_the_rest_is_refused_at_once() {
    for (int i = 0; i < 66; i++) {
      changes.make(request("r" + i, _ -> user("ada", Role.READER, "x")));
    }
    assertThat(heard).containsExactly("r65 not kept: QueueFull");
    for (int i = 0; i < 65; i++) {
      journalSays(KEPT);
    }
    assertThat(heard).contains("r64 done").doesNotContain("r65 done");
    assertThat(due).isEmpty();
  }
}

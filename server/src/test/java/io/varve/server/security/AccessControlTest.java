package io.varve.server.security;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class AccessControlTest {
  private static final Secrets SECRETS = new Secrets(new SecureRandom(), 10);
  private static final Instant NOON = Instant.parse("2026-11-27T12:00:00Z");

  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private Instant now = NOON;
  private final AccessControl access =
      new AccessControl(true, AccessState.NONE, () -> now, new byte[] {1, 2, 3}, SECRETS);

  private static String basic(String user, String password) {
    return "Basic " + Base64.getEncoder().encodeToString((user + ":" + password).getBytes(UTF_8));
  }

  private String newToken(String id, @Nullable Instant expiresAt) {
    Secrets.NewToken made = SECRETS.newToken();
    access.apply(
        new AccessChange.TokenCreated(
            made.id(),
            id,
            Secrets.hashOfToken(made.text()),
            List.of(Permission.parse("read")),
            expiresAt));
    return made.text();
  }

  private Login.Known known(String header) {
    assertThat(access.login(header)).isInstanceOf(Login.Known.class);
    return (Login.Known) access.login(header);
  }

  private String unknown(@Nullable String header) {
    assertThat(access.login(header)).isInstanceOf(Login.Unknown.class);
    return ((Login.Unknown) access.login(header)).sentence();
  }

  @Test
  void a_token_is_good_until_the_very_moment_at_which_it_expires() {
    String token = newToken("short", NOON.plusSeconds(60));
    Login.Known login = known("Bearer " + token);

    now = NOON.plusSeconds(60).minusNanos(1);
    assertThat(access.holds(login)).isTrue();
    assertThat(known("bearer  " + token).expiresAt()).isEqualTo(NOON.plusSeconds(60));

    now = NOON.plusSeconds(60);
    assertThat(access.holds(login)).isFalse();
    assertThat(unknown("Bearer " + token)).contains("expired");
  }

  @Test
  void a_token_that_is_cut_extended_or_of_another_store_is_nobodys() {
    String token = newToken("t", null);
    String other = SECRETS.newToken().text();
    for (String wrong :
        List.of(
            token + "x",
            token.substring(0, token.length() - 1),
            token.substring(0, "varve_".length() + 13) + other.substring(19),
            other,
            "",
            "varve_",
            "varve_0_0")) {
      assertThat(unknown("Bearer " + wrong)).as(wrong).contains("not valid");
    }
    assertThat(known("Bearer " + token).principal().isAdministrator()).isFalse();
  }

  @Test
  void what_is_revoked_holds_no_longer_and_listeners_hear_of_it() {
    String token = newToken("t", null);
    Login.Known login = known("Bearer " + token);
    List<Boolean> heard = new ArrayList<>();
    access.onChange(() -> heard.add(access.holds(login)));

    access.apply(new AccessChange.TokenRevoked(Secrets.idOf(token)));

    assertThat(heard).containsExactly(false);
    assertThat(unknown("Bearer " + token)).contains("revoked");
  }

  @Test
  void a_user_is_known_by_the_password_of_now_and_by_no_other() {
    save("ada", "first password");
    Login.Known login = known(basic("ada", "first password"));
    assertThat(known(basic("ada", "first password")).principal().name()).isEqualTo("user ada");
    String wrong = unknown(basic("ada", "another password"));

    assertThat(unknown(basic("nobody", "first password"))).isEqualTo(wrong);
    assertThat(unknown(basic("", ""))).isEqualTo(wrong);

    save("ada", "second password");
    assertThat(access.holds(login)).isFalse();
    assertThat(unknown(basic("ada", "first password"))).isEqualTo(wrong);
    known(basic("ada", "second password"));
  }

  private void save(String name, String password) {
    access.apply(new AccessChange.UserSaved(name, Role.READER, SECRETS.hashOfPassword(password)));
  }

  @Test
  void headers_that_are_none_are_told_what_is_wrong_with_them() {
    assertThat(unknown(null)).contains("no credentials");
    assertThat(unknown("")).contains("Bearer");
    assertThat(unknown("Digest x")).contains("Bearer");
    assertThat(unknown("Basic %%%")).contains("base64");
  }

  @Test
  void whoever_calls_is_made_out_of_what_is_known_once_and_not_for_each_call() {
    String token = newToken("t", null);
    save("ada", "first password");

    for (String header : List.of("Bearer " + token, basic("ada", "first password"))) {
      assertThat(known(header).principal()).isSameAs(known(header).principal());
    }
  }

  @Test
  void a_flood_of_passwords_occupies_two_threads_and_no_token_waits_for_it() throws Exception {
    CountDownLatch checking = new CountDownLatch(1);
    CountDownLatch mayEnd = new CountDownLatch(1);
    AccessControl flooded =
        new AccessControl(
            true,
            AccessState.NONE,
            () -> now,
            new byte[] {1, 2, 3},
            SECRETS.hashOfNobody(),
            (password, hash) -> {
              checking.countDown();
              return awaits(mayEnd) && Secrets.isPassword(password, hash);
            });
    flooded.apply(
        new AccessChange.UserSaved(
            "ada", Role.READER, SECRETS.hashOfPassword("the right password")));
    Secrets.NewToken token = SECRETS.newToken();
    flooded.apply(
        new AccessChange.TokenCreated(
            token.id(),
            "t",
            Secrets.hashOfToken(token.text()),
            List.of(Permission.parse("read")),
            null));
    FutureTask<Login> checked = new FutureTask<>(() -> flooded.login(basic("ada", "a guess")));
    FutureTask<Login> next =
        new FutureTask<>(() -> flooded.login(basic("ada", "the right password")));
    Thread first = Thread.ofPlatform().start(checked);
    Thread second = null;
    try {
      assertThat(awaits(checking)).isTrue();
      second = Thread.ofPlatform().start(next);
      await().atMost(PATIENCE).until(second::getState, Thread.State.BLOCKED::equals);

      assertThat(flooded.login(basic("ada", "the right password"))).isInstanceOf(Login.Busy.class);
      assertThat(flooded.login(basic("nobody", "a guess"))).isInstanceOf(Login.Busy.class);
      assertThat(flooded.login("Bearer " + token.text())).isInstanceOf(Login.Known.class);
    } finally {
      mayEnd.countDown();
      first.join();
      if (second != null) {
        second.join();
      }
    }
    assertThat(checked.get()).isInstanceOf(Login.Unknown.class);
    assertThat(next.get()).isInstanceOf(Login.Known.class);
    assertThat(flooded.login(basic("ada", "another guess"))).isInstanceOf(Login.Unknown.class);
  }

  private static boolean awaits(CountDownLatch latch) {
    try {
      return latch.await(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void hashes_of_equal_passwords_differ_and_of_tokens_do_not_hold_them() {
    String one = SECRETS.hashOfPassword("correct horse");
    assertThat(one).isNotEqualTo(SECRETS.hashOfPassword("correct horse"));
    assertThat(Secrets.isPassword("correct horse", one)).isTrue();
    assertThat(Secrets.isPassword("correct horsf", one)).isFalse();
    String token = SECRETS.newToken().text();
    assertThat(Secrets.hashOfToken(token)).doesNotContain(token.substring(19)).hasSize(64);
    assertThat(SECRETS.newToken().text()).isNotEqualTo(token);
  }

  @Test
  void a_server_hashes_as_often_as_it_is_told_and_checks_a_hash_as_often_as_that_says() {
    Secrets real = new Secrets(new SecureRandom(), Secrets.ROUNDS);
    String slow = real.hashOfPassword("correct horse");
    assertThat(slow).startsWith("600000:");
    assertThat(real.hashOfNobody()).startsWith("600000:").hasSameSizeAs(slow);

    String quick = new Secrets(new SecureRandom(), 20).hashOfPassword("correct horse");
    access.apply(new AccessChange.UserSaved("ada", Role.READER, quick));
    known(basic("ada", "correct horse"));
  }

  @Test
  void while_it_is_off_everybody_may_do_everything() {
    AccessControl off = new AccessControl(false, AccessState.NONE, () -> now, new byte[0], SECRETS);
    assertThat(off.login(null))
        .isInstanceOfSatisfying(
            Login.Known.class,
            login -> {
              assertThat(login.principal().isAdministrator()).isTrue();
              assertThat(off.holds(login)).isTrue();
            });
  }
}

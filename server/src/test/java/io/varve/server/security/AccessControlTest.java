package io.varve.server.security;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.security.SecureRandom;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class AccessControlTest {
  private static final Secrets SECRETS = new Secrets(new SecureRandom());
  private static final Instant NOON = Instant.parse("2026-11-27T12:00:00Z");

  private Instant now = NOON;
  private final AccessControl access =
      new AccessControl(true, AccessState.NONE, () -> now, new byte[] {1, 2, 3});

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
  void a_flood_of_passwords_occupies_two_threads_and_no_token_waits_for_it() throws Exception {
    save("ada", "first password");
    String token = newToken("t", null);
    int many = 12;
    try (var threads = Executors.newFixedThreadPool(many)) {
      CountDownLatch begin = new CountDownLatch(1);
      List<Future<Login>> flood = new ArrayList<>();
      for (int i = 0; i < many; i++) {
        String header = basic("ada", "guess " + i);
        flood.add(
            threads.submit(
                () -> {
                  begin.await();
                  return access.login(header);
                }));
      }
      begin.countDown();
      known("Bearer " + token);
      int busy = 0;
      for (Future<Login> login : flood) {
        assertThat(login.get()).isNotInstanceOf(Login.Known.class);
        busy += login.get() instanceof Login.Busy ? 1 : 0;
      }
      assertThat(busy).isLessThan(many); // somebody was heard
    }
    known(basic("ada", "first password"));
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
  void while_it_is_off_everybody_may_do_everything() {
    AccessControl off = new AccessControl(false, AccessState.NONE, () -> now, new byte[0]);
    assertThat(off.login(null))
        .isInstanceOfSatisfying(
            Login.Known.class,
            login -> {
              assertThat(login.principal().isAdministrator()).isTrue();
              assertThat(off.holds(login)).isTrue();
            });
  }
}

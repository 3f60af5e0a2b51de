package io.varve.server.migrate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KurrentAddressTest {

  @Test
  void a_host_will_do_and_means_tls() {
    KurrentAddress address = KurrentAddress.parse("esdb://db.example");

    assertThat(address)
        .isEqualTo(
            new KurrentAddress(
                "db.example",
                2113,
                null,
                null,
                true,
                true,
                null,
                null,
                null,
                Duration.ofSeconds(10)));
  }

  @Test
  void a_password_travels_in_the_clear_to_this_machine_only() {
    for (String host : List.of("localhost", "127.0.0.1", "[::1]")) {
      assertThat(KurrentAddress.parse("kurrentdb://u:p@" + host + "?tls=false").exposesPassword())
          .as(host)
          .isFalse();
    }
    for (String host : List.of("127.example.org", "db.example", "10.0.0.1")) {
      assertThat(KurrentAddress.parse("kurrentdb://u:p@" + host + "?tls=false").exposesPassword())
          .as(host)
          .isTrue();
      assertThat(KurrentAddress.parse("kurrentdb://u:p@" + host).exposesPassword()).isFalse();
    }
  }

  @Test
  void everything_can_be_said_and_names_are_taken_in_any_case() {
    KurrentAddress address =
        KurrentAddress.parse(
            "kurrentdb://ad%40min:a+b%2F@[::1]:3000/?TLS=True&tlsVerifyCert=false&tlscafile=ca.pem"
                + "&userCertFile=c.pem&userKeyFile=k.pem&defaultDeadline=500&nodePreference=leader");

    assertThat(address)
        .isEqualTo(
            new KurrentAddress(
                "[::1]",
                3000,
                "ad@min",
                "a+b/",
                true,
                false,
                Path.of("ca.pem"),
                Path.of("c.pem"),
                Path.of("k.pem"),
                Duration.ofMillis(500)));
    assertThat(address.toString()).doesNotContain("a+b");
  }

  @ParameterizedTest
  @CsvSource({
    "localhost:2113, must look like",
    "varve://a, kurrentdb://",
    "kurrentdb+discover://a, one of its nodes",
    "'kurrentdb://a,b', one node",
    "kurrentdb://, host",
    "kurrentdb://a:0, port",
    "kurrentdb://a:x, port",
    "kurrentdb://a?tls=maybe, tls must be true or false",
    "kurrentdb://a?tls, without a value",
    "kurrentdb://a?tls=true&TLS=true, twice",
    "kurrentdb://a?colour=red, colour",
    "kurrentdb://a?userCertFile=c, go together",
    "kurrentdb://a?defaultDeadline=-1, milliseconds",
    "kurrentdb://u:%zz@a, password has a broken",
  })
  void what_is_not_understood_is_refused_in_a_sentence(String text, String words) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> KurrentAddress.parse(text))
        .withMessageContaining(words);
  }
}

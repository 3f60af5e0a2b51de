package io.varve.client.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Addresses, and the waits between tries. */
class EndpointTest {

  @Test
  void an_address_names_a_host_and_may_name_a_port() {
    assertThat(Endpoint.parse("varve://db.example:4000"))
        .isEqualTo(new Endpoint("db.example", 4000));
    assertThat(Endpoint.parse("varve://localhost")).isEqualTo(new Endpoint("localhost", 2113));
    assertThat(Endpoint.parse("varve://localhost/")).isEqualTo(new Endpoint("localhost", 2113));
    assertThat(Endpoint.parse("varve://[::1]:4000"))
        .isEqualTo(new Endpoint("::1", 4000))
        .hasToString("[::1]:4000");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "localhost",
        "localhost:2113",
        "http://localhost:2113",
        "varve:localhost",
        "varve://",
        "varve://h:0",
        "varve://h:70000",
        "varve://h/path",
        "varve://user@h",
        "varve://h?a=b",
        "varve:// h"
      })
  void anything_else_is_refused(String uri) {
    assertThatThrownBy(() -> Endpoint.parse(uri)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void waits_double_up_to_a_bound_and_are_spread_over_their_upper_half() {
    Backoff backoff = new Backoff(Duration.ofMillis(10), Duration.ofMillis(100), new Random(1));

    for (int failures = 0; failures < 100; failures++) {
      long most = Math.min(100, 10L << Math.min(failures, 10));
      assertThat(backoff.after(failures))
          .isBetween(Duration.ofMillis(most / 2), Duration.ofMillis(most));
    }
  }
}

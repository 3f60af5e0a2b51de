package io.varve.server.ops.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HostCheckTest {
  private final HostCheck hosts = new HostCheck(Set.of("varve.example.org"));

  @ParameterizedTest
  @ValueSource(
      strings = {
        "localhost",
        "localhost:2114",
        "LOCALHOST:2114",
        "127.0.0.1",
        "10.1.2.3:2114",
        "[::1]",
        "[fe80::1%25eth0]:2114",
        "varve.example.org",
        "Varve.Example.Org:443"
      })
  void addresses_and_known_names_are_this_server(String host) {
    assertThat(hosts.allows(host)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "evil.example",
        "evil.example:2114",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "127.0.0.1evil.example",
        "evil.example:127",
        "varve.example.org.evil.example",
        "[::1].evil.example"
      })
  void any_other_name_is_not(String host) {
    assertThat(hosts.allows(host)).isFalse();
  }

  @Test
  void without_a_host_nobody_knows() {
    assertThat(hosts.allows(null)).isFalse();
  }
}

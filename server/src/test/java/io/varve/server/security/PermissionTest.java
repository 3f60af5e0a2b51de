package io.varve.server.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PermissionTest {
  private static Principal with(String... permissions) {
    return new Principal("test", Arrays.stream(permissions).map(Permission::parse).toList());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"read", "append:account-", "read:category=account", "consume:a:b", "administer"})
  void a_permission_is_written_as_it_is_read(String text) {
    assertThat(Permission.parse(text).text()).isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "fly|no action",
        "Read|no action",
        "''|no action",
        "read:|nothing behind",
        "read:category=|nothing behind",
        "administer:account-|no scope",
        "read:$access|system streams",
        "read:category=$streams|system streams",
        "read:category=a-b|before the first"
      })
  void what_is_no_permission_is_told_why(String text, String words) {
    assertThatThrownBy(() -> Permission.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(words);
  }

  @ParameterizedTest
  @CsvSource({
    "read,account-1,true",
    "read,$access,false",
    "read,'',false",
    "read:account-,account-1,true",
    "read:account-,account,false",
    "read:account-,accounting-1,false",
    "read:category=account,account-1,true",
    "read:category=account,account,true",
    "read:category=account,accounting-1,false",
    "read:category=account,acc-1,false",
    "append,account-1,false",
    "administer,$access,true"
  })
  void a_stream_is_in_the_scope_or_not(String permission, String stream, boolean may) {
    assertThat(with(permission).may(Action.READ, stream)).isEqualTo(may);
  }

  @Test
  void permissions_add_up_for_each_action_on_its_own() {
    Principal both = with("read:a-", "read:category=b", "append:c-");
    assertThat(List.of("a-1", "b-1", "c-1"))
        .extracting(stream -> both.may(Action.READ, stream))
        .containsExactly(true, true, false);
    assertThat(both.may(Action.APPEND, "a-1")).isFalse();
    assertThat(both.may(Action.APPEND, "c-1")).isTrue();
    assertThat(both.scopeOf(Action.MANAGE).isEmpty()).isTrue();
    assertThat(both.isAdministrator()).isFalse();
  }
}

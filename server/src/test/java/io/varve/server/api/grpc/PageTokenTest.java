package io.varve.server.api.grpc;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PageTokenTest {
  private static void assertIsWrong(String token, String... listing) {
    Refusal refusal = catchThrowableOfType(Refusal.class, () -> PageToken.key(token, listing));
    assertThat(refusal).as(token).isNotNull();
    Refused.from(refusal.status()).isInvalid("page_token");
  }

  @Test
  void a_token_gives_back_the_key_that_it_was_made_of() {
    byte[] every = new byte[256];
    IntStream.range(0, 256).forEach(i -> every[i] = (byte) i);
    for (byte[] key : new byte[][] {{}, {0}, {-1, -1}, "account-42".getBytes(UTF_8), every}) {
      String token = PageToken.after(key, "streams", "account-");

      assertThat(token).matches("[A-Za-z0-9_-]+");
      assertThat(PageToken.key(token, "streams", "account-")).isEqualTo(key);
    }
  }

  @Test
  void no_token_is_the_first_page() {
    assertThat(PageToken.key("", "streams")).isNull();
  }

  @ParameterizedTest
  @ValueSource(strings = {"1", "????", "a b", "AAAA", "AAAAAA", "AAAAAAAAAAA", "é", "==", "\n"})
  void what_is_no_token_is_refused_by_name(String token) {
    assertIsWrong(token, "streams");
  }

  @Test
  void a_token_that_was_cut_or_changed_is_refused() {
    String token = PageToken.after("account-42".getBytes(UTF_8), "streams");

    for (int length = 1; length < token.length(); length++) {
      assertIsWrong(token.substring(0, length), "streams");
    }
    for (int i = 0; i < token.length() - 1; i++) { // the last character may have bits to spare
      char[] changed = token.toCharArray();
      changed[i] = changed[i] == 'A' ? 'B' : 'A';
      assertIsWrong(new String(changed), "streams");
    }
  }

  @Test
  void a_token_of_another_listing_is_refused() {
    String token = PageToken.after(new byte[] {1, 2, 3}, "streams", "a", "bc");

    for (String[] listing :
        Arrays.asList(
            new String[] {"streams"},
            new String[] {"streams", "ab", "c"},
            new String[] {"snapshots", "a", "bc"},
            new String[] {"streams", "a", "bc", ""})) {
      assertIsWrong(token, listing);
    }
  }

  @Test
  void a_page_has_100_entries_unless_asked_and_1000_at_most() {
    assertThat(Checks.pageSize(0)).isEqualTo(100);
    assertThat(Checks.pageSize(1)).isEqualTo(1);
    assertThat(Checks.pageSize(1000)).isEqualTo(1000);
    for (int beyond : new int[] {1001, Integer.MAX_VALUE, -1}) {
      Refusal refusal = catchThrowableOfType(Refusal.class, () -> Checks.pageSize(beyond));

      Refused.from(refusal.status()).isOverLimit("page_size", 1000, Integer.toUnsignedLong(beyond));
    }
  }
}

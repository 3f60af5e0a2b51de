package io.varve.server.api.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.varve.server.config.Limits;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Single fields against their limits. */
class ChecksTest {
  private static final String[] PIECES = {
    "a",
    " ",
    "~",
    "\u007f",
    "\u0080",
    "\u009f",
    "\u00a0",
    "\u07ff",
    "\u0800",
    "\ud7ff",
    "\ue000",
    "\uffff",
    "\ud83d\ude00",
    "\ud83d",
    "\ude00",
    "\t",
    "\u0000"
  };

  private final Random random = new Random(4711);
  private final Checks checks = new Checks(Limits.defaults());

  private String text() {
    StringBuilder text = new StringBuilder();
    for (int i = random.nextInt(6); i >= 0; i--) {
      text.append(PIECES[random.nextInt(PIECES.length)]);
    }
    return text.toString();
  }

  @Test
  void the_length_in_utf8_is_that_of_the_bytes() {
    assertThat(Checks.utf8Length("")).isZero();
    for (int i = 0; i < 20_000; i++) {
      String text = text();
      assertThat(Checks.utf8Length(text))
          .as(text)
          .isEqualTo(text.getBytes(StandardCharsets.UTF_8).length);
    }
  }

  @Test
  void a_text_is_taken_when_it_is_short_enough_and_has_no_control_characters() {
    for (int i = 0; i < 20_000; i++) {
      String text = text();
      int limit = 1 + random.nextInt(12);
      boolean fits = text.getBytes(StandardCharsets.UTF_8).length <= limit;
      boolean plain = text.chars().noneMatch(Character::isISOControl);
      if (fits && plain) {
        assertThatCode(() -> checks.text("name", text, limit)).as(text).doesNotThrowAnyException();
      } else {
        Refusal refusal =
            catchThrowableOfType(Refusal.class, () -> checks.text("name", text, limit));
        assertThat(refusal)
            .as(text)
            .hasMessageContaining(fits ? "control characters" : "must be at most " + limit);
      }
    }
  }

  @Test
  void fields_within_fields_have_their_whole_name() {
    Field event = Field.of("events").entry(3);

    assertThat(event.and(".type")).hasToString("events[3].type");
    assertThat(refusalOf(() -> checks.tags(event.and(".tags"), List.of("a", "\n"))))
        .hasMessageContaining("events[3].tags[1] must not contain control characters");
    assertThat(refusalOf(() -> checks.metadata(event.and(".metadata"), Map.of("", "x"))))
        .hasMessageContaining("events[3].metadata key must not be empty");
    assertThat(refusalOf(() -> checks.metadata(event.and(".metadata"), Map.of("$x", "x"))))
        .hasMessageContaining("events[3].metadata[\"$x\"] must not start with");
  }

  private static Refusal refusalOf(org.assertj.core.api.ThrowableAssert.ThrowingCallable check) {
    return catchThrowableOfType(Refusal.class, check);
  }

  @Test
  void a_tag_that_comes_again_counts_once() {
    List<String> many = new Random(1).ints(40, 0, 20).mapToObj(i -> "tag-" + i).toList();
    assertThat(checks.tags("tags", List.of("a", "b", "a"))).containsExactly("a", "b");
    assertThat(checks.tags("tags", List.of("a", "b", "c"))).containsExactly("a", "b", "c");
    assertThat(checks.tags("tags", many)).isEqualTo(many.stream().distinct().toList());
  }
}

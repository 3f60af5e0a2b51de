package io.varve.server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class JsonColoursTest {
  private static final String JSON =
      "{\"name\":\"a \\\"quoted\\\" : text\\\\\",\"n\":-1.5e3,\"list\":[true,null,\"\"]}";

  @Test
  void nothing_but_colours_is_added() {
    assertThat(JsonColours.paint(JSON).replaceAll("\u001b\\[\\d+m", "")).isEqualTo(JSON);
  }

  @Test
  void names_texts_and_numbers_differ() {
    assertThat(JsonColours.paint("{\"a\":\"b\",\"c\":12}"))
        .isEqualTo(
            "{\u001b[36m\"a\"\u001b[0m:\u001b[32m\"b\"\u001b[0m,"
                + "\u001b[36m\"c\"\u001b[0m:\u001b[33m12\u001b[0m}");
  }
}

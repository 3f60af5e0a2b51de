package io.varve.benchmarks.contender;

import java.nio.charset.StandardCharsets;

/** What every event of a campaign holds, whoever keeps it: 200 bytes of JSON. */
final class Payload {
  static final String TYPE = "MoneyDeposited";

  static final String JSON = "{\"reference\": \"" + "x".repeat(183) + "\"}";

  private static final byte[] BYTES = JSON.getBytes(StandardCharsets.UTF_8);

  private Payload() {}

  /** Its bytes; nobody changes them. */
  static byte[] bytes() {
    return BYTES;
  }
}

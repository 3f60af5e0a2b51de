package io.varve.bank.web;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.javalin.http.Context;
import io.varve.bank.store.MoneyJson;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.RecordedEvent;
import java.util.Base64;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.cfg.JsonNodeFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * Reads requests and writes answers. Numbers keep their digits: {@code 12.50} stays that, in both
 * directions and inside events. Fields without a value are left out.
 */
final class Json {

  private static final JsonMapper MAPPER =
      MoneyJson.mapper()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
          .changeDefaultPropertyInclusion(
              included -> included.withValueInclusion(JsonInclude.Include.NON_NULL))
          .build();

  /** The content type of error bodies. */
  static final String PROBLEM = "application/problem+json";

  private Json() {}

  static void answer(Context context, int status, Object body) {
    write(context, status, "application/json", body);
  }

  static void problem(Context context, ErrorBody body) {
    write(context, body.status(), PROBLEM, body);
  }

  private static void write(Context context, int status, String contentType, Object body) {
    context.status(status).contentType(contentType).result(bytes(body));
  }

  /** As it goes over the wire. */
  static byte[] bytes(Object body) {
    return MAPPER.writeValueAsBytes(body);
  }

  /** As one line of text. */
  static String text(Object body) {
    return MAPPER.writeValueAsString(body);
  }

  /**
   * The text as a tree.
   *
   * @throws JacksonException it is not JSON, or names a field twice
   */
  static JsonNode parse(byte[] text) {
    return MAPPER.readTree(text);
  }

  /** An event's payload: the JSON that it is, or else its bytes in base64. */
  static JsonNode payload(RecordedEvent event) {
    JsonNode json = event.contentType().equals(NewEvent.JSON) ? parseOrNull(event) : null;
    return json != null
        ? json
        : MAPPER.getNodeFactory().stringNode(Base64.getEncoder().encodeToString(event.data()));
  }

  private static @Nullable JsonNode parseOrNull(RecordedEvent event) {
    try {
      return parse(event.data());
    } catch (JacksonException e) {
      return null;
    }
  }
}

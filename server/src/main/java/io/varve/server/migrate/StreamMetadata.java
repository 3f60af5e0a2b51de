package io.varve.server.migrate;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What KurrentDB's metadata of a stream say, as far as Varve has the like.
 *
 * @param maxCount only the newest so many events are kept; 0: no bound
 * @param maxAge only events younger than this are kept; null: no bound
 * @param deleted whether the stream is deleted until somebody appends to it
 * @param saysMore whether there is anything else, such as {@code $acl} or a key of the user's own
 */
public record StreamMetadata(
    long maxCount, @Nullable Duration maxAge, boolean deleted, boolean saysMore) {
  private static final String MAX_COUNT = "$maxCount";
  private static final String MAX_AGE = "$maxAge";
  private static final String TRUNCATE_BEFORE = "$tb";
  private static final Set<String> KNOWN = Set.of(MAX_COUNT, MAX_AGE, TRUNCATE_BEFORE);

  /** Beyond this nothing gets too old. */
  private static final long LONGEST_SECONDS = Duration.ofDays(3_652_000).toSeconds();

  /**
   * Reads metadata.
   *
   * @return null: they cannot be understood
   */
  public static @Nullable StreamMetadata parse(ByteBuffer data) {
    String text = StandardCharsets.UTF_8.decode(data.duplicate()).toString();
    try {
      JsonObject json =
          text.isBlank() ? new JsonObject() : JsonParser.parseString(text).getAsJsonObject();
      long maxAge = number(json, MAX_AGE);
      return new StreamMetadata(
          number(json, MAX_COUNT),
          maxAge == 0 || maxAge > LONGEST_SECONDS ? null : Duration.ofSeconds(maxAge),
          number(json, TRUNCATE_BEFORE) == Long.MAX_VALUE,
          !KNOWN.containsAll(json.keySet()));
    } catch (JsonParseException | IllegalStateException | IllegalArgumentException e) {
      return null; // no JSON object, or no number where one belongs
    } catch (ArithmeticException e) {
      return null; // no whole number
    }
  }

  private static long number(JsonObject json, String member) {
    JsonElement value = json.get(member);
    if (value == null || value.isJsonNull()) {
      return 0;
    }
    if (!(value instanceof JsonPrimitive primitive) || !primitive.isNumber()) {
      throw new IllegalArgumentException(member + " is not a number");
    }
    long number = primitive.getAsBigDecimal().longValueExact();
    if (number < 0) {
      throw new IllegalArgumentException(member + " is negative");
    }
    return number;
  }
}

package io.varve.server.api.grpc;

import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.gson.stream.JsonWriter;
import com.google.protobuf.ListValue;
import com.google.protobuf.NullValue;
import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Payloads that are JSON, as {@code google.protobuf.Value}.
 *
 * <p>Strict (RFC 8259): protobuf's own parser takes {@code hello} for the string "hello", and a
 * payload that is not JSON must come back as the bytes it is.
 */
final class JsonPayloads {
  /**
   * Protobuf readers give up at a nesting of 100 messages by default, and a JSON object costs
   * three: deeper payloads stay bytes, which everybody can read.
   */
  private static final int MAX_MESSAGE_DEPTH = 90;

  /** Up to here every whole number is a double, and a double that is whole is meant as one. */
  private static final double LARGEST_WHOLE = 1L << 53;

  private JsonPayloads() {}

  // ---- from values to text

  /**
   * A value as JSON text, as a person would write it: protobuf's own printer turns 3 into 3.0,
   * which many readers refuse for a whole number, and escapes what HTML pages would stumble over.
   *
   * @throws IllegalArgumentException a number is NaN or infinite, which JSON does not have
   */
  static byte[] print(Value value) {
    StringWriter text = new StringWriter();
    JsonWriter writer = new JsonWriter(text);
    writer.setStrictness(Strictness.STRICT);
    try {
      print(value, writer);
    } catch (IOException e) {
      throw new UncheckedIOException("a writer into memory failed", e);
    }
    return text.toString().getBytes(StandardCharsets.UTF_8);
  }

  private static void print(Value value, JsonWriter writer) throws IOException {
    switch (value.getKindCase()) {
      case NULL_VALUE, KIND_NOT_SET -> writer.nullValue();
      case BOOL_VALUE -> writer.value(value.getBoolValue());
      case STRING_VALUE -> writer.value(value.getStringValue());
      case NUMBER_VALUE -> print(value.getNumberValue(), writer);
      case LIST_VALUE -> {
        writer.beginArray();
        for (Value element : value.getListValue().getValuesList()) {
          print(element, writer);
        }
        writer.endArray();
      }
      case STRUCT_VALUE -> {
        writer.beginObject();
        for (Map.Entry<String, Value> field : value.getStructValue().getFieldsMap().entrySet()) {
          writer.name(field.getKey());
          print(field.getValue(), writer);
        }
        writer.endObject();
      }
    }
  }

  private static void print(double number, JsonWriter writer) throws IOException {
    boolean negativeZero = number == 0 && 1 / number < 0;
    if (Math.rint(number) == number && Math.abs(number) <= LARGEST_WHOLE && !negativeZero) {
      writer.value((long) number);
    } else {
      writer.value(number);
    }
  }

  // ---- from text to values

  /** The payload as a value; null when it is not JSON, or is nested too deeply to be read. */
  static @Nullable Value parse(ByteBuffer payload) {
    try {
      String text = StandardCharsets.UTF_8.newDecoder().decode(payload).toString();
      JsonReader reader = new JsonReader(new StringReader(text));
      reader.setStrictness(Strictness.STRICT);
      reader.setNestingLimit(MAX_MESSAGE_DEPTH);
      Value value = value(reader, 1);
      return value != null && reader.peek() == JsonToken.END_DOCUMENT ? value : null;
    } catch (IOException | IllegalStateException | NumberFormatException e) {
      return null; // not UTF-8, or not JSON: neither decoder nor reader has a gentler way of saying
      // so
    }
  }

  private static @Nullable Value value(JsonReader reader, int depth) throws IOException {
    if (depth > MAX_MESSAGE_DEPTH) {
      return null;
    }
    return switch (reader.peek()) {
      case STRING -> {
        String text = reader.nextString();
        yield isWellFormed(text) ? Value.newBuilder().setStringValue(text).build() : null;
      }
      case NUMBER -> Value.newBuilder().setNumberValue(reader.nextDouble()).build();
      case BOOLEAN -> Value.newBuilder().setBoolValue(reader.nextBoolean()).build();
      case NULL -> {
        reader.nextNull();
        yield Value.newBuilder().setNullValue(NullValue.NULL_VALUE).build();
      }
      case BEGIN_ARRAY -> array(reader, depth);
      case BEGIN_OBJECT -> object(reader, depth);
      case END_ARRAY, END_OBJECT, NAME, END_DOCUMENT -> null;
    };
  }

  private static @Nullable Value array(JsonReader reader, int depth) throws IOException {
    ListValue.Builder list = ListValue.newBuilder();
    reader.beginArray();
    while (reader.hasNext()) {
      Value element = value(reader, depth + 2);
      if (element == null) {
        return null;
      }
      list.addValues(element);
    }
    reader.endArray();
    return Value.newBuilder().setListValue(list).build();
  }

  private static @Nullable Value object(JsonReader reader, int depth) throws IOException {
    Struct.Builder struct = Struct.newBuilder();
    reader.beginObject();
    while (reader.hasNext()) {
      String name = reader.nextName();
      Value member = isWellFormed(name) ? value(reader, depth + 3) : null;
      if (member == null) {
        return null;
      }
      struct.putFields(name, member);
    }
    reader.endObject();
    return Value.newBuilder().setStructValue(struct).build();
  }

  /**
   * Whether text can be sent: JSON may escape half a surrogate pair, which UTF-8 has no bytes for.
   */
  private static boolean isWellFormed(String text) {
    return StandardCharsets.UTF_8.newEncoder().canEncode(text);
  }
}

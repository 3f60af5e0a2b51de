package io.varve.server.ops.http;

import com.google.gson.stream.JsonWriter;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;

/** Writes JSON objects. */
public final class Json {
  private Json() {}

  /** Writes an object's members. */
  public interface Members {
    void writeTo(JsonWriter json) throws IOException;
  }

  /** An object with these members. */
  public static String write(Members members) {
    StringWriter text = new StringWriter();
    JsonWriter json = new JsonWriter(text);
    json.setSerializeNulls(true);
    try {
      json.beginObject();
      members.writeTo(json);
      json.endObject();
    } catch (IOException e) {
      throw new UncheckedIOException("a writer into memory failed", e);
    }
    return text.toString();
  }
}

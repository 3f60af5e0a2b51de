package io.varve.server.cli;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The form of an export: a first line that says where it is from, an event a line, and a last line
 * that says that nothing is missing. What an interrupted export left can be gone on with.
 *
 * @param from the store and the query of the first line
 * @param events how many events are there
 * @param lastPosition the position of the last one; 0: there is none
 * @param end the file's length without a line that is not whole
 * @param complete whether the last line is there
 */
record ExportFile(Origin from, long events, long lastPosition, long end, boolean complete) {
  private static final String HEADER = "varve_export";
  private static final String FOOTER = "varve_export_end";
  private static final int FORMAT = 1;
  private static final int BUFFER_BYTES = 1 << 16;

  /** What an export is of. */
  record Origin(UUID storeId, String query) {}

  static String header(Origin from) {
    return new JsonLine()
        .put(HEADER, FORMAT)
        .put("store_id", from.storeId().toString())
        .put("query", from.query())
        .end();
  }

  static String footer(long events) {
    return new JsonLine().put(FOOTER, FORMAT).put("events", events).end();
  }

  /** Whether a line is an export's first one, as opposed to an event. */
  static boolean isHeader(String line) {
    return line.startsWith("{\"" + HEADER + "\":");
  }

  static boolean isFooter(String line) {
    return line.startsWith("{\"" + FOOTER + "\":");
  }

  /**
   * Reads a first line.
   *
   * @throws IllegalArgumentException with a sentence, if it is none that this release understands
   */
  static Origin origin(String header) {
    try {
      JsonObject json = JsonParser.parseString(header).getAsJsonObject();
      if (json.get(HEADER).getAsInt() != FORMAT) {
        throw new IllegalArgumentException(
            "the export has format " + json.get(HEADER) + ", and this release reads " + FORMAT);
      }
      return new Origin(
          EventLine.uuid(json.get("store_id").getAsString()), json.get("query").getAsString());
    } catch (JsonParseException
        | IllegalStateException
        | NullPointerException
        | NumberFormatException
        | UnsupportedOperationException e) {
      throw new IllegalArgumentException("it is not the first line of an export", e);
    }
  }

  /**
   * Looks at a file that an export has been written to.
   *
   * @return null: there is no such file, or it has not even its first line
   * @throws IllegalArgumentException with a sentence, if it is something else
   */
  static @Nullable ExportFile examine(Path file) throws IOException {
    if (!Files.exists(file) || Files.size(file) == 0) {
      return null;
    }
    long lines = 0;
    long end = 0;
    long lastStart = 0;
    long headerEnd = 0;
    try (InputStream in = new BufferedInputStream(Files.newInputStream(file), BUFFER_BYTES)) {
      long at = 0;
      for (int b = in.read(); b >= 0; b = in.read()) {
        at++;
        if (b == '\n') {
          lines++;
          headerEnd = lines == 1 ? at : headerEnd;
          lastStart = end;
          end = at;
        }
      }
    }
    if (lines == 0) {
      throw new IllegalArgumentException("it is not an export");
    }
    String first = text(file, 0, headerEnd);
    if (!isHeader(first)) {
      throw new IllegalArgumentException("it is not an export");
    }
    Origin from = origin(first);
    if (lines == 1) {
      return new ExportFile(from, 0, 0, end, false);
    }
    String last = text(file, lastStart, end);
    if (isFooter(last)) {
      return new ExportFile(from, lines - 2, 0, end, true);
    }
    return new ExportFile(from, lines - 1, position(last), end, false);
  }

  private static long position(String event) {
    try {
      return JsonParser.parseString(event).getAsJsonObject().get("position").getAsLong();
    } catch (JsonParseException
        | IllegalStateException
        | NullPointerException
        | NumberFormatException
        | UnsupportedOperationException e) {
      throw new IllegalArgumentException("its last line is not an event of an export", e);
    }
  }

  private static String text(Path file, long from, long end) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(end - from));
      channel.position(from);
      while (bytes.hasRemaining() && channel.read(bytes) >= 0) {
        // until all of it is there
      }
      return new String(bytes.array(), 0, bytes.position(), StandardCharsets.UTF_8);
    }
  }
}

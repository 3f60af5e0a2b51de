package io.varve.server.cli;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import io.varve.client.streams.AccessDeniedException;
import io.varve.client.streams.EventStore;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * How far an import has come, kept in a file beside its input. It only saves time: without it, or
 * after it was lost, the import begins at the first line, and the store recognises what is there.
 *
 * <p>It is believed only as long as the store has what was imported. A store that was restored from
 * a backup keeps its id and may have lost the newest events; and it may have got others since. What
 * a restore leaves is all of the log up to some position, so one look at the event that was the
 * newest tells.
 *
 * @param storeId where to
 * @param offset bytes of the input that have been imported
 * @param lines lines of it
 * @param sha256 of these bytes, so that another input under the same name is noticed
 * @param newest of the events in them, the one with the highest position
 */
record ImportProgress(UUID storeId, long offset, long lines, String sha256, Imported newest) {

  /** An event that the store has, and where in its log. */
  record Imported(UUID id, long position) {
    static Imported higher(@Nullable Imported one, Imported other) {
      return one != null && one.position >= other.position ? one : other;
    }
  }

  static Path fileFor(Path input) {
    return input.resolveSibling(input.getFileName() + ".import-progress");
  }

  /** Null: there is none, or it cannot be understood. */
  static @Nullable ImportProgress read(Path file) throws IOException {
    try {
      JsonObject json = JsonParser.parseString(Files.readString(file)).getAsJsonObject();
      return new ImportProgress(
          UUID.fromString(json.get("store_id").getAsString()),
          json.get("offset").getAsLong(),
          json.get("lines").getAsLong(),
          json.get("sha256").getAsString(),
          new Imported(
              UUID.fromString(json.get("newest_id").getAsString()),
              json.get("newest_position").getAsLong()));
    } catch (NoSuchFileException | CharacterCodingException e) {
      return null;
    } catch (JsonParseException
        | IllegalStateException
        | IllegalArgumentException
        | UnsupportedOperationException
        | NullPointerException e) {
      return null;
    }
  }

  /** Whether the store still has all of it; false, too, when the caller may not read that. */
  boolean holdsIn(EventStore store) {
    try {
      return store
          .getEvent(newest.id())
          .filter(event -> event.position() == newest.position())
          .isPresent();
    } catch (AccessDeniedException e) {
      return false;
    }
  }

  void write(Path file) throws IOException {
    writeWhole(
        file,
        new JsonLine()
            .put("store_id", storeId.toString())
            .put("offset", offset)
            .put("lines", lines)
            .put("sha256", sha256)
            .put("newest_id", newest.id().toString())
            .put("newest_position", newest.position()));
  }

  /** Writes a file of one line, so that whoever reads it sees this line or the one before. */
  static void writeWhole(Path file, JsonLine line) throws IOException {
    Path unfinished = file.resolveSibling(file.getFileName() + ".unfinished");
    Files.writeString(unfinished, line.end() + "\n");
    Files.move(
        unfinished, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }
}

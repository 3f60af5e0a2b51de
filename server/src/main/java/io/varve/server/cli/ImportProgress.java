package io.varve.server.cli;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.io.IOException;
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
 * @param storeId where to
 * @param offset bytes of the input that have been imported
 * @param lines lines of it
 * @param sha256 of these bytes, so that another input under the same name is noticed
 */
record ImportProgress(UUID storeId, long offset, long lines, String sha256) {

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
          json.get("sha256").getAsString());
    } catch (NoSuchFileException e) {
      return null;
    } catch (JsonParseException
        | IllegalStateException
        | IllegalArgumentException
        | NullPointerException e) {
      return null;
    }
  }

  void write(Path file) throws IOException {
    Path unfinished = file.resolveSibling(file.getFileName() + ".unfinished");
    Files.writeString(
        unfinished,
        new JsonLine()
                .put("store_id", storeId.toString())
                .put("offset", offset)
                .put("lines", lines)
                .put("sha256", sha256)
                .end()
            + "\n");
    Files.move(
        unfinished, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }
}

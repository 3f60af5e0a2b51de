package io.varve.server.cli;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import io.varve.client.streams.AccessDeniedException;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.StreamInfo;
import io.varve.server.migrate.SourceEvent;
import io.varve.server.migrate.SourceEvent.Place;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * How far an import from a running KurrentDB has come. Like {@link ImportProgress} it only saves
 * time, and is believed only as long as both stores have what it names.
 *
 * @param storeId where to
 * @param reached the place of the last event that needs no further look, in the source's log
 * @param reachedId its id
 * @param newest of what was imported, the event with the highest position
 */
record KurrentProgress(UUID storeId, Place reached, UUID reachedId, Newest newest) {

  /** An event that was imported, and where it is here. */
  record Newest(UUID id, long position, String stream, long version) {

    static Newest higher(@Nullable Newest one, Newest other) {
      return one != null && one.position >= other.position ? one : other;
    }

    /**
     * Whether the store still has it there, or has reclaimed it since: of a hidden event it knows
     * that its stream once came so far. False, too, when the caller may not read it.
     */
    boolean isIn(EventStore store) {
      try {
        var there = store.getEvent(id);
        return there.isPresent()
            ? there.get().position() == position
            : store.streams().get(stream).filter(this::isHiddenIn).isPresent();
      } catch (AccessDeniedException e) {
        return false;
      }
    }

    private boolean isHiddenIn(StreamInfo there) {
      return there.version() >= version
          && there.lastPosition() >= position
          && there.firstKeptVersion() > version;
    }
  }

  /** Null: there is none, or it cannot be understood. */
  static @Nullable KurrentProgress read(Path file) throws IOException {
    try {
      JsonObject json = JsonParser.parseString(Files.readString(file)).getAsJsonObject();
      return new KurrentProgress(
          UUID.fromString(json.get("store_id").getAsString()),
          new Place(json.get("commit").getAsLong(), json.get("prepare").getAsLong()),
          UUID.fromString(json.get("event_id").getAsString()),
          new Newest(
              UUID.fromString(json.get("newest_id").getAsString()),
              json.get("newest_position").getAsLong(),
              json.get("newest_stream").getAsString(),
              json.get("newest_version").getAsLong()));
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

  /** Whether this event of a source is the one that was reached. */
  boolean isAt(SourceEvent event) {
    return event.place().equals(reached) && event.id().equals(reachedId);
  }

  void write(Path file) throws IOException {
    ImportProgress.writeWhole(
        file,
        new JsonLine()
            .put("store_id", storeId.toString())
            .put("commit", reached.commit())
            .put("prepare", reached.prepare())
            .put("event_id", reachedId.toString())
            .put("newest_id", newest.id().toString())
            .put("newest_position", newest.position())
            .put("newest_stream", newest.stream())
            .put("newest_version", newest.version()));
  }
}

package io.varve.server.migrate;

import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * An event of another store, with its metadata as Varve keeps them.
 *
 * @param place where it stands in that store's log
 * @param id its id, which there need not belong to one event alone
 * @param stream its stream
 * @param revision its number in the stream, from 0
 * @param type its type
 * @param contentType its content type
 * @param created when it was recorded there; null: not said
 * @param data its payload, not to be changed
 * @param metadata what Varve keeps as its metadata
 * @param tags what Varve keeps as its tags
 */
public record SourceEvent(
    Place place,
    UUID id,
    String stream,
    long revision,
    String type,
    String contentType,
    @Nullable Instant created,
    ByteBuffer data,
    Map<String, String> metadata,
    List<String> tags) {
  private static final String LINK = "$>";
  private static final String CLOSED = "$streamDeleted";
  private static final String METADATA_PREFIX = "$$";

  /** A place in a log, as the two numbers that KurrentDB knows it by. */
  public record Place(long commit, long prepare) {}

  /** Whether it is in a stream of the other store's own. */
  public boolean isSystem() {
    return stream.startsWith("$");
  }

  /** Whether it stands for another event. */
  public boolean isLink() {
    return type.equals(LINK);
  }

  /** Whether it says that its stream is closed for ever. It has the largest revision there is. */
  public boolean isEndOfStream() {
    return type.equals(CLOSED) && (revision == Long.MAX_VALUE || revision == Integer.MAX_VALUE);
  }

  /** The stream about which it says something; null: it is no metadata of an ordinary stream. */
  public @Nullable String describedStream() {
    if (!stream.startsWith(METADATA_PREFIX)) {
      return null;
    }
    String described = stream.substring(METADATA_PREFIX.length());
    return described.isEmpty() || described.startsWith("$") ? null : described;
  }
}

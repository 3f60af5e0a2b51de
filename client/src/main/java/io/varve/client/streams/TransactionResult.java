package io.varve.client.streams;

import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a transaction did. It is durable, and visible as a whole.
 *
 * @param versions the streams that were written, in the transaction's order, each with the version
 *     of the last event that was written to it; those only checked are not here. Unmodifiable.
 * @param position the log position of the transaction's last event; its events have the positions
 *     up to it, one after another. 0: no event was written.
 * @param recordedAt the server's time of the commit, the same for all events; null: no event was
 *     written
 * @param deduplicated the events were there already, from an earlier try with the same event ids:
 *     nothing was written now, and the other values are that earlier transaction's
 */
public record TransactionResult(
    Map<String, Long> versions, long position, @Nullable Instant recordedAt, boolean deduplicated) {

  public TransactionResult {
    versions = Collections.unmodifiableMap(new LinkedHashMap<>(versions));
  }

  /** The version of the last event that was written to this stream; 0: none was. */
  public long version(String stream) {
    return versions.getOrDefault(stream, 0L);
  }
}

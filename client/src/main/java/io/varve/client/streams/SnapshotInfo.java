package io.varve.client.streams;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A snapshot without its data.
 *
 * @param stream the stream
 * @param version the version up to which events are folded in
 * @param schemaVersion the application's number for the shape of the data
 * @param contentType the data's MIME type; empty: not stated
 * @param savedAt when the store took it in; null: it has not been stored yet
 */
public record SnapshotInfo(
    String stream,
    long version,
    int schemaVersion,
    String contentType,
    @Nullable Instant savedAt) {}

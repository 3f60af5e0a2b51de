package io.varve.server.storage;

import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What a copy of a log holds.
 *
 * @param storeId the store that it belongs to
 * @param dataFormat the number of the data format
 * @param position its last position; 0 when it is empty
 * @param events how many events it has
 * @param newest the newest of them; null when there is none
 */
public record LogExtent(
    UUID storeId, int dataFormat, long position, long events, @Nullable EventMark newest) {}

package io.varve.server.cli.bench;

import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * What a shape came to.
 *
 * @param requests the requests that the shape is about
 * @param readers the reads that went on beside them; null if it has none
 * @param deliveries nanoseconds from when an append was due until a consumer had its event; null if
 *     it has no consumers
 */
public record ShapeResult(
    LoadResult requests, @Nullable LoadResult readers, @Nullable Histogram deliveries) {

  static ShapeResult of(LoadResult requests) {
    return new ShapeResult(requests, null, null);
  }
}

package io.varve.server.read;

import java.util.function.Function;

/**
 * What came of looking something up in a stream.
 *
 * @param <T> what was looked up
 */
public sealed interface StreamLookUp<T> {

  /** It is there. */
  record Found<T>(T value) implements StreamLookUp<T> {}

  /** The stream has no event, or not this one yet. */
  record NotFound<T>() implements StreamLookUp<T> {}

  /** The stream is deleted. */
  record Deleted<T>() implements StreamLookUp<T> {}

  /** The stream is closed for ever. */
  record Tombstoned<T>() implements StreamLookUp<T> {}

  /** It lies before the first version that is still kept. */
  record NoLongerKept<T>(long firstKept) implements StreamLookUp<T> {}

  /** Looks something up in what was found; what was not found stays so. */
  default <R> StreamLookUp<R> then(Function<T, StreamLookUp<R>> next) {
    return switch (this) {
      case Found<T>(T value) -> next.apply(value);
      case NotFound<T> _ -> new NotFound<>();
      case Deleted<T> _ -> new Deleted<>();
      case Tombstoned<T> _ -> new Tombstoned<>();
      case NoLongerKept<T>(long firstKept) -> new NoLongerKept<>(firstKept);
    };
  }
}

package io.varve.client.eventsourcing;

import static java.util.Objects.requireNonNull;

import io.varve.client.streams.RecordedEvent;
import java.util.function.Function;

/**
 * Stands for a class of events that are made of the whole recorded event, its metadata too, and
 * that somebody else writes.
 */
final class ReadOnlyCodec<T> implements PayloadCodec<T> {

  private final Class<T> type;
  private final Function<? super RecordedEvent, ?> reader;

  ReadOnlyCodec(Class<T> type, Function<? super RecordedEvent, ?> reader) {
    this.type = requireNonNull(type);
    this.reader = requireNonNull(reader);
  }

  T read(RecordedEvent recorded) {
    return type.cast(requireNonNull(reader.apply(recorded), "the reader gave null"));
  }

  @Override
  public String contentType() {
    return "";
  }

  @Override
  public byte[] encode(T value) {
    throw new UnsupportedOperationException(
        type.getName() + " is only read; nothing writes it by way of its event types");
  }

  @Override
  public T decode(byte[] data) {
    throw new UnsupportedOperationException(
        type.getName() + " is read from the whole recorded event, not from its payload alone");
  }
}

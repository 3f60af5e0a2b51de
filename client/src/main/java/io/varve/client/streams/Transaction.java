package io.varve.client.streams;

import static java.util.Objects.requireNonNull;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Events for several streams, what must hold for them to be written, and the progress that they
 * stand for: all or nothing, in one atomic step. Immutable; its events have their ids, so it may be
 * repeated safely.
 *
 * <p>The store decides in this order, and the first that does not hold answers: whether its events
 * are there already, the streams in the order given, the conditions in the order given, the
 * tracking.
 *
 * <p>The store checks limits, not this class: each stream at most once, at most 1,000 streams and
 * 100 conditions, by default 10,000 events and 16 MiB over all streams, no event id twice, and at
 * least one of streams, conditions and tracking.
 *
 * <pre>{@code
 * Transaction.builder()
 *     .append("account-1", ExpectedVersion.exactly(7), withdrawn)
 *     .append("account-2", ExpectedVersion.streamExists(), deposited).build();
 * }</pre>
 */
public final class Transaction {

  /**
   * One stream's part.
   *
   * @param stream the stream; the first event creates it
   * @param expected what is believed about it
   * @param events in the order in which they get their versions; empty: the stream is only checked
   */
  public record StreamPart(String stream, ExpectedVersion expected, List<NewEvent> events) {

    public StreamPart {
      Arguments.wellFormed("stream", stream);
      requireNonNull(expected);
      events = List.copyOf(events);
    }
  }

  private final List<StreamPart> streams;
  private final List<AppendCondition> conditions;
  private final @Nullable Tracking tracking;

  private Transaction(Builder from) {
    this.streams = List.copyOf(from.streams);
    this.conditions = List.copyOf(from.conditions);
    this.tracking = from.tracking;
  }

  /** Starts a transaction without any part. */
  public static Builder builder() {
    return new Builder();
  }

  /** The streams that are written or only checked, in the order given. Unmodifiable. */
  public List<StreamPart> streams() {
    return streams;
  }

  /** The conditions, which must all hold, in the order given. Unmodifiable. */
  public List<AppendCondition> conditions() {
    return conditions;
  }

  /** The progress that is stored with the events; null: none. */
  public @Nullable Tracking tracking() {
    return tracking;
  }

  /** All events, in the order in which they get their positions. */
  public Stream<NewEvent> events() {
    return streams.stream().flatMap(part -> part.events().stream());
  }

  /** The parts by name; the payloads are left out, because they may be secret. */
  @Override
  public String toString() {
    return "Transaction["
        + streams.stream()
            .map(
                part ->
                    part.events().size() + " events to " + part.stream() + " at " + part.expected())
            .toList()
        + ", "
        + conditions
        + (tracking == null ? "" : ", " + tracking)
        + "]";
  }

  /** Builds a {@link Transaction}. Not safe for use by several threads. */
  public static final class Builder {

    private final List<StreamPart> streams = new ArrayList<>();
    private final List<AppendCondition> conditions = new ArrayList<>();
    private @Nullable Tracking tracking;

    private Builder() {}

    /**
     * Appends events to a stream, under what is believed about it.
     *
     * @throws IllegalArgumentException there is no event; to check a stream without writing to it
     *     there is {@link #check}
     */
    public Builder append(String stream, ExpectedVersion expected, List<NewEvent> events) {
      if (events.isEmpty()) {
        throw new IllegalArgumentException("an append to a stream needs an event");
      }
      streams.add(new StreamPart(stream, expected, events));
      return this;
    }

    /** The same, with the events one by one. */
    public Builder append(String stream, ExpectedVersion expected, NewEvent... events) {
      return append(stream, expected, List.of(events));
    }

    /** Checks what is believed about a stream, and writes nothing to it. */
    public Builder check(String stream, ExpectedVersion expected) {
      streams.add(new StreamPart(stream, expected, List.of()));
      return this;
    }

    /** Adds a condition. All of them must hold. */
    public Builder condition(AppendCondition condition) {
      conditions.add(requireNonNull(condition));
      return this;
    }

    /** Stores this progress together with the events; a second one replaces the first. */
    public Builder tracking(Tracking tracking) {
      this.tracking = requireNonNull(tracking);
      return this;
    }

    /** Stores that the consumer has come to this position of its source. */
    public Builder tracking(String source, long position) {
      return tracking(new Tracking(source, position));
    }

    /** The transaction. */
    public Transaction build() {
      return new Transaction(this);
    }
  }
}

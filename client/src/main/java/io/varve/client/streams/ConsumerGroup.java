package io.varve.client.streams;

import static java.util.Objects.requireNonNull;

import org.jspecify.annotations.Nullable;

/**
 * A consumer group as it is created: a name, what it consumes, where it starts, and how it behaves.
 * By default it starts at the first event, with {@link ConsumerGroupSettings#defaults}. Immutable.
 *
 * <pre>{@code
 * ConsumerGroup.ofLog("emails", Query.types("AccountOpened"));       // from the first event
 * ConsumerGroup.ofLog("audit", Query.all()).fromNow();               // only what is appended later
 * ConsumerGroup.ofStream("orders-feed", "order-7").after(12)         // after version 12
 *     .settings(ConsumerGroupSettings.defaults().maxRetries(3));
 * }</pre>
 */
public final class ConsumerGroup {

  private final String name;
  private final ConsumerGroupSource source;
  private final SubscriptionStart start;
  private final ConsumerGroupSettings settings;

  private ConsumerGroup(
      String name,
      ConsumerGroupSource source,
      SubscriptionStart start,
      ConsumerGroupSettings settings) {
    this.name = requireNonNull(name);
    this.source = requireNonNull(source);
    this.start = requireNonNull(start);
    this.settings = requireNonNull(settings);
  }

  /**
   * A group on a stream, which need not exist yet.
   *
   * @param name 1 to 256 bytes of UTF-8 without control characters, unique in the store
   */
  public static ConsumerGroup ofStream(String name, String stream) {
    return of(name, new ConsumerGroupSource.OfStream(stream));
  }

  /**
   * A group on the events of the log that match.
   *
   * @param name 1 to 256 bytes of UTF-8 without control characters, unique in the store
   */
  public static ConsumerGroup ofLog(String name, Query query) {
    return of(name, new ConsumerGroupSource.OfLog(query));
  }

  /** A group on this source. */
  public static ConsumerGroup of(String name, ConsumerGroupSource source) {
    return new ConsumerGroup(
        name, source, new SubscriptionStart.FromStart(), ConsumerGroupSettings.defaults());
  }

  /** From the source's first event. */
  public ConsumerGroup fromStart() {
    return starting(new SubscriptionStart.FromStart());
  }

  /**
   * After this version of the stream, or this position of the log; 0: from the first event. It may
   * be ahead of the newest event; events up to it are then left out when they come.
   */
  public ConsumerGroup after(long place) {
    return starting(new SubscriptionStart.After(place));
  }

  /** From now: only events that are committed after the group was created. */
  public ConsumerGroup fromNow() {
    return starting(new SubscriptionStart.FromNow());
  }

  /** From this start. */
  public ConsumerGroup starting(SubscriptionStart start) {
    return new ConsumerGroup(name, source, start, settings);
  }

  /** With these settings. */
  public ConsumerGroup settings(ConsumerGroupSettings settings) {
    return new ConsumerGroup(name, source, start, settings);
  }

  /** Its name, unique in the store. */
  public String name() {
    return name;
  }

  /** What it consumes. */
  public ConsumerGroupSource source() {
    return source;
  }

  /**
   * Where a new group starts; places are versions of the stream or positions of the log. Of a group
   * that exists a store may give "now" as the place that it was.
   */
  public SubscriptionStart start() {
    return start;
  }

  /** How it behaves. */
  public ConsumerGroupSettings settings() {
    return settings;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof ConsumerGroup that
        && name.equals(that.name)
        && source.equals(that.source)
        && start.equals(that.start)
        && settings.equals(that.settings);
  }

  @Override
  public int hashCode() {
    return name.hashCode();
  }

  @Override
  public String toString() {
    return "ConsumerGroup[" + name + ", " + source + ", " + start + ", " + settings + "]";
  }
}

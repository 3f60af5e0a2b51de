package io.varve.client.testkit;

import static java.util.Objects.requireNonNull;

import io.varve.client.streams.CategoryInfo;
import io.varve.client.streams.EventTypeInfo;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.Retention;
import io.varve.client.streams.StreamChange;
import io.varve.client.streams.StreamDeletedException;
import io.varve.client.streams.StreamInfo;
import io.varve.client.streams.StreamLife;
import io.varve.client.streams.StreamNotFoundException;
import io.varve.client.streams.Streams;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** The life of the streams of a store in memory. */
final class MemoryStreams implements Streams {

  /** A change of one stream, decided and made in one step. */
  interface Decision {

    /** Throws if the stream, which is not closed for ever, does not allow it. */
    default void check(MemoryStream stream) {}

    /** Throws if the change is not possible; otherwise it is made. */
    void apply(MemoryStream stream, Instant now);
  }

  /** A change of a stream that has events and is not deleted. */
  private record OfStreamThatIsThere(Consumer<MemoryStream> change) implements Decision {

    @Override
    public void check(MemoryStream stream) {
      requireThere(stream);
    }

    @Override
    public void apply(MemoryStream stream, Instant now) {
      change.accept(stream);
    }
  }

  private final MemoryLog log;
  private final Runnable requireOpen;

  MemoryStreams(MemoryLog log, Runnable requireOpen) {
    this.log = log;
    this.requireOpen = requireOpen;
  }

  @Override
  public Optional<StreamInfo> get(String stream) {
    requireOpen.run();
    RequestRules.checkStream("stream", stream);
    return log.info(stream);
  }

  @Override
  public Stream<StreamInfo> all() {
    requireOpen.run();
    return log.infos(name -> true).stream();
  }

  @Override
  public Stream<StreamInfo> withPrefix(String prefix) {
    requireNonNull(prefix);
    requireOpen.run();
    return log.infos(name -> name.startsWith(prefix)).stream();
  }

  @Override
  public Stream<StreamInfo> ofCategory(String category) {
    requireNonNull(category);
    requireOpen.run();
    return log.infos(name -> category(name).equals(category)).stream();
  }

  @Override
  public Stream<CategoryInfo> categories() {
    requireOpen.run();
    return log.count(event -> category(event.stream())).entrySet().stream()
        .map(count -> new CategoryInfo(count.getKey(), count.getValue()));
  }

  @Override
  public Stream<EventTypeInfo> eventTypes() {
    requireOpen.run();
    return log.count(RecordedEvent::type).entrySet().stream()
        .map(count -> new EventTypeInfo(count.getKey(), count.getValue()));
  }

  @Override
  public long setRetention(String stream, Retention retention, StreamChange change) {
    Duration maxAge = retention.maxAge();
    if (maxAge != null && (maxAge.isNegative() || maxAge.isZero())) {
      throw RequestRules.invalid("max_age", "must be positive, was " + maxAge);
    }
    String bounds =
        (retention.maxCount() > 0 ? ",\"maxCount\":\"" + retention.maxCount() + "\"" : "")
            + (maxAge == null ? "" : ",\"maxAge\":\"" + maxAge + "\"");
    return change(
        stream,
        change,
        (found, now) -> found.setRetention(retention, now),
        "$RetentionSet",
        bounds);
  }

  @Override
  public long truncate(String stream, long beforeVersion, StreamChange change) {
    RequestRules.checkAtLeastOne("truncate_before", beforeVersion);
    return change(
        stream,
        change,
        new OfStreamThatIsThere(found -> truncate(found, beforeVersion)),
        "$StreamTruncated",
        ",\"truncateBefore\":\"" + beforeVersion + "\"");
  }

  private static void truncate(MemoryStream stream, long beforeVersion) {
    if (beforeVersion > stream.version() + 1) {
      throw RequestRules.invalid(
          "truncate_before",
          "must be at most "
              + (stream.version() + 1)
              + ", one more than the stream's version, was "
              + beforeVersion);
    }
    if (beforeVersion < stream.truncateBefore()) {
      throw RequestRules.invalid(
          "truncate_before",
          "must not be lower than before, " + stream.truncateBefore() + ", was " + beforeVersion);
    }
    stream.truncate(beforeVersion);
  }

  @Override
  public long delete(String stream, StreamChange change) {
    return change(
        stream,
        change,
        new OfStreamThatIsThere(found -> found.close(StreamLife.DELETED)),
        "$StreamDeleted",
        "");
  }

  @Override
  public long tombstone(String stream, StreamChange change) {
    return change(
        stream,
        change,
        (found, now) -> found.close(StreamLife.TOMBSTONED),
        "$StreamTombstoned",
        "");
  }

  private static void requireThere(MemoryStream stream) {
    if (stream.version() == 0) {
      throw new StreamNotFoundException(
          "stream \"" + stream.name + "\" has no event", stream.name, null);
    }
    if (stream.life() == StreamLife.DELETED) {
      throw new StreamDeletedException(
          "stream \"" + stream.name + "\" is deleted", stream.name, null);
    }
  }

  private long change(
      String stream, StreamChange change, Decision decision, String type, String parameters) {
    requireOpen.run();
    RequestRules.checkChange(stream, change);
    return log.change(
        stream,
        change.expectedVersion(),
        decision,
        version ->
            NewEvent.builder(type)
                .json(
                    "{\"stream\":"
                        + quoted(stream)
                        + ",\"version\":\""
                        + version
                        + "\""
                        + parameters
                        + ",\"reason\":"
                        + quoted(change.reason())
                        + ",\"by\":\"in memory\"}")
                .tag("stream:" + stream)
                .build());
  }

  /** The name up to the first dash, or the whole name if it has none. */
  private static String category(String stream) {
    int dash = stream.indexOf('-');
    return dash < 0 ? stream : stream.substring(0, dash);
  }

  /** Text as JSON. Control characters are only the two that a reason may have. */
  private static String quoted(String text) {
    return "\""
        + text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n").replace("\t", "\\t")
        + "\"";
  }
}

package io.varve.server.history;

import io.varve.server.event.ExpectedVersion;
import io.varve.server.event.Tracking;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** What a caller asks. */
public sealed interface Call {

  /**
   * The wish to write, all or nothing: an append to one stream, or a transaction. A repeat is an
   * equal call.
   *
   * @param tracking progress to be stored with the events; only with events. Null for none
   */
  record Write(List<Part> parts, List<Condition> conditions, @Nullable Tracking tracking)
      implements Call {
    public Write {
      parts = List.copyOf(parts);
      conditions = List.copyOf(conditions);
      if (tracking != null && parts.stream().allMatch(part -> part.events().isEmpty())) {
        throw new IllegalArgumentException("progress without an event has no place in the log");
      }
    }

    /** An append to one stream. */
    public static Write append(String stream, ExpectedVersion expected, List<Draft> events) {
      return new Write(List.of(new Part(stream, expected, events)), List.of(), null);
    }

    /** All events, each with the stream that it goes to, in the order in which they are written. */
    List<Placed> events() {
      List<Placed> events = new ArrayList<>();
      for (Part part : parts) {
        part.events().forEach(event -> events.add(new Placed(event.id(), part.stream())));
      }
      return events;
    }

    /** Whether it can be asked for as an append. */
    public boolean isAppend() {
      return parts.size() == 1 && conditions.isEmpty() && !parts.getFirst().events().isEmpty();
    }

    @Override
    public String toString() {
      return "write "
          + parts
          + (conditions.isEmpty() ? "" : " unless " + conditions)
          + (tracking == null ? "" : " at " + tracking.source() + " " + tracking.position());
    }
  }

  /** What a write does to one stream; without events it is only checked. */
  record Part(String stream, ExpectedVersion expected, List<Draft> events) {
    public Part {
      events = List.copyOf(events);
    }

    @Override
    public String toString() {
      return stream
          + (expected instanceof ExpectedVersion.Any ? "" : " (" + expected.inWords() + ")")
          + (events.isEmpty() ? "" : " + " + events);
    }
  }

  /** An event that is to be written. */
  record Draft(UUID id, String type, Set<String> tags) {
    public Draft {
      tags = Set.copyOf(tags);
    }

    @Override
    public String toString() {
      return "%s(%s)%s"
          .formatted(type, id.toString().substring(24), tags.isEmpty() ? "" : new TreeSet<>(tags));
    }
  }

  /** An event by its id, and where it goes. */
  record Placed(UUID id, String stream) {}

  /** Nothing that matches may stand after this position. */
  record Condition(Selection selection, long after) {
    @Override
    public String toString() {
      return selection + " after " + after;
    }
  }

  /**
   * A read of the log.
   *
   * @param from the position to start at; 0 for the first, or the last if backwards
   * @param limit at most this many events; 0 for no limit
   */
  record ReadLog(Selection selection, long from, boolean backwards, long limit) implements Call {}

  /** A read of a stream, with {@code from} a version; otherwise as of the log. */
  record ReadStream(String stream, long from, boolean backwards, long limit) implements Call {}

  /** Which version a stream has. */
  record VersionOf(String stream) implements Call {}

  /** The event at a position. */
  record EventAt(long position) implements Call {}

  /** The event with an id. */
  record EventWith(UUID id) implements Call {}

  /** How far a consumer has come. */
  record ProgressOf(String source) implements Call {}

  /** What a subscription delivers next. */
  record Delivery(String to) implements Call {}
}

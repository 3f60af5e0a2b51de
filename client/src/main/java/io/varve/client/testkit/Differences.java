package io.varve.client.testkit;

import io.varve.client.eventsourcing.TypedEvent;
import java.util.List;

/** Says how what there is differs from what was expected, one event a line. */
final class Differences {

  private Differences() {}

  /** Both lists; where they differ, the line is marked. */
  static String between(List<?> expected, List<?> actual) {
    StringBuilder text = new StringBuilder("expected other events\nexpected:\n");
    append(text, expected, actual);
    text.append("actual:\n");
    append(text, actual, expected);
    return text.toString();
  }

  private static void append(StringBuilder text, List<?> events, List<?> others) {
    if (events.isEmpty()) {
      text.append("  (no event)\n");
    }
    for (int i = 0; i < events.size(); i++) {
      boolean same = i < others.size() && events.get(i).equals(others.get(i));
      text.append(same ? "  " : "! ").append(events.get(i)).append('\n');
    }
  }

  /** The events, one a line. */
  static String lines(List<?> events) {
    if (events.isEmpty()) {
      return "  (no event)\n";
    }
    StringBuilder text = new StringBuilder();
    events.forEach(event -> text.append("  ").append(event).append('\n'));
    return text.toString();
  }

  /** What was written must be read as it was. */
  static <E> List<TypedEvent<E>> requireSurvives(E written, List<TypedEvent<E>> read) {
    if (read.size() != 1 || !read.getFirst().event().equals(written)) {
      throw new AssertionError(
          "an event is not read as it was written\nwritten:\n  "
              + written
              + "\nread:\n"
              + lines(read.stream().map(TypedEvent::event).toList()));
    }
    return read;
  }
}

package io.varve.client.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.varve.client.eventsourcing.EventContext;
import io.varve.client.eventsourcing.EventTypes;
import io.varve.client.eventsourcing.TypedEvent;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.RecordedEvent;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Tests what events are written as, and that what was written once can still be read.
 *
 * <pre>{@code
 * EventTypesFixture.of(OrderEvents.TYPES)
 *     .stored("OrderPlaced", 1, "{\"customer\":\"ada\"}")
 *     .isReadAs(new OrderPlaced("ada", "unknown"));
 *
 * EventTypesFixture.of(OrderEvents.TYPES)
 *     .samples(new OrderPlaced("ada", "ada@example.org"), new OrderPaid("card"))
 *     .matchGoldenFile(Path.of("src/test/resources/order-events.golden"));
 * }</pre>
 *
 * @param <E> the events
 */
public final class EventTypesFixture<E> {

  /** The system property that has golden files written instead of compared. */
  public static final String WRITE_GOLDEN_FILES = "varve.golden.write";

  private final EventTypes<E> types;

  private EventTypesFixture(EventTypes<E> types) {
    this.types = types;
  }

  /** Tests these event types. */
  public static <E> EventTypesFixture<E> of(EventTypes<E> types) {
    return new EventTypesFixture<>(types);
  }

  /** An event as it may lie in the store: its type, schema version, and JSON payload. */
  public Stored stored(String type, int schemaVersion, String json) {
    return stored(type, schemaVersion, NewEvent.JSON, json.getBytes(UTF_8));
  }

  /** An event as it may lie in the store, with a payload of bytes. */
  public Stored stored(String type, int schemaVersion, String contentType, byte[] data) {
    return new Stored(
        NewEvent.builder(type)
            .data(data)
            .contentType(contentType)
            .metadata(EventTypes.SCHEMA_VERSION, Integer.toString(schemaVersion))
            .build());
  }

  /** One of each event, as it is written now. */
  @SafeVarargs
  @SuppressWarnings("varargs") // List.of copies them
  public final Samples samples(E... events) {
    return new Samples(List.of(events));
  }

  private static RecordedEvent recorded(NewEvent event) {
    return new RecordedEvent("sample-1", 1, 1, Instant.EPOCH, event);
  }

  private List<E> read(NewEvent event) {
    return types.decode(recorded(event)).stream().map(TypedEvent::event).toList();
  }

  /** A stored event that is to be read. */
  public final class Stored {

    private final NewEvent event;

    private Stored(NewEvent event) {
      this.event = event;
    }

    /**
     * Reading it gives these events, in this order; none: it is passed over.
     *
     * @throws AssertionError it gives others
     */
    @SafeVarargs
    @SuppressWarnings("varargs") // List.of copies them
    public final EventTypesFixture<E> isReadAs(E... expected) {
      List<E> actual = read(event);
      if (!actual.equals(List.of(expected))) {
        throw new AssertionError(
            "a stored "
                + event.type()
                + " is read as\n"
                + lines(actual)
                + "and not as\n"
                + lines(List.of(expected)));
      }
      return EventTypesFixture.this;
    }

    private static String lines(List<?> events) {
      if (events.isEmpty()) {
        return "  (nothing)\n";
      }
      StringBuilder lines = new StringBuilder();
      events.forEach(event -> lines.append("  ").append(event).append('\n'));
      return lines.toString();
    }
  }

  /** Events that are to be written. */
  public final class Samples {

    private final List<E> events;

    private Samples(List<E> events) {
      this.events = events;
    }

    /**
     * Each is equal to itself once it has been written and read again.
     *
     * @throws AssertionError one is not
     */
    public Samples surviveWriting() {
      for (E event : events) {
        List<E> read = read(types.encode(event, EventContext.begin()));
        if (!read.equals(List.of(event))) {
          throw new AssertionError("written and read again, " + event + " is " + read);
        }
      }
      return this;
    }

    /**
     * The events are written as the lines of the file say: type, schema version, content type and
     * payload (base64 unless it is JSON). A name or a shape that changes by accident fails here.
     * Lines of older schema versions stay in the file, and must still be readable; lines of the
     * present one must still be written by a sample. Every registered type needs a sample.
     *
     * <p>With the system property {@value EventTypesFixture#WRITE_GOLDEN_FILES} set to {@code true}
     * the lines that are missing are added to the file; look at the change before you commit it.
     *
     * @throws AssertionError a line differs, is missing, or cannot be read
     */
    public Samples matchGoldenFile(Path file) {
      surviveWriting();
      Set<String> golden = new LinkedHashSet<>(linesOf(file));
      List<String> missing = new ArrayList<>();
      Set<String> unsampled = types.names();
      Set<String> present = new LinkedHashSet<>();
      Map<String, Integer> schemas = new HashMap<>();
      for (E event : events) {
        NewEvent written = types.encode(event, EventContext.begin());
        unsampled.remove(written.type());
        schemas.put(written.type(), schemaVersion(written));
        present.add(line(written));
        if (!golden.contains(line(written))) {
          missing.add(line(written));
        }
      }
      if (!unsampled.isEmpty()) {
        throw new AssertionError("there is no sample of " + unsampled);
      }
      if (!missing.isEmpty() && Boolean.getBoolean(WRITE_GOLDEN_FILES)) {
        golden.addAll(missing);
        write(file, golden);
      } else if (!missing.isEmpty()) {
        throw new AssertionError(
            "events are written in a way that "
                + file
                + " does not have:\n  "
                + String.join("\n  ", missing)
                + "\nIt has:\n  "
                + String.join("\n  ", golden)
                + "\n"
                + "If that is meant: raise the schema version, add an upcaster, and run once with"
                + " -D"
                + WRITE_GOLDEN_FILES
                + "=true");
      }
      for (String line : golden) {
        mustBeReadable(line, !present.contains(line), schemas);
      }
      return this;
    }

    private void mustBeReadable(String line, boolean old, Map<String, Integer> schemas) {
      String[] parts = line.split(" ", 4);
      if (parts.length != 4) {
        throw new AssertionError("no golden line: " + line);
      }
      int schemaVersion = Integer.parseInt(parts[1]);
      if (old && schemas.getOrDefault(parts[0], 0) == schemaVersion) {
        throw new AssertionError(
            "what was written once is of the present schema version, and no sample is written so"
                + " any more: "
                + line
                + "\n"
                + "Raise the schema version and add an upcaster; or, if it was never stored, delete"
                + " the line");
      }
      if (!types.knows(parts[0], schemaVersion)) {
        throw new AssertionError("what was written once is not known any more: " + line);
      }
      byte[] data =
          parts[2].equals(NewEvent.JSON)
              ? parts[3].getBytes(UTF_8)
              : Base64.getDecoder().decode(parts[3]);
      try {
        read(stored(parts[0], schemaVersion, parts[2], data).event);
      } catch (RuntimeException e) {
        throw new AssertionError("what was written once cannot be read any more: " + line, e);
      }
    }

    private static int schemaVersion(NewEvent event) {
      return Integer.parseInt(event.metadata().getOrDefault(EventTypes.SCHEMA_VERSION, "1"));
    }

    private static String line(NewEvent event) {
      boolean json = event.contentType().equals(NewEvent.JSON);
      return event.type()
          + " "
          + schemaVersion(event)
          + " "
          + (event.contentType().isEmpty() ? "application/octet-stream" : event.contentType())
          + " "
          + (json ? event.dataAsString() : Base64.getEncoder().encodeToString(event.data()));
    }

    private static List<String> linesOf(Path file) {
      try {
        return Files.exists(file)
            ? Files.readAllLines(file).stream().filter(line -> !line.isBlank()).toList()
            : List.of();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private static void write(Path file, Set<String> lines) {
      try {
        Files.write(file, lines);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}

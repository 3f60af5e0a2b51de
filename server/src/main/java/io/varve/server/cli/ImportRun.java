package io.varve.server.cli;

import io.varve.client.streams.AppendResult;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.VarveException;
import io.varve.client.streams.VersionConflictException;
import io.varve.server.cli.ImportProgress.Imported;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/**
 * Appends lines, each by itself, so that an import that begins again elsewhere in the file cuts
 * them no differently. Many appends are in flight, and the events of each stream keep their order.
 * The first that is refused ends it; what was sent behind it to other streams may be written, and
 * is recognised the next time.
 */
final class ImportRun {

  /*
   * An append that the store had no room for is sent again by the client, and those behind it may
   * have been decided meanwhile; and when one is refused for good, those behind it have been sent.
   * Between streams that does no harm. Within a stream, either the versions keep the order: what
   * expects a version is not written before its predecessor, but refused, and is sent again once
   * everything before it is there. Or, where an append expects nothing, it is alone in flight for its
   * stream.
   */

  private static final int MAX_IN_FLIGHT = 1_000;
  private static final long BETWEEN_MARKS_NANOS = Duration.ofSeconds(1).toNanos();

  /**
   * @param renumber whether versions may become others
   * @param recordedAsOccurred whether events without a time of their own get that of their record
   * @param isExport whether the input's first line is an export's; only then must it end as one
   * @param progressFile where to keep how far it has come; null: nowhere
   * @param newest of what was imported before, the event with the highest position; null: nothing
   *     was
   * @param totalBytes the input's size; 0: unknown
   */
  record Settings(
      boolean renumber,
      boolean recordedAsOccurred,
      boolean isExport,
      UUID storeId,
      @Nullable Path progressFile,
      @Nullable Imported newest,
      long totalBytes) {}

  /**
   * @param events that the store has now
   * @param deduplicated of them, those that it had already
   * @param systemEvents left out
   * @param endIsMissing whether it began as an export and did not end as one
   */
  record Result(long events, long deduplicated, long systemEvents, boolean endIsMissing) {
    String line() {
      return new JsonLine()
          .put("events", events)
          .put("deduplicated", deduplicated)
          .put("system_events_left_out", systemEvents)
          .end();
    }
  }

  private record Sent(
      InputLines.Place end,
      String stream,
      ExpectedVersion expected,
      NewEvent event,
      CompletableFuture<AppendResult> answer) {}

  private final EventStore store;
  private final InputLines input;
  private final Settings settings;
  private final Progress progress;
  private final Deque<Sent> inFlight = new ArrayDeque<>();

  /** How many appends to a stream are in flight; none: it is not there. */
  private final Map<String, Integer> inFlightTo = new HashMap<>();

  /** The streams to which one is in flight that expects nothing. */
  private final Set<String> unordered = new HashSet<>();

  private @Nullable Imported newest;
  private long events;
  private long deduplicated;
  private long systemEvents;
  private long marked = System.nanoTime();

  ImportRun(EventStore store, InputLines input, Settings settings, Progress progress) {
    this.store = store;
    this.input = input;
    this.settings = settings;
    this.newest = settings.newest();
    this.progress = progress;
  }

  Result run() throws IOException {
    boolean isExport = settings.isExport();
    boolean ended = false;
    for (String line = next(); line != null; line = next()) {
      if (ExportFile.isHeader(line)) {
        isExport = true;
      } else if (ExportFile.isFooter(line)) {
        ended = true;
      } else if (!line.isBlank()) {
        EventLine event = parse(line, isExport);
        if (event == null) {
          break; // the last line of an export that was cut off
        }
        add(event);
      }
    }
    while (!inFlight.isEmpty()) {
      settle();
    }
    return new Result(events, deduplicated, systemEvents, isExport && !ended);
  }

  private @Nullable String next() throws IOException {
    try {
      return input.next();
    } catch (IllegalArgumentException e) {
      throw malformed(e);
    }
  }

  private @Nullable EventLine parse(String line, boolean isExport) throws IOException {
    try {
      EventLine event = EventLine.parse(line);
      if (event.stream() == null) {
        throw new IllegalArgumentException("\"stream\" is missing");
      }
      if (!event.hasId()) {
        throw new IllegalArgumentException(
            "\"id\" is missing, without which an import cannot be repeated");
      }
      return event;
    } catch (IllegalArgumentException e) {
      long at = input.number();
      if (isExport && next() == null) {
        return null;
      }
      throw malformed(at, e);
    }
  }

  private CommandFailure malformed(IllegalArgumentException e) {
    return malformed(input.number(), e);
  }

  private CommandFailure malformed(long line, IllegalArgumentException e) {
    return new CommandFailure(
        ExitCode.REFUSED,
        "line " + line + ": " + e.getMessage() + "; the lines before are kept",
        e);
  }

  private void add(EventLine line) throws IOException {
    String stream = String.valueOf(line.stream());
    if (stream.startsWith("$")) {
      systemEvents++;
      return;
    }
    NewEvent event = line.event();
    if (settings.recordedAsOccurred() && event.occurredAt() == null && line.recordedAt() != null) {
      event = event.toBuilder().occurredAt(line.recordedAt()).build();
    }
    ExpectedVersion expected = expected(line);
    boolean any = expected.equals(ExpectedVersion.any());
    while (inFlight.size() == MAX_IN_FLIGHT
        || (any ? inFlightTo.containsKey(stream) : unordered.contains(stream))) {
      settle();
    }
    inFlightTo.merge(stream, 1, Integer::sum);
    if (any) {
      unordered.add(stream);
    }
    inFlight.add(
        new Sent(
            input.place(),
            stream,
            expected,
            event,
            store.appendAsync(stream, expected, List.of(event))));
  }

  private ExpectedVersion expected(EventLine line) {
    return settings.renumber() || line.version() < 1
        ? ExpectedVersion.any()
        : ExpectedVersion.exactly(line.version() - 1);
  }

  /** Waits for the oldest append in flight. */
  private void settle() throws IOException {
    Sent sent = inFlight.remove();
    unordered.remove(sent.stream());
    inFlightTo.computeIfPresent(sent.stream(), (_, count) -> count == 1 ? null : count - 1);
    AppendResult result;
    try {
      result = answer(sent);
    } catch (VarveException refused) {
      throw refused(sent.end().number(), refused);
    }
    events++;
    deduplicated += result.deduplicated() ? 1 : 0;
    newest = Imported.higher(newest, new Imported(sent.event().id(), result.position()));
    progress.at(events, sent.end().offset(), settings.totalBytes());
    mark(sent.end());
  }

  private AppendResult answer(Sent sent) {
    try {
      return sent.answer().join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof VersionConflictException) {
        // It may have overtaken the one before it, which is there by now.
        return store.append(sent.stream(), sent.expected(), sent.event());
      }
      if (e.getCause() instanceof VarveException refused) {
        throw refused;
      }
      throw e;
    }
  }

  private CommandFailure refused(long line, VarveException refused) {
    String hint =
        refused instanceof VersionConflictException
            ? "; an export of a part, or a stream that has other events already, wants --renumber"
            : "";
    ExitCode code = Failures.exitCode(refused);
    return new CommandFailure(code, "line " + line + ": " + refused.getMessage() + hint, refused);
  }

  private void mark(InputLines.Place reached) throws IOException {
    Path file = settings.progressFile();
    long now = System.nanoTime();
    Imported there = newest;
    if (file != null && there != null && now - marked >= BETWEEN_MARKS_NANOS) {
      marked = now;
      new ImportProgress(
              settings.storeId(), reached.offset(), reached.number(), reached.sha256(), there)
          .write(file);
    }
  }
}

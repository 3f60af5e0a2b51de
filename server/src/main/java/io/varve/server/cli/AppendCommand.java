package io.varve.server.cli;

import io.varve.client.VarveClient;
import io.varve.client.streams.AppendResult;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.NewEvent;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code varve append}: writes one event, or the lines of the standard input as one append. */
@Command(
    name = "append",
    description = {
      "Appends events to a stream, all or nothing.",
      "",
      "One event with --type; without it, a line of JSON an event from the standard input, such as",
      "{\"type\": \"Opened\", \"json\": {\"owner\": \"Ada\"}, \"tags\": [\"vip\"], \"metadata\":"
          + " {\"user\": \"u1\"}}",
      "with text or data (Base64) in place of json, and id, content_type and occurred_at if"
          + " wanted.",
      "Ends with 4 if the stream is not as --expect says. Repeating it is safe where events have"
          + " ids.",
      ""
    },
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class AppendCommand implements Callable<Integer> {
  /** What a store takes in one append by default. */
  private static final int MAX_EVENTS = 10_000;

  @Spec private CommandSpec command;

  @Parameters(paramLabel = "STREAM", description = "The stream; its first append creates it.")
  private String stream = "";

  @Option(
      names = "--expect",
      paramLabel = "VERSION",
      defaultValue = "any",
      converter = ExpectedOption.class,
      description = {
        "What the stream must be: its version (0: no event yet), none, exists or any. Default: any."
      })
  private ExpectedVersion expected = ExpectedVersion.any();

  @Option(names = "--type", paramLabel = "TYPE", description = "What happened, such as Opened.")
  private @Nullable String type;

  @Option(names = "--json", paramLabel = "JSON", description = "The payload, as JSON.")
  private @Nullable String json;

  @Option(names = "--text", paramLabel = "TEXT", description = "The payload, as text in UTF-8.")
  private @Nullable String text;

  @Option(
      names = "--file",
      paramLabel = "FILE",
      description = "The payload: the bytes of this file.")
  private @Nullable Path file;

  @Option(
      names = "--content-type",
      paramLabel = "MIME",
      description = "What the payload is. Default: application/json with --json, else not stated.")
  private @Nullable String contentType;

  @Option(names = "--tag", paramLabel = "TAG", description = "A tag; may be repeated.")
  private List<String> tags = List.of();

  @Option(
      names = "--metadata",
      paramLabel = "KEY=VALUE",
      description = "A fact about the event that is not part of it; may be repeated.")
  private Map<String, String> metadata = Map.of();

  @Option(
      names = "--id",
      paramLabel = "UUID",
      description = "The event's id, with which a repeat is safe. Default: a new one.")
  private @Nullable String id;

  @Option(
      names = "--occurred-at",
      paramLabel = "TIME",
      converter = TimeOption.class,
      description = "When it happened in your world. Default: not stated.")
  private @Nullable Instant occurredAt;

  @Mixin private Connection connection;
  @Mixin private Output output;

  @Override
  public Integer call() {
    List<NewEvent> events = type == null ? fromInput() : List.of(fromOptions(type));
    try (VarveClient store = connection.open()) {
      AppendResult result = store.append(stream, expected, events);
      JsonLine line =
          new JsonLine()
              .put("stream", stream)
              .put("version", result.version())
              .put("position", result.position())
              .put("recorded_at", result.recordedAt());
      if (result.deduplicated()) {
        line.put("deduplicated", true);
      }
      output.lineNow(line.end());
    }
    return ExitCode.OK.code();
  }

  private NewEvent fromOptions(String type) {
    try {
      NewEvent.Builder event = NewEvent.builder(type).tags(tags).metadata(metadata);
      if ((json == null ? 0 : 1) + (text == null ? 0 : 1) + (file == null ? 0 : 1) > 1) {
        throw usage("an event has one payload: one of --json, --text and --file");
      }
      if (json != null) {
        if (EventJson.onOneLine(json).isEmpty()) {
          throw usage("--json must be JSON, was " + json);
        }
        event.json(json);
      } else if (text != null) {
        event.data(text.getBytes(StandardCharsets.UTF_8));
      } else if (file != null) {
        event.data(bytesOf(file));
      }
      if (contentType != null) {
        event.contentType(contentType);
      }
      if (id != null) {
        event.id(EventLine.uuid(id));
      }
      if (occurredAt != null) {
        event.occurredAt(occurredAt);
      }
      return event.build();
    } catch (IllegalArgumentException e) {
      throw usage(String.valueOf(e.getMessage()));
    }
  }

  private static byte[] bytesOf(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new CommandFailure(ExitCode.NOT_THERE, InputFile.cannotRead(file, e), e);
    }
  }

  private List<NewEvent> fromInput() {
    if (json != null || text != null || file != null || id != null) {
      throw usage("--type is missing");
    }
    if (!(tags.isEmpty() && metadata.isEmpty()) || contentType != null || occurredAt != null) {
      throw usage("options about one event go with --type; lines say it each for itself");
    }
    List<NewEvent> events = new ArrayList<>();
    long number = 0;
    try (BufferedReader lines =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        number++;
        if (line.isBlank()) {
          continue;
        }
        if (events.size() == MAX_EVENTS) {
          throw new CommandFailure(
              ExitCode.REFUSED,
              "one append takes at most "
                  + MAX_EVENTS
                  + " events; nothing was written (varve import takes any number)");
        }
        events.add(eventOf(line));
      }
    } catch (IllegalArgumentException e) {
      throw new CommandFailure(
          ExitCode.REFUSED, "line " + number + ": " + e.getMessage() + "; nothing was written", e);
    } catch (IOException e) {
      throw new CommandFailure(
          ExitCode.NOT_THERE, "the standard input cannot be read: " + e.getMessage(), e);
    }
    if (events.isEmpty()) {
      throw usage("there is nothing to append: no --type, and no line on the standard input");
    }
    return events;
  }

  private NewEvent eventOf(String text) {
    EventLine line = EventLine.parse(text);
    if (line.stream() != null && !line.stream().equals(stream)) {
      throw new IllegalArgumentException(
          "it is an event of stream " + line.stream() + ", not of " + stream);
    }
    return line.event();
  }

  private ParameterException usage(String sentence) {
    return new ParameterException(command.commandLine(), sentence);
  }
}

package io.varve.server.cli;

import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import io.varve.client.streams.Query;
import io.varve.client.streams.QueryItem;
import java.io.IOException;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Which events of the log a tool is about. Add it to a command with {@code @Mixin}. */
final class QueryOptions {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  @Option(
      names = "--type",
      paramLabel = "TYPE",
      description = "Only events of this type, or of one of these.")
  private List<String> types = List.of();

  @Option(
      names = "--tag",
      paramLabel = "TAG",
      description = "Only events with this tag, or with all of these.")
  private List<String> tags = List.of();

  @Option(
      names = "--prefix",
      paramLabel = "TEXT",
      description = "Only events of streams whose names start with this, or with one of these.")
  private List<String> prefixes = List.of();

  @Option(
      names = "--category",
      paramLabel = "NAME",
      description =
          "Only events of streams of this category (the name before the first -), or of one of"
              + " these.")
  private List<String> categories = List.of();

  @Option(
      names = "--query",
      paramLabel = "JSON",
      description = {
        "Only events that match one of several items, such as",
        "'{\"items\": [{\"types\": [\"Opened\"]}, {\"tags\": [\"vip\"], \"categories\":"
            + " [\"account\"]}]}'; also stream_prefixes."
      })
  private @Nullable String query;

  /** Whether anything is asked for. */
  boolean isGiven() {
    return query != null || hasItem();
  }

  private boolean hasItem() {
    return !(types.isEmpty() && tags.isEmpty() && prefixes.isEmpty() && categories.isEmpty());
  }

  /**
   * The query; without any of the options, every event.
   *
   * @throws ParameterException the options contradict each other, or the JSON is malformed
   */
  Query query() {
    if (query == null) {
      return hasItem() ? Query.of(new QueryItem(types, tags, prefixes, categories)) : Query.all();
    }
    if (hasItem()) {
      throw new ParameterException(
          command.commandLine(),
          "--query says it all: leave out --type, --tag, --prefix and --category");
    }
    try {
      return parse(query);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(command.commandLine(), "--query " + e.getMessage(), e);
    }
  }

  /**
   * Reads the JSON form of the contract's {@code Query}.
   *
   * @throws IllegalArgumentException with a sentence without its subject, if it is none
   */
  static Query parse(String text) {
    List<QueryItem> items = new ArrayList<>();
    try (JsonReader json = new JsonReader(new StringReader(text))) {
      json.setStrictness(Strictness.STRICT);
      json.beginObject();
      while (json.hasNext()) {
        known(json.nextName(), "items");
        json.beginArray();
        while (json.hasNext()) {
          items.add(item(json));
        }
        json.endArray();
      }
      json.endObject();
      if (json.peek() != JsonToken.END_DOCUMENT) {
        throw new IllegalArgumentException("has something after its end");
      }
    } catch (IOException | IllegalStateException e) {
      throw new IllegalArgumentException(
          "must be JSON such as {\"items\": [{\"types\": [\"Opened\"]}]}, was " + text, e);
    }
    return new Query(items);
  }

  private static QueryItem item(JsonReader json) throws IOException {
    List<String> types = new ArrayList<>();
    List<String> tags = new ArrayList<>();
    List<String> prefixes = new ArrayList<>();
    List<String> categories = new ArrayList<>();
    json.beginObject();
    while (json.hasNext()) {
      String name = json.nextName();
      List<String> values =
          switch (name) {
            case "types" -> types;
            case "tags" -> tags;
            case "stream_prefixes" -> prefixes;
            case "categories" -> categories;
            default ->
                throw new IllegalArgumentException(
                    "knows types, tags, stream_prefixes and categories, and no \"" + name + "\"");
          };
      json.beginArray();
      while (json.hasNext()) {
        values.add(json.nextString());
      }
      json.endArray();
    }
    json.endObject();
    return new QueryItem(types, tags, prefixes, categories);
  }

  private static void known(String name, String expected) {
    if (!name.equals(expected)) {
      throw new IllegalArgumentException("has " + expected + ", and no \"" + name + "\"");
    }
  }
}

package io.varve.server;

import io.varve.client.streams.AppendCondition;
import io.varve.client.streams.Query;
import io.varve.client.streams.QueryItem;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Conditions as text, so that a transaction can carry its own in its events' metadata. The texts in
 * queries may not hold any of {@code ! ~ | ; ,}.
 */
final class ConditionText {
  private ConditionText() {}

  static String write(List<AppendCondition> conditions) {
    return conditions.stream().map(ConditionText::write).collect(Collectors.joining("!"));
  }

  static List<AppendCondition> read(String text) {
    return text.isEmpty()
        ? List.of()
        : Arrays.stream(text.split("!", -1)).map(ConditionText::readOne).toList();
  }

  private static String write(AppendCondition condition) {
    return condition.afterPosition()
        + "~"
        + (condition.since() == null ? "" : condition.since().toString())
        + "~"
        + condition.query().items().stream()
            .map(
                item ->
                    String.join(",", item.types())
                        + ";"
                        + String.join(",", item.tags())
                        + ";"
                        + String.join(",", item.streamPrefixes())
                        + ";"
                        + String.join(",", item.categories()))
            .collect(Collectors.joining("|"));
  }

  private static AppendCondition readOne(String text) {
    String[] parts = text.split("~", -1);
    List<QueryItem> items = new ArrayList<>();
    for (String item : parts[2].isEmpty() ? new String[0] : parts[2].split("\\|", -1)) {
      String[] texts = item.split(";", -1);
      items.add(new QueryItem(texts(texts[0]), texts(texts[1]), texts(texts[2]), texts(texts[3])));
    }
    AppendCondition condition =
        AppendCondition.noMatch(new Query(items)).after(Long.parseLong(parts[0]));
    return parts[1].isEmpty() ? condition : condition.since(Instant.parse(parts[1]));
  }

  private static List<String> texts(String text) {
    return text.isEmpty() ? List.of() : List.of(text.split(",", -1));
  }
}

package io.varve.server;

import io.varve.client.streams.NewEvent;
import io.varve.client.streams.Query;
import io.varve.client.streams.QueryItem;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Events, streams and queries that meet one another: a small vocabulary, so that whatever is asked
 * for has been written by somebody. The same seed, the same choices. Used by one thread.
 */
final class RandomWrites {
  static final int STREAMS = 24;
  private static final List<String> CATEGORIES = List.of("account", "order", "seat", "ship");
  private static final int TYPES = 8;
  private static final int TAGS = 16;
  private static final int RARE_TAGS = 3_000;

  private final Random random;

  RandomWrites(Random random) {
    this.random = random;
  }

  String category() {
    return CATEGORIES.get(random.nextInt(CATEGORIES.size()));
  }

  /** One of {@link #STREAMS}. */
  String stream() {
    int number = random.nextInt(STREAMS);
    return CATEGORIES.get(number % CATEGORIES.size()) + "-" + number;
  }

  /** This many different streams. */
  List<String> streams(int count) {
    Set<String> streams = new HashSet<>();
    while (streams.size() < count) {
      streams.add(stream());
    }
    return List.copyOf(streams);
  }

  String type() {
    return "Type" + random.nextInt(TYPES);
  }

  /** Sometimes one that hardly anybody else writes. */
  String tag() {
    return random.nextInt(3) == 0
        ? "rare:" + random.nextInt(RARE_TAGS)
        : "tag:" + random.nextInt(TAGS);
  }

  NewEvent.Builder event() {
    NewEvent.Builder event = NewEvent.builder(type()).data(new byte[random.nextInt(120)]);
    for (int i = random.nextInt(4); i > 0; i--) {
      event.tag(tag());
    }
    return event;
  }

  /** Any combination of types, tags, prefixes and categories, in one item or two; seldom all. */
  Query query() {
    if (random.nextInt(100) == 0) {
      return Query.all();
    }
    Query query = Query.of(item());
    return random.nextInt(4) == 0 ? query.or(Query.of(item())) : query;
  }

  private QueryItem item() {
    return switch (random.nextInt(8)) {
      case 0 -> QueryItem.types(type(), type());
      case 1 -> QueryItem.tags(tag());
      case 2 -> QueryItem.tags(tag()).withTypes(type());
      case 3 -> QueryItem.streamPrefixes(prefix()).withTypes(type());
      case 4 -> QueryItem.categories(category()).withTags(tag());
      case 5 -> QueryItem.categories(category()).withTypes(type()).withTags(tag());
      case 6 -> QueryItem.types("$RetentionSet");
      default -> {
        List<String> tags = some(this::tag, 2);
        yield QueryItem.tags(tags.toArray(String[]::new)).withStreamPrefixes(prefix(), prefix());
      }
    };
  }

  /** Of one stream, of several, or of a whole category. */
  private String prefix() {
    String stream = stream();
    return random.nextInt(4) == 0
        ? stream.substring(0, stream.indexOf('-') + 1)
        : stream.substring(0, Math.min(stream.length(), stream.indexOf('-') + 2));
  }

  private static List<String> some(Supplier<String> texts, int count) {
    List<String> some = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      some.add(texts.get());
    }
    return some.stream().distinct().toList();
  }
}

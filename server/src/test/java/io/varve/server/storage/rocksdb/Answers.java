package io.varve.server.storage.rocksdb;

import io.varve.server.event.Query;
import io.varve.server.event.StreamId;
import io.varve.server.fixture.Pages;
import io.varve.server.query.LogPages;
import io.varve.server.query.MatchFinder;
import io.varve.server.storage.EventPage;
import io.varve.server.storage.EventStorage;
import io.varve.server.storage.StreamHead;
import io.varve.server.storage.TermKind;
import io.varve.server.storage.TimeSearch;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.function.LongFunction;

/** What a storage answers to random questions of every kind, so that two can be compared. */
final class Answers {
  private final EventStorage storage;
  private final List<StreamId> streams;
  private final List<String> types;
  private final List<UUID> ids;
  private final long head;
  private final List<String> answers = new ArrayList<>();

  Answers(EventStorage storage, List<StreamId> streams, List<String> types, List<UUID> ids) {
    this.storage = storage;
    this.streams = streams;
    this.types = types;
    this.ids = ids;
    this.head = storage.head().position();
  }

  /** The answers to questions from a seed: the same seed, the same questions. */
  List<String> to(long seed, int questions) {
    Random random = new Random(seed);
    answers.add("head " + head + ", events " + storage.figures().events());
    ids.forEach(id -> answers.add("place " + storage.placeOf(id)));
    for (StreamId stream : streams) {
      answers.add(stream + " stands at " + storage.streamHead(stream));
    }
    for (TermKind kind : TermKind.values()) {
      answers.add(kind + " " + storage.termCounts(kind, null, 10_000));
    }
    for (int i = 0; i < questions; i++) {
      ask(random);
    }
    return answers;
  }

  private void ask(Random random) {
    long from = 1 + random.nextLong(head);
    long to = 1 + random.nextLong(head);
    int maxBytes = 1 + random.nextInt(5_000);
    switch (random.nextInt(6)) {
      case 0 ->
          pages(
              "log",
              Math.min(from, to),
              Math.max(from, to),
              false,
              maxBytes,
              next -> storage.readLog(next, Math.max(from, to), maxBytes));
      case 1 ->
          pages(
              "log",
              Math.max(from, to),
              Math.min(from, to),
              true,
              maxBytes,
              next -> storage.readLogBackwards(next, Math.min(from, to), maxBytes));
      case 2 -> askStream(random, maxBytes);
      case 3 -> askQuery(random, from, to, maxBytes);
      case 4 -> askTime(random, from);
      default -> {
        EventPage page = storage.readLog(from, from, 1);
        answers.add("event at " + from + " " + text(page));
      }
    }
  }

  private void askStream(Random random, int maxBytes) {
    StreamHead stream = storage.streamHead(streams.get(random.nextInt(streams.size())));
    if (!stream.exists()) {
      return;
    }
    long one = 1 + random.nextLong(stream.version());
    long other = 1 + random.nextLong(stream.version());
    long low = Math.min(one, other);
    long high = Math.max(one, other);
    pages(
        "stream",
        low,
        high,
        false,
        maxBytes,
        next -> storage.readStream(stream.number(), next, high, maxBytes));
    pages(
        "stream",
        high,
        low,
        true,
        maxBytes,
        next -> storage.readStreamBackwards(stream.number(), next, low, maxBytes));
  }

  private void askQuery(Random random, long one, long other, int maxBytes) {
    Query query =
        new Query(
            List.of(
                random.nextBoolean()
                    ? new Query.Item(some(types, random), Set.of(), List.of(), Set.of())
                    : new Query.Item(
                        Set.of(),
                        Set.of(),
                        List.of(
                            streams.get(random.nextInt(streams.size())).value().substring(0, 1)),
                        Set.of())));
    long low = Math.min(one, other);
    long high = Math.max(one, other);
    LogPages pages = new LogPages(storage, query);
    pages("query", low, high, false, maxBytes, next -> pages.forwards(next, high, maxBytes, 0));
    LogPages back = new LogPages(storage, query);
    pages("query", high, low, true, maxBytes, next -> back.backwards(next, low, maxBytes, 0));
    MatchFinder finder = new MatchFinder(storage);
    answers.add(
        "matches "
            + finder.firstMatch(query, low, high)
            + " "
            + finder.lastMatch(query, low, high));
  }

  private static <T> Set<T> some(List<T> all, Random random) {
    Set<T> some = new HashSet<>();
    for (int i = 1 + random.nextInt(2); i > 0; i--) {
      some.add(all.get(random.nextInt(all.size())));
    }
    return some;
  }

  private void askTime(Random random, long position) {
    EventPage page = storage.readLog(position, head, 1);
    if (page.isEmpty()) {
      return;
    }
    var time =
        page.runs()
            .getFirst()
            .events()
            .getFirst()
            .header()
            .recordedAt()
            .plusNanos(random.nextInt(3) - 1L);
    TimeSearch times = new TimeSearch(storage);
    answers.add(
        "times "
            + times.firstPositionSince(time, head)
            + " "
            + times.lastPositionUntil(time, head));
    StreamHead stream = storage.streamHead(streams.get(random.nextInt(streams.size())));
    answers.add(
        "versions "
            + times.lastVersionUntil(stream, time)
            + " "
            + times.lastVersionUpTo(stream, position)
            + " "
            + times.firstKept(stream, time));
  }

  /** All pages of a read: what is on which page is the storage's choice, what they hold is not. */
  private void pages(
      String what,
      long from,
      long to,
      boolean backwards,
      int maxBytes,
      LongFunction<EventPage> read) {
    StringBuilder events = new StringBuilder();
    long next = from;
    while (backwards ? next >= to : next <= to) {
      EventPage page = read.apply(next);
      events.append(text(page));
      next = backwards ? page.reached() - 1 : page.reached() + 1;
    }
    answers.add(what + " " + from + " to " + to + " " + maxBytes + ": " + events);
  }

  private static String text(EventPage page) {
    StringBuilder text = new StringBuilder();
    Pages.events(page)
        .forEach(
            event ->
                text.append(event.position())
                    .append('#')
                    .append(
                        Arrays.hashCode(
                            Arrays.copyOfRange(event.bytes(), event.start(), event.end())))
                    .append(' '));
    return text.toString();
  }
}

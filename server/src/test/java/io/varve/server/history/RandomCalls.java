package io.varve.server.history;

import io.varve.server.event.ExpectedVersion;
import io.varve.server.event.Tracking;
import io.varve.server.history.Call.Condition;
import io.varve.server.history.Call.Draft;
import io.varve.server.history.Call.Part;
import io.varve.server.history.Call.Write;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What one caller asks, one thing after the other: of few streams, tags and consumers, so that
 * callers get into each other's way, and mostly about what it has seen, as whoever decides on what
 * he has read does. The same seed and the same answers, the same calls. Used by one thread at a
 * time.
 */
public final class RandomCalls {
  private static final int STREAMS = 5;
  private static final int TYPES = 3;
  private static final int TAGS = 5;
  private static final int SOURCES = 2;

  private final Random random;
  private final Map<String, Long> versions = new HashMap<>();
  private final Map<String, Long> progress = new HashMap<>();
  private final List<Write> unanswered = new ArrayList<>();
  private final List<UUID> ids = new ArrayList<>();
  private @Nullable Write last;

  /** The last write the other way round, if that was asked; it is not turned round again. */
  private @Nullable Write reversed;

  private long head;

  public RandomCalls(Random random) {
    this.random = random;
  }

  /** How many writes wait to be repeated, since nobody knows what has become of them. */
  public int unanswered() {
    return unanswered.size();
  }

  /** The next call. */
  public Call next() {
    Write open = unanswered.isEmpty() ? null : unanswered.getFirst();
    if (open != null && random.nextInt(4) == 0) {
      return open;
    }
    Write before = last;
    return switch (random.nextInt(20)) {
      case 0, 1, 2, 3, 4 -> append();
      case 5, 6, 7, 8, 9 -> transaction();
      case 10 -> before == null ? append() : before;
      case 11 -> withIdsOfAnother();
      default -> nextRead();
    };
  }

  /** The next call of one who only looks. */
  public Call nextRead() {
    return switch (random.nextInt(8)) {
      case 0, 1 -> readLog();
      case 2 ->
          new Call.ReadStream(
              stream(), random.nextInt(3), random.nextBoolean(), random.nextInt(4) * 5L);
      case 3 -> new Call.VersionOf(stream());
      case 4 -> new Call.EventAt(Math.max(1, head + random.nextInt(12) - 5));
      case 5 -> new Call.EventWith(ids.isEmpty() ? id() : ids.get(random.nextInt(ids.size())));
      default -> new Call.ProgressOf(source());
    };
  }

  /** Learns from an answer. */
  public void hear(Call call, Answer answer) {
    if (call instanceof Write write) {
      last = write.equals(reversed) ? last : write;
      unanswered.remove(write);
      if (answer instanceof Answer.Unknown && !write.events().isEmpty()) {
        unanswered.add(write);
      }
    }
    switch (answer) {
      case Answer.Written written -> {
        int index = 0;
        for (Part part : ((Write) call).parts()) {
          if (!part.events().isEmpty()) {
            versions.merge(part.stream(), written.versions().get(index++), Math::max);
          }
        }
        ((Write) call).events().forEach(event -> remember(event.id()));
        head = Math.max(head, written.position());
      }
      case Answer.Conflict(String stream, long actual) -> versions.put(stream, actual);
      case Answer.NotRising(long stored) -> {
        Tracking tracking = ((Write) call).tracking();
        if (tracking != null) {
          progress.put(tracking.source(), stored);
        }
      }
      case Answer.Events events -> {
        head = Math.max(head, events.head());
        for (LoggedEvent event : events.events()) {
          versions.merge(event.stream(), event.version(), Math::max);
          remember(event.id());
        }
      }
      default -> {}
    }
  }

  private void remember(UUID id) {
    if (ids.size() < 200) {
      ids.add(id);
    } else {
      ids.set(random.nextInt(ids.size()), id);
    }
  }

  // ---- writes

  private Write append() {
    String stream = stream();
    List<Draft> events = events(1 + random.nextInt(3));
    return new Write(
        List.of(new Part(stream, expected(stream), events)),
        List.of(),
        random.nextInt(4) == 0 ? tracking() : null);
  }

  private Write transaction() {
    Set<String> streams = new LinkedHashSet<>();
    for (int i = 1 + random.nextInt(3); i > 0; i--) {
      streams.add(stream());
    }
    boolean checksOnly = random.nextInt(20) == 0;
    List<Part> parts = new ArrayList<>();
    boolean writes = false;
    for (String stream : streams) {
      boolean checked = checksOnly || random.nextInt(4) == 0;
      writes |= !checked;
      parts.add(
          new Part(stream, expected(stream), checked ? List.of() : events(1 + random.nextInt(2))));
    }
    List<Condition> conditions = new ArrayList<>();
    for (int i = random.nextInt(3); i > 0; i--) {
      conditions.add(new Condition(selection(), Math.max(0, head + random.nextInt(8) - 5)));
    }
    return new Write(parts, conditions, writes && random.nextInt(3) == 0 ? tracking() : null);
  }

  /** What most likely has an id that is taken; never what could be a part of another's write. */
  private Write withIdsOfAnother() {
    Write before = last;
    reversed = before == null || random.nextBoolean() ? null : reversed(before);
    if (reversed != null) {
      return reversed;
    }
    return ids.isEmpty() ? append() : withAnIdOfAnother();
  }

  /** An event of somebody's, and a new one. */
  private Write withAnIdOfAnother() {
    List<Draft> events = new ArrayList<>(events(1));
    events.add(new Draft(ids.get(random.nextInt(ids.size())), type(), Set.of()));
    return Write.append(stream(), new ExpectedVersion.Any(), events);
  }

  /** What a write has for one of its streams, the other way round. */
  private static @Nullable Write reversed(Write write) {
    return write.parts().stream()
        .filter(part -> part.events().size() > 1)
        .findFirst()
        .map(
            part ->
                Write.append(part.stream(), new ExpectedVersion.Any(), part.events().reversed()))
        .orElse(null);
  }

  private ExpectedVersion expected(String stream) {
    long known = versions.getOrDefault(stream, 0L);
    return switch (random.nextInt(10)) {
      case 0 -> new ExpectedVersion.StreamExists();
      case 1 -> new ExpectedVersion.NoStream();
      case 2, 3, 4 -> new ExpectedVersion.Any();
      case 5 -> new ExpectedVersion.Exactly(Math.max(0, known + random.nextInt(4) - 2));
      default -> new ExpectedVersion.Exactly(known);
    };
  }

  private Tracking tracking() {
    String source = source();
    long next = progress.getOrDefault(source, 0L) + random.nextInt(4);
    progress.put(source, next);
    return new Tracking(source, Math.max(1, next));
  }

  private List<Draft> events(int count) {
    List<Draft> events = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Set<String> tags = new HashSet<>();
      for (int t = random.nextInt(3); t > 0; t--) {
        tags.add(tag());
      }
      events.add(new Draft(id(), type(), tags));
    }
    return events;
  }

  // ---- reads

  private Call readLog() {
    Selection selection = random.nextInt(3) == 0 ? Selection.EVERYTHING : selection();
    return random.nextInt(3) == 0
        ? new Call.ReadLog(selection, Math.max(1, head - random.nextInt(40)), false, 0)
        : new Call.ReadLog(selection, 0, true, 1 + random.nextInt(20));
  }

  private Selection selection() {
    return switch (random.nextInt(3)) {
      case 0 -> new Selection(Set.of(), Set.of(tag()));
      case 1 -> new Selection(Set.of(type()), Set.of(tag()));
      default -> new Selection(Set.of(type()), Set.of());
    };
  }

  // ---- names

  private UUID id() {
    return new UUID(random.nextLong(), random.nextLong());
  }

  private String stream() {
    return "s-" + random.nextInt(STREAMS);
  }

  private String type() {
    return "T" + random.nextInt(TYPES);
  }

  private String tag() {
    return "tag:" + random.nextInt(TAGS);
  }

  private String source() {
    return "source-" + random.nextInt(SOURCES);
  }
}

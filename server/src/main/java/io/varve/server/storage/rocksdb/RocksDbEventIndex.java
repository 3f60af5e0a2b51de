package io.varve.server.storage.rocksdb;

import io.varve.server.event.StreamId;
import io.varve.server.storage.EventIndex;
import io.varve.server.storage.IndexedEvent;
import io.varve.server.storage.NamedStream;
import io.varve.server.storage.Positions;
import io.varve.server.storage.TermCount;
import io.varve.server.storage.TermKind;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The index as of one moment: the segments that were in memory then, and the database for the
 * positions below the first of them.
 */
final class RocksDbEventIndex implements EventIndex {
  private final IndexDatabase database;
  private final IndexBounds bounds;
  private final List<TermSegment> segments;
  private final long memoryFrom;
  private final long lastPosition;

  RocksDbEventIndex(IndexDatabase database, TermSegments segments) {
    this.database = database;
    this.bounds = segments.bounds();
    this.segments = segments.held();
    this.memoryFrom =
        this.segments.isEmpty()
            ? segments.firstPosition()
            : this.segments.getFirst().firstPosition();
    this.lastPosition =
        this.segments.isEmpty() ? memoryFrom - 1 : this.segments.getLast().lastPosition();
  }

  @Override
  public long lastPosition() {
    return lastPosition;
  }

  @Override
  public @Nullable IndexedEvent event(long position) {
    for (TermSegment segment : segments.reversed()) {
      if (position >= segment.firstPosition()) {
        return segment.event(position);
      }
    }
    return null;
  }

  @Override
  public Positions withTerm(TermKind kind, String text) {
    return joined(
        new HeldTerm(kind, text), () -> new StoredTerm(database.terms(), kind, text, memoryFrom));
  }

  @Override
  public Positions inStreamsStartingWith(String prefix) {
    return joined(new HeldStreams(prefix), () -> storedStreams(prefix));
  }

  @Override
  public Positions inStream(StreamId stream) {
    // In memory those of streams whose names go on behind it come along; there they cost little.
    return joined(new HeldStreams(stream.value()), () -> storedStream(stream));
  }

  private Positions joined(Positions inMemory, Supplier<Positions> stored) {
    return new Joined(inMemory, stored, memoryFrom);
  }

  /** See {@link io.varve.server.storage.EventStorage#termCounts}. */
  List<TermCount> termCounts(TermKind kind, @Nullable String afterText, long head, int limit) {
    Comparator<String> byBytes = Comparator.comparing(Postings::bytes, Arrays::compareUnsigned);
    SortedMap<String, Long> counts = new TreeMap<>(byBytes);
    for (TermSegment segment : segments) {
      segment.addCounts(
          kind,
          head,
          (text, count) -> {
            if (afterText == null || byBytes.compare(text, afterText) > 0) {
              counts.merge(text, count, Long::sum);
            }
          });
    }
    for (TermCount stored : database.terms().termCounts(kind, afterText, memoryFrom, limit)) {
      counts.merge(stored.text(), stored.count(), Long::sum);
    }
    return counts.entrySet().stream()
        .limit(limit)
        .map(entry -> new TermCount(entry.getKey(), entry.getValue()))
        .toList();
  }

  // ---- streams in the database

  private Positions storedStreams(String prefix) {
    // Asked for after the segments were taken, so every stream with an event below them is there.
    List<NamedStream> streams = database.streams(prefix, "", bounds.mergedStreams() + 1);
    if (streams.size() <= bounds.mergedStreams()) {
      long[] numbers = streams.stream().mapToLong(NamedStream::number).toArray();
      return new StoredStreams(database, numbers, memoryFrom);
    }
    if (prefix.indexOf('-') >= 0) {
      String category = new StreamId(prefix).category();
      return new StoredTerm(database.terms(), TermKind.CATEGORY, category, memoryFrom);
    }
    List<String> categories =
        database
            .terms()
            .termsStartingWith(
                TermKind.CATEGORY, prefix, memoryFrom, bounds.mergedCategories() + 1);
    if (categories.size() > bounds.mergedCategories()) {
      return new EveryPosition(memoryFrom);
    }
    return Positions.anyOf(
        categories.stream()
            .<Positions>map(
                category ->
                    new StoredTerm(database.terms(), TermKind.CATEGORY, category, memoryFrom))
            .toList());
  }

  private Positions storedStream(StreamId stream) {
    long number = database.streamNumber(stream);
    return new StoredStreams(database, number == 0 ? new long[0] : new long[] {number}, memoryFrom);
  }

  private record EveryPosition(long until) implements Positions {
    @Override
    public long atOrAfter(long position) {
      return position < until ? Math.max(1, position) : END;
    }

    @Override
    public long atOrBefore(long position) {
      return Math.min(position, until - 1);
    }
  }

  // ---- memory, and both

  private final class HeldTerm implements Positions {
    private final TermKind kind;
    private final String text;

    HeldTerm(TermKind kind, String text) {
      this.kind = kind;
      this.text = text;
    }

    @Override
    public long atOrAfter(long position) {
      for (TermSegment segment : segments) {
        long found = segment.atOrAfter(kind, text, position);
        if (found != END) {
          return found;
        }
      }
      return END;
    }

    @Override
    public long atOrBefore(long position) {
      for (TermSegment segment : segments.reversed()) {
        long found = segment.atOrBefore(kind, text, position);
        if (found != START) {
          return found;
        }
      }
      return START;
    }
  }

  private final class HeldStreams implements Positions {
    private final String prefix;

    HeldStreams(String prefix) {
      this.prefix = prefix;
    }

    @Override
    public long atOrAfter(long position) {
      for (TermSegment segment : segments) {
        long found = segment.inStreamsAtOrAfter(prefix, position);
        if (found != END) {
          return found;
        }
      }
      return END;
    }

    @Override
    public long atOrBefore(long position) {
      for (TermSegment segment : segments.reversed()) {
        long found = segment.inStreamsAtOrBefore(prefix, position);
        if (found != START) {
          return found;
        }
      }
      return START;
    }
  }

  /** The database below a position, and memory from it on. */
  private static final class Joined implements Positions {
    private final Positions inMemory;
    private final Supplier<Positions> opensStored;
    private final long memoryFrom;

    /** Made when it is first needed: what is near the head never is. */
    private @Nullable Positions stored;

    Joined(Positions inMemory, Supplier<Positions> opensStored, long memoryFrom) {
      this.inMemory = inMemory;
      this.opensStored = opensStored;
      this.memoryFrom = memoryFrom;
    }

    @Override
    public long atOrAfter(long position) {
      if (position < memoryFrom) {
        long found = stored().atOrAfter(position);
        if (found != END) {
          return found;
        }
      }
      return inMemory.atOrAfter(Math.max(position, memoryFrom));
    }

    @Override
    public long atOrBefore(long position) {
      if (position >= memoryFrom) {
        long found = inMemory.atOrBefore(position);
        if (found != START) {
          return found;
        }
      }
      return stored().atOrBefore(Math.min(position, memoryFrom - 1));
    }

    private Positions stored() {
      Positions known = stored;
      if (known == null) {
        known = opensStored.get();
        stored = known;
      }
      return known;
    }
  }
}

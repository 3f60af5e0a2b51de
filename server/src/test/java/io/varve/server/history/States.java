package io.varve.server.history;

import io.varve.server.event.ExpectedVersion;
import io.varve.server.event.Tracking;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The states that a log went through: none of its writes, the first, the first two and so on; and
 * for everything that can be seen of it, in which of them it is so. Since a log only grows, that is
 * one run of states each time.
 */
final class States {
  private final List<LoggedEvent> log;
  private final int[] writeOf;
  private final long[] headAfter;
  private final Map<UUID, LoggedEvent> byId = new HashMap<>();
  private final Map<String, NavigableMap<Long, Integer>> versions = new HashMap<>();
  private final Map<String, NavigableMap<Long, Integer>> progress = new HashMap<>();
  private final Map<String, List<LoggedEvent>> streams = new HashMap<>();
  private final Map<Selection, long[]> matches = new HashMap<>();

  /**
   * @param log events at positions 1, 2, 3 …
   * @param heads the position of each write's last event
   * @param trackings the progress that each write stored, null for none
   */
  States(List<LoggedEvent> log, List<Long> heads, List<@Nullable Tracking> trackings) {
    this.log = log;
    this.writeOf = new int[log.size() + 1];
    this.headAfter = new long[heads.size() + 1];
    for (int write = 1; write <= heads.size(); write++) {
      headAfter[write] = heads.get(write - 1);
      for (long at = headAfter[write - 1] + 1; at <= headAfter[write]; at++) {
        LoggedEvent event = at(at);
        writeOf[(int) at] = write;
        byId.put(event.id(), event);
        streams.computeIfAbsent(event.stream(), _ -> new ArrayList<>()).add(event);
        NavigableMap<Long, Integer> stream =
            versions.computeIfAbsent(event.stream(), _ -> new TreeMap<>());
        if (!stream.isEmpty() && stream.lastEntry().getValue() == write) {
          stream.pollLastEntry(); // a version within a write is never a stream's version
        }
        stream.put(event.version(), write);
      }
      Tracking tracking = trackings.get(write - 1);
      if (tracking != null) {
        progress
            .computeIfAbsent(tracking.source(), _ -> new TreeMap<>())
            .putIfAbsent(tracking.position(), write); // there from the first one on
      }
    }
  }

  // ---- the log

  /** How many writes there are. */
  int writes() {
    return headAfter.length - 1;
  }

  long head() {
    return log.size();
  }

  LoggedEvent at(long position) {
    return log.get(Math.toIntExact(position - 1));
  }

  @Nullable LoggedEvent with(UUID id) {
    return byId.get(id);
  }

  /** Which write put an event there. */
  int writeOf(long position) {
    return writeOf[Math.toIntExact(position)];
  }

  // ---- when something is so

  Span always() {
    return new Span(0, writes());
  }

  /** From the write that put an event there. */
  Span since(long position) {
    return position < 1 || position > head() ? Span.NEVER : from(writeOf(position));
  }

  /** Before the write that put an event there. */
  Span before(long position) {
    return position < 1 || position > head() ? always() : new Span(0, writeOf(position) - 1);
  }

  private Span from(int write) {
    return new Span(write, writes());
  }

  Span whileHeadIs(long position) {
    int write = Arrays.binarySearch(headAfter, position);
    return write < 0 ? Span.NEVER : new Span(write, write);
  }

  Span whileVersionIs(String stream, long version) {
    return whileAt(versions.get(stream), version);
  }

  Span whileProgressIs(String source, long position) {
    return whileAt(progress.get(source), position);
  }

  private Span whileAt(@Nullable NavigableMap<Long, Integer> steps, long value) {
    if (steps == null) {
      return value == 0 ? always() : Span.NEVER;
    }
    Map.Entry<Long, Integer> next = steps.higherEntry(value);
    int last = next == null ? writes() : next.getValue() - 1;
    if (value == 0) {
      return new Span(0, last);
    }
    Integer first = steps.get(value);
    return first == null ? Span.NEVER : new Span(first, last);
  }

  Span whileBelow(Tracking tracking) {
    NavigableMap<Long, Integer> steps = progress.get(tracking.source());
    return steps == null
        ? always()
        : steps.tailMap(tracking.position(), true).values().stream()
            .min(Integer::compare)
            .map(write -> new Span(0, write - 1))
            .orElse(always());
  }

  Span whileExpected(String stream, ExpectedVersion expected) {
    Span without = whileVersionIs(stream, 0);
    return switch (expected) {
      case ExpectedVersion.Any _ -> always();
      case ExpectedVersion.NoStream _ -> without;
      case ExpectedVersion.StreamExists _ -> from(without.highest() + 1);
      case ExpectedVersion.Exactly exactly -> whileVersionIs(stream, exactly.version());
    };
  }

  Span whileHolds(Call.Condition condition) {
    return before(firstMatch(condition));
  }

  /** The first event that breaks a condition, now or later; 0 for none. */
  long firstMatch(Call.Condition condition) {
    long[] positions = matching(condition.selection());
    int index = indexFrom(positions, condition.after() + 1);
    return index < positions.length ? positions[index] : 0;
  }

  // ---- what a read returns

  /** What a read of the log returns when the head is there. */
  List<LoggedEvent> read(Call.ReadLog read, long head) {
    long[] positions = matching(read.selection());
    List<LoggedEvent> events = new ArrayList<>();
    long limit = read.limit() == 0 ? Long.MAX_VALUE : read.limit();
    if (read.backwards()) {
      long from = read.from() == 0 ? head : Math.min(read.from(), head);
      for (int i = indexFrom(positions, from + 1) - 1; i >= 0 && events.size() < limit; i--) {
        events.add(at(positions[i]));
      }
    } else {
      for (int i = indexFrom(positions, read.from());
          i < positions.length && positions[i] <= head && events.size() < limit;
          i++) {
        events.add(at(positions[i]));
      }
    }
    return events;
  }

  /** What a read of a stream returns when the head is there. */
  List<LoggedEvent> read(Call.ReadStream read, long head) {
    List<LoggedEvent> stream =
        streams.getOrDefault(read.stream(), List.of()).stream()
            .filter(event -> event.position() <= head)
            .filter(
                event ->
                    read.from() == 0
                        || (read.backwards()
                            ? event.version() <= read.from()
                            : event.version() >= read.from()))
            .toList();
    return (read.backwards() ? stream.reversed() : stream)
        .stream().limit(read.limit() == 0 ? Long.MAX_VALUE : read.limit()).toList();
  }

  private long[] matching(Selection selection) {
    return matches.computeIfAbsent(
        selection,
        _ -> log.stream().filter(selection::matches).mapToLong(LoggedEvent::position).toArray());
  }

  private static int indexFrom(long[] positions, long position) {
    int index = Arrays.binarySearch(positions, position);
    return index < 0 ? -index - 1 : index;
  }
}

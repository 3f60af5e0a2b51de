package io.varve.server.security;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;

/**
 * What is to be remembered of refusals and of what administrators do, until somebody takes it to
 * where it is kept. Bounded, and quick to add to, whatever happens there: a flood of refusals
 * becomes one entry for each caller, method and reason with a count, and one for all beyond a
 * hundred. Thread-safe.
 */
public final class AuditTrail {
  /** Acts that may wait; what comes beyond is counted. */
  private static final int MOST_ACTS = 1_024;

  /** Kinds of refusals told apart between two looks. */
  private static final int MOST_REFUSALS = 100;

  private final Queue<Entry> acts = new ArrayDeque<>(); // guarded by this
  private final Map<Entry, Long> refusals = new LinkedHashMap<>(); // guarded by this
  private long actsLost; // guarded by this

  /**
   * Something that happened.
   *
   * @param kind {@code Refused} or {@code Done}
   * @param who a principal's name, or "nobody" before one is known
   * @param from the address of the caller, without the port
   * @param what the method, such as {@code varve.v1.Streams/Delete}
   * @param about the stream, group, user or token; empty if it is about none
   * @param outcome a status, and for a refusal the permission that is missing
   */
  public record Entry(
      String kind, String who, String from, String what, String about, String outcome) {}

  /** An entry, and how often it happened since the last look. */
  public record Counted(Entry entry, long count) {}

  public synchronized void refused(Entry entry) {
    Entry told =
        refusals.containsKey(entry) || refusals.size() < MOST_REFUSALS
            ? entry
            : new Entry("Refused", "many", "", "", "", "");
    refusals.merge(told, 1L, Long::sum);
  }

  public synchronized void done(Entry entry) {
    if (acts.size() < MOST_ACTS) {
      acts.add(entry);
    } else {
      actsLost++;
    }
  }

  /** What has happened since the last look, which is forgotten here. */
  public synchronized List<Counted> take() {
    List<Counted> taken = new ArrayList<>();
    acts.forEach(act -> taken.add(new Counted(act, 1)));
    acts.clear();
    refusals.forEach((entry, count) -> taken.add(new Counted(entry, count)));
    refusals.clear();
    if (actsLost > 0) {
      taken.add(
          new Counted(new Entry("Done", "many", "", "", "", "not told one by one"), actsLost));
      actsLost = 0;
    }
    return taken;
  }
}

package io.varve.server.security;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * What is to be remembered of refusals and of what administrators do, until somebody takes it to
 * where it is kept. Bounded, and quick to add to, whatever happens there: a flood of refusals
 * becomes one entry for each caller, method and reason with a count, and one for all beyond a
 * hundred. Thread-safe.
 *
 * <p>What is taken of refusals is bounded as well: a hundred entries at once and a hundred a minute
 * afterwards, so that even callers who are refused in ever new ways do not fill a disk. What is
 * over that stays here and is counted on.
 */
public final class AuditTrail {
  /** Acts that may wait; what comes beyond is counted. */
  private static final int MOST_ACTS = 1_024;

  /** Kinds of refusals told apart. */
  private static final int MOST_REFUSALS = 100;

  /** Entries of refusals that may be taken in a minute. */
  private static final int REFUSALS_A_MINUTE = 100;

  private static final long NANOS_FOR_ONE = TimeUnit.MINUTES.toNanos(1) / REFUSALS_A_MINUTE;

  /** Longer texts are cut; names of streams may come from whoever is refused. */
  private static final int MOST_CHARS = 256;

  private final LongSupplier nanoTime;
  private final Queue<Entry> acts = new ArrayDeque<>(); // guarded by this
  private final Map<Entry, Long> refusals = new LinkedHashMap<>(); // guarded by this
  private long actsLost; // guarded by this
  private long budget = REFUSALS_A_MINUTE; // guarded by this
  private long budgetedAt; // guarded by this

  /**
   * @param nanoTime a clock that only runs forwards
   */
  public AuditTrail(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
    this.budgetedAt = nanoTime.getAsLong();
  }

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
      String kind, String who, String from, String what, String about, String outcome) {
    public Entry {
      about = cut(about);
      outcome = cut(outcome);
    }

    private static String cut(String text) {
      return text.length() <= MOST_CHARS ? text : text.substring(0, MOST_CHARS) + "…";
    }
  }

  /** An entry, and how often it happened since it was last taken. */
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

  /** What has happened and may be kept now; it is forgotten here. */
  public synchronized List<Counted> take() {
    refill();
    int most = (int) Math.min(budget, refusals.size());
    budget -= most;
    return take(most);
  }

  /** All that has happened, for the last time. */
  public synchronized List<Counted> takeAll() {
    return take(refusals.size());
  }

  private synchronized void refill() {
    long earned = (nanoTime.getAsLong() - budgetedAt) / NANOS_FOR_ONE;
    budgetedAt += earned * NANOS_FOR_ONE;
    budget = Math.min(REFUSALS_A_MINUTE, budget + earned);
  }

  private synchronized List<Counted> take(int most) {
    List<Counted> taken = new ArrayList<>();
    acts.forEach(act -> taken.add(new Counted(act, 1)));
    acts.clear();
    Iterator<Map.Entry<Entry, Long>> oldest = refusals.entrySet().iterator();
    for (int i = 0; i < most; i++) {
      Map.Entry<Entry, Long> refusal = oldest.next();
      taken.add(new Counted(refusal.getKey(), refusal.getValue()));
      oldest.remove();
    }
    if (actsLost > 0) {
      taken.add(
          new Counted(new Entry("Done", "many", "", "", "", "not told one by one"), actsLost));
      actsLost = 0;
    }
    return taken;
  }
}

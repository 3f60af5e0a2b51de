package io.varve.server.storage.rocksdb;

import io.varve.server.event.StreamId;
import io.varve.server.storage.EventSummary;
import io.varve.server.storage.StorageException;
import io.varve.server.storage.Verification;
import io.varve.server.storage.VerifyWatch;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Verifies a log and the index that is derived from it, whoever writes to both meanwhile. */
final class LogVerification implements Verification {
  /*
   * The index is looked at as of one moment, and the log as of a later one. A commit writes the log first, so the log
   * has everything that the index says it has come to; what is behind that is not compared. A scavenge takes from the
   * log first, so what the log still has the index had as well; what the index has beyond that must have been
   * reclaimed.
   */
  private final Database log;
  private final @Nullable Database index;

  /** Versions of streams whose latest events the index does not have yet. */
  private final Map<StreamId, Long> behindTheIndex = new HashMap<>();

  private long logLast;
  private long indexLast;

  /**
   * @param index null: there is none that could be looked at
   */
  LogVerification(Database log, @Nullable Database index) {
    this.log = log;
    this.index = index;
  }

  /** The log's last position, once it has run. */
  long logLast() {
    return logLast;
  }

  /** How far the index has come, once it has run; 0 without one. */
  long indexLast() {
    return indexLast;
  }

  /** The version that a stream has come to behind the index; 0 for none. */
  long versionBehindTheIndex(StreamId stream) {
    return behindTheIndex.getOrDefault(stream, 0L);
  }

  @Override
  public void run(VerifyWatch watch) {
    Findings findings = new Findings(watch);
    Database known = index;
    if (known == null) {
      try (Database.View logView = log.view()) {
        check(findings, logView, null);
      }
    } else {
      try (Database.View indexView = known.view();
          Database.View logView = log.view()) {
        check(findings, logView, openIndex(indexView, findings));
      }
    }
    findings.finish();
  }

  private static @Nullable IndexCheck openIndex(Database.View view, Findings findings) {
    try {
      IndexCheck check = new IndexCheck(view, findings);
      if (check.progress().format() == IndexDatabase.INDEX_FORMAT) {
        return check;
      }
      findings
          .watch()
          .note(
              "the index has format "
                  + check.progress().format()
                  + " and is rebuilt at the next start; it was not compared with the log");
    } catch (StorageException e) {
      findings.add("an index that cannot be read", "the index cannot be read: " + e.getMessage());
    }
    return null;
  }

  private void check(Findings findings, Database.View logView, @Nullable IndexCheck indexCheck) {
    findings.watch().stage("the log");
    LogCheck logCheck = new LogCheck(logView, findings);
    Versions versions = new Versions(findings);
    indexLast = indexCheck == null ? 0 : indexCheck.progress().position();
    IndexComparison comparison = new IndexComparison(indexCheck, findings);
    logCheck.run(
        Math.max(indexLast, lastPosition(logView)),
        seen -> {
          EventSummary summary = seen.summary();
          if (indexCheck == null) {
            versions.follow(summary);
          } else if (summary.position() > indexLast) {
            behindTheIndex.merge(summary.stream(), summary.version(), Math::max);
          }
          comparison.run(check -> check.event(seen));
        });
    logCheck.runBeside();
    logLast = logCheck.last();
    if (indexLast > logLast) {
      findings.add(
          "a log that has lost its end",
          "the log ends at position "
              + logLast
              + ", but the index has seen position "
              + indexLast
              + ": the log has lost events");
    }
    comparison.run(check -> check.finish(logCheck, new LogLookUp(logView)));
    if (indexCheck == null) {
      versions.finish(logCheck.holes());
    }
  }

  private static long lastPosition(Database.View log) {
    long[] last = {0};
    try {
      log.visitBackwards(
          LogDatabase.LOG,
          Keys.ofLong(Long.MAX_VALUE),
          (key, _) -> {
            last[0] = Keys.toLong(key, 0);
            return Database.Visit.STOP;
          });
    } catch (StorageException e) {
      return 0; // the check itself tells
    }
    return last[0];
  }

  /** The comparison with the index, for as long as the index can be read. */
  private static final class IndexComparison {
    private @Nullable IndexCheck check;
    private final Findings findings;

    IndexComparison(@Nullable IndexCheck check, Findings findings) {
      this.check = check;
      this.findings = findings;
    }

    void run(java.util.function.Consumer<IndexCheck> step) {
      IndexCheck now = check;
      if (now == null) {
        return;
      }
      try {
        step.accept(now);
      } catch (StorageException e) {
        check = null;
        findings.add(
            "an index that cannot be read",
            "the index cannot be read, and was not compared any further: " + e.getMessage());
      }
    }
  }
}

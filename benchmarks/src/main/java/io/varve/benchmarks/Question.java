package io.varve.benchmarks;

import static io.varve.client.streams.AppendCondition.noMatch;

import io.varve.client.streams.AppendCondition;
import io.varve.client.streams.ConditionFailedException;
import io.varve.client.streams.EventReader;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.Query;
import io.varve.client.streams.QueryItem;
import io.varve.client.streams.ReadLog;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.Transaction;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Something that is asked of a {@link CourseLog}.
 *
 * @param text what it is, for people
 * @param asking how it is asked
 */
record Question(String text, Asking asking) {

  private static final Query TYPE_AND_TAG =
      Query.of(QueryItem.types(CourseLog.COMMON_TYPE).withTags(CourseLog.SOME_TAG));

  /** Asks once, and waits for the answer. */
  interface Asking {
    Answer ask(EventStore store);
  }

  /**
   * What came of asking.
   *
   * @param matches how many events came; of a transaction: 1 if one was in its way
   * @param firstNanos from asking to having the first; {@link #NONE} if none came
   * @param allNanos from asking to knowing that there are no more, or that the transaction is done
   */
  record Answer(int matches, long firstNanos, long allNanos) {
    static final long NONE = -1;
  }

  /** In the order of the table. */
  static List<Question> all() {
    return List.of(
        all("a tag that no event has", Query.tags("course:none")),
        all("a rare tag", Query.tags(CourseLog.RARE_TAG)),
        all("a rare type", Query.types(CourseLog.RARE_TYPE)),
        all("a prefix of 3 streams", Query.streamPrefixes(CourseLog.FEW_STREAMS)),
        all("a common type AND a tag of 100 events", TYPE_AND_TAG),
        oldest("a category's oldest event", Query.categories(CourseLog.CATEGORY)),
        newest("a student's newest event", Query.tags(CourseLog.STUDENT), 1),
        newest("a course's newest 100 events", Query.tags(CourseLog.COURSE), 100),
        all("a course AND a student", Query.tags(CourseLog.COURSE, CourseLog.STUDENT)),
        all(
            "two courses that share no event",
            Query.tags(CourseLog.COURSE, CourseLog.OTHER_COURSE)),
        all("a student", Query.tags(CourseLog.STUDENT)),
        new Question("a transaction without a condition", store -> transact(store, null)),
        new Question(
            "… if no event has a rare type: refused",
            store -> transact(store, noMatch(Query.types(CourseLog.RARE_TYPE)))),
        new Question(
            "… if no event has a tag that none has: written",
            store -> transact(store, noMatch(Query.tags("course:none")))),
        new Question(
            "… if no event after the head has a type AND a tag: written",
            store -> transact(store, noMatch(TYPE_AND_TAG).after(head(store)))));
  }

  private static Question all(String text, Query query) {
    ReadLog read = ReadLog.all().query(query);
    return new Question(text, store -> readToEnd(store, read));
  }

  private static Question newest(String text, Query query, int limit) {
    ReadLog read = ReadLog.all().query(query).backwards().limit(limit);
    return new Question(text, store -> readToEnd(store, read));
  }

  private static Question oldest(String text, Query query) {
    ReadLog read = ReadLog.all().query(query).limit(1);
    return new Question(text, store -> readToEnd(store, read));
  }

  private static Answer readToEnd(EventStore store, ReadLog read) {
    long begun = System.nanoTime();
    long first = Answer.NONE;
    int matches = 0;
    try (EventReader events = store.readLog(read)) {
      for (RecordedEvent _ : events) {
        if (matches == 0) {
          first = System.nanoTime() - begun;
        }
        matches++;
      }
    }
    return new Answer(matches, first, System.nanoTime() - begun);
  }

  /**
   * Writes one event that no question is about, under a condition if there is one. A match is what
   * the condition forbids.
   */
  private static Answer transact(EventStore store, @Nullable AppendCondition condition) {
    Transaction.Builder transaction =
        Transaction.builder()
            .append("attempt", ExpectedVersion.any(), NewEvent.json("SeatTried", "{}"));
    if (condition != null) {
      transaction.condition(condition);
    }
    long begun = System.nanoTime();
    int matches = 0;
    try {
      store.transact(transaction.build());
    } catch (ConditionFailedException _) {
      matches = 1;
    }
    return new Answer(matches, Answer.NONE, System.nanoTime() - begun);
  }

  private static long head(EventStore store) {
    try (EventReader newest = store.readLog(ReadLog.all().backwards().limit(1))) {
      return newest.headPosition();
    }
  }
}

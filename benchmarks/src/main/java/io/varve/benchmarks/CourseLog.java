package io.varve.benchmarks;

import io.varve.client.streams.AppendResult;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.NewEvent;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;

/**
 * A log of courses and students, of any size. What is common in it grows with its size, and what is
 * rare is there as often, and spread as evenly, however long it is. The same size gives the same
 * events, but for their ids.
 *
 * <p>Common: 20 types, 20 categories, of which each has a stream for every 20,000 events, 1,000
 * tags {@code course:}, and 100,000 tags {@code student:}; each event has one of each. Rare: what
 * the constants name.
 */
final class CourseLog {
  /** A type that 10 events have. */
  static final String RARE_TYPE = "CourseCancelled";

  /** A tag that 1 event has. */
  static final String RARE_TAG = "voucher:4711";

  /** A tag that 100 events have, of which 5 are of {@link #COMMON_TYPE}. */
  static final String SOME_TAG = "scholarship:ada";

  /** A course and a student, of which 5 events have both. */
  static final String COURSE = "course:7";

  static final String STUDENT = "student:77";

  /** No event has both this and {@link #COURSE}. */
  static final String OTHER_COURSE = "course:8";

  /** One of the 20 types. */
  static final String COMMON_TYPE = "LessonHeld";

  /** One of the 20 categories. */
  static final String CATEGORY = "classroom";

  /** What the names of 3 streams start with, which have 10 events each. */
  static final String FEW_STREAMS = "audit-external-";

  private static final List<String> TYPES =
      List.of(
          COMMON_TYPE,
          "LessonMoved",
          "LessonMissed",
          "LessonRated",
          "CourseOpened",
          "CourseRenamed",
          "CourseFilled",
          "CourseClosed",
          "StudentEnrolled",
          "StudentPromoted",
          "StudentWarned",
          "StudentPraised",
          "SeatReserved",
          "SeatReleased",
          "FeeCharged",
          "FeePaid",
          "ExamAnnounced",
          "ExamTaken",
          "ExamGraded",
          "ExamRepeated");

  private static final List<String> CATEGORIES =
      List.of(
          CATEGORY, "course", "lesson", "student", "teacher", "exam", "fee", "seat", "room", "book",
          "term", "group", "grade", "plan", "bus", "meal", "club", "trip", "award", "visit");

  private static final int COURSES = 1_000;
  private static final int STUDENTS = 100_000;

  /** Events of one append, and so of one stream. */
  private static final int EVENTS_PER_APPEND = 1_000;

  /** Enough that the store never waits for events, and little enough for a small heap. */
  private static final int APPENDS_IN_FLIGHT = 32;

  private static final int PAYLOAD_BYTES = 200;
  private static final int AUDITS = 3;
  private static final int EVENTS_PER_AUDIT = 10;

  private final int events;
  private final SplittableRandom random;
  private final String letters;

  /**
   * @param events how many events; the three streams of few events are part of them
   */
  CourseLog(int events) {
    if (events < 100_000 || events % EVENTS_PER_APPEND != 0) {
      throw new IllegalArgumentException(
          "events must be a multiple of 1,000 from 100,000 on, was " + events);
    }
    this.events = events;
    this.random = new SplittableRandom(events);
    this.letters = letters(1 << 20);
  }

  private String letters(int count) {
    StringBuilder text = new StringBuilder(count);
    for (int i = 0; i < count; i++) {
      text.append((char) ('a' + random.nextInt(26)));
    }
    return text.toString();
  }

  /** Appends all of it to an empty store, and waits until it is durable. */
  void writeTo(EventStore store) {
    Deque<CompletableFuture<AppendResult>> inFlight = new ArrayDeque<>();
    int appends = events / EVENTS_PER_APPEND;
    for (int append = 0; append < appends; append++) {
      if (inFlight.size() == APPENDS_IN_FLIGHT) {
        inFlight.remove().join();
      }
      String stream = CATEGORIES.get(append % CATEGORIES.size()) + "-" + append;
      inFlight.add(store.appendAsync(stream, ExpectedVersion.noStream(), eventsOf(append)));
      for (int audit = 0; audit < AUDITS; audit++) {
        if (append == (audit + 1) * appends / (AUDITS + 1)) {
          inFlight.add(
              store.appendAsync(
                  FEW_STREAMS + (audit + 1), ExpectedVersion.noStream(), auditEvents()));
        }
      }
      if ((append + 1) % 1_000 == 0) {
        System.err.println("written: " + (append + 1) * EVENTS_PER_APPEND + " of " + events);
      }
    }
    inFlight.forEach(CompletableFuture::join);
  }

  /** How many events {@link #writeTo} appends. */
  int count() {
    return events + AUDITS * EVENTS_PER_AUDIT;
  }

  private List<NewEvent> eventsOf(int append) {
    List<NewEvent> some = new ArrayList<>(EVENTS_PER_APPEND);
    for (int i = 0; i < EVENTS_PER_APPEND; i++) {
      some.add(event(append * EVENTS_PER_APPEND + i));
    }
    return some;
  }

  private NewEvent event(int index) {
    String type = TYPES.get(random.nextInt(TYPES.size()));
    int course = random.nextInt(COURSES);
    int student = random.nextInt(STUDENTS);
    boolean some = isOneOf(100, index);
    if (some) {
      // Of a hundred five, evenly; chance gives it to no other.
      boolean matching = index % (events / 5) == events / 200;
      type = matching ? COMMON_TYPE : TYPES.get(1 + random.nextInt(TYPES.size() - 1));
    }
    if (isOneOf(10, index)) {
      type = RARE_TYPE;
    }
    String courseTag = "course:" + course;
    String studentTag = "student:" + student;
    boolean both = isOneOf(5, index);
    if (both) {
      courseTag = COURSE;
      studentTag = STUDENT;
    } else if (courseTag.equals(COURSE) && studentTag.equals(STUDENT)) {
      studentTag = "student:78";
    }
    NewEvent.Builder event = NewEvent.builder(type).json(payload()).tag(courseTag).tag(studentTag);
    if (some) {
      event.tag(SOME_TAG);
    }
    if (index == events / 3) {
      event.tag(RARE_TAG);
    }
    return event.build();
  }

  /** Whether the event is one of so many that lie evenly in the log, half a step from its ends. */
  private boolean isOneOf(int count, int index) {
    int step = events / count;
    return index % step == step / 2;
  }

  private List<NewEvent> auditEvents() {
    List<NewEvent> some = new ArrayList<>(EVENTS_PER_AUDIT);
    for (int i = 0; i < EVENTS_PER_AUDIT; i++) {
      some.add(NewEvent.json("CourseAudited", payload()));
    }
    return some;
  }

  private String payload() {
    String frame = "{\"note\":\"\"}";
    int length = PAYLOAD_BYTES - frame.length();
    int from = random.nextInt(letters.length() - length);
    return "{\"note\":\"" + letters.substring(from, from + length) + "\"}";
  }
}

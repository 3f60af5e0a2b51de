package io.varve.server.group;

import io.varve.server.storage.EncodedEvent;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * An event that has been read and is neither done nor parked, or that is parked and being replayed.
 * Owned by its group's {@link GroupState}; nobody else changes it.
 */
final class Unanswered {
  /** What is delivered first: what the group was stopped with, then by position. */
  static final Comparator<Unanswered> DELIVERY_ORDER =
      Comparator.comparing((Unanswered event) -> !event.first)
          .thenComparingLong(event -> event.position);

  /** What is to be tried again first. */
  static final Comparator<Unanswered> RETRY_ORDER =
      Comparator.comparingLong((Unanswered event) -> event.since)
          .thenComparingLong(event -> event.position);

  /** How many consumers that were too late are remembered. */
  private static final int MAX_LATE = 8;

  /** Where an event is between being read and being done. */
  enum State {
    /** Waits for a consumer that can take it. */
    READY,
    /** Delivered, and not answered yet. */
    IN_FLIGHT,
    /** Has failed, and waits for its next try. */
    WAITING,
    /** Has failed too often, and is about to be parked. */
    GIVEN_UP
  }

  final long position;
  final long version;
  final int bucket;

  /** What is stored of it, if it is parked and being replayed; else null. */
  final @Nullable Parked replayed;

  State state = State.READY;
  int failures;

  /** Delivered before all others. */
  boolean first;

  /** Not parked any more, and forgotten once its consumer has answered. */
  boolean discarded;

  /** Who has it, while it is in flight. */
  @Nullable Member holder;

  /** Since when it is in flight, or until when it waits. */
  long since;

  /** Why it was given up. */
  String reason = "";

  private HeldRun.@Nullable Held held;
  private final Deque<Member> late = new ArrayDeque<>(0);

  Unanswered(
      long position,
      long version,
      int bucket,
      @Nullable Parked replayed,
      HeldRun.@Nullable Held held) {
    this.position = position;
    this.version = version;
    this.bucket = bucket;
    this.replayed = replayed;
    this.held = held;
  }

  /** The event, if its bytes are held. */
  @Nullable EncodedEvent held() {
    HeldRun.Held mine = held;
    return mine == null ? null : mine.event();
  }

  /** Lets go of the bytes. */
  void release() {
    HeldRun.Held mine = held;
    if (mine != null) {
      held = null;
      mine.release();
    }
  }

  /** A consumer has not answered in time, and may still do so. */
  void wasLate(Member member) {
    if (late.size() == MAX_LATE) {
      late.removeFirst();
    }
    late.addLast(member);
  }

  /** Whether a consumer was given this event and has not answered in time. */
  boolean timedOutAt(Member member) {
    return late.contains(member);
  }
}

package io.varve.server.group;

import org.jspecify.annotations.Nullable;

/**
 * Which event is given to whom: one of the strategies. Knows the members, the events that are
 * ready, and what is in flight as far as it matters.
 */
interface Sharing {

  /** A sharing that knows nobody and nothing yet. */
  static Sharing of(GroupStrategy strategy) {
    return switch (strategy) {
      case ROUND_ROBIN -> new SharedLane(false);
      case SINGLE -> new SharedLane(true);
      case PINNED -> new PinnedSharing();
    };
  }

  /** An event, and who is given it. */
  record Choice(Unanswered event, Member member) {}

  /** A member has come; it counts once it is {@link Member#active}. */
  void joined(Member member);

  /** A member has given credit for the first time. */
  void activated(Member member);

  /** A member has gone. What it had in flight has been {@link #returned} before. */
  void left(Member member);

  /** An event is ready. */
  void add(Unanswered event);

  /** An event is not ready any more, though nobody was given it. */
  void remove(Unanswered event);

  /** The event to deliver next, and to whom; null when there is none that anybody has room for. */
  @Nullable Choice next(int maxInFlight);

  /** An event is in flight that was not chosen here. */
  void given(Unanswered event, Member member);

  /** An event is in flight no more. */
  void returned(Unanswered event);

  /** Whether anybody could be given an event that has not been read yet. */
  boolean hasRoom(int maxInFlight);
}

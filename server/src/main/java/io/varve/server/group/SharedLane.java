package io.varve.server.group;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * One line of events for all: the next goes to the next member in turn that has room, or, when one
 * gets everything, to the one that came first.
 */
final class SharedLane implements Sharing {
  private final boolean single;
  private final TreeSet<Unanswered> ready = new TreeSet<>(Unanswered.DELIVERY_ORDER);
  private final List<Member> members = new ArrayList<>();
  private int turn;

  /**
   * @param single whether one member gets everything
   */
  SharedLane(boolean single) {
    this.single = single;
  }

  @Override
  public void joined(Member member) {
    members.add(member);
  }

  @Override
  public void activated(Member member) {
    // Whoever has no credit is passed over anyway.
  }

  @Override
  public void left(Member member) {
    int index = members.indexOf(member);
    members.remove(index);
    if (index < turn) {
      turn--;
    }
  }

  @Override
  public void add(Unanswered event) {
    ready.add(event);
  }

  @Override
  public void remove(Unanswered event) {
    ready.remove(event);
  }

  @Override
  public @Nullable Choice next(int maxInFlight) {
    if (ready.isEmpty()) {
      return null;
    }
    Member member = nextMember(maxInFlight);
    return member == null ? null : new Choice(ready.removeFirst(), member);
  }

  private @Nullable Member nextMember(int maxInFlight) {
    int candidates = single ? Math.min(1, members.size()) : members.size();
    for (int i = 0; i < candidates; i++) {
      int index = single ? 0 : (turn + i) % candidates;
      Member member = members.get(index);
      if (member.hasRoom(maxInFlight)) {
        turn = single ? 0 : (index + 1) % candidates;
        return member;
      }
    }
    return null;
  }

  @Override
  public void given(Unanswered event, Member member) {
    // It does not matter who has what.
  }

  @Override
  public void returned(Unanswered event) {
    // It does not matter who had it.
  }

  @Override
  public boolean hasRoom(int maxInFlight) {
    if (single) {
      return !members.isEmpty() && members.getFirst().hasRoom(maxInFlight);
    }
    return members.stream().anyMatch(member -> member.hasRoom(maxInFlight));
  }
}

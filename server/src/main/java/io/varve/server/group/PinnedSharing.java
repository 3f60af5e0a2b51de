package io.varve.server.group;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Events of one stream go to the same member.
 *
 * <p>Streams are put into buckets by a hash of their names. A bucket gets an owner when its first
 * event comes: the member with the fewest. A member that comes takes over its share from those that
 * have most; those of one that goes are given away anew when their next event comes.
 */
final class PinnedSharing implements Sharing {
  /*
   * Two facts are kept of each bucket: who owns it, and who holds events of it unanswered. An event is given to the owner,
   * and not before everybody else's of its bucket are answered: so a bucket moves without an event of it being with two
   * members at once, and nothing has to be remembered of the move. Whatever changes among the members, where each ready
   * event waits is worked out anew from these facts.
   */
  static final int BUCKETS = 1_024;

  private final Bucket[] buckets = new Bucket[BUCKETS];
  private final Map<Member, Lane> lanes = new HashMap<>();
  private final List<Lane> order = new ArrayList<>();

  /** Ready events of buckets that have no owner, since nobody has given credit yet. */
  private final NavigableSet<Unanswered> unowned = lane();

  private int turn;

  private static final class Bucket {
    @Nullable Lane owner;

    /** Who holds events of it unanswered; null for nobody, or for several. */
    @Nullable Member holder;

    int held;

    /** Ready events that wait until the one who had the bucket has answered. */
    final NavigableSet<Unanswered> waiting = lane();
  }

  private static final class Lane {
    final Member member;
    final NavigableSet<Unanswered> ready = lane();
    int owned;

    Lane(Member member) {
      this.member = member;
    }
  }

  PinnedSharing() {
    for (int i = 0; i < BUCKETS; i++) {
      buckets[i] = new Bucket();
    }
  }

  /** The bucket of a stream, by a hash of its name. */
  static int bucketOf(int streamHash) {
    return Math.floorMod(streamHash, BUCKETS);
  }

  private static NavigableSet<Unanswered> lane() {
    return new TreeSet<>(Unanswered.DELIVERY_ORDER);
  }

  // ---- members

  @Override
  public void joined(Member member) {
    Lane lane = new Lane(member);
    lanes.put(member, lane);
    order.add(lane);
    if (member.active) {
      activated(member);
    }
  }

  @Override
  public void activated(Member member) {
    Lane newcomer = laneOf(member);
    Collection<Unanswered> ready = takeAllReady();
    int owned = 0;
    int active = 0;
    for (Lane lane : order) {
      owned += lane.owned;
      active += lane.member.active ? 1 : 0;
    }
    int share = owned / active;
    // First those that can move at once.
    for (boolean idle : new boolean[] {true, false}) {
      for (Bucket bucket : buckets) {
        if (newcomer.owned >= share) {
          break;
        }
        Lane owner = bucket.owner;
        if (owner != null
            && owner != newcomer
            && owner.owned > share
            && (bucket.held == 0) == idle) {
          own(bucket, newcomer);
        }
      }
    }
    ready.forEach(this::add);
  }

  @Override
  public void left(Member member) {
    Lane lane = laneOf(member);
    Collection<Unanswered> ready = takeAllReady();
    for (Bucket bucket : buckets) {
      if (bucket.owner == lane) {
        own(bucket, null);
      }
    }
    int index = order.indexOf(lane);
    order.remove(index);
    if (index < turn) {
      turn--;
    }
    lanes.remove(member);
    ready.forEach(this::add);
  }

  private Lane laneOf(Member member) {
    Lane lane = lanes.get(member);
    if (lane == null) {
      throw new IllegalStateException("consumer " + member.id + " is no member");
    }
    return lane;
  }

  private static void own(Bucket bucket, @Nullable Lane owner) {
    if (bucket.owner != null) {
      bucket.owner.owned--;
    }
    bucket.owner = owner;
    if (owner != null) {
      owner.owned++;
    }
  }

  /** The member with the fewest buckets among those that have given credit; null for none. */
  private @Nullable Lane poorest() {
    return order.stream()
        .filter(lane -> lane.member.active)
        .min(Comparator.comparingInt(lane -> lane.owned))
        .orElse(null);
  }

  // ---- events

  private Collection<Unanswered> takeAllReady() {
    List<Unanswered> all = new ArrayList<>(unowned);
    unowned.clear();
    for (Lane lane : order) {
      all.addAll(lane.ready);
      lane.ready.clear();
    }
    for (Bucket bucket : buckets) {
      if (!bucket.waiting.isEmpty()) {
        all.addAll(bucket.waiting);
        bucket.waiting.clear();
      }
    }
    return all;
  }

  @Override
  public void add(Unanswered event) {
    Bucket bucket = buckets[event.bucket];
    Lane owner = bucket.owner;
    if (owner == null) {
      owner = poorest();
      if (owner == null) {
        unowned.add(event);
        return;
      }
      own(bucket, owner);
    }
    if (bucket.held > 0 && bucket.holder != owner.member) {
      bucket.waiting.add(event);
    } else {
      owner.ready.add(event);
    }
  }

  @Override
  public void remove(Unanswered event) {
    Bucket bucket = buckets[event.bucket];
    Lane owner = bucket.owner;
    if (owner == null) {
      unowned.remove(event);
    } else {
      owner.ready.remove(event);
      bucket.waiting.remove(event);
    }
  }

  @Override
  public @Nullable Choice next(int maxInFlight) {
    int count = order.size();
    for (int i = 0; i < count; i++) {
      int index = (turn + i) % count;
      Lane lane = order.get(index);
      if (!lane.ready.isEmpty() && lane.member.hasRoom(maxInFlight)) {
        turn = (index + 1) % count;
        Unanswered event = lane.ready.removeFirst();
        given(event, lane.member);
        return new Choice(event, lane.member);
      }
    }
    return null;
  }

  @Override
  public void given(Unanswered event, Member member) {
    Bucket bucket = buckets[event.bucket];
    // Several hold events of it only after another strategy has given them: then it waits for all.
    bucket.holder = bucket.held == 0 || bucket.holder == member ? member : null;
    bucket.held++;
  }

  @Override
  public void returned(Unanswered event) {
    Bucket bucket = buckets[event.bucket];
    bucket.held--;
    if (bucket.held == 0) {
      bucket.holder = null;
      if (!bucket.waiting.isEmpty()) {
        List<Unanswered> freed = new ArrayList<>(bucket.waiting);
        bucket.waiting.clear();
        freed.forEach(this::add);
      }
    }
  }

  @Override
  public boolean hasRoom(int maxInFlight) {
    return order.stream().anyMatch(lane -> lane.member.hasRoom(maxInFlight));
  }
}

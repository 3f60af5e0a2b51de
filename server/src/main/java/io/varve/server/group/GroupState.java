package io.varve.server.group;

import io.varve.server.event.StreamId;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What a group decides: which events are unanswered, who is given them, and what becomes of them.
 * Reads nothing, writes nothing, knows no clock but the times that it is told. Used by one thread
 * at a time.
 */
final class GroupState {
  /*
   * An event is in exactly one place:
   *
   *     read ──▶ READY ──given──▶ IN_FLIGHT ──acked, skipped──▶ gone
   *                ▲                  │ failed
   *                ├──── WAITING ◀────┤
   *                └─ consumer gone ──┤ failed too often
   *                                   └──▶ GIVEN_UP ──▶ parked
   *
   * "pending" holds those of the source, "replays" those that are parked already and were asked for again. The checkpoint
   * lies before the first of "pending", or where the source has been read to if there is none: it cannot be ahead of an
   * event that nobody has answered, since nobody ever sets it.
   */
  private static final Duration FIRST_RETRY_DELAY = Duration.ofMillis(50);
  private static final Duration MAX_RETRY_DELAY = Duration.ofSeconds(5);

  /** The times that are told move in steps of about this; nobody is to be late before its time. */
  private static final Duration STEP_OF_TIME = Duration.ofMillis(20);

  private GroupSettings settings;
  private Sharing sharing;
  private final List<Member> members = new ArrayList<>();

  private final TreeMap<Long, Unanswered> pending = new TreeMap<>();
  private final TreeMap<Long, Unanswered> replays = new TreeMap<>();
  private final LinkedHashSet<Unanswered> inFlight = new LinkedHashSet<>(); // by time of delivery
  private final TreeSet<Unanswered> waiting = new TreeSet<>(Unanswered.RETRY_ORDER);
  private final Deque<Unanswered> givenUp = new ArrayDeque<>();

  private long position;
  private long version;
  private long parked;
  private long lastSequence;
  private long replayUpTo;
  private long replaying;
  private @Nullable GroupStop stop;
  private String notice;

  // What the store has not been told.
  private ParkedChanges parkedChanges = new ParkedChanges();
  private boolean dirty;
  private boolean urgent;
  private long answered;

  GroupState(GroupSettings settings, Progress progress) {
    this.settings = settings;
    this.sharing = Sharing.of(settings.strategy());
    this.position = progress.position();
    this.version = progress.version();
    this.parked = progress.parked();
    this.lastSequence = progress.lastSequence();
    this.replayUpTo = progress.replayUpTo();
    this.replaying = progress.replaying();
    this.stop = progress.stop();
    this.notice = progress.notice();
    for (Progress.Open open : progress.open()) {
      Unanswered event = new Unanswered(open.position(), open.version(), open.bucket(), null, null);
      event.failures = open.failures();
      event.first = stop != null && stop.position() == event.position;
      pending.put(event.position, event);
      ready(event);
    }
  }

  // ---- settings

  GroupSettings settings() {
    return settings;
  }

  /** Other settings from now on; what is in flight stays there. */
  void update(GroupSettings others) {
    boolean otherStrategy = others.strategy() != settings.strategy();
    settings = others;
    notice = "";
    dirty = true;
    if (!otherStrategy) {
      return;
    }
    sharing = Sharing.of(others.strategy());
    members.forEach(sharing::joined);
    for (Unanswered event : inFlight) {
      sharing.given(event, holderOf(event));
    }
    for (TreeMap<Long, Unanswered> events : List.of(pending, replays)) {
      for (Unanswered event : events.values()) {
        if (event.state == Unanswered.State.READY) {
          sharing.add(event);
        }
      }
    }
  }

  private static Member holderOf(Unanswered event) {
    Member holder = event.holder;
    if (holder == null) {
      throw new IllegalStateException("nobody holds the event at position " + event.position);
    }
    return holder;
  }

  // ---- members

  List<Member> members() {
    return members;
  }

  /** A consumer has come; a group that was stopped goes on. */
  void join(Member member) {
    members.add(member);
    sharing.joined(member);
    if (stop != null) {
      stop = null;
      dirty = true;
    }
  }

  /** A consumer has gone; what it held is ready again, and has not failed. */
  void leave(Member member) {
    for (Unanswered event : List.copyOf(inFlight)) {
      if (event.holder == member) {
        putBack(event);
      }
    }
    members.remove(member);
    sharing.left(member);
  }

  void credit(Member member, long events) {
    member.credit = Math.min(Member.MAX_CREDIT, member.credit + events);
    if (member.credit > 0 && !member.active) {
      member.active = true;
      sharing.activated(member);
    }
  }

  // ---- answers

  /** Events are done; says how many were. */
  int ack(Member member, Collection<Long> positions) {
    int acked = 0;
    for (long at : positions) {
      Unanswered event = find(at);
      if (event == null || (event.holder != member && !event.timedOutAt(member))) {
        continue;
      }
      detach(event);
      done(event);
      acked++;
    }
    return acked;
  }

  void retry(Member member, Collection<Long> positions, String reason, long now) {
    for (long at : positions) {
      Unanswered event = heldBy(member, at);
      if (event != null) {
        fail(event, reason, now, retryDelay(event.failures));
      }
    }
  }

  void park(Member member, Collection<Long> positions, String reason) {
    for (long at : positions) {
      Unanswered event = heldBy(member, at);
      if (event != null) {
        takeBack(event);
        giveUp(event, reason);
      }
    }
  }

  void skip(Member member, Collection<Long> positions) {
    for (long at : positions) {
      Unanswered event = heldBy(member, at);
      if (event != null) {
        takeBack(event);
        done(event);
      }
    }
  }

  /**
   * Stops the group if the member holds any of the events; null if not. Its members are still to be
   * told.
   */
  @Nullable GroupStop stop(Member member, Collection<Long> positions, String reason, Instant at) {
    long lowest = Long.MAX_VALUE;
    for (long one : positions) {
      Unanswered event = heldBy(member, one);
      if (event != null) {
        takeBack(event);
        event.first = true;
        ready(event);
        lowest = Math.min(lowest, one);
      }
    }
    if (lowest == Long.MAX_VALUE) {
      return null;
    }
    stop = new GroupStop(member.name, reason, at, lowest);
    changed();
    urgent = true;
    return stop;
  }

  /** What has not been answered in time has failed; what has waited long enough is ready. */
  void expire(long now) {
    long timeout = timeoutNanos();
    while (!inFlight.isEmpty() && now - inFlight.getFirst().since >= timeout) {
      Unanswered event = inFlight.getFirst();
      event.wasLate(holderOf(event));
      fail(event, "was not answered within " + inWords(settings.ackTimeout()), now, 0);
    }
    while (!waiting.isEmpty() && waiting.getFirst().since <= now) {
      ready(waiting.removeFirst());
    }
  }

  private static String inWords(Duration time) {
    return time.toMillis() % 1_000 == 0 ? time.toSeconds() + " s" : time.toMillis() + " ms";
  }

  /** When {@link #expire} has to do something next; {@link Long#MAX_VALUE} for never. */
  long nextExpiry() {
    long next = waiting.isEmpty() ? Long.MAX_VALUE : waiting.getFirst().since;
    return inFlight.isEmpty() ? next : Math.min(next, inFlight.getFirst().since + timeoutNanos());
  }

  private long timeoutNanos() {
    return settings.ackTimeout().plus(STEP_OF_TIME).toNanos();
  }

  /** The first retry is at once; each further one waits twice as long. */
  private static long retryDelay(int failures) {
    return failures == 0
        ? 0
        : Math.min(
            MAX_RETRY_DELAY.toNanos(), FIRST_RETRY_DELAY.toNanos() << Math.min(failures - 1, 20));
  }

  private @Nullable Unanswered find(long at) {
    Unanswered event = pending.get(at);
    return event == null ? replays.get(at) : event;
  }

  private @Nullable Unanswered heldBy(Member member, long at) {
    Unanswered event = find(at);
    return event == null || event.holder != member ? null : event;
  }

  private void fail(Unanswered event, String reason, long now, long delay) {
    takeBack(event);
    if (event.discarded) {
      forget(event);
    } else if (event.failures >= settings.maxRetries()) {
      giveUp(event, reason.isEmpty() ? "failed, and was not to be retried again" : reason);
    } else {
      event.failures++;
      dirty = true;
      if (delay == 0) {
        ready(event);
      } else {
        event.state = Unanswered.State.WAITING;
        event.since = now + delay;
        waiting.add(event);
      }
    }
  }

  private void giveUp(Unanswered event, String reason) {
    if (event.discarded) {
      forget(event);
      return;
    }
    event.state = Unanswered.State.GIVEN_UP;
    event.reason = reason.isEmpty() ? "a consumer asked for it" : reason;
    givenUp.add(event);
  }

  // ---- from place to place

  private void ready(Unanswered event) {
    if (event.discarded) {
      forget(event);
      return;
    }
    event.state = Unanswered.State.READY;
    sharing.add(event);
  }

  /** Out of flight. */
  private void takeBack(Unanswered event) {
    Member holder = holderOf(event);
    inFlight.remove(event);
    event.holder = null;
    holder.inFlight--;
    sharing.returned(event);
  }

  /** Out of wherever it is. */
  private void detach(Unanswered event) {
    switch (event.state) {
      case READY -> sharing.remove(event);
      case IN_FLIGHT -> takeBack(event);
      case WAITING -> waiting.remove(event);
      case GIVEN_UP -> givenUp.remove(event);
    }
  }

  /** Done: acked, skipped, or not there any more. The event is nowhere. */
  private void done(Unanswered event) {
    if (event.replayed != null && !event.discarded) {
      unparked(event.position, true);
    }
    forget(event);
    answered++;
    changed();
  }

  private void forget(Unanswered event) {
    event.release();
    (event.replayed == null ? pending : replays).remove(event.position);
  }

  private void changed() {
    dirty = true;
  }

  // ---- parking

  /** An event to be parked; null when there is none. It stays what it is until it is. */
  @Nullable Unanswered nextGivenUp() {
    return givenUp.peek();
  }

  /**
   * Parks what {@link #nextGivenUp} has returned.
   *
   * @param stream the event's stream
   */
  void park(Unanswered event, StreamId stream, long eventVersion, Instant at) {
    givenUp.remove(event);
    if (event.replayed == null) {
      parked++;
    } else {
      replaying--;
    }
    lastSequence++;
    parkedChanges.park(
        new Parked(
            event.position, eventVersion, stream, event.reason, at, event.failures, lastSequence));
    forget(event);
    answered++;
    changed();
    urgent = true;
  }

  private void unparked(long at, boolean wasReplaying) {
    parkedChanges.unpark(at);
    parked--;
    replaying -= wasReplaying ? 1 : 0;
    changed();
  }

  ParkedChanges parkedChanges() {
    return parkedChanges;
  }

  boolean isReplaying(Parked event) {
    return event.sequence() <= replayUpTo;
  }

  /** All that are parked now are asked for; says how many were not before. */
  long replayAll() {
    long asked = parked - replaying;
    replayUpTo = lastSequence;
    replaying = parked;
    changed();
    return asked;
  }

  /** A parked event is asked for; says whether it was not before. */
  boolean replay(Parked event) {
    if (isReplaying(event)) {
      return false;
    }
    parkedChanges.park(event.askedFor());
    replaying++;
    changed();
    return true;
  }

  /** How many parked events were asked for and are not in {@link #takeReplay} yet. */
  long replaysToLoad() {
    if (replaying == 0) {
      return 0;
    }
    long loaded = replays.values().stream().filter(event -> !event.discarded).count();
    return replaying - loaded;
  }

  boolean isLoaded(Parked event) {
    return replays.containsKey(event.position());
  }

  /** Takes in a parked event that is to be delivered again. */
  void takeReplay(Parked event, int bucket) {
    Unanswered again = new Unanswered(event.position(), event.version(), bucket, event, null);
    replays.put(again.position, again);
    ready(again);
  }

  /** All that are parked now are forgotten; says how many. */
  long discardAll() {
    long discarded = parked;
    parkedChanges.unparkAll();
    parked = 0;
    replaying = 0;
    replayUpTo = lastSequence;
    List.copyOf(replays.values()).forEach(this::discardReplay);
    changed();
    return discarded;
  }

  /** A parked event is forgotten. */
  void discard(Parked event) {
    unparked(event.position(), isReplaying(event));
    Unanswered replay = replays.get(event.position());
    if (replay != null) {
      discardReplay(replay);
    }
  }

  private void discardReplay(Unanswered event) {
    if (event.state == Unanswered.State.IN_FLIGHT) {
      event.discarded = true; // nobody else gets it, and its consumer's answer changes nothing
    } else if (!event.discarded) {
      detach(event);
      event.discarded = true;
      forget(event);
    }
  }

  // ---- reading

  /** How many more events may be held. */
  int room() {
    return settings.bufferSize() - pending.size() - replays.size();
  }

  /** Whether somebody could be given an event that has not been read yet. */
  boolean wantsMore() {
    return sharing.hasRoom(settings.maxInFlight());
  }

  /** Takes in the next event of the source. */
  void take(long at, long eventVersion, int bucket, HeldRun.Held held) {
    Unanswered event = new Unanswered(at, eventVersion, bucket, null, held);
    pending.put(at, event);
    ready(event);
  }

  /** Lets go of all bytes; what is delivered later is read again. */
  void letGo() {
    pending.values().forEach(Unanswered::release);
  }

  /** The source has been read up to here. */
  void readUpTo(long readPosition, long readVersion) {
    if (readPosition != position || readVersion != version) {
      position = readPosition;
      version = readVersion;
      changed();
    }
  }

  /** What is hidden of the stream will not be delivered. */
  void passOverBelow(long firstKeptVersion) {
    for (TreeMap<Long, Unanswered> events : List.of(pending, replays)) {
      for (Unanswered event : List.copyOf(events.values())) {
        if (event.version < firstKeptVersion && event.state != Unanswered.State.IN_FLIGHT) {
          detach(event);
          done(event);
        }
      }
    }
  }

  boolean hasUnansweredBelow(long firstKeptVersion) {
    return (!pending.isEmpty() && pending.firstEntry().getValue().version < firstKeptVersion)
        || (!replays.isEmpty() && replays.firstEntry().getValue().version < firstKeptVersion);
  }

  // ---- delivering

  /** The event to deliver next, which is in flight then; null when there is none. */
  @Nullable Unanswered next(long now) {
    Sharing.Choice choice = sharing.next(settings.maxInFlight());
    if (choice == null) {
      return null;
    }
    Unanswered event = choice.event();
    Member member = choice.member();
    event.state = Unanswered.State.IN_FLIGHT;
    event.holder = member;
    event.since = now;
    event.first = false;
    member.inFlight++;
    member.credit--;
    inFlight.add(event);
    return event;
  }

  /** An event in flight is not there any more, and is passed over. */
  void gone(Unanswered event) {
    holderOf(event).credit++;
    takeBack(event);
    done(event);
  }

  /** An event in flight did not reach its consumer. */
  void notDelivered(Unanswered event) {
    holderOf(event).credit++;
    putBack(event);
  }

  /** An event in flight must not reach its consumer, and is to be parked. */
  void withhold(Unanswered event, String reason) {
    holderOf(event).credit++;
    takeBack(event);
    giveUp(event, reason);
  }

  /** An event that was given up is not there any more. */
  void givenUpIsGone(Unanswered event) {
    givenUp.remove(event);
    done(event);
  }

  private void putBack(Unanswered event) {
    takeBack(event);
    ready(event);
  }

  // ---- progress

  /** The position or version up to which everything is done or parked. */
  long checkpoint(boolean byVersion) {
    if (pending.isEmpty()) {
      return byVersion ? version : position;
    }
    return byVersion ? pending.firstEntry().getValue().version - 1 : pending.firstKey() - 1;
  }

  boolean isDirty() {
    return dirty;
  }

  /** Whether progress is to be stored without waiting. */
  boolean isUrgent() {
    return urgent || answered >= settings.checkpointAfterEvents();
  }

  /** What is to be stored, and counts as stored from here on. */
  GroupChange takeChange(long number, @Nullable GroupDefinition definition) {
    GroupChange change = parkedChanges.with(number, definition, progress());
    parkedChanges = new ParkedChanges();
    dirty = false;
    urgent = false;
    answered = 0;
    return change;
  }

  /** What was taken could not be stored. */
  void changeFailed(ParkedChanges changes) {
    parkedChanges.addBefore(changes);
    dirty = true;
    urgent = true;
  }

  Progress progress() {
    List<Progress.Open> open = new ArrayList<>(pending.size());
    for (Unanswered event : pending.values()) {
      open.add(new Progress.Open(event.position, event.version, event.bucket, event.failures));
    }
    return new Progress(
        position, version, open, parked, lastSequence, replayUpTo, replaying, stop, notice);
  }

  // ---- figures

  long position() {
    return position;
  }

  long version() {
    return version;
  }

  int pendingCount() {
    return pending.size();
  }

  /** Events that are held, in whatever state. */
  int heldCount() {
    return pending.size() + replays.size();
  }

  int inFlightCount() {
    return inFlight.size();
  }

  /** Events that have failed and are not with anybody. */
  int retryingCount() {
    int count = 0;
    for (TreeMap<Long, Unanswered> events : List.of(pending, replays)) {
      for (Unanswered event : events.values()) {
        boolean idle =
            event.state == Unanswered.State.READY || event.state == Unanswered.State.WAITING;
        count += idle && event.failures > 0 ? 1 : 0;
      }
    }
    return count;
  }

  long parkedCount() {
    return parked;
  }

  long replayingCount() {
    return replaying;
  }

  @Nullable GroupStop stop() {
    return stop;
  }

  String notice() {
    return notice;
  }
}

package io.varve.client.eventsourcing.consumer;

import io.varve.client.streams.DeliveredEvent;
import io.varve.client.streams.GroupConsumer;
import io.varve.client.streams.NackAction;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Where deliveries become work, and work becomes answers: who may begin, what is answered in which
 * order, how much more is asked for. Any thread may call it; it calls nobody while it holds its
 * lock.
 */
final class Desk {
  /*
   * An event is here at most once, whatever the server sends: one that comes again while it waits or is being handled is
   * the same piece of work, held by the membership in which it came last. One that comes again after it was answered gets
   * the same answer again, without being handled: it was on its way when the answer was given, or the answer was lost.
   */

  /** So many answers are remembered, for events that come again. */
  private static final int ANSWERS_REMEMBERED = 10_000;

  /** The contract's bound of positions in one answer. */
  private static final int MAX_POSITIONS = 10_000;

  /** One membership of the group, from joining to its end. */
  static final class Session {
    final GroupConsumer consumer;
    private final CreditPlan plan;
    private final long ackTimeoutNanos;
    private int creditGiven;

    Session(GroupConsumer consumer, int concurrency) {
      this.consumer = consumer;
      this.ackTimeoutNanos = consumer.settings().ackTimeout().toNanos();
      this.plan = new CreditPlan(concurrency, ackTimeoutNanos);
    }
  }

  /** Something to be said to the group. */
  private sealed interface Saying {}

  private record OfEvent(long position, Answer answer) implements Saying {}

  private record Credit(int events) implements Saying {}

  private final int concurrency;
  private final LongSupplier nanoTime;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  // Guarded by the lock.
  private final Map<Long, Work> works = new HashMap<>();
  private final Map<String, Deque<Work>> lanes = new HashMap<>();
  private final Deque<Work> ready = new ArrayDeque<>();
  private final Map<Long, Answer> answered =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, Answer> eldest) {
          return size() > ANSWERS_REMEMBERED;
        }
      };
  private List<Saying> toSay = new ArrayList<>();
  private boolean saying;
  private @Nullable Session session;
  private int running;
  private boolean closing;
  private boolean over;

  Desk(int concurrency, LongSupplier nanoTime) {
    this.concurrency = concurrency;
    this.nanoTime = nanoTime;
  }

  // ---- memberships

  /** A membership has begun; the first credit follows. */
  void begin(Session begun) {
    locked(
        () -> {
          session = begun;
          giveCredit();
        });
  }

  /** A membership is over; what nobody has begun is somebody else's. */
  void end(Session ended) {
    locked(
        () -> {
          if (session == ended) {
            session = null;
            toSay.clear();
            dropUnbegun();
            changed.signalAll();
          }
        });
  }

  private void dropUnbegun() {
    ready.clear();
    for (Work work : List.copyOf(works.values())) {
      if (!work.isBegun()) {
        works.remove(work.position());
        Deque<Work> lane = laneOf(work);
        lane.remove(work);
        if (lane.isEmpty()) {
          lanes.remove(work.stream());
        }
      }
    }
  }

  /** The group is not the one that the answers were given to. */
  void forget() {
    locked(answered::clear);
  }

  // ---- deliveries

  /** An event has come. */
  void deliver(DeliveredEvent event, Session from) {
    locked(
        () -> {
          if (session != from || closing) {
            return;
          }
          from.creditGiven--;
          Answer given = answered.get(event.position());
          Work known = works.get(event.position());
          if (known != null) {
            known.delivered = known.isBegun() ? known.delivered : event;
            known.session = from;
            known.deliveredNanos = nanoTime.getAsLong();
          } else if (given != null && given.holdsFor(event.replayed())) {
            toSay.add(new OfEvent(event.position(), given));
          } else {
            answered.remove(event.position());
            take(new Work(event, from, nanoTime.getAsLong()));
          }
          giveCredit();
          changed.signalAll();
        });
  }

  private void take(Work work) {
    works.put(work.position(), work);
    Deque<Work> lane = lanes.computeIfAbsent(work.stream(), stream -> new ArrayDeque<>());
    lane.add(work);
    if (lane.size() == 1) {
      ready.add(work);
    }
  }

  private Deque<Work> laneOf(Work work) {
    Deque<Work> lane = lanes.get(work.stream());
    if (lane == null) {
      throw new IllegalStateException("no lane for stream " + work.stream());
    }
    return lane;
  }

  // ---- work

  /** Waits for work that may begin; null: there will be no more. */
  @Nullable Work next() {
    lock.lock();
    try {
      while (!over && !closing && (ready.isEmpty() || running >= concurrency)) {
        changed.awaitUninterruptibly();
      }
      return over || closing ? null : begin();
    } finally {
      lock.unlock();
    }
  }

  private Work begin() {
    Work work = ready.removeFirst();
    running++;
    work.begunNanos = nanoTime.getAsLong();
    work.handler = Thread.currentThread(); // until the handler's own thread says who it is
    giveCredit();
    return work;
  }

  /**
   * Its handler begins.
   *
   * @return false: it came too long ago, and is somebody else's by now
   */
  boolean handling(Work work) {
    return asked(
        () -> {
          work.handler = Thread.currentThread();
          return nanoTime.getAsLong() - work.deliveredNanos < work.session.ackTimeoutNanos;
        });
  }

  /**
   * Its handler has ended.
   *
   * @param answer null: none, and it will come again
   */
  void finish(Work work, @Nullable Answer answer) {
    locked(
        () -> {
          running--;
          works.remove(work.position());
          Deque<Work> lane = laneOf(work);
          lane.remove(work);
          if (lane.isEmpty()) {
            lanes.remove(work.stream());
          } else {
            ready.add(lane.getFirst());
          }
          if (answer != null) {
            answered.put(work.position(), answer);
            work.session.plan.took(nanoTime.getAsLong() - work.begunNanos);
            if (work.session == session) {
              toSay.add(new OfEvent(work.position(), answer));
            }
          }
          giveCredit();
          changed.signalAll();
        });
  }

  /** Whether the caller is a handler of this runner. */
  boolean isHandler(Thread thread) {
    return asked(() -> works.values().stream().anyMatch(work -> thread.equals(work.handler)));
  }

  private void giveCredit() {
    Session now = session;
    if (now == null || closing) {
      return;
    }
    long oldest = 0;
    for (Work work : works.values()) {
      oldest = Math.max(oldest, work.isBegun() ? nanoTime.getAsLong() - work.begunNanos : 0);
    }
    int more = now.plan.more(running, works.size() - running, now.creditGiven, oldest);
    if (more > 0) {
      now.creditGiven += more;
      toSay.add(new Credit(more));
      changed.signalAll();
    }
  }

  int running() {
    return asked(() -> running);
  }

  int waiting() {
    return asked(() -> works.size() - running);
  }

  // ---- answers

  /** Says what there is to say, and waits for it; returns when there will be nothing more. */
  void sayAll() {
    while (true) {
      Session to;
      List<Saying> now;
      lock.lock();
      try {
        saying = false;
        changed.signalAll();
        while (!over && (toSay.isEmpty() || session == null)) {
          changed.awaitUninterruptibly();
        }
        if (over) {
          return;
        }
        to = session;
        now = toSay;
        toSay = new ArrayList<>();
        saying = true;
      } finally {
        lock.unlock();
      }
      if (to != null) {
        say(to.consumer, now);
      }
    }
  }

  /**
   * Says things in their order; neighbours that say the same go together. Meanwhile more piles up,
   * so the busier the link, the larger the messages, and nothing is held back.
   */
  private static void say(GroupConsumer consumer, Collection<Saying> sayings) {
    List<Long> positions = new ArrayList<>();
    Answer answer = null;
    int credit = 0;
    for (Saying saying : sayings) {
      switch (saying) {
        case Credit more -> credit += more.events();
        case OfEvent of -> {
          if (answer != null
              && (!isSame(answer, of.answer()) || positions.size() == MAX_POSITIONS)) {
            answer(consumer, positions, answer);
            positions.clear();
          }
          answer = of.answer();
          positions.add(of.position());
        }
      }
    }
    if (answer != null) {
      answer(consumer, positions, answer);
    }
    if (credit > 0) {
      consumer.credit(credit);
    }
  }

  private static boolean isSame(Answer one, Answer other) {
    return one.action() == other.action() && one.reason().equals(other.reason());
  }

  private static void answer(GroupConsumer consumer, List<Long> positions, Answer answer) {
    NackAction action = answer.action();
    if (action == null) {
      consumer.ack(List.copyOf(positions));
    } else {
      consumer.nack(List.copyOf(positions), action, answer.reason());
    }
  }

  // ---- the end

  /** Nothing more is begun. */
  void close() {
    locked(
        () -> {
          closing = true;
          dropUnbegun();
          changed.signalAll();
        });
  }

  /**
   * Waits until no handler is at work, and all that was to be said has been; false: not in time.
   */
  boolean awaitQuiet(Duration patience) throws InterruptedException {
    lock.lock();
    try {
      long left = patience.toNanos();
      while (running > 0 || saying || (session != null && !toSay.isEmpty())) {
        if (left <= 0) {
          return false;
        }
        left = changed.awaitNanos(left);
      }
      return true;
    } finally {
      lock.unlock();
    }
  }

  /** Lets everybody go. */
  void endAll() {
    locked(
        () -> {
          over = true;
          changed.signalAll();
        });
  }

  private void locked(Runnable step) {
    lock.lock();
    try {
      step.run();
    } finally {
      lock.unlock();
    }
  }

  private <T> T asked(Supplier<T> step) {
    lock.lock();
    try {
      return step.get();
    } finally {
      lock.unlock();
    }
  }
}

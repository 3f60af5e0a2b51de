package io.varve.server.security;

import io.varve.server.append.Outcome;
import java.util.ArrayDeque;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/**
 * Makes changes of users and tokens one after the other: each is decided on what those before it
 * have left, and is kept and in effect before the next is looked at. So nobody decides who may no
 * longer, and no change undoes another that its maker did not know of. Thread-safe.
 */
public final class AccessChanges {
  /** Those beyond it are refused. */
  private static final int MOST_WAITING = 64;

  private final AccessControl access;
  private final AccessJournal journal;
  private final Queue<Request> waiting = new ArrayDeque<>(); // guarded by this
  private boolean busy; // guarded by this

  /** Somebody who wants something changed. */
  public interface Request {
    /** Who it is, for the journal. */
    String by();

    /**
     * What is to be changed, as things are now. Must be quick. What it throws goes to {@link
     * #failed}.
     */
    AccessChange decide(AccessState state);

    /** The change is kept; when this returns it takes effect. */
    void isKept();

    /** The change is kept and in effect. The last that is heard. */
    void done();

    /** The change was not kept, or nobody knows. The last that is heard. */
    void notKept(Outcome outcome);

    /** Nothing was changed. The last that is heard. */
    void failed(RuntimeException cause);
  }

  public AccessChanges(AccessControl access, AccessJournal journal) {
    this.access = access;
    this.journal = journal;
  }

  /** Makes a change when those before it have been made. Does not wait for that. */
  public void make(Request request) {
    switch (admit(request)) {
      case NOW -> begin(request);
      case LATER -> {}
      case NEVER -> request.notKept(new Outcome.QueueFull(MOST_WAITING));
    }
  }

  private enum Turn {
    NOW,
    LATER,
    NEVER
  }

  private synchronized Turn admit(Request request) {
    if (!busy) {
      busy = true;
      return Turn.NOW;
    }
    if (waiting.size() == MOST_WAITING) {
      return Turn.NEVER;
    }
    waiting.add(request);
    return Turn.LATER;
  }

  private void begin(Request request) {
    boolean proposed = false;
    try {
      AccessChange change = request.decide(access.state());
      proposed = true;
      journal.append(change, request.by(), outcome -> decided(request, change, outcome));
    } catch (RuntimeException e) {
      if (proposed) {
        throw e; // whoever hears of the outcome goes on
      }
      try {
        request.failed(e);
      } finally {
        goOn();
      }
    }
  }

  private void decided(Request request, AccessChange change, Outcome outcome) {
    try {
      if (outcome instanceof Outcome.Appended) {
        try {
          request.isKept();
        } finally {
          access.apply(change); // whatever became of the request: it is in the log
        }
        request.done();
      } else {
        request.notKept(outcome);
      }
    } finally {
      goOn();
    }
  }

  /** Ends a turn, and begins the next. */
  private void goOn() {
    Request next = nextWaiting();
    if (next != null) {
      begin(next);
    }
  }

  private synchronized @Nullable Request nextWaiting() {
    Request next = waiting.poll();
    busy = next != null;
    return next;
  }
}

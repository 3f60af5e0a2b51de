package io.varve.server.append;

import io.varve.server.event.Query;
import io.varve.server.event.StreamId;
import io.varve.server.fixture.Pages;
import io.varve.server.history.LoggedEvent;
import io.varve.server.storage.EncodedEvent;
import io.varve.server.storage.EventPage;
import io.varve.server.subscription.Subscriber;
import io.varve.server.subscription.Subscription;
import io.varve.server.subscription.SubscriptionStart;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Somebody who follows the log under a query, or a stream, over any number of servers' lives, and
 * goes on where the last of them left it.
 */
final class SimulatedFollower {
  final String name;
  private final @Nullable StreamId stream;
  private final Query query;
  private final Predicate<LoggedEvent> wanted;
  private final Consumer<LoggedEvent> onDelivery;
  private final Runnable beforeAnswer;
  private final List<LoggedEvent> delivered = new ArrayList<>();

  /** Where it goes on; below 0: it has not been told yet where it starts. */
  private long place;

  private long startedAfter;
  private @Nullable Call call;
  @Nullable AssertionError violation;

  /**
   * @param stream what it follows; null for the log
   * @param fromNow whether it starts with what comes, or with the first event
   * @param wanted what it is to get
   * @param beforeAnswer happens between a look whether it is ready and the answer
   */
  SimulatedFollower(
      String name,
      @Nullable StreamId stream,
      Query query,
      boolean fromNow,
      Predicate<LoggedEvent> wanted,
      Consumer<LoggedEvent> onDelivery,
      Runnable beforeAnswer) {
    this.name = name;
    this.stream = stream;
    this.query = query;
    this.place = fromNow ? -1 : 0;
    this.startedAfter = place;
    this.wanted = wanted;
    this.onDelivery = onDelivery;
    this.beforeAnswer = beforeAnswer;
  }

  boolean isOpen() {
    return call != null;
  }

  /** Subscribes with a server, after what it has. */
  void subscribe(SimulatedServer server) {
    Call opened = new Call(server);
    call = opened;
    opened.open();
  }

  /** Goes, and may come back. */
  void leave() {
    Call open = call;
    if (open != null) {
      open.close();
    }
    call = null;
  }

  /** The server is gone. */
  void lost() {
    call = null;
  }

  void allow(long messages) {
    Call open = call;
    if (open != null) {
      open.allow(messages);
    }
  }

  private void check(boolean holds, String otherwise) {
    if (!holds && violation == null) {
      violation = new AssertionError(name + ": " + otherwise);
    }
  }

  private long placeOf(LoggedEvent event) {
    return stream == null ? event.position() : event.version();
  }

  /** Whether it has had all that it can be given, if it waits for more: nobody calls it again. */
  void checkIsNotForgotten(List<LoggedEvent> visible) {
    Call open = call;
    if (open != null && open.credit > 0) {
      checkIsComplete(visible);
    }
  }

  /** Whether it has had each event once and in order, of everything that there is. */
  void checkIsComplete(List<LoggedEvent> log) {
    List<LoggedEvent> expected =
        log.stream().filter(wanted).filter(event -> placeOf(event) > startedAfter).toList();
    check(
        delivered.equals(expected),
        "started after %d, was to get %s and got %s".formatted(startedAfter, expected, delivered));
  }

  /** One subscription. What it says after it has been left is not heard. */
  private final class Call implements Subscriber {
    private final SimulatedServer server;
    private @Nullable Subscription subscription;
    private long credit;
    private boolean confirmed;

    Call(SimulatedServer server) {
      this.server = server;
    }

    void open() {
      SubscriptionStart start =
          place < 0 ? new SubscriptionStart.Now() : new SubscriptionStart.After(place);
      Subscription opened =
          stream == null
              ? server.subscriptions.toLog(query, start, this)
              : server.subscriptions.toStream(stream, start, this);
      subscription = opened;
      if (call == this) {
        opened.signal();
      } else {
        close(); // left while it was being opened
      }
    }

    void close() {
      Subscription open = subscription;
      if (open != null) {
        server.subscriptions.close(open);
      }
    }

    void allow(long messages) {
      credit += messages;
      Subscription open = subscription;
      if (open != null) {
        open.signal();
      }
    }

    @Override
    public boolean isReady() {
      boolean ready = credit > 0;
      beforeAnswer.run();
      return ready;
    }

    private boolean takes(String what) {
      if (call != this || server.dead) {
        return false;
      }
      check(credit > 0, "not ready for " + what);
      check(confirmed != what.equals("confirmed"), "the confirmation comes first, and once");
      confirmed = true;
      credit--;
      return true;
    }

    @Override
    public void confirmed(String subscriptionId, long after) {
      if (takes("confirmed")) {
        check(place < 0 || place == after, "was to go on after " + place + ", not " + after);
        place = after;
        startedAfter = startedAfter < 0 ? after : startedAfter;
      }
    }

    @Override
    public void events(EventPage page) {
      if (takes("events")) {
        check(!page.isEmpty(), "an empty page");
        for (EncodedEvent encoded : Pages.events(page)) {
          LoggedEvent event = SimulatedDisk.logged(encoded);
          check(wanted.test(event), "did not ask for " + event);
          check(placeOf(event) > place, "had " + event + " already, it stands at " + place);
          place = placeOf(event);
          delivered.add(event);
          onDelivery.accept(event);
        }
      }
    }

    @Override
    public void caughtUp(long position) {
      reached("caught up", position);
    }

    @Override
    public void fellBehind(long position) {
      reached("fell behind", position);
    }

    @Override
    public void checkpoint(long position) {
      reached("checkpoint", position);
    }

    private void reached(String what, long position) {
      if (takes(what) && stream == null) {
        check(position >= place, what + " at " + position + ", and it stands at " + place);
        place = position;
      }
    }

    @Override
    public void stopping() {
      over();
    }

    @Override
    public void failed(RuntimeException cause) {
      check(call != this || server.dead, "failed: " + cause);
      over();
    }

    private void over() {
      if (call == this) {
        call = null;
      }
    }
  }
}

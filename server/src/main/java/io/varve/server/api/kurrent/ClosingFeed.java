package io.varve.server.api.kurrent;

import io.varve.server.event.Query;
import io.varve.server.event.StreamId;
import io.varve.server.storage.EventPage;
import io.varve.server.storage.EventRun;
import io.varve.server.storage.StreamChange;
import io.varve.server.subscription.Feed;
import io.varve.server.subscription.Feeds;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** A stream's events and, behind them, the record of its being closed for ever. */
final class ClosingFeed implements Feed {
  private final Feed events;
  private final Feed closings;

  private ClosingFeed(Feed events, Feed closings) {
    this.events = events;
    this.closings = closings;
  }

  /** Puts the closing of a stream behind its events. */
  static Feed of(Feed events, StreamId stream, Feeds feeds, long startPosition) {
    return new ClosingFeed(events, feeds.ofLog(closingsOf(stream), startPosition));
  }

  private static Query closingsOf(StreamId stream) {
    Query.Item change = StreamChange.changesOf(stream).items().getFirst();
    return new Query(
        List.of(
            new Query.Item(
                Set.of(StreamChange.Kind.TOMBSTONED.eventType()),
                change.tags(),
                List.of(),
                Set.of(),
                change.streams())));
  }

  @Override
  public Step next(long position, long head) {
    Step step = events.next(position, head);
    long reached = step.page().reached();
    if (reached <= position) {
      return step;
    }
    List<EventRun> runs = new ArrayList<>(step.page().runs());
    long looked = position;
    while (looked < reached) {
      EventPage closed = closings.next(looked, reached).page();
      runs.addAll(closed.runs());
      looked = closed.reached();
    }
    return new Step(new EventPage(runs, reached), step.tooOldForMemory());
  }

  @Override
  public long startedAfter() {
    return events.startedAfter();
  }

  @Override
  public long version() {
    return events.version();
  }
}

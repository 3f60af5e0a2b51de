package io.varve.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Channel;
import io.grpc.StatusRuntimeException;
import io.varve.proto.v1.EventStoreGrpc;
import io.varve.proto.v1.SubscribeToLogRequest;
import io.varve.proto.v1.SubscribeToLogResponse;
import io.varve.server.Ledger.Place;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Follows the log over any number of servers' lives, resuming after the last event it has seen. */
final class Follower {
  private final List<Place> seen = new ArrayList<>(); // one thread at a time
  private volatile @Nullable Throwable failure;

  void followUntilCut(Channel channel) {
    try {
      Iterator<SubscribeToLogResponse> answers = subscribe(channel);
      while (answers.hasNext()) {
        take(answers.next());
      }
    } catch (StatusRuntimeException e) {
      // The server was killed.
    } catch (RuntimeException | AssertionError e) {
      failure = e;
    }
  }

  /** Follows until there is nothing more. */
  void catchUp(Channel channel) {
    Iterator<SubscribeToLogResponse> answers = subscribe(channel);
    boolean level = false;
    while (!level) {
      SubscribeToLogResponse answer = answers.next();
      take(answer);
      level = answer.hasCaughtUp();
    }
  }

  private Iterator<SubscribeToLogResponse> subscribe(Channel channel) {
    return EventStoreGrpc.newBlockingStub(channel)
        .subscribeToLog(SubscribeToLogRequest.newBuilder().setAfterPosition(seen.size()).build());
  }

  private void take(SubscribeToLogResponse answer) {
    answer
        .getEvents()
        .getEventsList()
        .forEach(
            event -> {
              Place place = Ledger.placeOf(event);
              assertThat(place.position()).as("no gap, no repeat").isEqualTo(seen.size() + 1L);
              seen.add(place);
            });
  }

  /** What was delivered is what the log begins with: no delivered event was lost. */
  void isAtTheBeginningOf(List<Place> log) {
    assertThat(seen.size()).isLessThanOrEqualTo(log.size());
    assertThat(log.subList(0, seen.size())).isEqualTo(seen);
  }

  void hasSeenEverything(Ledger ledger) {
    assertThat(seen).isEqualTo(ledger.log());
  }

  void rethrow() {
    Throwable thrown = failure;
    if (thrown != null) {
      throw new AssertionError("the follower failed", thrown);
    }
  }
}

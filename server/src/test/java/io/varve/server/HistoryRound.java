package io.varve.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.varve.proto.v1.EventStoreGrpc;
import io.varve.proto.v1.ReadLogRequest;
import io.varve.proto.v1.SubscribeToLogRequest;
import io.varve.server.history.Answer;
import io.varve.server.history.Call;
import io.varve.server.history.History;
import io.varve.server.history.LoggedEvent;
import io.varve.server.history.RandomCalls;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Callers of one server, at the same time, over links that are cut, and everything that they hear
 * taken down. Callers and follower live on from one server to the next.
 */
final class HistoryRound implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final long LONG_MILLIS = PATIENCE.toMillis();
  private static final String HOST = "127.0.0.1";

  private final History history;
  private final List<ManagedChannel> channels = new ArrayList<>();
  private final List<Thread> threads = new ArrayList<>();
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
  private final CuttingProxy proxy;
  private volatile boolean over;

  HistoryRound(int port, History history) throws IOException {
    this.history = history;
    this.proxy = new CuttingProxy(port);
  }

  /** One who asks; its own random choices. */
  record Caller(String name, RandomCalls calls, Random random) {}

  /** One who follows the log, from one server to the next. Used by one thread at a time. */
  static final class Follower {
    private long seen;
  }

  private ManagedChannel connect() {
    ManagedChannel channel =
        NettyChannelBuilder.forAddress(HOST, proxy.port()).usePlaintext().build();
    channels.add(channel);
    return channel;
  }

  /** Everybody begins. */
  void start(List<Caller> callers, Follower follower) {
    for (Caller caller : callers) {
      GrpcHistoryStore store = new GrpcHistoryStore(connect());
      begin(
          () -> {
            while (!over) {
              ask(store, caller, caller.calls().next(), deadline(caller.random()));
            }
          });
    }
    ManagedChannel channel = connect();
    begin(
        () -> {
          while (!over) {
            follow(channel, follower);
          }
        });
  }

  private void begin(Runnable work) {
    threads.add(
        Thread.ofPlatform()
            .start(
                () -> {
                  try {
                    work.run();
                  } catch (RuntimeException | AssertionError e) {
                    failure.compareAndSet(null, e);
                  }
                }));
  }

  /** Now and then one that is hardly to be kept. */
  private static long deadline(Random random) {
    return random.nextInt(12) == 0 ? 1 + random.nextInt(15) : LONG_MILLIS;
  }

  private void ask(GrpcHistoryStore store, Caller caller, Call call, long deadlineMillis) {
    Answer answer = history.ask(caller.name(), call, asked -> store.ask(asked, deadlineMillis));
    caller.calls().hear(call, answer);
  }

  /** Takes down what a subscription delivers until it ends. */
  private void follow(ManagedChannel channel, Follower follower) {
    long invoked = history.now();
    try {
      var answers =
          EventStoreGrpc.newBlockingStub(channel)
              .withWaitForReady()
              .subscribeToLog(
                  SubscribeToLogRequest.newBuilder().setAfterPosition(follower.seen).build());
      while (answers.hasNext()) {
        for (var event : answers.next().getEvents().getEventsList()) {
          assertThat(event.getPosition()).as("no gap, no repeat").isEqualTo(++follower.seen);
          history.add(
              "a subscriber",
              new Call.Delivery("the log"),
              new Answer.Found(GrpcHistoryStore.event(event)),
              invoked);
        }
      }
    } catch (StatusRuntimeException e) {
      if (!GrpcHistoryStore.isWithoutAnswer(e)) {
        throw e;
      }
      // The link was cut, or the server is gone: on it goes, with the next one perhaps.
    }
  }

  /** Waits for so many operations more, and cuts all links so many times meanwhile. */
  void run(int operations, int cuts) {
    int begun = history.size();
    for (int i = 1; i <= cuts + 1; i++) {
      int enough = begun + operations / (cuts + 1) * i;
      await()
          .atMost(PATIENCE)
          .pollDelay(Duration.ZERO)
          .pollInterval(Duration.ofMillis(1))
          .until(() -> history.size() >= enough || failure.get() != null);
      if (i <= cuts) {
        proxy.cut();
      }
    }
  }

  /** Nobody asks any more; what is under way has no answer. */
  void end() throws InterruptedException {
    over = true;
    channels.forEach(ManagedChannel::shutdownNow);
    for (Thread thread : threads) {
      assertThat(thread.join(PATIENCE)).isTrue();
    }
    Throwable thrown = failure.get();
    if (thrown != null) {
      throw new AssertionError("somebody's call failed as none may", thrown);
    }
  }

  /** Everybody repeats what has no answer yet, one after the other, until it has one. */
  void repeatWhatIsUnknown(List<Caller> callers) {
    GrpcHistoryStore store = new GrpcHistoryStore(connect());
    for (Caller caller : callers) {
      while (caller.calls().unanswered() > 0) {
        ask(store, caller, caller.calls().next(), LONG_MILLIS);
      }
    }
  }

  /** All of the log. */
  List<LoggedEvent> log() {
    List<LoggedEvent> events = new ArrayList<>();
    EventStoreGrpc.newBlockingStub(connect())
        .withDeadlineAfter(LONG_MILLIS, TimeUnit.MILLISECONDS)
        .readLog(ReadLogRequest.getDefaultInstance())
        .forEachRemaining(
            page ->
                page.getEventsList().forEach(event -> events.add(GrpcHistoryStore.event(event))));
    return events;
  }

  @Override
  public void close() throws IOException {
    over = true;
    channels.forEach(ManagedChannel::shutdownNow);
    proxy.close();
  }
}

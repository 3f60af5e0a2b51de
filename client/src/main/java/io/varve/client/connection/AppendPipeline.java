package io.varve.client.connection;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Context;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.varve.client.streams.AppendResult;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.StoreFailedException;
import io.varve.client.streams.StoreOverloadedException;
import io.varve.client.streams.StoreUnavailableException;
import io.varve.client.streams.Tracking;
import io.varve.client.streams.VarveException;
import io.varve.proto.v1.AppendPipelineRequest;
import io.varve.proto.v1.AppendPipelineResponse;
import io.varve.proto.v1.AppendRequest;
import io.varve.proto.v1.EventStoreGrpc;
import java.time.DateTimeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All appends of one client, many in flight on one call. Appends of one thread are sent in the
 * order of its calls; every append is answered once, with a result or with an exception, at the
 * latest when its retry time is over.
 */
final class AppendPipeline {

  /*
   * Everything that changes belongs to whoever has the turn: callers hand appends in, gRPC hands
   * answers in, timers fire, all as tasks of `turns`, one after the other. So there is no lock, and
   * the order on the wire is the order in which the appends came to `turns`. No thread stands
   * between a caller and the connection: an append is sent by the thread that calls, and its answer
   * is taken by the connection's thread, or by whoever has the turn at that moment. Of the
   * application's code only a supplier of tokens runs there, and then none of it on the connection's
   * thread.
   *
   * An append is in `unsent` or in `sent`, keyed by its sequence, until it is answered. When the
   * call ends without answering them, everything in `sent` goes back to `unsent`, in front of what
   * came later, and after a pause a new call sends it all again in the old order. That is safe
   * because events have their ids before the first try: what was written is found again.
   *
   * When the server has no room for an append, that one goes back alone, and the whole pipeline
   * pauses. Appends that were behind it on the wire may have been decided meanwhile, so it may be
   * overtaken. Each is still decided under its own expected version: a caller that names exact
   * versions gets a conflict, never a wrong order. Callers who append without naming versions and
   * need their order wait for each answer.
   *
   * A call that ends with an error which is neither the link's nor the server's load was ended by
   * one of the appends on it, and nobody says by which (one too large for gRPC itself, for
   * instance). Those that were on it are then sent one at a time, so that the error meets the right
   * one.
   */

  private static final Logger log = LoggerFactory.getLogger(AppendPipeline.class);

  /** So many links must break in a row before an append is suspected of breaking them. */
  private static final int FAILURES_BEFORE_SUSPICION = 2;

  /** An append that has broken so many links while it was alone on them is given up. */
  private static final int MAX_LINKS_BROKEN = 5;

  private final ManagedChannel channel;
  private final String server;
  private final ConnectionSettings settings;
  private final Executor callbacks;
  private final AppendWindow window;
  private final ScheduledThreadPoolExecutor timer;
  private final Turns turns;
  private volatile boolean closing;

  // Of whoever has the turn.
  private final TreeMap<Long, PendingAppend> unsent = new TreeMap<>();
  private final TreeMap<Long, PendingAppend> sent = new TreeMap<>();
  private @Nullable Link link;
  private long lastSequence;
  private long oneAtATimeUntil;
  private int failures;
  private boolean paused;
  private boolean expiryScheduled;
  private boolean over;

  /**
   * @param callbacks runs the callbacks of its call; may be the thread that brings them, unless the
   *     application is asked for credentials there
   */
  AppendPipeline(
      ManagedChannel channel, String server, ConnectionSettings settings, Executor callbacks) {
    this.channel = channel;
    this.callbacks = callbacks;
    this.server = server;
    this.settings = settings;
    this.window = new AppendWindow(settings.maxAppendsInFlight(), settings.maxBytesInFlight());
    this.timer =
        new ScheduledThreadPoolExecutor(
            1, Thread.ofPlatform().daemon().name("varve-appends").factory());
    timer.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    this.turns = new Turns(timer, this::failed);
  }

  /**
   * Hands one append in, waiting for room if too many are in flight. The future completes in a turn
   * of the pipeline's, on any thread, so nothing that blocks may hang on it.
   *
   * @param tracking the progress to store with it; null: none
   * @throws VarveException there was no room in time, or the caller was interrupted; nothing was
   *     written
   */
  CompletableFuture<AppendResult> append(
      String stream, ExpectedVersion expected, List<NewEvent> events, @Nullable Tracking tracking) {
    requireOpen();
    long deadline = System.nanoTime() + settings.retryFor().toNanos();
    AppendRequest request = ProtoMapping.appendRequest(stream, expected, events, tracking);
    int bytes = request.getSerializedSize();
    awaitRoom(stream, bytes);
    PendingAppend append = new PendingAppend(request, expected, bytes, deadline);
    try {
      requireOpen(); // close() may have come while this one waited for room
    } catch (IllegalStateException e) {
      window.leave(bytes);
      throw e;
    }
    turns.execute(() -> accept(append));
    return append.result;
  }

  private void requireOpen() {
    if (closing) {
      throw new IllegalStateException("the client is closed");
    }
  }

  private void awaitRoom(String stream, int bytes) {
    try {
      if (!window.enter(bytes, settings.retryFor())) {
        throw new StoreOverloadedException(
            "no room for the append to stream \""
                + stream
                + "\" within "
                + settings.retryFor()
                + ": "
                + window
                + " have not been answered by "
                + server
                + "; nothing was written",
            null);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StoreUnavailableException(
          "interrupted before the append to stream \""
              + stream
              + "\" was sent; nothing was written",
          e);
    }
  }

  /** A task that fails is a bug; whoever waits for an answer hears of it. */
  private void failed(Throwable cause) {
    log.error("the append pipeline to {} failed", server, cause);
    failAll(
        append ->
            new StoreFailedException(
                "the append pipeline to " + server + " failed: " + cause, cause));
  }

  private void accept(PendingAppend append) {
    if (over) {
      fail(append, append.outOfTime(server, settings.retryFor()));
      return;
    }
    append.sequence = ++lastSequence;
    unsent.put(append.sequence, append);
    scheduleExpiry();
    pump();
  }

  /** Sends what may be sent. */
  private void pump() {
    if (unsent.isEmpty() || paused) {
      return;
    }
    Link current = link == null ? begin() : link;
    while (!unsent.isEmpty() && mayFollow() && current.call.isReady()) {
      PendingAppend next = unsent.pollFirstEntry().getValue();
      sent.put(next.sequence, next);
      current.call.sendMessage(
          AppendPipelineRequest.newBuilder()
              .setRequestId(next.sequence)
              .setAppend(next.request)
              .build());
    }
  }

  /**
   * Begins a call, which belongs to no caller: with what this one does it must not end, nor when
   * the time is over that this one has.
   */
  private Link begin() {
    Context callers = Context.ROOT.attach();
    try {
      Link begun =
          new Link(
              channel.newCall(
                  EventStoreGrpc.getAppendPipelineMethod(),
                  CallOptions.DEFAULT.withExecutor(callbacks)));
      begun.start(); // its callbacks come as tasks, after this one
      link = begun;
      return begun;
    } finally {
      Context.ROOT.detach(callers);
    }
  }

  private boolean mayFollow() {
    return sent.isEmpty()
        || (sent.firstKey() > oneAtATimeUntil && unsent.firstKey() > oneAtATimeUntil);
  }

  /**
   * One call. Its callbacks come on the connection's thread, or from within what is done with the
   * call. Those of a call that is no longer the current one are of no interest.
   */
  private final class Link extends ClientCall.Listener<AppendPipelineResponse> {

    final ClientCall<AppendPipelineRequest, AppendPipelineResponse> call;

    Link(ClientCall<AppendPipelineRequest, AppendPipelineResponse> call) {
      this.call = call;
    }

    void start() {
      call.start(this, new Metadata());
      call.request(Integer.MAX_VALUE); // answers are small, and no more than the window of appends
    }

    @Override
    public void onReady() {
      turns.execute(
          () -> {
            if (this == link) {
              pump();
            }
          });
    }

    @Override
    public void onMessage(AppendPipelineResponse answer) {
      turns.execute(
          () -> {
            if (this == link) {
              answered(answer);
              pump();
            }
          });
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      turns.execute(
          () -> {
            if (this == link) {
              link = null;
              ended(StoreError.of(server, status, trailers));
              pump();
            }
          });
    }
  }

  private void answered(AppendPipelineResponse answer) {
    PendingAppend append = sent.remove(answer.getRequestId());
    if (append == null) {
      log.error(
          "{} answered append {}, which was not sent on this call", server, answer.getRequestId());
      return;
    }
    failures = 0;
    try {
      switch (answer.getOutcomeCase()) {
        case APPENDED -> succeed(append, ProtoMapping.appendResult(answer.getAppended()));
        case REFUSED -> refused(append, StoreError.of(server, answer.getRefused()));
        case OUTCOME_NOT_SET -> fail(append, senseless(append, null));
      }
    } catch (IllegalArgumentException | DateTimeException e) {
      fail(append, senseless(append, e));
    }
  }

  private StoreFailedException senseless(PendingAppend append, @Nullable Exception cause) {
    return new StoreFailedException(
        server
            + " answered the append to stream \""
            + append.request.getStream()
            + "\" with something that makes no sense",
        cause);
  }

  private void refused(PendingAppend append, StoreError error) {
    if (!error.isOverload() && !error.isLinkLost()) {
      fail(append, append.refused(server, error));
      return;
    }
    append.lastError = error;
    unsent.put(append.sequence, append);
    Duration backoff = settings.appendBackoff().after(append.overloads++);
    pause(backoff.compareTo(error.retryDelay()) > 0 ? backoff : error.retryDelay());
  }

  private void ended(StoreError error) {
    if (error.isLinkLost() || error.isOverload()) {
      suspectOneOfThose(error);
      takeBackSent(error);
      pauseForNewLink(error);
    } else if (error.isAboutTheCaller() || sent.isEmpty()) {
      failAll(append -> append.refused(server, error));
    } else if (sent.size() == 1) {
      PendingAppend culprit = sent.pollFirstEntry().getValue();
      fail(culprit, error.toException(culprit.expected));
    } else {
      oneAtATimeUntil = sent.lastKey();
      takeBackSent(error);
    }
  }

  /**
   * A link that breaks again and again, though a server is there, may be broken by an append: gRPC
   * does not always get to say what it dislikes.
   */
  private void suspectOneOfThose(StoreError error) {
    if (sent.isEmpty() || failures < FAILURES_BEFORE_SUSPICION || error.isServerAway()) {
      return;
    }
    if (sent.size() == 1 && ++sent.firstEntry().getValue().linksBrokenAlone >= MAX_LINKS_BROKEN) {
      PendingAppend culprit = sent.pollFirstEntry().getValue();
      culprit.inDoubt = true;
      culprit.lastError = error;
      fail(culprit, culprit.outOfTime(server, settings.retryFor()));
    } else {
      oneAtATimeUntil = sent.lastKey();
    }
  }

  private void pauseForNewLink(StoreError error) {
    if (unsent.isEmpty()) {
      return;
    }
    if (failures == 0) {
      log.warn(
          "{} appends to {} wait for a new link, for {} at most: {}",
          unsent.size(),
          server,
          settings.retryFor(),
          error.toException().getMessage());
    }
    Duration backoff = settings.appendBackoff().after(failures++);
    pause(backoff.compareTo(error.retryDelay()) > 0 ? backoff : error.retryDelay());
  }

  private void takeBackSent(StoreError error) {
    for (PendingAppend append : sent.values()) {
      append.inDoubt = true;
    }
    unsent.putAll(sent);
    sent.clear();
    unsent.values().forEach(append -> append.lastError = error);
  }

  private void pause(Duration delay) {
    if (paused) {
      return;
    }
    paused = true;
    after(
        delay.toNanos(),
        () -> {
          paused = false;
          channel.resetConnectBackoff(); // this pipeline's back-off rules, not the channel's
          pump();
        });
  }

  private void after(long nanos, Runnable task) {
    // The future would tell of a failure, but no task is run here.
    ScheduledFuture<?> unused =
        timer.schedule(() -> turns.execute(task), nanos, TimeUnit.NANOSECONDS);
  }

  private void scheduleExpiry() {
    if (expiryScheduled) {
      return;
    }
    long earliest = Long.MAX_VALUE;
    long now = System.nanoTime();
    for (TreeMap<Long, PendingAppend> appends : List.of(sent, unsent)) {
      if (!appends.isEmpty()) {
        earliest = Math.min(earliest, appends.firstEntry().getValue().deadlineNanos - now);
      }
    }
    if (earliest < Long.MAX_VALUE) {
      expiryScheduled = true;
      after(Math.max(earliest, 1_000_000), this::expire);
    }
  }

  /**
   * Answers come in order, so an append that waits in vain means that all behind it do: the call is
   * given up.
   */
  private void expire() {
    expiryScheduled = false;
    long now = System.nanoTime();
    List<PendingAppend> overdue = new ArrayList<>();
    sent.values().stream().filter(append -> append.deadlineNanos - now <= 0).forEach(overdue::add);
    boolean stuck = !overdue.isEmpty();
    unsent.values().stream()
        .filter(append -> append.deadlineNanos - now <= 0)
        .forEach(overdue::add);
    for (PendingAppend append : overdue) {
      append.inDoubt |= sent.remove(append.sequence) != null;
      unsent.remove(append.sequence);
      fail(append, append.outOfTime(server, settings.retryFor()));
    }
    if (stuck && link != null) {
      Link silent = link;
      link = null;
      silent.call.cancel("no answer within " + settings.retryFor(), null);
      takeBackSent(StoreError.silent(server, settings.retryFor()));
    }
    scheduleExpiry();
    pump();
  }

  private void failAll(Function<PendingAppend, VarveException> exception) {
    List<PendingAppend> all = new ArrayList<>(sent.values());
    all.addAll(unsent.values());
    sent.clear();
    unsent.clear();
    all.forEach(append -> fail(append, exception.apply(append)));
  }

  private void succeed(PendingAppend append, AppendResult result) {
    window.leave(append.bytes);
    append.result.complete(result);
  }

  private void fail(PendingAppend append, VarveException exception) {
    window.leave(append.bytes);
    append.result.completeExceptionally(exception);
  }

  /**
   * Takes no more appends, waits for those in flight, and fails what has no answer when the time is
   * over.
   */
  void close(Duration patience) {
    closing = true;
    try {
      if (!window.awaitEmpty(patience)) {
        log.warn("closed before {} had answered all appends", server);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    turns.execute(
        () -> {
          over = true;
          sent.values().forEach(append -> append.inDoubt = true);
          failAll(append -> append.outOfTime(server, patience));
          if (link != null) {
            link.call.halfClose();
          }
        });
  }

  /** Lets the thread go, once the channel will not call back any more. */
  void release(Duration patience) throws InterruptedException {
    CountDownLatch done = new CountDownLatch(1);
    turns.execute(done::countDown); // behind all that is still to be done
    timer.shutdown();
    long deadline = System.nanoTime() + patience.toNanos();
    if (!done.await(patience.toNanos(), TimeUnit.NANOSECONDS)
        || !timer.awaitTermination(deadline - System.nanoTime(), TimeUnit.NANOSECONDS)) {
      log.warn("the append pipeline to {} did not end within {}", server, patience);
    }
  }
}

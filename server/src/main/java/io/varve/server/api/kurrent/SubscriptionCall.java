package io.varve.server.api.kurrent;

import io.grpc.stub.ServerCallStreamObserver;
import io.varve.proto.kurrent.SubscriptionPlace;
import io.varve.proto.kurrent.streams.Checkpoint;
import io.varve.proto.kurrent.streams.ReadResponse;
import io.varve.proto.kurrent.streams.SubscriptionConfirmation;
import io.varve.server.storage.EncodedEvent;
import io.varve.server.storage.EventPage;
import io.varve.server.storage.EventRun;
import io.varve.server.subscription.Subscriber;
import java.time.InstantSource;
import java.util.function.IntConsumer;
import java.util.function.LongUnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A subscriber at the other end of a call. Checkpoints name places up to which everything has been
 * looked at and, if it is wanted, sent before them on the same call: whoever goes on after one
 * misses nothing.
 */
final class SubscriptionCall implements Subscriber {
  private static final Logger log = LoggerFactory.getLogger(SubscriptionCall.class);

  /** No checkpoints are sent. */
  static final int NEVER = 0;

  private final ServerCallStreamObserver<ReadResponse> caller;
  private final EventViews.View view;
  private final boolean idAsText;
  private final int checkpointInterval;
  private final @Nullable LongUnaryOperator revisionAt;
  private final @Nullable String endsWith;
  private final InstantSource clock;
  private final IntConsumer sent;

  /** The last position that the caller was told, as an event's or a checkpoint's. */
  private long told;

  private boolean ended;

  /**
   * @param checkpointInterval events that may be passed over without a checkpoint, or {@link
   *     #NEVER}
   * @param revisionAt the last revision of the stream at a position, -1 for none; null if the
   *     subscription is to the log
   * @param endsWith the stream whose closing ends the subscription; null for none
   */
  SubscriptionCall(
      ServerCallStreamObserver<ReadResponse> caller,
      EventViews.View view,
      boolean idAsText,
      int checkpointInterval,
      @Nullable LongUnaryOperator revisionAt,
      @Nullable String endsWith,
      InstantSource clock,
      IntConsumer sent) {
    this.caller = caller;
    this.view = view;
    this.idAsText = idAsText;
    this.checkpointInterval = checkpointInterval;
    this.revisionAt = revisionAt;
    this.endsWith = endsWith;
    this.clock = clock;
    this.sent = sent;
  }

  @Override
  public boolean isReady() {
    return !ended && caller.isReady();
  }

  @Override
  public void confirmed(String subscriptionId, long after) {
    told = after;
    caller.onNext(
        ReadResponse.newBuilder()
            .setConfirmation(
                SubscriptionConfirmation.newBuilder().setSubscriptionId(subscriptionId))
            .build());
  }

  @Override
  public void events(EventPage page) {
    int count = 0;
    for (EventRun run : page.runs()) {
      for (EncodedEvent stored : run.events()) {
        EventViews.Resolved event = view.of(stored);
        if (event != null) {
          caller.onNext(ReadResponse.newBuilder().setEvent(event.toProto(idAsText)).build());
          count++;
          if (closes(event.original())) {
            sent.accept(count);
            ended = true;
            caller.onError(KurrentErrors.streamDeleted(String.valueOf(endsWith)));
            return;
          }
        }
        checkpointIfDue(stored.position());
      }
    }
    checkpointIfDue(page.reached());
    sent.accept(count);
  }

  private boolean closes(SeenEvent event) {
    return endsWith != null
        && event.revision() == Long.MAX_VALUE
        && event.stream().equals(endsWith);
  }

  private void checkpointIfDue(long position) {
    if (checkpointInterval != NEVER && position - told >= checkpointInterval) {
      checkpoint(position);
    }
  }

  @Override
  public void caughtUp(long position) {
    if (position > told) {
      checkpoint(position);
    }
    SubscriptionPlace.Builder place =
        SubscriptionPlace.newBuilder().setTimestamp(Wire.timestamp(clock.instant()));
    if (revisionAt == null) {
      if (position > 0) {
        place.setPosition(Wire.position(position));
      }
    } else {
      long revision = revisionAt.applyAsLong(position);
      if (revision >= 0) {
        place.setStreamRevision(revision);
      }
    }
    caller.onNext(ReadResponse.newBuilder().setCaughtUp(place).build());
  }

  /** Clients hear that it has caught up again; in between they need not know. */
  @Override
  public void fellBehind(long position) {
    log.debug("a subscription goes on from disk at position {}", position);
  }

  @Override
  public void checkpoint(long position) {
    if (checkpointInterval == NEVER || position == 0) {
      return;
    }
    told = position;
    caller.onNext(
        ReadResponse.newBuilder()
            .setCheckpoint(
                Checkpoint.newBuilder()
                    .setCommitPosition(position)
                    .setPreparePosition(position)
                    .setTimestamp(Wire.timestamp(clock.instant())))
            .build());
  }

  @Override
  public void stopping() {
    caller.onError(KurrentErrors.stopping());
  }

  @Override
  public void failed(RuntimeException cause) {
    if (caller.isCancelled()) {
      log.debug("a subscription ended after its caller had gone", cause);
    } else {
      caller.onError(KurrentErrors.fault(cause));
    }
  }
}

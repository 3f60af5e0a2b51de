package io.varve.server.api.kurrent;

import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.varve.proto.kurrent.Uuid;
import io.varve.proto.kurrent.groups.GroupConfirmation;
import io.varve.proto.kurrent.groups.GroupEvent;
import io.varve.proto.kurrent.groups.Nack;
import io.varve.proto.kurrent.groups.ReadOptions;
import io.varve.proto.kurrent.groups.ReadRequest;
import io.varve.proto.kurrent.groups.ReadResponse;
import io.varve.server.api.grpc.Caller;
import io.varve.server.event.StreamExclusion;
import io.varve.server.group.ConsumerGroups;
import io.varve.server.group.GroupConsumer;
import io.varve.server.group.GroupDefinition;
import io.varve.server.group.GroupInfo;
import io.varve.server.group.GroupSettings;
import io.varve.server.group.Membership;
import io.varve.server.group.NackAction;
import io.varve.server.security.Action;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A consumer at the other end of a call. It answers by event ids, a group by positions: the call
 * knows the one from the other as long as an answer may come.
 */
final class GroupCall implements StreamObserver<ReadRequest>, GroupConsumer {
  /** Messages that may wait for the group. */
  private static final int WINDOW = 64;

  /** Ids that are remembered beyond those in flight, for answers that come late. */
  private static final int LATE_IDS = 10_000;

  /** More than is ever delivered between two grants. */
  private static final long CREDIT = 1_000_000;

  private static final int MAX_REASON = 1_024;

  private final ServerCallStreamObserver<ReadResponse> caller;
  private final ConsumerGroups groups;
  private final GroupForm form;
  private final GroupCalls calls;
  private final EventViews views;
  private final String consumer;
  private final Executor executor;
  private final IntConsumer sent;

  // One thread at a time brings the caller's messages.
  private boolean hasAsked;
  private boolean over;

  private volatile @Nullable GroupName name;
  private volatile @Nullable Membership membership;
  private volatile EventViews.@Nullable View view;
  private volatile boolean idAsText;
  private volatile int bufferSize;

  /** This side's own messages to the group that it has not taken in. */
  private final AtomicInteger own = new AtomicInteger();

  private final DeliveredIds delivered =
      new DeliveredIds(GroupSettings.MAX_MAX_IN_FLIGHT + LATE_IDS);

  /** Guards what is sent: the group delivers while the caller's messages may end the call. */
  private final Object sending = new Object();

  private final Caller asking = Caller.ofThisCall();

  private boolean ended; // guarded by sending

  /**
   * @param calls all calls, by their groups
   * @param consumer what the group's figures call this consumer
   * @param executor goes on once the group has been asked
   * @param sent hears how many events have been sent
   */
  GroupCall(
      ServerCallStreamObserver<ReadResponse> caller,
      ConsumerGroups groups,
      GroupForm form,
      GroupCalls calls,
      EventViews views,
      String consumer,
      Executor executor,
      IntConsumer sent) {
    this.caller = caller;
    this.groups = groups;
    this.form = form;
    this.calls = calls;
    this.views = views;
    this.consumer = consumer;
    this.executor = executor;
    this.sent = sent;
  }

  /** Takes in the first message. */
  void start() {
    caller.disableAutoRequest();
    caller.setOnReadyHandler(this::transportIsReady);
    caller.setOnCancelHandler(this::close);
    caller.setOnCloseHandler(this::close);
    caller.request(1);
  }

  private void transportIsReady() {
    Membership member = membership;
    if (member != null) {
      member.ready();
    }
  }

  private void close() {
    calls.closed(this);
    leave();
  }

  private void leave() {
    Membership member = membership;
    if (member != null) {
      member.leave();
    }
  }

  // ---- what the caller says

  @Override
  public void onNext(ReadRequest request) {
    if (over) {
      return;
    }
    switch (request.getContentCase()) {
      case OPTIONS -> {
        if (hasAsked) {
          throw KurrentErrors.invalid("options", "must come once");
        }
        hasAsked = true;
        ask(request.getOptions());
      }
      case ACK -> {
        List<Long> acked = take(request.getAck().getIdsList());
        member().ack(acked);
      }
      case NACK -> {
        Nack nack = request.getNack();
        String reason = nack.getReason();
        member()
            .nack(
                take(nack.getIdsList()),
                action(nack),
                reason.length() <= MAX_REASON ? reason : reason.substring(0, MAX_REASON));
      }
      case CONTENT_NOT_SET -> throw KurrentErrors.invalid("content", "must be set");
    }
  }

  private Membership member() {
    Membership member = membership;
    if (member == null) {
      throw KurrentErrors.invalid("options", "must come first");
    }
    return member;
  }

  private static NackAction action(Nack nack) {
    return switch (nack.getAction()) {
      case NACK_ACTION_UNSPECIFIED, NACK_ACTION_RETRY, UNRECOGNIZED -> NackAction.RETRY;
      case NACK_ACTION_PARK -> NackAction.PARK;
      case NACK_ACTION_SKIP -> NackAction.SKIP;
      case NACK_ACTION_STOP -> NackAction.STOP;
    };
  }

  /** The positions of events that are answered. */
  private List<Long> take(List<Uuid> ids) {
    return delivered.take(ids.stream().map(id -> Wire.uuid("ids", id)).toList());
  }

  private void ask(ReadOptions options) {
    GroupName wanted =
        switch (options.getStreamOptionCase()) {
          case STREAM_IDENTIFIER ->
              form.name(options.getStreamIdentifier(), options.getGroupName());
          case ALL -> form.onLog(options.getGroupName());
          case STREAMOPTION_NOT_SET ->
              throw KurrentErrors.invalid("stream_option", "must be set: a stream or all");
        };
    if (options.getBufferSize() < 1) {
      throw KurrentErrors.invalid("buffer_size", "must be 1 or more");
    }
    Rights.toConsume(asking, wanted);
    name = wanted;
    bufferSize = Math.min(options.getBufferSize(), GroupSettings.MAX_MAX_IN_FLIGHT);
    idAsText = Wire.wantsText(options.getUuidOption());
    var _ =
        groups
            .info(wanted.whole())
            .whenCompleteAsync((info, failure) -> join(wanted, info, failure), executor);
  }

  private void join(GroupName wanted, @Nullable GroupInfo info, @Nullable Throwable failure) {
    try {
      if (failure != null) {
        end(KurrentErrors.fault(failure));
      } else if (info == null || !wanted.equals(GroupName.of(info.definition()))) {
        end(KurrentErrors.groupMissing(wanted.source(), wanted.group()));
      } else {
        join(wanted, info.definition());
      }
    } catch (RuntimeException | Error e) {
      end(KurrentErrors.fault(e));
    }
  }

  private void join(GroupName wanted, GroupDefinition group) {
    if (hasEnded()) {
      return; // the caller has gone meanwhile
    }
    view = GroupForm.view(group, views, asking);
    if (!calls.join(wanted, this, GroupForm.said(group).getMaxSubscriberCount())) {
      end(KurrentErrors.tooManyConsumers(wanted.source(), wanted.group()));
      return;
    }
    // Nothing is delivered before there is credit, and there is none before this side is ready.
    Membership joined = groups.join(wanted.whole(), consumer, 0, bufferSize, this);
    if (joined == null) {
      calls.leave(this);
      end(KurrentErrors.groupMissing(wanted.source(), wanted.group()));
      return;
    }
    membership = joined;
    own.incrementAndGet();
    joined.credit(CREDIT);
    caller.request(WINDOW);
    // Whoever ends the call looks for a membership after that, as this looks for the end after it
    // has got one: one of the two sees the other.
    if (hasEnded() || caller.isCancelled()) {
      close(); // it went while it was joining
    }
  }

  private boolean hasEnded() {
    synchronized (sending) {
      return ended;
    }
  }

  @Override
  public void onCompleted() {
    over = true;
    calls.leave(this);
    if (membership == null) {
      end(null);
      close(); // it may be joining at this moment
    } else {
      leave(); // the group's answer ends the call, once it has taken in what came before
    }
  }

  @Override
  public void onError(Throwable cause) {
    over = true;
    close();
  }

  // ---- what the group says

  @Override
  public boolean isReady() {
    return caller.isReady();
  }

  @Override
  public StreamExclusion denied() {
    return asking.principal().scopeOf(Action.READ).except();
  }

  @Override
  public void joined(String memberId, GroupSettings settings) {
    send(
        ReadResponse.newBuilder()
            .setSubscriptionConfirmation(
                GroupConfirmation.newBuilder().setSubscriptionId(wholeName()))
            .build());
  }

  private String wholeName() {
    GroupName known = name;
    return known == null ? "" : known.whole();
  }

  @Override
  public void deliver(List<Delivery> events) {
    EventViews.View shown = view;
    Membership member = membership;
    if (shown == null || member == null) {
      throw new IllegalStateException("a group delivers before it has been joined");
    }
    List<Long> notWanted = new ArrayList<>();
    int count = 0;
    for (Delivery delivery : events) {
      long position = delivery.event().position();
      EventViews.Resolved event;
      try {
        event = shown.of(delivery.event());
      } catch (StatusRuntimeException e) {
        // The group's expression cannot be decided of this event, whoever consumes it.
        own.incrementAndGet();
        member.nack(
            List.of(position), NackAction.PARK, String.valueOf(e.getStatus().getDescription()));
        continue;
      }
      if (event == null) {
        notWanted.add(position);
        continue;
      }
      delivered.add(event.original().id(), position);
      send(ReadResponse.newBuilder().setEvent(toProto(event, delivery.retryCount())).build());
      count++;
    }
    sent.accept(count);
    own.incrementAndGet();
    member.credit(events.size());
    if (!notWanted.isEmpty()) {
      own.incrementAndGet();
      member.ack(notWanted);
    }
  }

  private GroupEvent toProto(EventViews.Resolved event, int retryCount) {
    GroupEvent.Builder message =
        GroupEvent.newBuilder()
            .setCommitPosition(event.original().position())
            .setRetryCount(retryCount);
    SeenEvent seen = event.event();
    SeenEvent link = event.link();
    if (seen != null) {
      message.setEvent(seen.toProto(idAsText));
    }
    if (link != null) {
      message.setLink(link.toProto(idAsText));
    }
    return message.build();
  }

  @Override
  public void taken() {
    int before = own.getAndUpdate(count -> Math.max(0, count - 1));
    if (before == 0) {
      caller.request(1);
    }
  }

  @Override
  public void ended(End end) {
    calls.leave(this);
    GroupName known = name;
    String source = known == null ? "" : known.source();
    String group = known == null ? "" : known.group();
    end(
        switch (end) {
          case End.Left _ -> null;
          case End.Deleted _ -> KurrentErrors.groupMissing(source, group);
          case End.Denied denied ->
              KurrentErrors.accessDenied("the caller may not read stream " + denied.stream());
          case End.Stopped _ -> KurrentErrors.groupDropped(source, group);
          case End.ServerStopping _ -> KurrentErrors.stopping();
          case End.Failed failed -> KurrentErrors.fault(failed.cause());
        });
  }

  /** Ends the call, whose caller is to join anew. */
  void drop() {
    GroupName known = name;
    if (known != null) {
      end(KurrentErrors.groupDropped(known.source(), known.group()));
      close();
    }
  }

  /** The server is stopping; a call that has joined is told so by its group. */
  void stop() {
    if (membership == null) {
      end(KurrentErrors.stopping());
      close(); // it may be joining at this moment
    }
  }

  @Nullable GroupName name() {
    return name;
  }

  private void send(ReadResponse response) {
    synchronized (sending) {
      if (!ended) {
        caller.onNext(response);
      }
    }
  }

  /** Ends the call; with null, well. */
  private void end(@Nullable StatusRuntimeException refusal) {
    synchronized (sending) {
      if (ended) {
        return;
      }
      ended = true;
      if (caller.isCancelled()) {
        return;
      }
      if (refusal == null) {
        caller.onCompleted();
      } else {
        caller.onError(refusal);
      }
    }
  }
}

package io.varve.server.api.grpc;

import com.google.rpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.varve.proto.v1.ConsumeRequest;
import io.varve.proto.v1.ConsumeStart;
import io.varve.server.event.StreamExclusion;
import io.varve.server.group.ConsumerGroups;
import io.varve.server.group.GroupConsumer;
import io.varve.server.group.GroupSettings;
import io.varve.server.group.Membership;
import io.varve.server.security.Action;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A consumer at the other end of a call. Its messages are taken in one by one, a few ahead of the
 * group, so that what a call holds is bounded; a message that is wrong ends this call and this
 * membership, and nothing else.
 */
final class ConsumeCall implements StreamObserver<ConsumeRequest>, GroupConsumer {
  /** Messages that may wait for the group. */
  private static final int WINDOW = 64;

  private final ServerCallStreamObserver<EncodedResponse> caller;
  private final ConsumerGroups groups;
  private final GroupRequests requests;
  private final IntConsumer sent;
  private final Consumer<ConsumeCall> gone;
  private final Caller asking = Caller.ofThisCall();

  // One thread at a time brings the caller's messages.
  private String group = "";
  private volatile boolean json;
  private volatile @Nullable Membership membership;
  private boolean over;

  /** Guards what is sent: the group delivers while the caller's messages may end the call. */
  private final Object sending = new Object();

  private boolean ended; // guarded by sending

  /**
   * @param sent hears how many events have been sent
   * @param gone hears that the call is over
   */
  ConsumeCall(
      ServerCallStreamObserver<EncodedResponse> caller,
      ConsumerGroups groups,
      GroupRequests requests,
      IntConsumer sent,
      Consumer<ConsumeCall> gone) {
    this.caller = caller;
    this.groups = groups;
    this.requests = requests;
    this.sent = sent;
    this.gone = gone;
  }

  /** Takes in the first messages. */
  void start() {
    caller.disableAutoRequest();
    caller.setOnReadyHandler(this::transportIsReady);
    caller.setOnCancelHandler(this::close);
    caller.setOnCloseHandler(this::close);
    caller.request(WINDOW);
  }

  private void transportIsReady() {
    Membership member = membership;
    if (member != null) {
      member.ready();
    }
  }

  /** The server is stopping; a call that has joined is told so by its group. */
  void stop() {
    if (membership == null) {
      end(Errors.stopping());
    }
  }

  private void close() {
    gone.accept(this);
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
  public void onNext(ConsumeRequest request) {
    if (over) {
      return;
    }
    try {
      take(request);
    } catch (RuntimeException | Error e) {
      over = true;
      end(Errors.fault(e));
      leave();
    }
  }

  private void take(ConsumeRequest request) {
    Membership member = membership;
    if (member == null) {
      if (!request.hasStart()) {
        throw Errors.invalid("start", "must come first");
      }
      join(request.getStart());
      return;
    }
    switch (request.getContentCase()) {
      case CREDIT -> member.credit(Integer.toUnsignedLong(request.getCredit()));
      case ACK ->
          member.ack(requests.positions("ack.positions", request.getAck().getPositionsList()));
      case NACK ->
          member.nack(
              requests.positions("nack.positions", request.getNack().getPositionsList()),
              requests.action(request.getNack()),
              request.getNack().getReason());
      case START -> throw Errors.invalid("start", "must come once");
      case CONTENT_NOT_SET -> throw Errors.invalid("content", "must be set: credit, ack or nack");
    }
  }

  private void join(ConsumeStart start) {
    group = requests.name("start.group", start.getGroup());
    String consumer = requests.consumer("start.consumer", start.getConsumer());
    json =
        ReadRequests.wantsJson(
            "start.payload_view", start.getPayloadView(), start.getPayloadViewValue());
    Membership joined =
        groups.join(group, consumer, Integer.toUnsignedLong(start.getCredit()), this);
    if (joined == null) {
      throw Errors.groupNotFound(group);
    }
    membership = joined;
    caller.request(1);
    if (caller.isCancelled()) {
      joined.leave(); // it went while it was joining
    }
  }

  @Override
  public void onCompleted() {
    over = true;
    if (membership == null) {
      end(null);
    } else {
      leave(); // the group's answer ends the call, once it has taken in what came before
    }
  }

  @Override
  public void onError(Throwable cause) {
    over = true;
    leave();
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
    send(GroupMessages.confirmed(memberId, settings));
  }

  @Override
  public void deliver(List<Delivery> events) {
    send(GroupMessages.delivery(events, json));
    sent.accept(events.size());
  }

  @Override
  public void taken() {
    caller.request(1);
  }

  @Override
  public void ended(End end) {
    end(
        switch (end) {
          case End.Left _ -> null;
          case End.Denied denied ->
              Errors.permissionDenied(Action.READ.word(), denied.stream().value()).status();
          case End.Deleted _ -> Errors.groupNotFound(group).status();
          case End.Stopped stopped -> Errors.groupStopped(group, stopped.stop());
          case End.ServerStopping _ -> Errors.stopping();
          case End.Failed failed -> Errors.fault(failed.cause());
        });
  }

  private void send(EncodedResponse response) {
    synchronized (sending) {
      if (!ended) {
        caller.onNext(response);
      }
    }
  }

  /** Ends the call; with null, well. */
  private void end(@Nullable Status status) {
    synchronized (sending) {
      if (ended) {
        return;
      }
      ended = true;
      if (caller.isCancelled()) {
        return;
      }
      if (status == null) {
        caller.onCompleted();
      } else {
        caller.onError(Errors.exception(status));
      }
    }
  }
}

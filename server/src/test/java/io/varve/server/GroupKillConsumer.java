package io.varve.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.ManagedChannel;
import io.grpc.stub.StreamObserver;
import io.varve.proto.v1.Ack;
import io.varve.proto.v1.ConsumeRequest;
import io.varve.proto.v1.ConsumeResponse;
import io.varve.proto.v1.ConsumeStart;
import io.varve.proto.v1.ConsumerGroupsGrpc;
import io.varve.proto.v1.DeliveredEvent;
import io.varve.proto.v1.Nack;
import io.varve.proto.v1.NackAction;
import io.varve.proto.v1.RecordedEvent;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * A consumer that acks most of what it gets, and now and then does something else: fails an event,
 * gives it up, forgets it, or is gone and comes again over another connection.
 */
final class GroupKillConsumer implements AutoCloseable {
  private static final int CREDIT = 1_000_000;

  private final String group;
  private final Random random; // guarded by this
  private final boolean moody;
  private final Set<Long> done;
  private final List<AssertionError> violations;
  private final List<Long> positions = new CopyOnWriteArrayList<>();
  private final @Nullable ServerProcess server;
  private @Nullable ManagedChannel own; // guarded by this
  private boolean closed; // guarded by this

  /**
   * @param moody whether it does anything but ack
   */
  GroupKillConsumer(
      ServerProcess server,
      String group,
      long seed,
      boolean moody,
      Set<Long> done,
      List<AssertionError> violations)
      throws IOException {
    this.server = server;
    this.group = group;
    this.random = new Random(seed);
    this.moody = moody;
    this.done = done;
    this.violations = violations;
    connect();
  }

  private GroupKillConsumer(ManagedChannel channel, String group, Set<Long> done) {
    this.server = null;
    this.group = group;
    this.random = new Random(0);
    this.moody = false;
    this.done = done;
    this.violations = new CopyOnWriteArrayList<>();
    join(channel);
  }

  /** A consumer that acks everything. */
  static GroupKillConsumer willing(ManagedChannel channel, String group, Set<Long> done) {
    return new GroupKillConsumer(channel, group, done);
  }

  int delivered() {
    return positions.size();
  }

  List<Long> positions() {
    return positions;
  }

  private synchronized void connect() throws IOException {
    if (server == null || closed) {
      return;
    }
    ManagedChannel before = own;
    if (before != null) {
      before.shutdownNow();
    }
    ManagedChannel channel = server.connect();
    own = channel;
    join(channel);
  }

  private void join(ManagedChannel channel) {
    Session session = new Session();
    session.requests = ConsumerGroupsGrpc.newStub(channel).consume(session);
    session.say(
        ConsumeRequest.newBuilder()
            .setStart(ConsumeStart.newBuilder().setGroup(group).setCredit(CREDIT)));
  }

  /** One call. */
  private final class Session implements StreamObserver<ConsumeResponse> {
    private final Map<String, Long> versions = new HashMap<>();
    private @Nullable StreamObserver<ConsumeRequest> requests;
    private boolean gone;

    private void say(ConsumeRequest.Builder request) {
      StreamObserver<ConsumeRequest> to = requests;
      if (to == null) {
        throw new IllegalStateException("nobody to talk to");
      }
      to.onNext(request.build());
    }

    @Override
    public void onNext(ConsumeResponse response) {
      synchronized (GroupKillConsumer.this) {
        for (DeliveredEvent delivered : response.getDelivery().getEventsList()) {
          if (gone || closed) {
            return;
          }
          RecordedEvent event = delivered.getEvent();
          positions.add(event.getPosition());
          checkOrder(delivered);
          answer(event.getPosition());
        }
      }
    }

    /** Within one call nothing of a stream comes behind something later, unless it is retried. */
    private void checkOrder(DeliveredEvent delivered) {
      RecordedEvent event = delivered.getEvent();
      if (moody || delivered.getReplayed()) {
        return;
      }
      Long before = versions.put(event.getStream(), event.getVersion());
      try {
        assertThat(delivered.getRetryCount()).as("nothing fails in group %s", group).isZero();
        assertThat(event.getVersion())
            .as("order in stream %s", event.getStream())
            .isGreaterThan(before == null ? 0 : before);
      } catch (AssertionError e) {
        violations.add(e);
      }
    }

    private void answer(long position) {
      int mood = moody ? random.nextInt(100) : 50 + random.nextInt(50);
      if (mood < 6) {
        nack(NackAction.NACK_ACTION_RETRY, position);
      } else if (mood < 9) {
        nack(NackAction.NACK_ACTION_PARK, position);
      } else if (mood < 11) {
        return; // forgotten: it times out
      } else if (server != null && random.nextInt(150) == 0) {
        gone = true;
        Thread.ofVirtual().start(this::comeAgain);
      } else {
        say(ConsumeRequest.newBuilder().setAck(Ack.newBuilder().addPositions(position)));
        done.add(position);
      }
    }

    private void nack(NackAction action, long position) {
      say(
          ConsumeRequest.newBuilder()
              .setNack(
                  Nack.newBuilder().setAction(action).setReason("mood").addPositions(position)));
    }

    private void comeAgain() {
      try {
        connect();
      } catch (IOException e) {
        violations.add(new AssertionError("the server cannot be reached", e));
      }
    }

    @Override
    public void onError(Throwable error) {
      // The server has been killed, or this consumer has gone.
    }

    @Override
    public void onCompleted() {
      // It never ends well while the test runs.
    }
  }

  @Override
  public void close() {
    ManagedChannel channel;
    synchronized (this) {
      closed = true;
      channel = own;
    }
    if (channel != null) {
      channel.shutdownNow();
      await().atMost(ServerProcess.PATIENCE).until(channel::isTerminated);
    }
  }
}

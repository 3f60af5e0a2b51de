package io.varve.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.util.Durations;
import io.grpc.Channel;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import io.varve.proto.v1.Ack;
import io.varve.proto.v1.ConsumeRequest;
import io.varve.proto.v1.ConsumeResponse;
import io.varve.proto.v1.ConsumeStart;
import io.varve.proto.v1.ConsumerGroup;
import io.varve.proto.v1.ConsumerGroupInfo;
import io.varve.proto.v1.ConsumerGroupSettings;
import io.varve.proto.v1.ConsumerGroupsCreateRequest;
import io.varve.proto.v1.ConsumerGroupsGetRequest;
import io.varve.proto.v1.ConsumerGroupsGrpc;
import io.varve.proto.v1.DeliveredEvent;
import io.varve.proto.v1.EventStoreGrpc;
import io.varve.proto.v1.ListParkedRequest;
import io.varve.proto.v1.ListParkedResponse;
import io.varve.proto.v1.Nack;
import io.varve.proto.v1.NackAction;
import io.varve.proto.v1.Query;
import io.varve.proto.v1.QueryItem;
import io.varve.proto.v1.ReadLogRequest;
import java.time.Duration;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;

/**
 * What a server has promised to a consumer group, and the check that it has kept its word at some
 * moment: the group is there, what was parked is parked, and whatever has not been acked comes.
 */
final class GroupPromises {
  private static final String GROUP = "watched";
  private static final long NEVER = Long.MAX_VALUE;

  private final LongSupplier moment;
  private final Query source;
  private final Map<Long, Long> acked = new ConcurrentHashMap<>();
  private final Map<Long, Long> parked = new ConcurrentHashMap<>();
  private volatile long created = NEVER;

  /**
   * @param moment tells how late it is
   * @param category of the streams that the group gets
   */
  GroupPromises(LongSupplier moment, String category) {
    this.moment = moment;
    this.source =
        Query.newBuilder().addItems(QueryItem.newBuilder().addCategories(category)).build();
  }

  /** Makes the group. */
  void create(Channel channel) {
    assertThat(
            ConsumerGroupsGrpc.newBlockingStub(channel)
                .create(
                    ConsumerGroupsCreateRequest.newBuilder()
                        .setGroup(
                            ConsumerGroup.newBuilder()
                                .setName(GROUP)
                                .setQuery(source)
                                .setSettings(
                                    ConsumerGroupSettings.newBuilder()
                                        .setAckTimeout(Durations.fromHours(1))
                                        .setCheckpointAfterEvents(20)
                                        .setCheckpointAfter(Durations.fromMillis(20))))
                        .build()))
        .isNotNull();
    created = moment.getAsLong();
  }

  /** Acks most events, parks some, and looks what is parked, until the server goes away. */
  void consumeUntilCut(Channel channel) {
    Consumer consumer = new Consumer(channel, true);
    try {
      while (!consumer.gone) {
        Set<Long> now = parkedIn(channel);
        long seen = moment.getAsLong();
        now.forEach(position -> parked.putIfAbsent(position, seen));
      }
    } catch (StatusRuntimeException gone) {
      // The server was killed, or its disk failed.
    }
  }

  /** Holds a server against what had been promised by a moment. */
  void check(Channel channel, long latest) {
    if (created > latest) {
      return;
    }
    Set<Long> there = parkedIn(channel);
    parked.forEach(
        (position, seen) ->
            assertThat(seen > latest || there.contains(position))
                .as("event %d was parked, and is", position)
                .isTrue());
    Consumer consumer = new Consumer(channel, false);
    await()
        .atMost(StoreOnFaultyDisk.PATIENCE)
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(10))
        .until(() -> info(channel).getLag() == 0);
    assertThat(info(channel).getProblem()).isEmpty();
    consumer.leave();
    Set<Long> settled = new HashSet<>(parkedIn(channel));
    settled.addAll(consumer.positions);
    acked.forEach(
        (position, done) -> {
          if (done <= latest) {
            settled.add(position);
          }
        });
    EventStoreGrpc.newBlockingStub(channel)
        .readLog(ReadLogRequest.newBuilder().setQuery(source).build())
        .forEachRemaining(
            page ->
                page.getEventsList()
                    .forEach(
                        event ->
                            assertThat(settled.contains(event.getPosition()))
                                .as("event %d is acked, parked or delivered", event.getPosition())
                                .isTrue()));
  }

  private static ConsumerGroupInfo info(Channel channel) {
    return ConsumerGroupsGrpc.newBlockingStub(channel)
        .get(ConsumerGroupsGetRequest.newBuilder().setName(GROUP).build())
        .getGroup();
  }

  private static Set<Long> parkedIn(Channel channel) {
    Set<Long> found = new HashSet<>();
    String token = "";
    do {
      ListParkedResponse page =
          ConsumerGroupsGrpc.newBlockingStub(channel)
              .listParked(
                  ListParkedRequest.newBuilder().setGroup(GROUP).setPageToken(token).build());
      page.getEventsList().forEach(event -> found.add(event.getEvent().getPosition()));
      token = page.getNextPageToken();
    } while (!token.isEmpty());
    return found;
  }

  /** One that is fast, and particular. */
  private final class Consumer implements StreamObserver<ConsumeResponse> {
    private final Set<Long> positions = ConcurrentHashMap.newKeySet();
    private final StreamObserver<ConsumeRequest> requests;
    private final boolean promising;
    private volatile boolean gone;

    /**
     * @param promising whether what it acks is to be remembered
     */
    private Consumer(Channel channel, boolean promising) {
      this.promising = promising;
      requests = ConsumerGroupsGrpc.newStub(channel).consume(this);
      requests.onNext(
          ConsumeRequest.newBuilder()
              .setStart(ConsumeStart.newBuilder().setGroup(GROUP).setCredit(1_000_000))
              .build());
    }

    @Override
    public void onNext(ConsumeResponse response) {
      ConsumeRequest.Builder answer = ConsumeRequest.newBuilder();
      Ack.Builder acks = Ack.newBuilder();
      Nack.Builder nacks =
          Nack.newBuilder().setAction(NackAction.NACK_ACTION_PARK).setReason("particular");
      for (DeliveredEvent delivered : response.getDelivery().getEventsList()) {
        long position = delivered.getEvent().getPosition();
        positions.add(position);
        if (position % 7 == 0) {
          nacks.addPositions(position);
        } else {
          if (promising) {
            acked.putIfAbsent(position, moment.getAsLong());
          }
          acks.addPositions(position);
        }
      }
      if (acks.getPositionsCount() > 0) {
        requests.onNext(answer.setAck(acks).build());
      }
      if (nacks.getPositionsCount() > 0) {
        requests.onNext(answer.setNack(nacks).build());
      }
    }

    void leave() {
      requests.onCompleted();
    }

    @Override
    public void onError(Throwable error) {
      gone = true;
    }

    @Override
    public void onCompleted() {
      gone = true;
    }
  }

  @Override
  public String toString() {
    return acked.size() + " events acked, " + parked.size() + " seen parked";
  }
}

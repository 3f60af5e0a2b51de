package io.varve.server;

import static io.varve.server.ServerProcess.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import com.google.protobuf.Empty;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.varve.proto.v1.AppendRequest;
import io.varve.proto.v1.AppendResponse;
import io.varve.proto.v1.EventStoreGrpc;
import io.varve.proto.v1.NewEvent;
import io.varve.proto.v1.Query;
import io.varve.proto.v1.QueryItem;
import io.varve.proto.v1.RecordedEvent;
import io.varve.proto.v1.SubscribeToLogRequest;
import io.varve.proto.v1.SubscribeToLogResponse;
import io.varve.proto.v1.SubscribeToStreamRequest;
import io.varve.proto.v1.SubscribeToStreamResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Followers of every kind while 64 writers race: each sees everything once and in order, through
 * the hand-over from the disk to what is live and back.
 */
class HandOverIT {
  private static final int WRITERS = 64;
  private static final int APPENDS = Integer.getInteger("varve.appends", 120);
  private static final int TOTAL = 2 * WRITERS * APPENDS;

  /**
   * Together more than the server keeps of the newest events, so that whoever pauses falls behind.
   */
  private static final int LARGE = 3 * 1024;

  @TempDir Path folder;

  /** One subscription, read message by message: the next is asked for when one has been seen. */
  private static final class Follower<Q, R> extends ClientCall.Listener<R> {
    private final List<Long> places = new ArrayList<>(); // gRPC's thread, then the test's
    private final CompletableFuture<List<Long>> done = new CompletableFuture<>();
    private final ClientCall<Q, R> call;
    private final Function<R, List<RecordedEvent>> events;
    private final Function<RecordedEvent, Long> place;
    private final long until;
    private volatile boolean live;
    private volatile boolean held;
    private int fellBehind;

    Follower(
        ManagedChannel channel,
        MethodDescriptor<Q, R> method,
        Q request,
        Function<R, List<RecordedEvent>> events,
        Function<RecordedEvent, Long> place,
        long until) {
      this.events = events;
      this.place = place;
      this.until = until;
      this.call = channel.newCall(method, CallOptions.DEFAULT);
      call.start(this, new Metadata());
      call.sendMessage(request);
      call.halfClose();
      call.request(1);
    }

    @Override
    public void onMessage(R message) {
      if (message instanceof SubscribeToLogResponse response) {
        live |= response.hasCaughtUp();
        fellBehind += response.hasFellBehind() ? 1 : 0;
      }
      events.apply(message).forEach(event -> places.add(place.apply(event)));
      if (!places.isEmpty() && places.getLast() >= until) {
        done.complete(places);
        call.cancel("seen enough", null);
      } else if (!held || !live) {
        call.request(1);
      }
    }

    /** Reads on only until it is live. */
    void hold() {
      held = true;
    }

    void goOn() {
      held = false;
      call.request(1);
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      done.completeExceptionally(status.asRuntimeException(trailers));
    }

    List<Long> places() throws Exception {
      return done.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }
  }

  private static Follower<SubscribeToLogRequest, SubscribeToLogResponse> ofLog(
      ManagedChannel channel, SubscribeToLogRequest.Builder request, long until) {
    return new Follower<>(
        channel,
        EventStoreGrpc.getSubscribeToLogMethod(),
        request.build(),
        response -> response.getEvents().getEventsList(),
        RecordedEvent::getPosition,
        until);
  }

  private static Follower<SubscribeToStreamRequest, SubscribeToStreamResponse> ofStream(
      ManagedChannel channel, String stream) {
    return new Follower<>(
        channel,
        EventStoreGrpc.getSubscribeToStreamMethod(),
        SubscribeToStreamRequest.newBuilder().setStream(stream).build(),
        response -> response.getEvents().getEventsList(),
        RecordedEvent::getVersion,
        2L * APPENDS);
  }

  private static AppendRequest append(String stream, int bytes) {
    return AppendRequest.newBuilder()
        .setStream(stream)
        .addEvents(
            NewEvent.newBuilder().setType("Happened").setData(ByteString.copyFrom(new byte[bytes])))
        .build();
  }

  private static Set<Long> write(
      EventStoreGrpc.EventStoreBlockingStub store, String stream, int bytes) {
    Set<Long> positions = new HashSet<>();
    for (int i = 0; i < APPENDS; i++) {
      AppendResponse answer = store.append(append(stream, bytes));
      positions.add(answer.getPosition());
    }
    return positions;
  }

  private static Set<Long> race(ManagedChannel channel, int bytes) throws Exception {
    EventStoreGrpc.EventStoreBlockingStub store = EventStoreGrpc.newBlockingStub(channel);
    List<CompletableFuture<Set<Long>>> writers = new ArrayList<>();
    for (int w = 0; w < WRITERS; w++) {
      String stream = (w % 2 == 0 ? "even-" : "odd-") + w;
      writers.add(
          CompletableFuture.supplyAsync(
              () -> write(store, stream, bytes), task -> Thread.ofVirtual().start(task)));
    }
    Set<Long> acknowledged = ConcurrentHashMap.newKeySet();
    for (CompletableFuture<Set<Long>> writer : writers) {
      acknowledged.addAll(writer.get(PATIENCE.toSeconds(), TimeUnit.SECONDS));
    }
    return acknowledged;
  }

  @Test
  void followers_of_every_kind_see_everything_once_and_in_order_under_full_write_load()
      throws Exception {
    List<ManagedChannel> channels = new ArrayList<>();
    try (ServerProcess server = ServerProcess.serve(folder.resolve("data"))) {
      ManagedChannel writing = server.connect();
      channels.add(writing);
      Set<Long> acknowledged = race(writing, 200); // the past
      List<Follower<SubscribeToLogRequest, SubscribeToLogResponse>> all = new ArrayList<>();
      List<Follower<SubscribeToLogRequest, SubscribeToLogResponse>> even = new ArrayList<>();
      List<Follower<SubscribeToStreamRequest, SubscribeToStreamResponse>> streams =
          new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        // Two with little room in between, so that they stop and go.
        ManagedChannel channel =
            server.builder().flowControlWindow(i < 2 ? 1 << 20 : 8 * 1024).build();
        channels.add(channel);
        all.add(ofLog(channel, SubscribeToLogRequest.newBuilder(), TOTAL));
        all.add(ofLog(channel, SubscribeToLogRequest.newBuilder().setAfterPosition(1_000), TOTAL));
        all.add(
            ofLog(
                channel,
                SubscribeToLogRequest.newBuilder().setFromNow(Empty.getDefaultInstance()),
                TOTAL));
        even.add(
            ofLog(
                channel,
                SubscribeToLogRequest.newBuilder()
                    .setQuery(
                        Query.newBuilder().addItems(QueryItem.newBuilder().addCategories("even"))),
                TOTAL + 1L));
        streams.add(ofStream(channel, "odd-" + (2 * i + 1)));
      }
      var pausing = ofLog(writing, SubscribeToLogRequest.newBuilder(), TOTAL);
      pausing.hold();
      all.add(pausing);
      await().atMost(PATIENCE).until(() -> pausing.live);

      acknowledged.addAll(race(writing, LARGE)); // while they follow
      EventStoreGrpc.newBlockingStub(writing).append(append("even-0", 1));
      pausing.goOn();

      assertThat(acknowledged).hasSize(TOTAL);
      for (var follower : all) {
        List<Long> places = follower.places();
        long first = places.getFirst();
        assertThat(first).isBetween(1L, TOTAL / 2 + 1_000L);
        for (int i = 0; i < places.size(); i++) {
          assertThat(places.get(i)).isEqualTo(first + i);
        }
      }
      assertThat(pausing.fellBehind).isEqualTo(1);
      List<Long> evenPlaces = even.getFirst().places();
      assertThat(evenPlaces).hasSize(TOTAL / 2 + 1).isSorted().doesNotHaveDuplicates();
      for (var follower : even) {
        assertThat(follower.places()).isEqualTo(evenPlaces);
      }
      for (var follower : streams) {
        List<Long> versions = follower.places();
        for (int i = 0; i < 2 * APPENDS; i++) {
          assertThat(versions.get(i)).isEqualTo(i + 1L);
        }
      }
      System.out.println(
          "HandOverIT: "
              + TOTAL
              + " events, "
              + (all.size() + even.size() + streams.size())
              + " followers, fell behind "
              + all.stream().mapToInt(follower -> follower.fellBehind).sum()
              + " times");
    } finally {
      channels.forEach(ManagedChannel::shutdownNow);
    }
  }
}

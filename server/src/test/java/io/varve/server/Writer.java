package io.varve.server;

import com.google.protobuf.ByteString;
import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.StreamObserver;
import io.varve.proto.v1.AppendCondition;
import io.varve.proto.v1.AppendPipelineRequest;
import io.varve.proto.v1.AppendPipelineResponse;
import io.varve.proto.v1.AppendRequest;
import io.varve.proto.v1.AppendResponse;
import io.varve.proto.v1.EventStoreGrpc;
import io.varve.proto.v1.NewEvent;
import io.varve.proto.v1.Query;
import io.varve.proto.v1.QueryItem;
import io.varve.proto.v1.StreamAppend;
import io.varve.proto.v1.Tracking;
import io.varve.proto.v1.TransactRequest;
import io.varve.proto.v1.TransactResponse;
import io.varve.proto.v1.VersionConflict;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Appends until the server goes away, and begins again with whatever it got no answer to, under the
 * same event ids. Used by one thread at a time.
 */
abstract class Writer {
  final String stream;
  final Ledger ledger;
  final Random random;
  private volatile @Nullable Throwable failure;

  Writer(String stream, Ledger ledger, long seed) {
    this.stream = stream;
    this.ledger = ledger;
    this.random = new Random(seed);
  }

  final void writeUntilCut(Channel channel) {
    try {
      repeatOpen(channel);
      while (true) {
        writeNext(channel);
      }
    } catch (StatusRuntimeException e) {
      if (e.getStatus().getCode() != Code.UNAVAILABLE
          && e.getStatus().getCode() != Code.CANCELLED) {
        failure = e;
      }
    } catch (InterruptedException | RuntimeException | AssertionError e) {
      failure = e;
    }
  }

  final void repeatWhatIsOpen(Channel channel) {
    try {
      repeatOpen(channel);
    } catch (InterruptedException | RuntimeException | AssertionError e) {
      failure = e;
    }
  }

  final void rethrow() {
    Throwable thrown = failure;
    if (thrown != null) {
      throw new AssertionError("the writer of " + stream + " failed", thrown);
    }
  }

  abstract void repeatOpen(Channel channel) throws InterruptedException;

  abstract void writeNext(Channel channel) throws InterruptedException;

  final AppendRequest.Builder append(int count) {
    AppendRequest.Builder append = AppendRequest.newBuilder().setStream(stream);
    String id = UUID.randomUUID().toString();
    for (int i = 0; i < count; i++) {
      append.addEvents(
          NewEvent.newBuilder()
              .setId(UUID.randomUUID().toString())
              .setType("Happened")
              .setData(ByteString.copyFrom(new byte[random.nextInt(300)]))
              .putMetadata(Ledger.APPEND, id)
              .putMetadata(Ledger.PART, i + "/" + count)
              .addTags(Ledger.WRITER_TAG + stream));
    }
    return append;
  }

  /** One append after the other on unary calls, each under the version that the last one gave. */
  static class Single extends Writer {
    private long version;
    private @Nullable AppendRequest open;

    Single(String stream, Ledger ledger, long seed) {
      super(stream, ledger, seed);
    }

    int size() {
      return 1;
    }

    @Override
    final void repeatOpen(Channel channel) {
      AppendRequest unanswered = open;
      if (unanswered != null) {
        send(channel, unanswered);
      }
    }

    @Override
    final void writeNext(Channel channel) {
      send(channel, append(size()).setVersion(version).build());
    }

    private void send(Channel channel, AppendRequest append) {
      open = append;
      AppendResponse answer = EventStoreGrpc.newBlockingStub(channel).append(append);
      open = null;
      if (answer.getVersion() != version + append.getEventsCount()) {
        throw new AssertionError(
            "expected " + version + " + " + append.getEventsCount() + " but " + answer);
      }
      version = answer.getVersion();
      ledger.acknowledge(append, answer);
    }
  }

  /** Several events an append. */
  static final class Batches extends Single {
    Batches(String stream, Ledger ledger, long seed) {
      super(stream, ledger, seed);
    }

    @Override
    int size() {
      return 1 + random.nextInt(60);
    }
  }

  /** Races others on one stream under expected versions. */
  static final class Hot extends Writer {
    private long version;
    private @Nullable AppendRequest open;

    Hot(String stream, Ledger ledger, long seed) {
      super(stream, ledger, seed);
    }

    @Override
    void repeatOpen(Channel channel) {
      AppendRequest unanswered = open;
      if (unanswered != null) {
        send(channel, unanswered);
      }
    }

    @Override
    void writeNext(Channel channel) {
      send(channel, append(1 + random.nextInt(3)).setVersion(version).build());
    }

    private void send(Channel channel, AppendRequest append) {
      open = append;
      try {
        AppendResponse answer = EventStoreGrpc.newBlockingStub(channel).append(append);
        ledger.acknowledge(append, answer);
        version = answer.getVersion();
      } catch (StatusRuntimeException e) {
        if (e.getStatus().getCode() != Code.ABORTED) {
          throw e;
        }
        ledger.refuse(append);
        version = actualVersion(e);
      }
      open = null;
    }

    private static long actualVersion(StatusRuntimeException conflict) {
      com.google.rpc.Status status = StatusProto.fromThrowable(conflict);
      try {
        for (var detail :
            status == null ? List.<com.google.protobuf.Any>of() : status.getDetailsList()) {
          if (detail.is(VersionConflict.class)) {
            return detail.unpack(VersionConflict.class).getActualVersion();
          }
        }
      } catch (com.google.protobuf.InvalidProtocolBufferException e) {
        throw new AssertionError(e);
      }
      throw new AssertionError("a conflict without details", conflict);
    }
  }

  /**
   * Transactions over its own stream and one that all share, each under a condition that only its
   * own writes could break, and with its progress. Every so often one whose condition does not
   * hold.
   */
  static final class Transfers extends Writer {
    static final String SHARED = "transfers-in";

    private long version;
    private long position;
    private long progress;
    private @Nullable TransactRequest open;

    Transfers(String stream, Ledger ledger, long seed) {
      super(stream, ledger, seed);
    }

    @Override
    void repeatOpen(Channel channel) {
      TransactRequest unanswered = open;
      if (unanswered != null) {
        send(channel, unanswered);
      }
    }

    @Override
    void writeNext(Channel channel) {
      if (version > 0 && random.nextInt(10) == 0) {
        beRefused(channel, transfer(0));
      }
      send(channel, transfer(position));
    }

    /** Under the condition that it has written nothing after this position. */
    private TransactRequest transfer(long after) {
      List<NewEvent> events = new ArrayList<>();
      for (NewEvent event : append(2 + random.nextInt(3)).getEventsList()) {
        events.add(
            event.toBuilder()
                .putMetadata(Ledger.SOURCE, stream)
                .putMetadata(Ledger.PROGRESS, Long.toString(progress + 1))
                .build());
      }
      return TransactRequest.newBuilder()
          .addStreams(
              StreamAppend.newBuilder()
                  .setStream(stream)
                  .setVersion(version)
                  .addEvents(events.getFirst()))
          .addStreams(
              StreamAppend.newBuilder()
                  .setStream(SHARED)
                  .addAllEvents(events.subList(1, events.size())))
          .addConditions(
              AppendCondition.newBuilder()
                  .setQuery(
                      Query.newBuilder()
                          .addItems(
                              QueryItem.newBuilder()
                                  .addTags(Ledger.WRITER_TAG + stream)
                                  .addTypes("Happened")))
                  .setAfterPosition(after))
          .setTracking(Tracking.newBuilder().setSource(stream).setPosition(progress + 1))
          .build();
    }

    private void send(Channel channel, TransactRequest transact) {
      open = transact;
      TransactResponse answer = EventStoreGrpc.newBlockingStub(channel).transact(transact);
      open = null;
      ledger.acknowledge(transact, answer);
      version = answer.getStreams(0).getVersion();
      position = answer.getPosition();
      progress = transact.getTracking().getPosition();
    }

    private void beRefused(Channel channel, TransactRequest transact) {
      ledger.refuse(transact);
      try {
        TransactResponse answer = EventStoreGrpc.newBlockingStub(channel).transact(transact);
        throw new AssertionError("a condition that does not hold was passed over: " + answer);
      } catch (StatusRuntimeException e) {
        if (e.getStatus().getCode() != Code.ABORTED) {
          throw e;
        }
      }
    }
  }

  /** Many in flight on one call; the order in which they were sent is the order in the stream. */
  static final class Pipelined extends Writer {
    private static final int IN_FLIGHT = 64;

    /** Sent or to be sent again, oldest first. */
    private final Deque<AppendRequest> open = new ArrayDeque<>();

    private long version;
    private @Nullable Call call;

    Pipelined(String stream, Ledger ledger, long seed) {
      super(stream, ledger, seed);
    }

    /** A pipeline, with its answers as they come; the end is one of them. */
    private static final class Call implements StreamObserver<AppendPipelineResponse> {
      private final LinkedBlockingQueue<Object> answers = new LinkedBlockingQueue<>();
      private final StreamObserver<AppendPipelineRequest> requests;
      private long sent;
      private long answered;

      Call(Channel channel) {
        requests = EventStoreGrpc.newStub(channel).appendPipeline(this);
      }

      void send(AppendRequest append) {
        requests.onNext(
            AppendPipelineRequest.newBuilder().setRequestId(sent++).setAppend(append).build());
      }

      AppendResponse next() throws InterruptedException {
        Object answer = answers.poll(ServerProcess.PATIENCE.toSeconds(), TimeUnit.SECONDS);
        if (answer instanceof Throwable end) {
          throw Status.fromThrowable(end).asRuntimeException();
        }
        if (answer instanceof AppendPipelineResponse refusal && refusal.hasRefused()) {
          requests.onCompleted(); // the store takes no more
          throw Status.fromCodeValue(refusal.getRefused().getCode())
              .withDescription(refusal.getRefused().getMessage())
              .asRuntimeException();
        }
        if (!(answer instanceof AppendPipelineResponse response)
            || !response.hasAppended()
            || response.getRequestId() != answered++) {
          throw new AssertionError("answer " + answered + " is " + answer);
        }
        return response.getAppended();
      }

      @Override
      public void onNext(AppendPipelineResponse answer) {
        answers.add(answer);
      }

      @Override
      public void onError(Throwable error) {
        answers.add(error);
      }

      @Override
      public void onCompleted() {
        answers.add(new AssertionError("the server ended the pipeline"));
      }
    }

    @Override
    void repeatOpen(Channel channel) throws InterruptedException {
      Call opened = new Call(channel);
      call = opened;
      List<AppendRequest> unanswered = new ArrayList<>(open);
      unanswered.forEach(opened::send);
      while (!open.isEmpty()) {
        takeAnswer(opened);
      }
    }

    @Override
    void writeNext(Channel channel) throws InterruptedException {
      Call opened = call;
      if (opened == null) {
        throw new IllegalStateException("writing begins with repeating");
      }
      AppendRequest append = append(1 + random.nextInt(4)).build();
      open.add(append);
      opened.send(append);
      while (open.size() >= IN_FLIGHT) {
        takeAnswer(opened);
      }
    }

    private void takeAnswer(Call opened) throws InterruptedException {
      AppendResponse answer = opened.next();
      AppendRequest append = open.remove();
      version += append.getEventsCount();
      if (answer.getVersion() != version) {
        throw new AssertionError("expected version " + version + " but " + answer);
      }
      ledger.acknowledge(append, answer);
    }
  }
}

package io.varve.server.api.grpc;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.ByteString;
import io.grpc.stub.StreamObserver;
import io.varve.proto.v1.AppendRequest;
import io.varve.proto.v1.NewEvent;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Words for tests that speak the wire's own language. */
final class Wire {
  /** How long a test waits for what must happen. */
  static final Duration PATIENCE = Duration.ofSeconds(60);

  private Wire() {}

  static NewEvent.Builder event(String type) {
    return NewEvent.newBuilder()
        .setId(UUID.randomUUID().toString())
        .setType(type)
        .setData(ByteString.copyFrom(type, UTF_8));
  }

  static AppendRequest.Builder append(String stream) {
    return AppendRequest.newBuilder().setStream(stream);
  }

  static AppendRequest append(String stream, NewEvent.Builder... events) {
    AppendRequest.Builder append = append(stream);
    for (NewEvent.Builder event : events) {
      append.addEvents(event);
    }
    return append.build();
  }

  /** A stream that no other test writes to. */
  static String freshStream() {
    return "test-" + UUID.randomUUID();
  }

  /** Takes in a call's answers. */
  static final class Answers<T> implements StreamObserver<T> {
    private final List<T> received = new CopyOnWriteArrayList<>();
    private final CompletableFuture<@Nullable Throwable> end = new CompletableFuture<>();

    @Override
    public void onNext(T answer) {
      received.add(answer);
    }

    @Override
    public void onError(Throwable error) {
      end.complete(error);
    }

    @Override
    public void onCompleted() {
      end.complete(null);
    }

    List<T> received() {
      return List.copyOf(received);
    }

    boolean hasEnded() {
      return end.isDone();
    }

    /** Waits for the end; null when it was a good one. */
    @Nullable Throwable end() throws Exception {
      return end.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    }
  }
}

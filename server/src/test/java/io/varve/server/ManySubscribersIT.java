package io.varve.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.varve.client.VarveClient;
import io.varve.client.streams.AppendResult;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.NewEvent;
import io.varve.proto.v1.EventStoreGrpc;
import io.varve.proto.v1.SubscribeToLogRequest;
import io.varve.proto.v1.SubscribeToLogResponse;
import io.varve.server.storage.rocksdb.Folders;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Very many subscribers of a server with little memory, under a writer that is faster than its
 * disk: those that read get everything, those that have stopped go on where they were, those that
 * read a byte a second are kept, and nothing is lost for anybody or comes twice.
 *
 * <p>{@code -Dvarve.subscribers=1000} for more of them.
 */
class ManySubscribersIT {
  private static final int SUBSCRIBERS = Integer.getInteger("varve.subscribers", 100);
  private static final int SLOWEST = 10;
  private static final int EVENT_BYTES = 1_024;
  private static final int EVENTS_AN_APPEND = 50;
  private static final int APPENDS = 80;
  private static final long EVENTS = (long) APPENDS * EVENTS_AN_APPEND; // 4 MiB
  private static final Duration LONG = Duration.ofMinutes(8);
  private static final long MOST_KIB = 1_500L * 1024;

  @TempDir Path folder;

  /** Follows the log from its beginning, on a connection of its own. */
  private static final class Subscriber extends ClientCall.Listener<SubscribeToLogResponse> {
    private final ClientCall<SubscribeToLogRequest, SubscribeToLogResponse> call;
    private final AtomicInteger messages = new AtomicInteger();
    private volatile boolean reads;
    private volatile long last;
    private volatile @Nullable String fault;

    Subscriber(ManagedChannel channel, boolean reads) {
      this.reads = reads;
      call = channel.newCall(EventStoreGrpc.getSubscribeToLogMethod(), CallOptions.DEFAULT);
      call.start(this, new Metadata());
      call.request(1);
      call.sendMessage(SubscribeToLogRequest.getDefaultInstance());
      call.halfClose();
    }

    @Override
    public void onMessage(SubscribeToLogResponse answer) {
      answer
          .getEvents()
          .getEventsList()
          .forEach(
              event -> {
                if (event.getPosition() != last + 1) {
                  fault = "position " + event.getPosition() + " after " + last;
                }
                last = event.getPosition();
              });
      messages.incrementAndGet();
      if (reads) {
        call.request(1);
      }
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      if (fault == null && status.getCode() != Status.Code.CANCELLED) {
        fault = "it ended: " + status;
      }
    }

    void resume() {
      reads = true;
      call.request(1);
    }

    boolean hasEverything() {
      return last == EVENTS || fault != null;
    }
  }

  /**
   * A subscription over a socket that takes a byte a second, and has said that it takes anything.
   */
  private static final class ByteASecond implements AutoCloseable {
    private final Socket socket;
    private final AtomicInteger bytes = new AtomicInteger();
    private volatile @Nullable String fault;

    ByteASecond(int port, ScheduledExecutorService seconds) throws IOException {
      socket = new Socket(InetAddress.getLoopbackAddress(), port);
      socket.setSoTimeout(1);
      byte[] window = Http2Bytes.setting(4, Integer.MAX_VALUE);
      socket
          .getOutputStream()
          .write(
              Http2Bytes.joined(
                  Http2Bytes.PREFACE,
                  Http2Bytes.frame(Http2Bytes.SETTINGS, 0, 0, window),
                  Http2Bytes.call(1, "varve.v1.EventStore/SubscribeToLog"),
                  Http2Bytes.message(1)));
      var _ = seconds.scheduleAtFixedRate(this::read, 0, 1, TimeUnit.SECONDS);
    }

    private void read() {
      try {
        if (socket.getInputStream().read() >= 0) {
          bytes.incrementAndGet();
        }
      } catch (SocketTimeoutException e) {
        // nothing there this second
      } catch (IOException e) {
        fault = e.toString();
      }
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }

  @Test
  @Timeout(value = 30, unit = TimeUnit.MINUTES) // a thousand, by hand
  void those_that_read_get_everything_and_those_that_have_stopped_go_on_where_they_were()
      throws Exception {
    List<ManagedChannel> channels = new ArrayList<>();
    List<ByteASecond> slowest = new ArrayList<>();
    Path data = folder.resolve("data");
    try (ScheduledExecutorService seconds = Executors.newSingleThreadScheduledExecutor();
        ServerProcess server =
            ServerProcess.serve(data, "-Xmx256m", "-XX:MaxDirectMemorySize=256m")) {
      List<Subscriber> reading = new ArrayList<>();
      List<Subscriber> stalled = new ArrayList<>();
      for (int i = 0; i < SUBSCRIBERS; i++) {
        // Connections of their own: calls that stall on a shared one use up its window for all.
        ManagedChannel channel = server.builder().flowControlWindow(64 * 1024).build();
        channels.add(channel);
        boolean reads = i % 2 == 0;
        (reads ? reading : stalled).add(new Subscriber(channel, reads));
      }
      for (int i = 0; i < SLOWEST; i++) {
        slowest.add(new ByteASecond(server.port(), seconds));
      }
      await()
          .atMost(LONG)
          .until(() -> stalled.stream().allMatch(subscriber -> subscriber.messages.get() == 1));

      try (VarveClient store = server.client()) {
        write(store);
        await().atMost(LONG).until(() -> reading.stream().allMatch(Subscriber::hasEverything));
        assertThat(reading).allSatisfy(subscriber -> assertThat(subscriber.fault).isNull());
        assertThat(stalled)
            .allSatisfy(
                subscriber -> {
                  assertThat(subscriber.fault).isNull();
                  assertThat(subscriber.messages).hasValue(1);
                });
        long kib = server.memoryKib("VmRSS");
        stalled.forEach(Subscriber::resume);
        await().atMost(LONG).until(() -> stalled.stream().allMatch(Subscriber::hasEverything));
        assertThat(stalled).allSatisfy(subscriber -> assertThat(subscriber.fault).isNull());
        assertThat(slowest)
            .allSatisfy(
                subscriber -> {
                  assertThat(subscriber.fault).isNull();
                  assertThat(subscriber.bytes.get()).isPositive();
                });
        long most = server.memoryKib("VmHWM");
        System.out.printf(
            "%,d subscribers and %d that read a byte a second, of %,d events: %,d MiB while half of"
                + " them stalled, %,d MiB at most%n",
            SUBSCRIBERS, SLOWEST, EVENTS, kib >> 10, most >> 10);
        assertThat(most).isLessThan(MOST_KIB);
      }
      assertThat(server.isAlive()).isTrue();
      assertThat(server.errors()).doesNotContain("OutOfMemory", " ERROR ");
      for (ByteASecond subscriber : slowest) {
        subscriber.close();
      }
      channels.forEach(ManagedChannel::shutdownNow);
      server.terminate();
      assertThat(server.exit().code()).isZero();
    } finally {
      for (ByteASecond subscriber : slowest) {
        subscriber.close();
      }
      channels.forEach(ManagedChannel::shutdownNow);
    }
    assertThat(Folders.findings(data)).isEmpty();
  }

  /** All at once: the client holds back what the server has no room for. */
  private static void write(VarveClient store) {
    List<CompletableFuture<AppendResult>> answers = new ArrayList<>();
    for (int i = 0; i < APPENDS; i++) {
      List<NewEvent> events = new ArrayList<>();
      for (int j = 0; j < EVENTS_AN_APPEND; j++) {
        events.add(NewEvent.builder("Happened").data(new byte[EVENT_BYTES]).build());
      }
      answers.add(store.appendAsync("s-" + i % 8, ExpectedVersion.any(), events));
    }
    answers.forEach(CompletableFuture::join);
  }
}

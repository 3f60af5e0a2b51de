package io.varve.server.api.grpc;

import static io.varve.server.api.grpc.Wire.append;
import static io.varve.server.api.grpc.Wire.event;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Status;
import io.grpc.Status.Code;
import io.varve.proto.v1.AdminGrpc;
import io.varve.proto.v1.EventStoreGrpc;
import io.varve.proto.v1.SubscribeToStreamRequest;
import io.varve.proto.v1.SubscribeToStreamResponse;
import io.varve.proto.v1.VerifyRequest;
import io.varve.server.TestServer;
import io.varve.server.WatchedLog;
import io.varve.server.api.grpc.ServedMethods.Served;
import io.varve.server.config.Settings;
import io.varve.server.fixture.Mutations;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Requests that are drawn at random, for every method that the server serves: bytes that are no
 * message, messages that make sense and that were changed, messages of extremes; one of them, none
 * or several; ended, given up, called off and out of time. Each ends with a status that the
 * contract knows, the server logs no exception, who works beside it notices nothing, and when all
 * is over the store is sound and nothing of it is left.
 *
 * <p>{@code -Dvarve.requests=100000} for more, {@code -Dvarve.seed=N} for the same requests again.
 */
class RequestFuzzTest {
  private static final int REQUESTS = Integer.getInteger("varve.requests", 3_000);
  private static final long SEED = Long.getLong("varve.seed", 20_261_128);

  private static final int CONNECTIONS = 4;
  private static final int AT_A_TIME = 48;
  private static final int CANARY_EVERY = 50;
  private static final long LEFT_BYTES = 128L << 20;
  private static final int MOST_SHOWN = 4_000;
  private static final String CANARY = "canary-of-the-fuzz-test";

  /** All that API.md names, but for what would be the server's own fault. */
  private static final Set<Code> DOCUMENTED =
      Set.of(
          Code.OK,
          Code.CANCELLED,
          Code.INVALID_ARGUMENT,
          Code.DEADLINE_EXCEEDED,
          Code.NOT_FOUND,
          Code.ALREADY_EXISTS,
          Code.PERMISSION_DENIED,
          Code.UNAUTHENTICATED,
          Code.RESOURCE_EXHAUSTED,
          Code.FAILED_PRECONDITION,
          Code.ABORTED,
          Code.OUT_OF_RANGE,
          Code.UNIMPLEMENTED);

  private static final Metadata.Key<String> KURRENTDB_FAILURE =
      Metadata.Key.of("exception", Metadata.ASCII_STRING_MARSHALLER);

  @TempDir private Path temp;

  private final Semaphore places = new Semaphore(AT_A_TIME);
  private final Queue<String> faults = new ConcurrentLinkedQueue<>();
  private final Map<Code, AtomicInteger> ends = new EnumMap<>(Code.class);

  RequestFuzzTest() {
    for (Code code : Code.values()) {
      ends.put(code, new AtomicInteger());
    }
  }

  @Test
  @Timeout(value = 30, unit = TimeUnit.MINUTES) // by hand there are a million
  void whatever_is_asked_is_answered_with_a_documented_status_and_harms_nobody() throws Exception {
    Path backups = Files.createDirectory(temp.resolve("backups"));
    Path archive = Files.createDirectory(temp.resolve("archive"));
    try (WatchedLog log = new WatchedLog();
        TestServer server =
            TestServer.start(
                TestServer.config(temp.resolve("data"))
                    .with(Settings.BACKUP_FOLDER, backups)
                    .with(Settings.ARCHIVE_FOLDER, archive)
                    .with(Settings.CHANNELZ, true))) {
      Canary canary = new Canary(server.connect());
      List<Served> methods = ServedMethods.of(server.connect());
      assertThat(methods).extracting(Served::name).contains("varve.v1.EventStore/Append");
      List<ManagedChannel> channels = new ArrayList<>();
      for (int i = 0; i < CONNECTIONS; i++) {
        channels.add(server.connect());
      }
      canary.sings();
      long before = heapBytes();
      for (int i = 0; i < REQUESTS && faults.isEmpty(); i++) {
        if (i % CANARY_EVERY == 0) {
          canary.sings();
        }
        places.acquire();
        fuzz(i, methods, channels.get(i % CONNECTIONS));
      }
      places.acquire(AT_A_TIME);

      System.out.printf(
          "%,d requests to %d methods, ended %s; -Dvarve.seed=%d%n",
          REQUESTS, methods.size(), counted(), SEED);
      assertThat(faults).as("-Dvarve.seed=" + SEED).isEmpty();
      assertThat(log.faults()).as("-Dvarve.seed=" + SEED).isEmpty();
      canary.sings();
      canary.hasHeardEverySongOnceInOrder();
      await().until(() -> server.subscriptions() == 1); // the canary's
      assertThat(findings(server)).as("-Dvarve.seed=" + SEED).isEmpty();
      long left = heapBytes() - before;
      System.out.printf("of it there are left %,d KiB on the heap%n", left / 1024);
      assertThat(left).isLessThan(LEFT_BYTES);
    }
  }

  private String counted() {
    StringBuilder text = new StringBuilder();
    ends.forEach(
        (code, count) -> {
          if (count.get() > 0) {
            text.append(code).append(' ').append(count).append(' ');
          }
        });
    return text.toString().strip();
  }

  /** The heap without what nobody holds any more. */
  private static long heapBytes() {
    System.gc();
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }

  private static List<String> findings(TestServer server) {
    List<String> findings = new ArrayList<>();
    AdminGrpc.newBlockingStub(server.connect())
        .verify(VerifyRequest.getDefaultInstance())
        .forEachRemaining(answer -> findings.addAll(answer.getFindingsList()));
    return findings;
  }

  // ---- one call

  /** How a call is ended by who made it. */
  private enum End {
    HALF_CLOSED,
    ABANDONED,
    CANCELLED_AT_ONCE,
    NEVER_READ,
    OUT_OF_TIME
  }

  private void fuzz(int number, List<Served> methods, Channel channel) {
    Random random = new Random(SEED + number * 0x9e3779b97f4a7c15L);
    Served method = methods.get(random.nextInt(methods.size()));
    List<byte[]> messages = new ArrayList<>();
    int count = random.nextInt(4) > 0 ? 1 : random.nextInt(5);
    for (int i = 0; i < count; i++) {
      messages.add(message(random, method));
    }
    End end = random.nextInt(3) > 0 ? End.HALF_CLOSED : End.values()[random.nextInt(5)];
    // On the wire a bidirectional call looks like any other, and gRPC lets it send any number.
    long millis = end == End.OUT_OF_TIME ? random.nextInt(20) : 1_000;
    ClientCall<byte[], byte[]> call =
        channel.newCall(
            raw(method.name()),
            CallOptions.DEFAULT.withDeadlineAfter(millis, TimeUnit.MILLISECONDS));
    Listener listener = new Listener(call, number, method, messages);
    call.start(listener, new Metadata());
    if (end != End.NEVER_READ) {
      call.request(1);
    }
    messages.forEach(call::sendMessage);
    switch (end) {
      case HALF_CLOSED, OUT_OF_TIME, NEVER_READ -> call.halfClose();
      case CANCELLED_AT_ONCE -> call.cancel("the caller has changed its mind", null);
      case ABANDONED -> {} // until the deadline
    }
  }

  private static byte[] message(Random random, Served method) {
    RandomMessages messages = new RandomMessages(random);
    Mutations mutations = new Mutations(random);
    return switch (random.nextInt(8)) {
      case 0 -> mutations.bytes(random.nextInt(64));
      case 1, 2, 3 ->
          mutations.next(messages.plausible(method.input()), messages.plausible(method.input()));
      case 4, 5 -> messages.plausible(method.input());
      default -> messages.wild(method.input());
    };
  }

  private final class Listener extends ClientCall.Listener<byte[]> {
    /** A subscription, or a backup, would go on for as long as there is time. */
    private static final int ANSWERS = 3;

    private final ClientCall<byte[], byte[]> call;
    private final int number;
    private final Served method;
    private final List<byte[]> messages;
    private int answers;

    Listener(ClientCall<byte[], byte[]> call, int number, Served method, List<byte[]> messages) {
      this.call = call;
      this.number = number;
      this.method = method;
      this.messages = messages;
    }

    @Override
    public void onMessage(byte[] message) {
      if (++answers == ANSWERS) {
        call.cancel("these are answers enough", null);
      } else {
        call.request(1);
      }
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      requireNonNull(ends.get(status.getCode())).incrementAndGet();
      String sentence = String.valueOf(status.getDescription());
      if (!(DOCUMENTED.contains(status.getCode()) || isKurrentDbsOwn(status, trailers))
          || sentence.contains("Exception")
          || sentence.contains("io.varve.server")) {
        StringBuilder fault = new StringBuilder();
        fault.append("request %d, to %s, ended %s: ".formatted(number, method, status));
        for (byte[] message : messages) {
          String hex = HexFormat.of().formatHex(message);
          fault.append(hex, 0, Math.min(hex.length(), MOST_SHOWN)).append(' ');
        }
        faults.add(fault.toString());
      }
      places.release();
    }
  }

  /** What KurrentDB says of a group that cannot be made: its clients go by the trailer. */
  private static boolean isKurrentDbsOwn(Status status, Metadata trailers) {
    return status.getCode() == Code.INTERNAL
        && "persistent-subscription-failed".equals(trailers.get(KURRENTDB_FAILURE));
  }

  private static MethodDescriptor<byte[], byte[]> raw(String name) {
    Bytes bytes = new Bytes();
    return MethodDescriptor.<byte[], byte[]>newBuilder(bytes, bytes)
        .setFullMethodName(name)
        .setType(MethodType.BIDI_STREAMING)
        .build();
  }

  private static final class Bytes implements MethodDescriptor.Marshaller<byte[]> {
    @Override
    public InputStream stream(byte[] value) {
      return new ByteArrayInputStream(value);
    }

    @Override
    public byte[] parse(InputStream stream) {
      try {
        return stream.readAllBytes();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  // ---- who is beside it

  /** Appends, and follows what it has appended, on a connection of its own. */
  private static final class Canary extends ClientCall.Listener<SubscribeToStreamResponse> {
    private final EventStoreGrpc.EventStoreBlockingStub store;
    private final ClientCall<SubscribeToStreamRequest, SubscribeToStreamResponse> call;
    private final Queue<Long> heard = new ConcurrentLinkedQueue<>();
    private final Queue<Status> ended = new ConcurrentLinkedQueue<>();
    private long songs;

    Canary(ManagedChannel channel) {
      store = EventStoreGrpc.newBlockingStub(channel);
      call = channel.newCall(EventStoreGrpc.getSubscribeToStreamMethod(), CallOptions.DEFAULT);
      call.start(this, new Metadata());
      call.request(Integer.MAX_VALUE);
      call.sendMessage(SubscribeToStreamRequest.newBuilder().setStream(CANARY).build());
      call.halfClose();
    }

    @Override
    public void onMessage(SubscribeToStreamResponse answer) {
      answer.getEvents().getEventsList().forEach(song -> heard.add(song.getVersion()));
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      ended.add(status);
    }

    void sings() {
      songs++;
      assertThat(
              store
                  .withDeadlineAfter(1, TimeUnit.MINUTES)
                  .append(append(CANARY, event("Sang")))
                  .getVersion())
          .isEqualTo(songs);
    }

    void hasHeardEverySongOnceInOrder() {
      await().until(() -> heard.size() >= songs);
      List<Long> versions = new ArrayList<>();
      for (long version = 1; version <= songs; version++) {
        versions.add(version);
      }
      assertThat(heard).containsExactlyElementsOf(versions);
      assertThat(ended).isEmpty();
    }
  }
}

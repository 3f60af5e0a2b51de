package io.varve.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.ErrorInfo;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.varve.proto.v1.AdminGrpc;
import io.varve.proto.v1.AppendRequest;
import io.varve.proto.v1.ArchiveRequest;
import io.varve.proto.v1.EventStoreGrpc;
import io.varve.proto.v1.ListArchiveRequest;
import io.varve.proto.v1.NewEvent;
import io.varve.proto.v1.ReadLogRequest;
import io.varve.proto.v1.RecordedEvent;
import io.varve.proto.v1.VerifyArchiveRequest;
import io.varve.server.storage.rocksdb.Folders;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * SIGKILL while events are moved to the archive and others are appended. {@code -Dvarve.kills=50}
 * for a long run, {@code -Dvarve.seed=N} for other moments.
 */
class ArchiveKillIT {
  private static final int KILLS = Integer.getInteger("varve.kills", 4);
  private static final int EVENTS_A_ROUND = 120;
  private static final long SEED = Long.getLong("varve.seed", 1);

  @TempDir Path folder;

  @Test
  void a_killed_server_has_every_event_once_in_the_log_or_in_the_archive() throws Exception {
    Path data = folder.resolve("data");
    Path archive = Files.createDirectory(folder.resolve("archive"));
    Random random = new Random(SEED);
    AtomicLong acknowledged = new AtomicLong();
    for (int kill = 0; kill < KILLS; kill++) {
      try (ServerProcess server = ServerProcess.serveWith(data, archive)) {
        ManagedChannel channel = server.connect();
        try {
          check(channel, acknowledged.get());
          long target = acknowledged.get() + EVENTS_A_ROUND;
          // Every second kill comes after something was moved: also to a store that was killed
          // before.
          long moved = kill % 2 == 0 ? -1 : archivedPosition(channel);
          AtomicLong archived = new AtomicLong();
          AtomicReference<Throwable> failure = new AtomicReference<>();
          Thread writer = Thread.ofPlatform().start(() -> append(channel, acknowledged));
          Thread archiver = Thread.ofPlatform().start(() -> archive(channel, archived, failure));
          await()
              .atMost(ServerProcess.PATIENCE)
              .pollInterval(Duration.ofMillis(1 + random.nextInt(20)))
              .until(
                  () ->
                      (acknowledged.get() >= target && archived.get() > moved)
                          || !writer.isAlive()
                          || !archiver.isAlive());
          server.kill();
          writer.join(ServerProcess.PATIENCE);
          archiver.join(ServerProcess.PATIENCE);
          assertThat(writer.isAlive() || archiver.isAlive()).isFalse();
          assertThat(failure.get()).as("of a run of the archive, seed " + SEED).isNull();
          assertThat(acknowledged.get()).isGreaterThanOrEqualTo(target);
          assertThat(archived.get()).isGreaterThan(moved);
        } finally {
          channel.shutdownNow();
        }
      }
    }
    assertThat(Folders.findings(data, archive)).as("the killed store, seed " + SEED).isEmpty();
    try (ServerProcess server = ServerProcess.serveWith(data, archive)) {
      ManagedChannel channel = server.connect();
      try {
        check(channel, acknowledged.get());
        var admin = AdminGrpc.newBlockingStub(channel);
        assertThat(archivedPosition(channel))
            .as("something was archived before a kill (seed " + SEED + ")")
            .isPositive();
        List<String> findings = new ArrayList<>();
        admin
            .verifyArchive(VerifyArchiveRequest.getDefaultInstance())
            .forEachRemaining(response -> findings.addAll(response.getFindingsList()));
        assertThat(findings).isEmpty();
      } finally {
        channel.shutdownNow();
      }
    }
  }

  private static void append(ManagedChannel channel, AtomicLong acknowledged) {
    var store = EventStoreGrpc.newBlockingStub(channel);
    byte[] payload = new byte[20_000];
    try {
      while (true) {
        acknowledged.set(
            store
                .append(
                    AppendRequest.newBuilder()
                        .setStream("s-" + acknowledged.get() % 7)
                        .addEvents(
                            NewEvent.newBuilder()
                                .setType("Happened")
                                .setData(ByteString.copyFrom(payload)))
                        .build())
                .getPosition());
      }
    } catch (StatusRuntimeException gone) {
      // killed, as it should be
    }
  }

  /** Run after run, until the server is killed. */
  private static void archive(
      ManagedChannel channel, AtomicLong archived, AtomicReference<Throwable> failure) {
    var admin = AdminGrpc.newBlockingStub(channel);
    boolean killed = false;
    while (!killed && failure.get() == null) {
      try {
        admin
            .archive(ArchiveRequest.newBuilder().setPosition(Long.MAX_VALUE).build())
            .forEachRemaining(response -> archived.set(response.getArchivedPosition()));
      } catch (StatusRuntimeException e) {
        String reason = reason(e);
        killed = e.getStatus().getCode() == Status.Code.UNAVAILABLE && reason.isEmpty();
        // The server finishes what the last kill has left, before it takes another run.
        if (!killed && !reason.equals("ARCHIVE_RUNNING")) {
          failure.set(e);
        }
      }
    }
  }

  /** What the server says; empty when it is not the server that has answered. */
  private static String reason(StatusRuntimeException e) {
    com.google.rpc.Status status = StatusProto.fromThrowable(e);
    try {
      return status == null || status.getDetailsCount() == 0
          ? ""
          : status.getDetails(0).unpack(ErrorInfo.class).getReason();
    } catch (InvalidProtocolBufferException unreadable) {
      throw new IllegalArgumentException(unreadable);
    }
  }

  private static long archivedPosition(ManagedChannel channel) {
    return AdminGrpc.newBlockingStub(channel)
        .listArchive(ListArchiveRequest.getDefaultInstance())
        .getArchivedPosition();
  }

  /** All events up to what was acknowledged, each once, and at most one more. */
  private static void check(ManagedChannel channel, long acknowledged) {
    List<Long> positions = new ArrayList<>();
    EventStoreGrpc.newBlockingStub(channel)
        .readLog(ReadLogRequest.getDefaultInstance())
        .forEachRemaining(
            page -> {
              for (RecordedEvent event : page.getEventsList()) {
                positions.add(event.getPosition());
                assertThat(event.getData().size()).isEqualTo(20_000);
              }
            });
    assertThat(positions).hasSizeBetween((int) acknowledged, (int) acknowledged + 1);
    assertThat(positions).isEqualTo(LongStream.rangeClosed(1, positions.size()).boxed().toList());
  }
}

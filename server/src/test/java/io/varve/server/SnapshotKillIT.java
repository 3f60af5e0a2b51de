package io.varve.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.varve.proto.v1.AppendRequest;
import io.varve.proto.v1.EventStoreGrpc;
import io.varve.proto.v1.ListSnapshotsRequest;
import io.varve.proto.v1.NewEvent;
import io.varve.proto.v1.ReadStreamRequest;
import io.varve.proto.v1.ReadStreamResponse;
import io.varve.proto.v1.RecordedEvent;
import io.varve.proto.v1.SaveSnapshotRequest;
import io.varve.proto.v1.Snapshot;
import io.varve.proto.v1.SnapshotsGrpc;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * SIGKILL while snapshots are being saved: what was answered is there, and what is there is true.
 */
class SnapshotKillIT {
  private static final String STREAM = "account-42";
  private static final int KILLS = 3;

  @TempDir Path folder;

  @Test
  void a_killed_server_has_every_snapshot_that_it_answered_for_and_none_that_is_wrong()
      throws Exception {
    Path data = folder.resolve("data");
    AtomicLong saved = new AtomicLong();
    for (int kill = 0; kill < KILLS; kill++) {
      try (ServerProcess server = ServerProcess.serve(data)) {
        ManagedChannel channel = server.connect();
        try {
          checkWhatIsThere(channel, saved.get());
          long target = saved.get() + 40;
          Thread writer = Thread.ofPlatform().start(() -> appendAndSave(channel, saved));
          await()
              .atMost(ServerProcess.PATIENCE)
              .pollInterval(Duration.ofMillis(5))
              .until(() -> saved.get() >= target || !writer.isAlive());
          server.kill();
          writer.join(ServerProcess.PATIENCE);
          assertThat(writer.isAlive()).isFalse();
          assertThat(saved.get()).isGreaterThanOrEqualTo(target);
        } finally {
          channel.shutdownNow();
        }
      }
    }
    try (ServerProcess server = ServerProcess.serve(data)) {
      ManagedChannel channel = server.connect();
      try {
        checkWhatIsThere(channel, saved.get());
      } finally {
        channel.shutdownNow();
      }
    }
  }

  private static String state(long version) {
    return ("state at " + version + ", ").repeat(500);
  }

  /** Appends an event and saves a snapshot of it, again and again, until the server has gone. */
  private static void appendAndSave(ManagedChannel channel, AtomicLong saved) {
    var store =
        EventStoreGrpc.newBlockingStub(channel)
            .withDeadlineAfter(ServerProcess.PATIENCE.toSeconds(), TimeUnit.SECONDS);
    var snapshots =
        SnapshotsGrpc.newBlockingStub(channel)
            .withDeadlineAfter(ServerProcess.PATIENCE.toSeconds(), TimeUnit.SECONDS);
    try {
      while (true) {
        long version =
            store
                .append(
                    AppendRequest.newBuilder()
                        .setStream(STREAM)
                        .addEvents(NewEvent.newBuilder().setType("Happened"))
                        .build())
                .getVersion();
        snapshots.saveSnapshot(
            SaveSnapshotRequest.newBuilder()
                .setSnapshot(
                    Snapshot.newBuilder()
                        .setStream(STREAM)
                        .setVersion(version)
                        .setData(ByteString.copyFrom(state(version), UTF_8)))
                .build());
        saved.set(version);
      }
    } catch (StatusRuntimeException gone) {
      // killed, as it should be
    }
  }

  private static void checkWhatIsThere(ManagedChannel channel, long saved) {
    if (saved == 0) {
      return;
    }
    List<ReadStreamResponse> pages = new ArrayList<>();
    EventStoreGrpc.newBlockingStub(channel)
        .readStream(ReadStreamRequest.newBuilder().setStream(STREAM).setFromSnapshot(true).build())
        .forEachRemaining(pages::add);
    Snapshot snapshot = pages.getFirst().getSnapshot();
    List<Long> after =
        pages.stream()
            .flatMap(page -> page.getEventsList().stream())
            .map(RecordedEvent::getVersion)
            .toList();

    // A save may have been carried out though the server died before the answer.
    assertThat(snapshot.getVersion()).isBetween(saved, saved + 1);
    assertThat(snapshot.getData().toStringUtf8()).isEqualTo(state(snapshot.getVersion()));
    assertThat(after)
        .hasSizeLessThanOrEqualTo(1)
        .isEqualTo(
            LongStream.range(0, after.size())
                .mapToObj(i -> snapshot.getVersion() + 1 + i)
                .toList());
    assertThat(
            SnapshotsGrpc.newBlockingStub(channel)
                .listSnapshots(ListSnapshotsRequest.newBuilder().setStream(STREAM).build())
                .getSnapshotsList())
        .extracting(Snapshot::getVersion)
        .hasSizeBetween(10, 11) // between a save and the dropping of what is too old
        .startsWith(snapshot.getVersion());
  }
}

package io.varve.server.api.grpc;

import com.google.protobuf.Timestamp;
import com.google.protobuf.util.Durations;
import io.grpc.ServerServiceDefinition;
import io.grpc.stub.StreamObserver;
import io.varve.proto.v1.AdminGrpc;
import io.varve.proto.v1.ArchiveRequest;
import io.varve.proto.v1.ArchiveResponse;
import io.varve.proto.v1.CompactRequest;
import io.varve.proto.v1.CompactResponse;
import io.varve.proto.v1.CreateBackupRequest;
import io.varve.proto.v1.CreateBackupResponse;
import io.varve.proto.v1.GetServerInfoRequest;
import io.varve.proto.v1.GetServerInfoResponse;
import io.varve.proto.v1.GetStatisticsRequest;
import io.varve.proto.v1.GetStatisticsResponse;
import io.varve.proto.v1.ListArchiveRequest;
import io.varve.proto.v1.ListArchiveResponse;
import io.varve.proto.v1.ScavengeRequest;
import io.varve.proto.v1.ScavengeResponse;
import io.varve.proto.v1.VerifyArchiveRequest;
import io.varve.proto.v1.VerifyArchiveResponse;
import io.varve.proto.v1.VerifyRequest;
import io.varve.proto.v1.VerifyResponse;
import io.varve.server.backup.Backups;
import io.varve.server.config.Limits;
import io.varve.server.group.ConsumerGroups;
import io.varve.server.ops.ArchiveVerifier;
import io.varve.server.ops.Archiver;
import io.varve.server.ops.Compactor;
import io.varve.server.ops.LongTask;
import io.varve.server.ops.Scavenger;
import io.varve.server.ops.Traffic;
import io.varve.server.ops.Verifier;
import io.varve.server.snapshot.SnapshotStore;
import io.varve.server.storage.EventStorage;
import io.varve.server.storage.StorageFigures;
import io.varve.server.subscription.Subscriptions;
import java.time.Instant;
import java.util.List;
import java.util.function.LongSupplier;

/**
 * The service {@code varve.v1.Admin}, as far as it is served: what the server is, its figures,
 * scavenges, compactions, backups and verifications. Thread-safe.
 */
public final class AdminEndpoint {
  /** The optional parts that are served; the contract says what each name stands for. */
  private static final List<String> FEATURES =
      List.of(
          "archive",
          "backup",
          "compact",
          "consumer-groups",
          "scavenge",
          "snapshots",
          "statistics",
          "streams",
          "transactions",
          "verify");

  private final String release;
  private final EventStorage storage;
  private final SnapshotStore snapshots;
  private final ConsumerGroups groups;
  private final Subscriptions subscriptions;
  private final Traffic traffic;
  private final Scavenger scavenger;
  private final Upkeep upkeep;
  private final BackupCall backupCall;
  private final ArchiveCalls archiveCalls;
  private final LongSupplier nanoTime;
  private final long begun;

  /**
   * What is done in the background when it is asked for.
   *
   * @param backupTask runs backups
   */
  public record Upkeep(
      Backups backups,
      LongTask backupTask,
      Verifier verifier,
      ArchiveVerifier archiveVerifier,
      Compactor compactor) {}

  /**
   * The endpoint of a server that begins to serve now.
   *
   * @param release the release's number
   * @param nanoTime a clock that only runs forwards
   */
  public AdminEndpoint(
      String release,
      EventStorage storage,
      SnapshotStore snapshots,
      ConsumerGroups groups,
      Subscriptions subscriptions,
      Traffic traffic,
      Scavenger scavenger,
      Upkeep upkeep,
      Limits limits,
      Archiver archiver,
      LongSupplier nanoTime) {
    this.release = release;
    this.storage = storage;
    this.snapshots = snapshots;
    this.groups = groups;
    this.subscriptions = subscriptions;
    this.traffic = traffic;
    this.scavenger = scavenger;
    this.upkeep = upkeep;
    this.backupCall =
        new BackupCall(upkeep.backups(), upkeep.backupTask(), new Checks(limits), nanoTime);
    this.archiveCalls = new ArchiveCalls(storage, archiver);
    this.nanoTime = nanoTime;
    this.begun = nanoTime.getAsLong();
  }

  /** The service as gRPC serves it. */
  ServerServiceDefinition service() {
    return new Service().bindService();
  }

  /** Ends what would go on for long. */
  void stop() {
    archiveCalls.stop();
    upkeep.backupTask().cancel();
    upkeep.verifier().cancel();
    upkeep.archiveVerifier().cancel();
  }

  private final class Service extends AdminGrpc.AdminImplBase {
    @Override
    public void getServerInfo(
        GetServerInfoRequest request, StreamObserver<GetServerInfoResponse> observer) {
      UnaryAnswer.send(observer, serverInfo());
    }

    @Override
    public void getStatistics(
        GetStatisticsRequest request, StreamObserver<GetStatisticsResponse> observer) {
      UnaryAnswer.send(observer, statistics());
    }

    @Override
    public void scavenge(ScavengeRequest request, StreamObserver<ScavengeResponse> observer) {
      UnaryAnswer.send(
          observer, ScavengeResponse.newBuilder().setStarted(scavenger.start()).build());
    }

    @Override
    public void createBackup(
        CreateBackupRequest request, StreamObserver<CreateBackupResponse> observer) {
      backupCall.start(request, observer);
    }

    @Override
    public void verify(VerifyRequest request, StreamObserver<VerifyResponse> observer) {
      VerifyCall.start(upkeep.verifier(), observer, nanoTime);
    }

    @Override
    public void compact(CompactRequest request, StreamObserver<CompactResponse> observer) {
      UnaryAnswer.send(
          observer, CompactResponse.newBuilder().setStarted(upkeep.compactor().start()).build());
    }

    @Override
    public void archive(ArchiveRequest request, StreamObserver<ArchiveResponse> observer) {
      archiveCalls.run(request, observer);
    }

    @Override
    public void listArchive(
        ListArchiveRequest request, StreamObserver<ListArchiveResponse> observer) {
      UnaryAnswer.send(observer, archiveCalls.list(request));
    }

    @Override
    public void verifyArchive(
        VerifyArchiveRequest request, StreamObserver<VerifyArchiveResponse> observer) {
      VerifyArchiveCall.start(upkeep.archiveVerifier(), observer, nanoTime);
    }
  }

  private GetServerInfoResponse serverInfo() {
    return GetServerInfoResponse.newBuilder()
        .setRelease(release)
        .setDataFormat(storage.figures().dataFormat())
        .setStoreId(storage.storeId().toString())
        .setUptime(Durations.fromNanos(nanoTime.getAsLong() - begun))
        .addAllFeatures(FEATURES)
        .build();
  }

  private GetStatisticsResponse statistics() {
    StorageFigures figures = storage.figures();
    Scavenger.Progress scavenge = scavenger.progress();
    GetStatisticsResponse.Builder statistics = GetStatisticsResponse.newBuilder();
    Instant finishedAt = scavenge.lastFinishedAt();
    if (finishedAt != null) {
      statistics.setLastScavengeAt(
          Timestamp.newBuilder()
              .setSeconds(finishedAt.getEpochSecond())
              .setNanos(finishedAt.getNano()));
    }
    Instant compactedAt = upkeep.compactor().lastFinishedAt();
    if (compactedAt != null) {
      statistics.setLastCompactionAt(ProtoTimes.of(compactedAt));
    }
    return statistics
        .setCompactionRunning(upkeep.compactor().isRunning())
        .setScavengeRunning(scavenge.running())
        .setScavengedEvents(scavenge.events())
        .setHeadPosition(storage.head().position())
        .setEventCount(figures.events())
        .setStreamCount(figures.streams())
        .setDiskBytes(figures.diskBytes() + snapshots.diskBytes() + groups.diskBytes())
        .setAppendsPerSecond(traffic.appendsPerSecond())
        .setReadsPerSecond(traffic.readsPerSecond())
        .setSubscriptions(subscriptions.count())
        .build();
  }
}

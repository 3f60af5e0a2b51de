package io.varve.client.connection;

import io.varve.client.connection.PagedList.Page;
import io.varve.client.streams.Snapshot;
import io.varve.client.streams.SnapshotInfo;
import io.varve.client.streams.Snapshots;
import io.varve.proto.v1.DeleteSnapshotsRequest;
import io.varve.proto.v1.GetSnapshotRequest;
import io.varve.proto.v1.ListSnapshotsRequest;
import io.varve.proto.v1.ListSnapshotsResponse;
import io.varve.proto.v1.SaveSnapshotRequest;
import io.varve.proto.v1.SnapshotsGrpc;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** A server's snapshots. Saving and deleting them twice does no harm, so all calls are repeated. */
final class RemoteSnapshots implements Snapshots {

  private final UnaryCalls calls;

  RemoteSnapshots(UnaryCalls calls) {
    this.calls = calls;
  }

  @Override
  public Instant save(Snapshot snapshot) {
    ProtoMapping.requireAtLeastOne("snapshot.version", snapshot.version());
    SaveSnapshotRequest request =
        SaveSnapshotRequest.newBuilder().setSnapshot(StreamMapping.snapshot(snapshot)).build();
    return ProtoMapping.instant(
        calls.ask(SnapshotsGrpc.getSaveSnapshotMethod(), request).getSavedAt());
  }

  @Override
  public Optional<Snapshot> newest(String stream) {
    return get(request(stream));
  }

  @Override
  public Optional<Snapshot> newestAt(String stream, long version) {
    ProtoMapping.requireAtLeastOne("version", version);
    return get(request(stream).setVersion(version));
  }

  @Override
  public Optional<Snapshot> newestAt(String stream, Instant time) {
    return get(request(stream).setTime(ProtoMapping.wireTime("time", time)));
  }

  private static GetSnapshotRequest.Builder request(String stream) {
    return GetSnapshotRequest.newBuilder().setStream(ProtoMapping.streamName(stream));
  }

  private Optional<Snapshot> get(GetSnapshotRequest.Builder request) {
    return calls
        .look(SnapshotsGrpc.getGetSnapshotMethod(), request.build(), StoreError::isNoSuchSnapshot)
        .map(response -> StreamMapping.snapshot(response.getSnapshot()));
  }

  @Override
  public Stream<SnapshotInfo> list(String stream) {
    String name = ProtoMapping.streamName(stream);
    return PagedList.of(
        token -> {
          ListSnapshotsRequest request =
              ListSnapshotsRequest.newBuilder()
                  .setStream(name)
                  .setPageSize(PagedList.PAGE_SIZE)
                  .setPageToken(token)
                  .build();
          ListSnapshotsResponse page =
              calls
                  .look(
                      SnapshotsGrpc.getListSnapshotsMethod(), request, StoreError::isNoSuchSnapshot)
                  .orElse(ListSnapshotsResponse.getDefaultInstance());
          List<SnapshotInfo> entries =
              page.getSnapshotsList().stream()
                  .map(found -> StreamMapping.snapshot(found).info())
                  .toList();
          return new Page<>(entries, page.getNextPageToken());
        });
  }

  @Override
  public long delete(String stream) {
    return delete(stream, 0);
  }

  @Override
  public long deleteUpTo(String stream, long version) {
    ProtoMapping.requireAtLeastOne("up_to_version", version);
    return delete(stream, version);
  }

  private long delete(String stream, long upToVersion) {
    DeleteSnapshotsRequest request =
        DeleteSnapshotsRequest.newBuilder()
            .setStream(ProtoMapping.streamName(stream))
            .setUpToVersion(upToVersion)
            .build();
    return calls
        .look(SnapshotsGrpc.getDeleteSnapshotsMethod(), request, StoreError::isNoSuchSnapshot)
        .map(response -> response.getDeleted())
        .orElse(0L);
  }
}

package io.varve.server.api.grpc;

import io.grpc.ServerServiceDefinition;
import io.grpc.stub.StreamObserver;
import io.varve.proto.v1.DeleteSnapshotsRequest;
import io.varve.proto.v1.DeleteSnapshotsResponse;
import io.varve.proto.v1.GetSnapshotRequest;
import io.varve.proto.v1.GetSnapshotResponse;
import io.varve.proto.v1.ListSnapshotsRequest;
import io.varve.proto.v1.ListSnapshotsResponse;
import io.varve.proto.v1.SaveSnapshotRequest;
import io.varve.proto.v1.SaveSnapshotResponse;
import io.varve.proto.v1.SnapshotsGrpc;
import io.varve.server.config.Limits;
import io.varve.server.event.StreamId;
import io.varve.server.read.EventReader;
import io.varve.server.read.StreamLookUp;
import io.varve.server.read.StreamView;
import io.varve.server.snapshot.Snapshot;
import io.varve.server.snapshot.SnapshotStore;
import io.varve.server.snapshot.SnapshotSummary;
import io.varve.server.snapshot.VersionRange;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The service {@code varve.v1.Snapshots}: takes requests apart, asks the streams which snapshots
 * count, and the store for them. Thread-safe.
 *
 * <p>Exceptions that leave a method become the call's status in {@link RequestGuard}.
 */
public final class SnapshotsEndpoint {
  private final SnapshotStore snapshots;
  private final EventReader reader;
  private final Checks checks;
  private final Limits limits;
  private final InstantSource clock;

  /**
   * @param clock tells when a snapshot was saved
   */
  public SnapshotsEndpoint(
      SnapshotStore snapshots, EventReader reader, Limits limits, InstantSource clock) {
    this.snapshots = snapshots;
    this.reader = reader;
    this.checks = new Checks(limits);
    this.limits = limits;
    this.clock = clock;
  }

  /** The service as gRPC serves it. */
  ServerServiceDefinition service() {
    return new Service().bindService();
  }

  private final class Service extends SnapshotsGrpc.SnapshotsImplBase {
    @Override
    public void saveSnapshot(
        SaveSnapshotRequest request, StreamObserver<SaveSnapshotResponse> observer) {
      UnaryAnswer.send(observer, save(request));
    }

    @Override
    public void getSnapshot(
        GetSnapshotRequest request, StreamObserver<GetSnapshotResponse> observer) {
      UnaryAnswer.send(observer, get(request));
    }

    @Override
    public void listSnapshots(
        ListSnapshotsRequest request, StreamObserver<ListSnapshotsResponse> observer) {
      UnaryAnswer.send(observer, list(request));
    }

    @Override
    public void deleteSnapshots(
        DeleteSnapshotsRequest request, StreamObserver<DeleteSnapshotsResponse> observer) {
      UnaryAnswer.send(observer, delete(request));
    }
  }

  // ---- saving

  private SaveSnapshotResponse save(SaveSnapshotRequest request) {
    if (!request.hasSnapshot()) {
      throw Errors.invalid("snapshot", "must be set");
    }
    io.varve.proto.v1.Snapshot given = request.getSnapshot();
    StreamId stream = checks.stream("snapshot.stream", given.getStream());
    long version = Checks.placeOfEvent("snapshot.version", given.getVersion());
    String contentType =
        checks.optionalText(
            "snapshot.content_type", given.getContentType(), limits.contentTypeBytes());
    byte[] data;
    if (given.hasJson()) {
      if (!given.getData().isEmpty()) {
        throw Errors.invalid("snapshot.json", "must not be set together with data");
      }
      contentType = Checks.contentTypeOfJson("snapshot.content_type", contentType);
      data = Checks.json("snapshot.json", given.getJson());
      checks.size("snapshot.json", data.length, limits.payloadBytes());
    } else {
      data = given.getData().toByteArray();
      checks.size("snapshot.data", data.length, limits.payloadBytes());
    }

    StreamView view = StreamLookUps.found(reader.viewOf(stream, null), stream, version);
    if (version > view.last()) {
      throw Errors.invalid(
          "snapshot.version",
          "must not be ahead of the stream, which is at version "
              + view.last()
              + ", was "
              + version);
    }
    Instant now = clock.instant();
    SnapshotSummary summary =
        new SnapshotSummary(version, given.getSchemaVersion(), contentType, now);
    snapshots.save(new Snapshot(stream, summary, data), view.headPosition());
    return SaveSnapshotResponse.newBuilder().setSavedAt(ProtoTimes.of(now)).build();
  }

  // ---- finding

  private GetSnapshotResponse get(GetSnapshotRequest request) {
    StreamId stream = checks.stream("stream", request.getStream());
    boolean json = ReadRequests.wantsJson(request.getPayloadView(), request.getPayloadViewValue());
    Instant time = request.hasTime() ? Checks.time("time", request.getTime()) : null;
    long highest =
        request.hasVersion()
            ? Checks.placeOfEvent("version", request.getVersion())
            : Long.MAX_VALUE;
    Snapshot snapshot = snapshots.newest(stream, counting(stream, time).upTo(highest));
    if (snapshot == null) {
      throw Errors.snapshotNotFound(
          stream.value(),
          switch (request.getAtCase()) {
            case VERSION -> " at version " + request.getVersion() + " or before";
            case TIME -> " of a version that was recorded by " + time;
            case AT_NOT_SET -> "";
          });
    }
    return GetSnapshotResponse.newBuilder()
        .setSnapshot(SnapshotMessages.of(snapshot, json))
        .build();
  }

  /**
   * At which versions of a stream a snapshot counts; none when the stream is not there.
   *
   * @param asOf the stream as it was at this time; null for now
   */
  private VersionRange counting(StreamId stream, @Nullable Instant asOf) {
    return reader.viewOf(stream, asOf) instanceof StreamLookUp.Found<StreamView>(StreamView view)
        ? VersionRange.counting(view.firstKept(), view.deletedThrough(), view.last())
        : VersionRange.none();
  }

  private ListSnapshotsResponse list(ListSnapshotsRequest request) {
    StreamId stream = checks.stream("stream", request.getStream());
    int pageSize = Checks.pageSize(request.getPageSize());
    VersionRange versions = counting(stream, null).upTo(before(request.getPageToken(), stream));
    List<SnapshotSummary> found = snapshots.list(stream, versions, pageSize + 1);
    List<SnapshotSummary> page = found.subList(0, Math.min(pageSize, found.size()));
    ListSnapshotsResponse.Builder response = ListSnapshotsResponse.newBuilder();
    for (SnapshotSummary summary : page) {
      response.addSnapshots(SnapshotMessages.of(stream, summary));
    }
    if (found.size() > pageSize) {
      response.setNextPageToken(after(page.getLast().version(), stream));
    }
    return response.build();
  }

  private static final String LISTING = "snapshots";

  private static String after(long version, StreamId stream) {
    byte[] key = ByteBuffer.allocate(Long.BYTES).putLong(0, version).array();
    return PageToken.after(key, LISTING, stream.value());
  }

  /** The highest version of the page that a token asks for. */
  private static long before(String token, StreamId stream) {
    byte[] key = PageToken.key(token, LISTING, stream.value());
    if (key == null) {
      return Long.MAX_VALUE;
    }
    if (key.length != Long.BYTES) {
      throw PageToken.wrong();
    }
    return ByteBuffer.wrap(key).getLong() - 1;
  }

  // ---- deleting

  private DeleteSnapshotsResponse delete(DeleteSnapshotsRequest request) {
    StreamId stream = checks.stream("stream", request.getStream());
    long upTo = Checks.place("up_to_version", request.getUpToVersion());
    if (upTo == 0) {
      upTo = Long.MAX_VALUE;
    }
    long deleted = snapshots.delete(stream, counting(stream, null).upTo(upTo));
    snapshots.delete(stream, VersionRange.all().upTo(upTo)); // those that nobody sees, too
    return DeleteSnapshotsResponse.newBuilder().setDeleted(deleted).build();
  }
}

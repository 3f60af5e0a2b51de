package io.varve.server.api.grpc;

import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.varve.proto.v1.ArchiveRequest;
import io.varve.proto.v1.ArchiveResponse;
import io.varve.proto.v1.ListArchiveRequest;
import io.varve.proto.v1.ListArchiveResponse;
import io.varve.server.ops.Archiver;
import io.varve.server.storage.ArchiveSegment;
import io.varve.server.storage.EventArchive;
import io.varve.server.storage.EventStorage;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;

/** The calls of {@code varve.v1.Admin} that are about the archive. Thread-safe. */
final class ArchiveCalls {
  private static final String LISTING = "archive";

  private final EventStorage storage;
  private final Archiver archiver;
  private final Set<RunCall> runs = ConcurrentHashMap.newKeySet();
  private volatile boolean stopping;

  ArchiveCalls(EventStorage storage, Archiver archiver) {
    this.storage = storage;
    this.archiver = archiver;
  }

  // ---- moving

  void run(ArchiveRequest request, StreamObserver<ArchiveResponse> observer) {
    if (!storage.archive().isOpen()) {
      throw Errors.archiveNotSet();
    }
    long before =
        switch (request.getBeforeCase()) {
          case POSITION -> Checks.placeOfEvent("position", request.getPosition());
          case TIME -> archiver.positionBefore(Checks.time("time", request.getTime()));
          case BEFORE_NOT_SET -> throw Errors.invalid("before", "must be set: position or time");
        };
    RunCall call = new RunCall((ServerCallStreamObserver<ArchiveResponse>) observer);
    runs.add(call);
    if (!archiver.start(before, call)) {
      runs.remove(call);
      throw Errors.archiveRunning();
    }
    if (stopping) {
      call.stop();
    }
  }

  /** A caller that follows the run that it has begun. */
  private final class RunCall implements Archiver.Observer {
    private final ServerCallStreamObserver<ArchiveResponse> caller;
    private final AtomicBoolean over = new AtomicBoolean();

    RunCall(ServerCallStreamObserver<ArchiveResponse> caller) {
      this.caller = caller;
      caller.setOnCancelHandler(this::end);
    }

    private boolean end() {
      runs.remove(this);
      return !over.getAndSet(true);
    }

    @Override
    public boolean isWanted() {
      return !over.get();
    }

    @Override
    public void moved(Archiver.Progress progress) {
      if (isWanted() && caller.isReady()) { // what a slow caller misses, the next one says too
        caller.onNext(response(progress));
      }
    }

    @Override
    public void ended(Archiver.Progress progress) {
      if (end()) {
        caller.onNext(response(progress));
        caller.onCompleted();
      }
    }

    @Override
    public void failed(RuntimeException cause) {
      if (end()) {
        caller.onError(Errors.exception(Errors.fault(cause)));
      }
    }

    void stop() {
      if (end()) {
        caller.onError(Errors.exception(Errors.stopping()));
      }
    }

    private static ArchiveResponse response(Archiver.Progress progress) {
      return ArchiveResponse.newBuilder()
          .setEventsDone(progress.events())
          .setEventsTotal(progress.total())
          .setArchivedPosition(progress.archivedPosition())
          .build();
    }
  }

  // ---- listing

  ListArchiveResponse list(ListArchiveRequest request) {
    int pageSize = Checks.pageSize(request.getPageSize());
    long after = after(request.getPageToken());
    EventArchive archive = storage.archive();
    List<ArchiveSegment> rest =
        archive.segments().stream().filter(segment -> segment.firstPosition() > after).toList();
    List<ArchiveSegment> page = rest.subList(0, Math.min(pageSize, rest.size()));
    ListArchiveResponse.Builder response =
        ListArchiveResponse.newBuilder()
            .setArchivedPosition(archive.lastPosition())
            .setLocation(archive.location())
            .setRunning(archiver.isRunning());
    page.forEach(segment -> response.addSegments(message(segment)));
    if (rest.size() > pageSize) {
      byte[] key = ByteBuffer.allocate(Long.BYTES).putLong(page.getLast().firstPosition()).array();
      response.setNextPageToken(PageToken.after(key, LISTING));
    }
    return response.build();
  }

  private static long after(String token) {
    byte[] key = PageToken.key(token, LISTING);
    if (key == null) {
      return 0;
    }
    if (key.length != Long.BYTES) {
      throw PageToken.wrong();
    }
    return ByteBuffer.wrap(key).getLong();
  }

  private static io.varve.proto.v1.ArchiveSegment message(ArchiveSegment segment) {
    return io.varve.proto.v1.ArchiveSegment.newBuilder()
        .setName(segment.file())
        .setFirstPosition(segment.firstPosition())
        .setLastPosition(segment.lastPosition())
        .setEventCount(segment.events())
        .setEventBytes(segment.eventBytes())
        .setFileBytes(segment.fileBytes())
        .setFirstRecordedAt(ProtoTimes.of(segment.firstRecordedAt()))
        .setLastRecordedAt(ProtoTimes.of(segment.lastRecordedAt()))
        .setArchivedAt(ProtoTimes.of(segment.archivedAt()))
        .setSha256(segment.sha256())
        .build();
  }

  // ---- stopping

  /** Ends the calls that wait for a run; the run ends with them. */
  void stop() {
    stopping = true;
    runs.forEach(RunCall::stop);
  }
}

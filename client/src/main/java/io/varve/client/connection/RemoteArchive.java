package io.varve.client.connection;

import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import io.varve.client.connection.PagedList.Page;
import io.varve.client.streams.Archive;
import io.varve.client.streams.ArchiveProgress;
import io.varve.client.streams.ArchiveReport;
import io.varve.client.streams.ArchiveSegment;
import io.varve.client.streams.ArchiveStatus;
import io.varve.client.streams.ExpectedVersion;
import io.varve.proto.v1.AdminGrpc;
import io.varve.proto.v1.ArchiveRequest;
import io.varve.proto.v1.ArchiveResponse;
import io.varve.proto.v1.ListArchiveRequest;
import io.varve.proto.v1.ListArchiveResponse;
import io.varve.proto.v1.VerifyArchiveRequest;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** A server's archive. */
final class RemoteArchive implements Archive {
  private final UnaryCalls calls;
  private final ManagedChannel channel;
  private final String server;

  RemoteArchive(UnaryCalls calls, ManagedChannel channel, String server) {
    this.calls = calls;
    this.channel = channel;
    this.server = server;
  }

  @Override
  public ArchiveProgress moveBefore(Instant time, Consumer<ArchiveProgress> progress) {
    return move(
        ArchiveRequest.newBuilder().setTime(ProtoMapping.wireTime("time", time)).build(), progress);
  }

  @Override
  public ArchiveProgress moveBefore(long position, Consumer<ArchiveProgress> progress) {
    ProtoMapping.requireAtLeastOne("position", position);
    return move(ArchiveRequest.newBuilder().setPosition(position).build(), progress);
  }

  private ArchiveProgress move(ArchiveRequest request, Consumer<ArchiveProgress> progress) {
    ArchiveProgress[] last = {new ArchiveProgress(0, 0, 0)};
    follow(
        AdminGrpc.getArchiveMethod(),
        request,
        response -> {
          last[0] = of(response);
          progress.accept(last[0]);
        });
    return last[0];
  }

  private static ArchiveProgress of(ArchiveResponse response) {
    return new ArchiveProgress(
        response.getEventsDone(), response.getEventsTotal(), response.getArchivedPosition());
  }

  @Override
  public ArchiveStatus status() {
    ListArchiveResponse page = page("", 1);
    return new ArchiveStatus(page.getArchivedPosition(), page.getLocation(), page.getRunning());
  }

  @Override
  public Stream<ArchiveSegment> segments() {
    return PagedList.of(
        token -> {
          ListArchiveResponse page = page(token, PagedList.PAGE_SIZE);
          return new Page<>(
              page.getSegmentsList().stream().map(RemoteArchive::of).toList(),
              page.getNextPageToken());
        });
  }

  private ListArchiveResponse page(String token, int size) {
    return calls.ask(
        AdminGrpc.getListArchiveMethod(),
        ListArchiveRequest.newBuilder().setPageToken(token).setPageSize(size).build());
  }

  private static ArchiveSegment of(io.varve.proto.v1.ArchiveSegment segment) {
    return new ArchiveSegment(
        segment.getName(),
        segment.getFirstPosition(),
        segment.getLastPosition(),
        segment.getEventCount(),
        segment.getEventBytes(),
        segment.getFileBytes(),
        ProtoMapping.instant(segment.getFirstRecordedAt()),
        ProtoMapping.instant(segment.getLastRecordedAt()),
        ProtoMapping.instant(segment.getArchivedAt()),
        segment.getSha256());
  }

  @Override
  public ArchiveReport verify(Consumer<ArchiveReport> progress) {
    List<String> findings = new ArrayList<>();
    ArchiveReport[] last = {new ArchiveReport(0, 0, List.of(), List.of())};
    follow(
        AdminGrpc.getVerifyArchiveMethod(),
        VerifyArchiveRequest.getDefaultInstance(),
        response -> {
          findings.addAll(response.getFindingsList());
          last[0] =
              new ArchiveReport(
                  response.getSegmentsDone(),
                  response.getSegmentsTotal(),
                  response.getFindingsList(),
                  response.getStrayFilesList());
          progress.accept(last[0]);
        });
    return new ArchiveReport(
        last[0].segmentsDone(), last[0].segmentsTotal(), findings, last[0].strayFiles());
  }

  /** Makes a call that goes on for as long as it takes, and hands over each of its answers. */
  private <A, B> void follow(MethodDescriptor<A, B> method, A request, Consumer<B> each) {
    try {
      ClientCalls.blockingServerStreamingCall(channel, method, CallOptions.DEFAULT, request)
          .forEachRemaining(each);
    } catch (StatusRuntimeException e) {
      throw StoreError.of(server, e.getStatus(), e.getTrailers())
          .toException(ExpectedVersion.any());
    }
  }
}

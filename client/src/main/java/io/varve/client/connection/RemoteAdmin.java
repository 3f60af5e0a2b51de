package io.varve.client.connection;

import io.grpc.CallOptions;
import io.grpc.Context;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import io.varve.client.streams.Admin;
import io.varve.client.streams.BackupProgress;
import io.varve.client.streams.BackupResult;
import io.varve.client.streams.StoreFailedException;
import io.varve.client.streams.VerifyProgress;
import io.varve.proto.v1.AdminGrpc;
import io.varve.proto.v1.CompactRequest;
import io.varve.proto.v1.CreateBackupRequest;
import io.varve.proto.v1.CreateBackupResponse;
import io.varve.proto.v1.ScavengeRequest;
import io.varve.proto.v1.VerifyRequest;
import io.varve.proto.v1.VerifyResponse;
import java.util.Iterator;
import java.util.function.Consumer;
import java.util.function.Predicate;

/** {@link Admin} over the wire. */
final class RemoteAdmin implements Admin {
  private final ManagedChannel channel;
  private final String server;
  private final UnaryCalls unary;

  RemoteAdmin(ManagedChannel channel, String server, UnaryCalls unary) {
    this.channel = channel;
    this.server = server;
    this.unary = unary;
  }

  @Override
  public BackupResult createBackup(String folder, Consumer<BackupProgress> progress) {
    CreateBackupRequest request =
        CreateBackupRequest.newBuilder()
            .setFolder(ProtoMapping.wellFormed("folder", folder))
            .build();
    CreateBackupResponse last =
        follow(
            AdminGrpc.getCreateBackupMethod(),
            request,
            message -> progress.accept(progress(message)),
            CreateBackupResponse::hasPosition);
    return new BackupResult(
        last.getFolder(), last.getPosition(), last.getBytesTotal(), last.getBytesDone());
  }

  private static BackupProgress progress(CreateBackupResponse message) {
    BackupProgress.Stage stage =
        switch (message.getStage()) {
          case BACKUP_STAGE_COPYING -> BackupProgress.Stage.COPYING;
          case BACKUP_STAGE_VERIFYING -> BackupProgress.Stage.VERIFYING;
          default -> BackupProgress.Stage.EXAMINING;
        };
    return new BackupProgress(stage, message.getBytesDone(), message.getBytesTotal());
  }

  @Override
  public long verify(Consumer<VerifyProgress> progress) {
    return follow(
            AdminGrpc.getVerifyMethod(),
            VerifyRequest.getDefaultInstance(),
            message ->
                progress.accept(
                    new VerifyProgress(
                        message.getStage(),
                        message.getEventsDone(),
                        message.getEventsTotal(),
                        message.getFindingsList(),
                        message.getNotesList())),
            VerifyResponse::hasFindingsTotal)
        .getFindingsTotal();
  }

  /** Takes in messages up to the last one; whatever ends that early ends the call. */
  private <A, B> B follow(
      MethodDescriptor<A, B> method, A request, Consumer<B> each, Predicate<B> isLast) {
    Context.CancellableContext call = Context.current().withCancellation();
    Context before = call.attach();
    try {
      Iterator<B> messages =
          ClientCalls.blockingServerStreamingCall(channel, method, CallOptions.DEFAULT, request);
      while (messages.hasNext()) {
        B message = messages.next();
        if (isLast.test(message)) {
          return message;
        }
        each.accept(message);
      }
      throw new StoreFailedException(
          "the server at " + server + " ended " + method.getBareMethodName() + " without a result",
          null);
    } catch (StatusRuntimeException e) {
      Status status = e.getStatus();
      throw StoreError.of(server, status, e.getTrailers()).toException();
    } finally {
      call.detach(before);
      call.cancel(null);
    }
  }

  @Override
  public boolean scavenge() {
    return unary
        .ask(AdminGrpc.getScavengeMethod(), ScavengeRequest.getDefaultInstance())
        .getStarted();
  }

  @Override
  public boolean compact() {
    return unary
        .ask(AdminGrpc.getCompactMethod(), CompactRequest.getDefaultInstance())
        .getStarted();
  }
}

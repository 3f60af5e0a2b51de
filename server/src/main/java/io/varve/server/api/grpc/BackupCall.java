package io.varve.server.api.grpc;

import io.grpc.stub.StreamObserver;
import io.varve.proto.v1.BackupStage;
import io.varve.proto.v1.CreateBackupRequest;
import io.varve.proto.v1.CreateBackupResponse;
import io.varve.server.backup.BackupException;
import io.varve.server.backup.BackupFolder;
import io.varve.server.backup.BackupWatch;
import io.varve.server.backup.BackupWriter;
import io.varve.server.backup.Backups;
import io.varve.server.ops.LongTask;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** {@code CreateBackup}. */
final class BackupCall {
  private static final Logger log = LoggerFactory.getLogger(BackupCall.class);
  private static final int MAX_FOLDER_BYTES = 1_024;

  private final Backups backups;
  private final LongTask task;
  private final Checks checks;
  private final LongSupplier nanoTime;

  BackupCall(Backups backups, LongTask task, Checks checks, LongSupplier nanoTime) {
    this.backups = backups;
    this.task = task;
    this.checks = checks;
    this.nanoTime = nanoTime;
  }

  void start(CreateBackupRequest request, StreamObserver<CreateBackupResponse> observer) {
    String name = checks.text("folder", request.getFolder(), MAX_FOLDER_BYTES);
    BackupFolder folder;
    try {
      folder = backups.folder(name);
    } catch (BackupException e) {
      throw Errors.backup(name, e);
    }
    ProgressCall<CreateBackupResponse> call = new ProgressCall<>(observer, nanoTime);
    LongTask.Run run = task.start(started -> make(name, folder, started, call));
    if (run == null) {
      throw Errors.alreadyRunning("a backup");
    }
    call.belongsTo(run);
  }

  private Runnable make(
      String name, BackupFolder folder, LongTask.Run run, ProgressCall<CreateBackupResponse> call) {
    try {
      BackupWriter.Made made =
          backups.make(
              folder,
              (stage, done, total) -> {
                run.check();
                if (call.wantsProgress()) {
                  call.send(progress(stage, done, total));
                }
              });
      run.done();
      log.info(
          "backed up to {}: up to position {}, {} bytes, {} of them copied",
          folder.path(),
          made.manifest().position(),
          made.manifest().bytes(),
          made.bytesCopied());
      CreateBackupResponse last =
          CreateBackupResponse.newBuilder()
              .setBytesDone(made.bytesCopied())
              .setBytesTotal(made.manifest().bytes())
              .setPosition(made.manifest().position())
              .setStage(BackupStage.BACKUP_STAGE_VERIFYING)
              .setFolder(folder.path().toString())
              .build();
      return () -> call.end(last);
    } catch (BackupException e) {
      log.error("no backup was made: {}", e.sentence());
      return () -> call.fail(Errors.backup(name, e));
    } catch (RuntimeException e) {
      return () -> call.fail(e);
    }
  }

  private static CreateBackupResponse progress(BackupWatch.Stage stage, long done, long total) {
    CreateBackupResponse.Builder response = CreateBackupResponse.newBuilder();
    return switch (stage) {
      case EXAMINING -> response.setStage(BackupStage.BACKUP_STAGE_EXAMINING).build();
      case COPYING ->
          response
              .setStage(BackupStage.BACKUP_STAGE_COPYING)
              .setBytesDone(done)
              .setBytesTotal(total)
              .build();
      case VERIFYING ->
          response
              .setStage(BackupStage.BACKUP_STAGE_VERIFYING)
              .setBytesDone(done)
              .setBytesTotal(total)
              .build();
    };
  }
}

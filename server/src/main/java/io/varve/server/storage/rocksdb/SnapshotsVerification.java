package io.varve.server.storage.rocksdb;

import io.varve.server.event.StreamId;
import io.varve.server.snapshot.Snapshot;
import io.varve.server.storage.DamagedDataException;
import io.varve.server.storage.StorageException;
import io.varve.server.storage.Verification;
import io.varve.server.storage.VerifyWatch;
import java.util.UUID;
import java.util.function.LongSupplier;
import java.util.function.ToLongFunction;

/** Verifies snapshots: each matches its checksum, and none is ahead of its stream. */
final class SnapshotsVerification implements Verification {
  private static final String KIND = "snapshots that are not as they should be";
  private static final int STEP_BYTES = 1024 * 1024;

  private final Database snapshots;
  private final UUID storeId;
  private final ToLongFunction<StreamId> versionOf;
  private final LongSupplier head;

  /**
   * @param versionOf a stream's version; asked after a snapshot of it has been read
   * @param head the log's head, likewise
   */
  SnapshotsVerification(
      Database snapshots, UUID storeId, ToLongFunction<StreamId> versionOf, LongSupplier head) {
    this.snapshots = snapshots;
    this.storeId = storeId;
    this.versionOf = versionOf;
    this.head = head;
  }

  @Override
  public void run(VerifyWatch watch) {
    watch.stage("the snapshots");
    Findings findings = new Findings(watch);
    try (Database.View view = snapshots.view()) {
      String distrust =
          RocksDbSnapshotStore.reasonForDistrust(view::get, storeId, head.getAsLong());
      if (distrust != null) {
        watch.note(
            "the snapshots will be emptied at the next start, which loses nothing: " + distrust);
        return;
      }
      check(view, findings);
    } catch (StorageException e) {
      findings.add("snapshots that cannot be read", String.valueOf(e.getMessage()));
    }
    findings.finish();
  }

  private void check(Database.View view, Findings findings) {
    long bytes = 0;
    long count = 0;
    Database.Cursor cursor = view.cursor(RocksDbSnapshotStore.SNAPSHOTS);
    for (boolean on = cursor.atOrAfter(new byte[0]); on; on = cursor.next()) {
      byte[] key = cursor.key();
      byte[] value = cursor.value();
      count++;
      bytes += value.length;
      if (bytes >= STEP_BYTES) {
        findings.watch().read(bytes);
        bytes = 0;
      }
      checkOne(view, key, value, findings);
    }
    long summaries = 0;
    Database.Cursor others = view.cursor(RocksDbSnapshotStore.SUMMARIES);
    for (boolean on = others.atOrAfter(new byte[0]); on; on = others.next()) {
      summaries++;
    }
    if (summaries != count) {
      findings.add(KIND, "there are " + count + " snapshots and " + summaries + " summaries");
    }
  }

  private void checkOne(Database.View view, byte[] key, byte[] value, Findings findings) {
    StreamId stream;
    try {
      stream = SnapshotBytes.stream(key);
      Snapshot snapshot = SnapshotBytes.toSnapshot(stream, key, value);
      byte[] summary = view.get(RocksDbSnapshotStore.SUMMARIES, key);
      if (summary == null
          || !SnapshotBytes.toSummary(stream, key, summary).equals(snapshot.summary())) {
        findings.add(
            KIND,
            "the snapshot of stream "
                + stream
                + " at version "
                + snapshot.version()
                + " is not listed as what it is");
      }
    } catch (DamagedDataException | IllegalArgumentException e) {
      findings.add(KIND, String.valueOf(e.getMessage()));
      return;
    }
    long version = versionOf.applyAsLong(stream);
    if (SnapshotBytes.version(key) > version) {
      findings.add(
          KIND,
          "the snapshot of stream "
              + stream
              + " at version "
              + SnapshotBytes.version(key)
              + " is ahead of the stream, which is at version "
              + version);
    }
  }
}

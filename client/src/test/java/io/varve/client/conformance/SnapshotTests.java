package io.varve.client.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.streams.EventReader;
import io.varve.client.streams.ReadStream;
import io.varve.client.streams.Snapshot;
import io.varve.client.streams.SnapshotInfo;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** The words that tests of snapshots are written in. */
abstract class SnapshotTests extends StoreTests {

  static final ReadStream FROM_SNAPSHOT = ReadStream.of(ACCOUNT).fromSnapshot();

  static Snapshot snapshot(long version) {
    return Snapshot.json(ACCOUNT, version, "{\"upTo\":" + version + "}");
  }

  void save(long... versions) {
    for (long version : versions) {
      assertThat(store.snapshots().save(snapshot(version))).isAfter(Instant.EPOCH);
    }
  }

  List<Long> listed() {
    return store.snapshots().list(ACCOUNT).map(SnapshotInfo::version).toList();
  }

  static Optional<Long> version(Optional<Snapshot> snapshot) {
    return snapshot.map(Snapshot::version);
  }

  record Loaded(Optional<Long> snapshot, List<Long> versions) {}

  Loaded load(ReadStream read) {
    try (EventReader reader = store.readStream(read)) {
      Optional<Long> snapshot = version(reader.snapshot());
      Loaded loaded = new Loaded(snapshot, versions(reader.toList()));
      assertThat(version(reader.snapshot())).isEqualTo(snapshot);
      return loaded;
    }
  }
}

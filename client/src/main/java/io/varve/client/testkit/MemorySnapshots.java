package io.varve.client.testkit;

import io.varve.client.streams.Snapshot;
import io.varve.client.streams.SnapshotInfo;
import io.varve.client.streams.Snapshots;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** The snapshots of a store in memory. */
final class MemorySnapshots implements Snapshots {

  private final MemoryLog log;
  private final Clock clock;
  private final Runnable requireOpen;

  MemorySnapshots(MemoryLog log, Clock clock, Runnable requireOpen) {
    this.log = log;
    this.clock = clock;
    this.requireOpen = requireOpen;
  }

  @Override
  public Instant save(Snapshot snapshot) {
    requireOpen.run();
    RequestRules.checkSnapshot(snapshot);
    Instant now = clock.instant();
    log.save(snapshot.toBuilder().savedAt(now).build());
    return now;
  }

  @Override
  public Optional<Snapshot> newest(String stream) {
    check(stream);
    return log.snapshots(
        stream, Optional.empty(), (found, now) -> found.newestSnapshot(now, Long.MAX_VALUE));
  }

  @Override
  public Optional<Snapshot> newestAt(String stream, long version) {
    check(stream);
    RequestRules.checkAtLeastOne("version", version);
    return log.snapshots(
        stream, Optional.empty(), (found, now) -> found.newestSnapshot(now, version));
  }

  @Override
  public Optional<Snapshot> newestAt(String stream, Instant time) {
    check(stream);
    return log.snapshots(stream, Optional.empty(), (found, now) -> found.newestSnapshot(now, time));
  }

  @Override
  public Stream<SnapshotInfo> list(String stream) {
    check(stream);
    return log
        .snapshots(
            stream,
            List.<SnapshotInfo>of(),
            (found, now) -> found.snapshots(now).stream().map(Snapshot::info).toList())
        .stream();
  }

  @Override
  public long delete(String stream) {
    check(stream);
    return log.snapshots(stream, 0L, (found, now) -> found.deleteSnapshots(now, Long.MAX_VALUE));
  }

  @Override
  public long deleteUpTo(String stream, long version) {
    check(stream);
    RequestRules.checkAtLeastOne("up_to_version", version);
    return log.snapshots(stream, 0L, (found, now) -> found.deleteSnapshots(now, version));
  }

  private void check(String stream) {
    requireOpen.run();
    RequestRules.checkStream("stream", stream);
  }
}

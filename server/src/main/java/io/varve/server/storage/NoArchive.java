package io.varve.server.storage;

import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.UUID;
import java.util.function.LongConsumer;

/** Nothing has been moved, and nothing can be. */
final class NoArchive implements EventArchive {
  @Override
  public boolean isOpen() {
    return false;
  }

  @Override
  public String location() {
    return "";
  }

  @Override
  public long lastPosition() {
    return 0;
  }

  @Override
  public Instant lastRecordedAt() {
    return Instant.MIN;
  }

  @Override
  public List<ArchiveSegment> segments() {
    return List.of();
  }

  @Override
  public boolean isUnfinished() {
    return false;
  }

  @Override
  public ArchivePass move(long before, InstantSource clock, UUID id) {
    throw new IllegalStateException("there is no archive to move events to");
  }

  @Override
  public List<String> verify(ArchiveSegment segment, LongConsumer read) {
    throw new IllegalArgumentException("there is no archive segment " + segment.file());
  }

  @Override
  public List<String> strayFiles() {
    return List.of();
  }
}

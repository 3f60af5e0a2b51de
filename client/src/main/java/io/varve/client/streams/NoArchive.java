package io.varve.client.streams;

import java.time.Instant;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** The archive of a store that moves nothing. */
final class NoArchive implements Archive {
  static final Archive INSTANCE = new NoArchive();

  @Override
  public ArchiveProgress moveBefore(Instant time, Consumer<ArchiveProgress> progress) {
    throw refused();
  }

  @Override
  public ArchiveProgress moveBefore(long position, Consumer<ArchiveProgress> progress) {
    throw refused();
  }

  private static ArchiveRefusedException refused() {
    return new ArchiveRefusedException("this store has no place to move old events to", null);
  }

  @Override
  public ArchiveStatus status() {
    return new ArchiveStatus(0, "", false);
  }

  @Override
  public Stream<ArchiveSegment> segments() {
    return Stream.empty();
  }

  @Override
  public ArchiveReport verify(Consumer<ArchiveReport> progress) {
    return new ArchiveReport(0, 0, List.of(), List.of());
  }
}

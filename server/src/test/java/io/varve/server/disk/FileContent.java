package io.varve.server.disk;

import io.varve.server.disk.DiskImage.Loss;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;

/** What a file holds, whatever its names are: as programs see it, and what of it is safe. */
final class FileContent {
  private static final int SECTOR = 512;

  /** Bytes that grow. */
  private static final class Bytes {
    private byte[] bytes;
    private int size;

    Bytes(byte[] bytes) {
      this.bytes = bytes;
      this.size = bytes.length;
    }

    Bytes copy() {
      return new Bytes(get());
    }

    byte[] get() {
      return Arrays.copyOf(bytes, size);
    }

    void apply(DiskChange change) {
      switch (change) {
        case DiskChange.Written written -> {
          grow(Math.toIntExact(written.offset() + written.bytes().length));
          System.arraycopy(
              written.bytes(), 0, bytes, (int) written.offset(), written.bytes().length);
        }
        case DiskChange.Truncated truncated -> {
          int length = Math.toIntExact(truncated.size());
          if (length < size) {
            Arrays.fill(bytes, length, size, (byte) 0);
            size = length;
          } else {
            grow(length);
          }
        }
        default -> throw new AssertionError(change);
      }
    }

    private void grow(int length) {
      if (length > bytes.length) {
        bytes = Arrays.copyOf(bytes, Math.max(length, bytes.length * 2));
      }
      size = Math.max(size, length);
    }
  }

  /**
   * A change that is not safe yet.
   *
   * @param moment when it was over
   */
  private record Unsafe(DiskChange change, long moment) {}

  private final Bytes seen;
  private final Bytes safe;
  private final List<Unsafe> unsafe = new ArrayList<>();

  /** A file that is safe as it is. */
  FileContent(byte[] bytes) {
    this.seen = new Bytes(bytes);
    this.safe = seen.copy();
  }

  /** A file with the same bytes; the same one for whoever asks again. */
  FileContent copyTo(Map<FileContent, FileContent> copies) {
    return copies.computeIfAbsent(this, _ -> new FileContent(seen.get()));
  }

  void apply(DiskChange change, long moment) {
    seen.apply(change);
    unsafe.add(new Unsafe(change, moment));
  }

  /** What was over at a moment is safe. */
  void sync(long asked) {
    unsafe.removeIf(
        entry -> {
          boolean before = entry.moment() <= asked;
          if (before) {
            safe.apply(entry.change());
          }
          return before;
        });
  }

  /**
   * What is not safe will never be, however often it is synced from now on: after a sync that
   * failed the system takes what it holds for clean.
   */
  void failToSync() {
    unsafe.clear();
  }

  /** The bytes that a loss leaves. */
  byte[] after(Loss loss, Random random) {
    return switch (loss) {
      case NOTHING -> seen.get();
      case ALL_UNSYNCED -> safe.get();
      case SOME_UNSYNCED -> {
        Bytes left = safe.copy();
        applySome(left, random);
        yield left.get();
      }
    };
  }

  /** A beginning of the changes, or any of them; and of one of the writes a part. */
  private void applySome(Bytes left, Random random) {
    boolean inOrder = random.nextBoolean();
    int beginning = random.nextInt(unsafe.size() + 1);
    for (int i = 0; i < unsafe.size(); i++) {
      DiskChange change = unsafe.get(i).change();
      if (inOrder ? i < beginning : random.nextBoolean()) {
        left.apply(change);
      } else if (change instanceof DiskChange.Written written && random.nextInt(3) == 0) {
        torn(written, random).ifPresent(left::apply);
      }
    }
  }

  /** Some sectors of a write, from its beginning or up to its end. */
  private static Optional<DiskChange> torn(DiskChange.Written written, Random random) {
    long end = written.offset() + written.bytes().length;
    long firstBorder = (written.offset() / SECTOR + 1) * SECTOR;
    if (firstBorder >= end) {
      return Optional.empty(); // in one sector: all or nothing
    }
    long borders = (end - 1 - firstBorder) / SECTOR + 1;
    long border = firstBorder + random.nextLong(borders) * SECTOR;
    int cut = (int) (border - written.offset());
    byte[] bytes = written.bytes();
    return Optional.of(
        random.nextInt(4) > 0
            ? new DiskChange.Written(
                written.file(), written.name(), written.offset(), Arrays.copyOf(bytes, cut))
            : new DiskChange.Written(
                written.file(),
                written.name(),
                border,
                Arrays.copyOfRange(bytes, cut, bytes.length)));
  }
}

package io.varve.server.disk;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The changes that a faulty disk has put down, each with the length of the journal after it. */
final class DiskJournal {
  private static final int HEAD = 32;

  /**
   * A change.
   *
   * @param end how long the journal was once this change was in it
   */
  record Entry(DiskChange change, long end) {}

  private DiskJournal() {}

  /** All changes, in their order; one that is cut off at the end was not finished. */
  static List<Entry> read(Path file) throws IOException {
    List<Entry> entries = new ArrayList<>();
    try (FileChannel channel = FileChannel.open(file)) {
      ByteBuffer bytes =
          channel.map(MapMode.READ_ONLY, 0, channel.size()).order(ByteOrder.nativeOrder());
      while (bytes.remaining() >= HEAD && bytes.remaining() >= bytes.getInt(bytes.position())) {
        int end = bytes.position() + bytes.getInt();
        int what = bytes.getInt();
        long inode = bytes.getLong();
        long number = bytes.getLong();
        int nameLength = bytes.getInt();
        int otherLength = bytes.getInt();
        String name = text(bytes, nameLength);
        String other = text(bytes, otherLength);
        byte[] data = new byte[end - bytes.position()];
        bytes.get(data);
        entries.add(new Entry(change(what, inode, number, name, other, data), end));
      }
    }
    return entries;
  }

  private static String text(ByteBuffer bytes, int length) {
    byte[] text = new byte[length];
    bytes.get(text);
    return new String(text, UTF_8);
  }

  private static DiskChange change(
      int what, long inode, long number, String name, String other, byte[] data) {
    return switch (what) {
      case 1 -> new DiskChange.Created(name, inode);
      case 2 -> new DiskChange.Written(inode, name, number, data);
      case 3 -> new DiskChange.Truncated(inode, name, number);
      case 4 -> new DiskChange.Synced(inode, name, number);
      case 5 -> new DiskChange.Renamed(name, other);
      case 6 -> new DiskChange.Unlinked(name);
      case 7 -> new DiskChange.Linked(name, other);
      case 8 -> new DiskChange.FolderMade(name);
      case 9 -> new DiskChange.FolderRemoved(name);
      case 10 -> new DiskChange.FolderSynced(name, number);
      case 11 -> new DiskChange.Unseen(name, other);
      case 12 -> new DiskChange.SyncFailed(inode, name);
      default -> throw new AssertionError("a journal has no change " + what);
    };
  }
}

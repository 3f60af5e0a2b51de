package io.varve.client.eventsourcing.projection;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One checkpoint in a file: a line with the projection, its version and the position. A new one is
 * written beside the old one, forced to disk, and put in its place, so there is always one whole
 * file. A lock on a file beside it keeps a second holder away, and ends with the process.
 */
final class FileCheckpoints implements Checkpoints {

  private static final Pattern LINE =
      Pattern.compile("([a-z0-9_-]+) version (\\d+) position (\\d+)\\s*");
  private static final Logger log = LoggerFactory.getLogger(FileCheckpoints.class);

  private final Path file;

  FileCheckpoints(Path file) {
    this.file = file.toAbsolutePath();
  }

  @Override
  public Optional<Held> hold(String projection, int version) throws IOException {
    FileChannel channel =
        FileChannel.open(beside(".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    try {
      FileLock lock = channel.tryLock();
      if (lock != null) {
        return Optional.of(new InFile(projection, version, channel));
      }
    } catch (OverlappingFileLockException e) {
      log.debug("{} is held by this program already", file);
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
    channel.close();
    return Optional.empty();
  }

  @Override
  public long read(String projection, int version) throws IOException {
    String text;
    try {
      text = Files.readString(file, UTF_8);
    } catch (NoSuchFileException e) {
      return 0;
    }
    Matcher line = LINE.matcher(text);
    if (!line.matches() || !line.group(1).equals(projection)) {
      throw new IOException(
          file + " is not the checkpoint of the projection " + projection + ": " + text.strip());
    }
    return line.group(2).equals(Integer.toString(version)) ? Long.parseLong(line.group(3)) : 0;
  }

  private void write(String projection, int version, long position) throws IOException {
    Path next = beside(".next");
    byte[] line =
        (projection + " version " + version + " position " + position + "\n").getBytes(UTF_8);
    try (FileChannel channel =
        FileChannel.open(
            next,
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE,
            StandardOpenOption.TRUNCATE_EXISTING)) {
      ByteBuffer bytes = ByteBuffer.wrap(line);
      while (bytes.hasRemaining()) {
        int written = channel.write(bytes);
        if (written <= 0) {
          throw new IOException("cannot write to " + next);
        }
      }
      channel.force(true);
    }
    Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    forceFolder();
  }

  /**
   * Makes the new name durable, where the system can; where not, the old position may come back.
   */
  private void forceFolder() {
    Path folder = file.getParent();
    if (folder == null) {
      return;
    }
    try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    } catch (IOException e) {
      log.debug("{} cannot be forced to disk", folder, e);
    }
  }

  private Path beside(String suffix) {
    return file.resolveSibling(file.getFileName() + suffix);
  }

  private final class InFile implements Held {

    private final String projection;
    private final int version;
    private final FileChannel lock;

    InFile(String projection, int version, FileChannel lock) {
      this.projection = projection;
      this.version = version;
      this.lock = lock;
    }

    @Override
    public long load() throws IOException {
      return read(projection, version);
    }

    @Override
    public void save(long from, long to) throws IOException, TenureLostException {
      long saved = load();
      if (saved != from) {
        throw new TenureLostException(
            file + " is at position " + saved + " and not at " + from + ": somebody else moved it");
      }
      write(projection, version, to);
    }

    @Override
    public void release() {
      try {
        lock.close();
      } catch (IOException e) {
        log.warn("the lock of {} is not released", file, e);
      }
    }
  }
}

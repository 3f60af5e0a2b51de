package io.varve.server.storage.archive;

import io.varve.server.fixture.DecoderFuzz;
import io.varve.server.fixture.RandomEvents;
import io.varve.server.fixture.StoredForm;
import io.varve.server.fixture.StoredForm.Written;
import io.varve.server.storage.DamagedDataException;
import io.varve.server.storage.EncodedEvent;
import io.varve.server.storage.EventCodec;
import io.varve.server.storage.EventRun;
import io.varve.server.storage.EventRunBuilder;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.UUID;

/** Archive segments: the index, the foot, and the blocks. */
class SegmentFuzzTest extends DecoderFuzz {
  private static final byte[] NO_KEY = {};
  private static final UUID STORE = new UUID(1, 2);
  private static final long FIRST = 7;
  private static final int ENTRY_STORED_BYTES = 28;
  private static final int ENTRY_CHECKSUM = 36;

  @Override
  protected List<StoredForm> forms() {
    return List.of(
        new StoredForm(
            "an archive segment",
            SegmentFuzzTest::segment,
            (_, bytes) -> read(bytes),
            true,
            (_, bytes) -> repaired(bytes),
            DamagedDataException.class),
        new StoredForm(
            "what a file in the archive is",
            random -> {
              Written segment = segment(random);
              return new Written(NO_KEY, segment.value(), describe(segment.value()));
            },
            (_, bytes) -> describe(bytes),
            false,
            (_, bytes) -> repaired(bytes),
            DamagedDataException.class));
  }

  private static Written segment(Random random) throws IOException {
    InMemory files = new InMemory(new byte[0]);
    try (SegmentWriter writer = new SegmentWriter(files.create("s"), STORE, FIRST)) {
      RandomEvents events = new RandomEvents(random);
      long next = FIRST;
      for (int i = random.nextInt(4); i >= 0; i--) {
        EventRunBuilder run = new EventRunBuilder(0);
        for (int j = random.nextInt(3); j >= 0; j--) {
          run.add(
              EventCodec.encodeHeader(next, 1, events.anyInstant()),
              EventCodec.encodeBody(events.stream(), events.next()),
              next);
          next += 1 + random.nextInt(2) * 40_000L; // so that there are several blocks
        }
        List<EncodedEvent> added = run.build().events();
        writer.add(added, added.getLast().position());
        next = added.getLast().position() + 1;
      }
      writer.finish();
    }
    return new Written(NO_KEY, files.bytes, read(files.bytes));
  }

  /** All that the archive asks of a segment. */
  private static Object read(byte[] bytes) throws IOException {
    InMemory files = new InMemory(bytes);
    SegmentReader reader = SegmentReader.open(files, "s", STORE, FIRST, bytes.length);
    StringBuilder text = new StringBuilder();
    text.append(reader.events()).append(' ').append(reader.lastPosition());
    reader.blockAt(FIRST);
    for (int i = 0; i < reader.blocks(); i++) {
      SegmentReader.Block block = reader.block(i);
      text.append(' ').append(block.firstPosition()).append('-').append(block.lastPosition());
      if (block.events() > 0) {
        EventRun run = reader.read(block);
        text.append(
            HexFormat.of().formatHex(run.bytes(), run.offset(), run.offset() + run.length()));
      }
    }
    return text.toString();
  }

  private static Object describe(byte[] bytes) throws IOException {
    return SegmentReader.describe(new InMemory(bytes), "s", bytes.length);
  }

  /** With each checksum put right, of what it says where. */
  private static byte[] repaired(byte[] bytes) {
    int foot = bytes.length - SegmentLayout.FOOT_BYTES;
    if (foot < 0) {
      return bytes;
    }
    byte[] repaired = bytes.clone();
    ByteBuffer buffer = ByteBuffer.wrap(repaired);
    long index = buffer.getLong(foot);
    if (index >= 0 && index <= foot) {
      int from = (int) index;
      for (int at = from; at + SegmentLayout.ENTRY_BYTES <= foot; at += SegmentLayout.ENTRY_BYTES) {
        long offset = buffer.getLong(at + 20);
        int stored = buffer.getInt(at + ENTRY_STORED_BYTES);
        if (offset >= 0 && stored >= 0 && offset <= from - stored) {
          buffer.putInt(at + ENTRY_CHECKSUM, checksum(repaired, (int) offset, stored));
        }
      }
      buffer.putInt(foot + 56, checksum(repaired, from, foot - from));
    }
    buffer.putInt(foot + 60, checksum(repaired, foot, 60));
    return repaired;
  }

  private static int checksum(byte[] bytes, int from, int length) {
    return SegmentLayout.checksum(Arrays.copyOfRange(bytes, from, from + length), length);
  }

  /** One file, with the exceptions of a real one. */
  private static final class InMemory implements ArchiveFiles {
    private byte[] bytes;

    InMemory(byte[] bytes) {
      this.bytes = bytes;
    }

    @Override
    public String location() {
      return "memory";
    }

    @Override
    public Writer create(String name) {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      return new Writer() {
        @Override
        public void write(byte[] more, int offset, int length) {
          out.write(more, offset, length);
        }

        @Override
        public void finish() {
          bytes = out.toByteArray();
        }

        @Override
        public void close() {
          // nothing is held
        }
      };
    }

    @Override
    public byte[] read(String name, long offset, int length) throws IOException {
      byte[] piece = new byte[length];
      if (offset < 0) {
        throw new IOException("Negative seek offset");
      }
      if (length > bytes.length - offset) {
        throw new EOFException();
      }
      System.arraycopy(bytes, (int) offset, piece, 0, length);
      return piece;
    }

    @Override
    public long size(String name) {
      return bytes.length;
    }

    @Override
    public List<String> names() {
      return List.of("s");
    }

    @Override
    public void delete(String name) {
      bytes = new byte[0];
    }

    @Override
    public void discardUnfinished() {
      // there is nothing unfinished
    }
  }
}

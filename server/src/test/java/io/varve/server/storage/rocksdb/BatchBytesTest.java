package io.varve.server.storage.rocksdb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.rocksdb.RocksDBException;
import org.rocksdb.WriteBatch;

class BatchBytesTest {
  @BeforeAll
  static void load_the_native_library() {
    NativeLibrary.load(Path.of(System.getProperty("java.io.tmpdir"), "native"));
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void rocksdb_reads_from_a_batch_what_was_added_to_it(long seed) throws RocksDBException {
    Random random = new Random(seed);
    BatchBytes batch = new BatchBytes(random.nextInt(200));
    List<String> added = new ArrayList<>();
    for (int i = random.nextInt(300); i > 0; i--) {
      int family = 1 + random.nextInt(400);
      byte[] key = bytes(random, random.nextInt(40));
      byte[] first = bytes(random, random.nextInt(150));
      byte[] rest = bytes(random, random.nextInt(20_000) >> random.nextInt(14));
      int offset = random.nextInt(rest.length + 1);
      int length = random.nextInt(rest.length - offset + 1);
      switch (random.nextInt(5)) {
        case 0 -> {
          batch.put(family, key, first);
          added.add(entry(family, key, first));
        }
        case 1 -> {
          batch.put(family, key, first, rest);
          added.add(entry(family, key, joined(first, rest, 0, rest.length)));
        }
        case 2 -> {
          batch.delete(family, key);
          added.add("delete " + entry(family, key, new byte[0]));
        }
        case 3 -> {
          batch.merge(family, key, first);
          added.add("merge " + entry(family, key, first));
        }
        default -> {
          batch.put(family, key, first, rest, offset, length);
          added.add(entry(family, key, joined(first, rest, offset, length)));
        }
      }
    }

    try (WriteBatch written = batch.toWriteBatch()) {
      assertThat(written.count()).isEqualTo(added.size());
      assertThat(entriesOf(written)).isEqualTo(added);
      assertThat(batch.isEmpty()).isEqualTo(added.isEmpty());
      assertThat(batch.length()).isEqualTo((int) written.getDataSize());
    }
  }

  @Test
  void the_default_column_family_takes_nothing() {
    BatchBytes batch = new BatchBytes(10);

    assertThatThrownBy(() -> batch.put(0, new byte[1], new byte[1]))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> batch.delete(0, new byte[1]))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> batch.merge(0, new byte[1], new byte[1]))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private static byte[] bytes(Random random, int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    return bytes;
  }

  private static byte[] joined(byte[] first, byte[] rest, int offset, int length) {
    byte[] joined = Arrays.copyOf(first, first.length + length);
    System.arraycopy(rest, offset, joined, first.length, length);
    return joined;
  }

  private static String entry(int family, byte[] key, byte[] value) {
    return family
        + " "
        + Arrays.toString(key)
        + " = "
        + Arrays.hashCode(value)
        + " "
        + value.length;
  }

  private static List<String> entriesOf(WriteBatch batch) throws RocksDBException {
    List<String> entries = new ArrayList<>();
    try (Records records = new Records(entries)) {
      batch.iterate(records);
    }
    return entries;
  }

  /** Notes records of column families; any other record is a mistake. */
  private static final class Records extends WriteBatch.Handler {
    private final List<String> entries;

    Records(List<String> entries) {
      this.entries = entries;
    }

    @Override
    public void put(int columnFamilyId, byte[] key, byte[] value) {
      entries.add(entry(columnFamilyId, key, value));
    }

    private static AssertionError unexpected() {
      return new AssertionError(
          "a batch holds puts, merges and deletions in column families, and nothing else");
    }

    @Override
    public void put(byte[] key, byte[] value) {
      throw unexpected();
    }

    @Override
    public void merge(int columnFamilyId, byte[] key, byte[] value) {
      entries.add("merge " + entry(columnFamilyId, key, value));
    }

    @Override
    public void merge(byte[] key, byte[] value) {
      throw unexpected();
    }

    @Override
    public void delete(int columnFamilyId, byte[] key) {
      entries.add("delete " + entry(columnFamilyId, key, new byte[0]));
    }

    @Override
    public void delete(byte[] key) {
      throw unexpected();
    }

    @Override
    public void singleDelete(int columnFamilyId, byte[] key) {
      throw unexpected();
    }

    @Override
    public void singleDelete(byte[] key) {
      throw unexpected();
    }

    @Override
    public void deleteRange(int columnFamilyId, byte[] beginKey, byte[] endKey) {
      throw unexpected();
    }

    @Override
    public void deleteRange(byte[] beginKey, byte[] endKey) {
      throw unexpected();
    }

    @Override
    public void logData(byte[] blob) {
      throw unexpected();
    }

    @Override
    public void putBlobIndex(int columnFamilyId, byte[] key, byte[] value) {
      throw unexpected();
    }

    @Override
    public void markBeginPrepare() {
      throw unexpected();
    }

    @Override
    public void markEndPrepare(byte[] xid) {
      throw unexpected();
    }

    @Override
    public void markNoop(boolean emptyBatch) {
      throw unexpected();
    }

    @Override
    public void markRollback(byte[] xid) {
      throw unexpected();
    }

    @Override
    public void markCommit(byte[] xid) {
      throw unexpected();
    }

    @Override
    public void markCommitWithTimestamp(byte[] xid, byte[] timestamp) {
      throw unexpected();
    }
  }
}

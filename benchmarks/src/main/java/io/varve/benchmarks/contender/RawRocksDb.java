package io.varve.benchmarks.contender;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteOptions;

/**
 * The raw limit of the disk: RocksDB in the process that loads, one put for each event, and one
 * synced write for all that wait. No network, no versions, no second copy, no index.
 */
public final class RawRocksDb implements Contender {
  @Override
  public String name() {
    return "raw-rocksdb";
  }

  @Override
  public String description() {
    return "raw limit: RocksDB in process, group commit, synced; no network, no checks, no index";
  }

  @Override
  public Set<Ability> abilities() {
    return EnumSet.of(Ability.APPEND, Ability.HOT, Ability.BATCH);
  }

  @Override
  public Running start(Path folder) throws IOException {
    RocksDB.loadLibrary();
    try {
      return new RunningRocksDb(Files.createDirectories(folder.resolve("data")));
    } catch (RocksDBException e) {
      throw new IOException(e);
    }
  }

  private record Proposal(int events, CompletableFuture<Long> done) {}

  private static final class RunningRocksDb implements Running {
    private static final int MOST_WAITING = 16_384;
    private static final int MOST_AT_ONCE = 10_000;
    private static final Proposal END = new Proposal(0, new CompletableFuture<>());

    private final BlockingQueue<Proposal> waiting = new ArrayBlockingQueue<>(MOST_WAITING);
    private final Options options = new Options().setCreateIfMissing(true);
    private final WriteOptions synced = new WriteOptions().setSync(true);
    private final RocksDB database;
    private final Thread committer;
    private long position;

    RunningRocksDb(Path folder) throws RocksDBException {
      this.database = RocksDB.open(options, folder.toString());
      this.committer = Thread.ofPlatform().name("raw-committer").start(this::commitAll);
    }

    @Override
    public Session connect() {
      return new Session() {
        @Override
        public long append(String stream, long expected, int events) {
          Proposal proposal = new Proposal(events, new CompletableFuture<>());
          try {
            waiting.put(proposal);
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
          }
          return proposal.done().join();
        }

        @Override
        public void close() {
          // The database is closed with what runs.
        }
      };
    }

    private void commitAll() {
      List<Proposal> together = new ArrayList<>();
      try {
        while (true) {
          together.add(waiting.take());
          waiting.drainTo(together, MOST_AT_ONCE);
          commit(together);
          if (together.contains(END)) {
            return;
          }
          together.clear();
        }
      } catch (InterruptedException | RocksDBException e) {
        together.forEach(proposal -> proposal.done().completeExceptionally(e));
      }
    }

    private void commit(List<Proposal> together) throws RocksDBException {
      try (WriteBatch batch = new WriteBatch()) {
        for (Proposal proposal : together) {
          for (int i = 0; i < proposal.events(); i++) {
            batch.put(ByteBuffer.allocate(Long.BYTES).putLong(++position).array(), Payload.bytes());
          }
        }
        database.write(synced, batch);
      }
      together.forEach(proposal -> proposal.done().complete(position));
    }

    @Override
    public void close() throws IOException {
      try {
        waiting.put(END);
        committer.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException(e);
      }
      database.close();
      synced.close();
      options.close();
    }
  }
}

package io.varve.server.ops;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.varve.server.storage.ArchivePass;
import io.varve.server.storage.ArchiveSegment;
import io.varve.server.storage.EventArchive;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ArchiveVerifierTest {
  private static final Instant NOW = Instant.ofEpochSecond(1_700_000_000);
  private static final long MIB = 1024 * 1024;

  private final ExecutorService executor = Executors.newFixedThreadPool(2);

  @AfterEach
  void stop() {
    executor.shutdownNow();
  }

  @Test
  void what_is_wrong_is_told_with_the_file_and_strays_at_the_end() throws Exception {
    Heard heard = new Heard();
    ArchiveVerifier verifier = verifier(_ -> {}, System::nanoTime);

    assertThat(verifier.start(heard)).isNotNull();

    assertThat(heard.end()).isEqualTo("done 2 [stray]");
    assertThat(heard.examined).containsExactly("1/2 []", "2/2 [the second is damaged]");
  }

  @Test
  void while_one_is_under_way_no_other_begins_and_it_ends_when_it_is_asked_to() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch go = new CountDownLatch(1);
    ArchiveVerifier verifier =
        verifier(
            read -> {
              begun.countDown();
              try {
                go.await();
              } catch (InterruptedException e) {
                throw new IllegalStateException(e);
              }
              read.accept(1);
            },
            System::nanoTime);
    Heard heard = new Heard();
    assertThat(verifier.start(heard)).isNotNull();
    assertThat(begun.await(60, TimeUnit.SECONDS)).isTrue();

    assertThat(verifier.start(new Heard())).isNull();
    verifier.cancel();
    go.countDown();

    assertThat(heard.end()).contains(CancellationException.class.getSimpleName());
    assertThat(heard.examined).isEmpty();
  }

  @Test
  void no_more_than_so_much_is_read_a_second() throws Exception {
    AtomicLong nanos = new AtomicLong();
    ArchiveVerifier verifier =
        verifier(
            read -> {
              read.accept(32 * MIB);
              read.accept(32 * MIB);
            },
            () -> nanos.addAndGet(TimeUnit.MILLISECONDS.toNanos(20)));
    Heard heard = new Heard();

    verifier.start(heard);

    assertThat(heard.end()).startsWith("done 2");
    assertThat(nanos.get()).isGreaterThanOrEqualTo(TimeUnit.SECONDS.toNanos(2));
  }

  private ArchiveVerifier verifier(
      java.util.function.Consumer<LongConsumer> reading, java.util.function.LongSupplier nanoTime) {
    return new ArchiveVerifier(new TwoFiles(reading), executor, () -> NOW, nanoTime);
  }

  private static final class Heard implements ArchiveVerifier.Listener {
    private final List<String> examined = new ArrayList<>();
    private final BlockingQueue<String> ends = new LinkedBlockingQueue<>();

    String end() throws InterruptedException {
      @Nullable String end = ends.poll(60, TimeUnit.SECONDS);
      return requireNonNull(end, "it has not ended");
    }

    @Override
    public void examined(int files, int total, List<String> findings) {
      examined.add(files + "/" + total + " " + findings);
    }

    @Override
    public void done(int files, List<String> strayFiles) {
      ends.add("done " + files + " " + strayFiles);
    }

    @Override
    public void failed(RuntimeException cause) {
      ends.add(cause.toString());
    }
  }

  /** An archive of two files, of which the second is damaged. */
  private record TwoFiles(java.util.function.Consumer<LongConsumer> reading)
      implements EventArchive {
    @Override
    public List<ArchiveSegment> segments() {
      return List.of(segment("first", 1), segment("second", 11));
    }

    private static ArchiveSegment segment(String name, long first) {
      return new ArchiveSegment(name, first, first + 9, 10, 100, 100, NOW, NOW, NOW, "");
    }

    @Override
    public List<String> verify(ArchiveSegment segment, LongConsumer read) {
      reading.accept(read);
      return segment.file().equals("second") ? List.of("the second is damaged") : List.of();
    }

    @Override
    public List<String> strayFiles() {
      return List.of("stray");
    }

    @Override
    public boolean isOpen() {
      return true;
    }

    @Override
    public String location() {
      return "";
    }

    @Override
    public long lastPosition() {
      return 20;
    }

    @Override
    public Instant lastRecordedAt() {
      return NOW;
    }

    @Override
    public boolean isUnfinished() {
      return false;
    }

    @Override
    public ArchivePass move(long before, InstantSource clock, UUID id) {
      throw new UnsupportedOperationException();
    }
  }
}

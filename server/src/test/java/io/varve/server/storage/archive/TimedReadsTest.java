package io.varve.server.storage.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class TimedReadsTest {
  private static final Duration LONG = Duration.ofSeconds(60);

  private final ExecutorService one = Executors.newFixedThreadPool(1);

  @AfterEach
  void stop() {
    one.shutdownNow();
  }

  @Test
  void what_a_read_returns_or_throws_is_what_its_caller_gets() throws IOException {
    TimedReads reads = new TimedReads(one, LONG);

    assertThat(reads.read(() -> "here")).isEqualTo("here");
    NoSuchFileException missing = new NoSuchFileException("file");
    assertThatThrownBy(
            () ->
                reads.read(
                    () -> {
                      throw missing;
                    }))
        .isSameAs(missing);
    IllegalStateException wrong = new IllegalStateException("damaged");
    assertThatThrownBy(
            () ->
                reads.read(
                    () -> {
                      throw wrong;
                    }))
        .isSameAs(wrong);
    one.shutdown();
    assertThatThrownBy(() -> reads.read(() -> "late"))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("stopping");
  }

  @Test
  void a_read_that_takes_too_long_is_given_up_and_no_other_begins_until_it_has_come_back()
      throws Exception {
    TimedReads reads = new TimedReads(one, Duration.ofMillis(50));
    CountDownLatch answer = new CountDownLatch(1);
    AtomicInteger begun = new AtomicInteger();
    assertThatThrownBy(
            () ->
                reads.read(
                    () -> {
                      begun.incrementAndGet();
                      return waitFor(answer);
                    }))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("within 50 ms");

    assertThatThrownBy(() -> reads.read(begun::incrementAndGet))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("an earlier read");
    assertThat(begun.get()).isLessThanOrEqualTo(1);

    answer.countDown();
    await()
        .atMost(LONG)
        .ignoreExceptionsInstanceOf(IOException.class)
        .until(() -> reads.read(() -> true));
  }

  private static boolean waitFor(CountDownLatch answer) throws IOException {
    try {
      answer.await();
      return true;
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }
}

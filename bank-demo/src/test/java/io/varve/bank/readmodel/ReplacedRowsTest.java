package io.varve.bank.readmodel;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Once rows have been built anew, nobody gets an answer from the old ones. */
class ReplacedRowsTest {

  private final AtomicInteger generation = new AtomicInteger(1);
  private final ReplacedRows rows = new ReplacedRows(_ -> generation.get());
  private final AtomicInteger forgotten = new AtomicInteger();

  private void ask() {
    rows.forgetIfReplaced("accounts", forgotten::incrementAndGet);
  }

  @Test
  void answers_are_forgotten_once_for_each_generation() {
    ask();
    ask();
    assertThat(forgotten).hasValue(1);
    generation.set(2);
    ask();
    ask();
    assertThat(forgotten).hasValue(2);
  }

  @Test
  void whoever_asks_while_somebody_else_is_about_to_forget_does_not_go_on_before()
      throws Exception {
    ask();
    generation.set(2);
    CountDownLatch about = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    Thread slow =
        Thread.ofVirtual()
            .start(
                () ->
                    rows.forgetIfReplaced(
                        "accounts",
                        () -> {
                          about.countDown();
                          awaitQuietly(goOn);
                        }));
    assertThat(about.await(60, TimeUnit.SECONDS)).isTrue();
    ask();
    assertThat(forgotten).as("the old answers are gone when this returns").hasValue(2);
    goOn.countDown();
    slow.join();
    ask();
    assertThat(forgotten).hasValue(2);
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      assertThat(latch.await(60, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}

package io.varve.server.ops.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import io.varve.server.ops.http.BadRequest;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class TurnsTest {
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final CountDownLatch begun = new CountDownLatch(Turns.AT_ONCE);
  private final CountDownLatch over = new CountDownLatch(1);

  @AfterEach
  void stop() {
    over.countDown();
    threads.shutdownNow();
  }

  private List<Future<String>> fill(Turns turns) throws InterruptedException {
    List<Future<String>> reading = new ArrayList<>();
    for (int i = 0; i < Turns.AT_ONCE; i++) {
      reading.add(
          threads.submit(
              () ->
                  turns.<String, InterruptedException>take(
                      () -> {
                        begun.countDown();
                        over.await();
                        return "read";
                      })));
    }
    assertThat(begun.await(1, TimeUnit.MINUTES)).isTrue();
    return reading;
  }

  @Test
  void whoever_gets_no_turn_in_time_is_told_to_come_again() throws Exception {
    Turns turns = new Turns(Duration.ofMillis(1));
    List<Future<String>> reading = fill(turns);

    assertThatThrownBy(() -> turns.take(() -> "one too many"))
        .asInstanceOf(type(BadRequest.class))
        .extracting(BadRequest::status)
        .isEqualTo(503);

    over.countDown();
    for (Future<String> one : reading) {
      assertThat(one.get(1, TimeUnit.MINUTES)).isEqualTo("read");
    }
    assertThat(turns.take(() -> "now")).isEqualTo("now");
  }

  @Test
  void the_others_wait_for_their_turn() throws Exception {
    Turns turns = new Turns(Duration.ofMinutes(1));
    fill(turns);
    Future<String> next = threads.submit(() -> turns.take(() -> "read as well"));
    Future<String> tail = threads.submit(() -> turns.patiently(() -> "a tail's message"));

    over.countDown();

    assertThat(next.get(1, TimeUnit.MINUTES)).isEqualTo("read as well");
    assertThat(tail.get(1, TimeUnit.MINUTES)).isEqualTo("a tail's message");
  }

  @Test
  void a_read_that_fails_gives_its_turn_back() {
    Turns turns = new Turns(Duration.ofMillis(1));
    for (int i = 0; i < 2 * Turns.AT_ONCE; i++) {
      assertThatThrownBy(
              () ->
                  turns.take(
                      () -> {
                        throw new IOException("the disk");
                      }))
          .hasMessage("the disk");
    }
  }
}

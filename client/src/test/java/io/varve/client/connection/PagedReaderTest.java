package io.varve.client.connection;

import static io.varve.client.connection.FakeServer.error;
import static io.varve.client.connection.FakeServer.lost;
import static io.varve.client.connection.FakeServer.recorded;
import static io.varve.client.connection.FakeServer.waiting;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import io.grpc.Status.Code;
import io.varve.client.streams.EventReader;
import io.varve.client.streams.ReadLog;
import io.varve.client.streams.ReadStream;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.StoreFailedException;
import io.varve.client.streams.StoreUnavailableException;
import io.varve.client.streams.StreamNotFoundException;
import io.varve.proto.v1.GetEventResponse;
import io.varve.proto.v1.ReadLogResponse;
import io.varve.proto.v1.ReadStreamResponse;
import java.time.Duration;
import java.util.Iterator;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Reads and look-ups over the wire: pages on demand, early ends, silence, errors. */
class PagedReaderTest {

  private final FakeServer server = new FakeServer();
  private GrpcEventStore client = server.client();

  @AfterEach
  void close() throws InterruptedException {
    client.close();
    server.close();
  }

  private void clientThatWaits(Duration deadline) {
    client.close();
    client = server.client(waiting(deadline));
  }

  private static ReadLogResponse page(long place) {
    return ReadLogResponse.newBuilder().addEvents(recorded(place)).setHeadPosition(100).build();
  }

  /** Sends a page of one event whenever the reader has asked for one, up to 100. */
  private AtomicInteger pagesOnDemand() {
    AtomicInteger sent = new AtomicInteger();
    server.readLog =
        (request, answers) ->
            answers.setOnReadyHandler(
                () -> {
                  while (answers.isReady() && sent.get() < 100) {
                    answers.onNext(page(sent.incrementAndGet()));
                  }
                  if (sent.get() == 100) {
                    sent.incrementAndGet();
                    answers.onCompleted();
                  }
                });
    return sent;
  }

  @Test
  void pages_are_fetched_as_they_are_taken() {
    AtomicInteger sent = pagesOnDemand();

    try (EventReader reader = client.readLog(ReadLog.all())) {
      assertThat(reader.headPosition()).isEqualTo(100);
      Iterator<RecordedEvent> events = reader.iterator();
      for (int taken = 1; taken <= 100; taken++) {
        assertThat(events.next().position()).isEqualTo(taken);
        assertThat(sent.get()).isLessThanOrEqualTo(taken + PagedReader.PAGES_AHEAD);
      }
      assertThat(events.hasNext()).isFalse();
    }
  }

  @Test
  void an_interrupted_thread_takes_no_further_page_even_if_it_is_there() {
    AtomicInteger sent = pagesOnDemand();

    try (EventReader reader = client.readLog(ReadLog.all())) {
      Iterator<RecordedEvent> events = reader.iterator();
      events.next();
      await().until(() -> sent.get() >= PagedReader.PAGES_AHEAD);
      Thread.currentThread().interrupt();

      assertThatThrownBy(events::next)
          .isInstanceOf(StoreUnavailableException.class)
          .hasMessageContaining("interrupted");
      assertThat(Thread.interrupted()).isTrue();
    }
  }

  @Test
  void closing_a_reader_early_ends_the_call() throws Exception {
    CountDownLatch cancelled = new CountDownLatch(1);
    server.readLog =
        (request, answers) -> {
          answers.setOnCancelHandler(cancelled::countDown);
          answers.onNext(page(1));
        };

    EventReader reader = client.readLog(ReadLog.all());
    assertThat(reader.iterator().next().position()).isEqualTo(1);
    reader.close();

    assertThat(cancelled.await(60, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void a_server_that_falls_silent_in_mid_read_ends_it_with_an_error() throws Exception {
    clientThatWaits(Duration.ofSeconds(2));
    CountDownLatch cancelled = new CountDownLatch(1);
    server.readLog =
        (request, answers) -> {
          answers.setOnCancelHandler(cancelled::countDown);
          answers.onNext(page(1));
        };

    try (EventReader reader = client.readLog(ReadLog.all())) {
      Iterator<RecordedEvent> events = reader.iterator();
      assertThat(events.next().position()).isEqualTo(1);
      assertThatThrownBy(events::hasNext)
          .isInstanceOf(StoreUnavailableException.class)
          .hasMessageContaining("fake:1");
    }
    assertThat(cancelled.await(60, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void a_link_that_breaks_in_mid_read_ends_it_with_an_error_and_never_with_fewer_events() {
    server.readLog =
        (request, answers) -> {
          answers.onNext(page(1));
          answers.onError(lost());
        };

    try (EventReader reader = client.readLog(ReadLog.all())) {
      assertThatThrownBy(reader::toList).isInstanceOf(StoreUnavailableException.class);
    }
  }

  @Test
  void a_read_that_has_not_begun_is_repeated_while_the_link_is_lost() {
    AtomicInteger tries = new AtomicInteger();
    server.readLog =
        (request, answers) -> {
          if (tries.incrementAndGet() < 4) {
            answers.onError(lost());
          } else {
            answers.onNext(page(1));
            answers.onCompleted();
          }
        };

    try (EventReader reader = client.readLog(ReadLog.all())) {
      assertThat(reader.toList()).hasSize(1);
    }
    assertThat(tries).hasValue(4);
  }

  @Test
  void a_refused_read_is_told_at_once() {
    server.readStream =
        (request, answers) -> answers.onError(error(Code.NOT_FOUND, "STREAM_NOT_FOUND"));

    assertThatThrownBy(() -> client.readStream(ReadStream.of("account-42")).close())
        .isInstanceOfSatisfying(
            StreamNotFoundException.class, e -> assertThat(e.stream()).isEqualTo("account-42"));
  }

  @Test
  void a_read_without_a_single_page_is_not_taken_for_an_empty_one() {
    clientThatWaits(Duration.ofSeconds(2)); // for as long it is tried again
    server.readStream = (request, answers) -> answers.onCompleted();

    assertThatThrownBy(() -> client.readStream(ReadStream.of("account-42")).close())
        .isInstanceOf(StoreFailedException.class);
  }

  @Test
  void an_event_that_is_none_is_a_failure_of_the_store() {
    server.readStream =
        (request, answers) -> {
          answers.onNext(
              ReadStreamResponse.newBuilder()
                  .addEvents(recorded(1).toBuilder().setId("no uuid"))
                  .build());
          answers.onCompleted();
        };

    assertThatThrownBy(() -> client.readStream(ReadStream.of("account-42")).close())
        .isInstanceOf(StoreFailedException.class)
        .hasMessageContaining("no uuid");
  }

  @Test
  void closing_the_client_ends_the_readers_that_are_open() {
    server.readLog = (request, answers) -> answers.onNext(page(1));
    EventReader reader = client.readLog(ReadLog.all());
    Iterator<RecordedEvent> events = reader.iterator();
    assertThat(events.next().position()).isEqualTo(1);

    client.close();

    assertThatThrownBy(events::hasNext).isInstanceOf(StoreUnavailableException.class);
    assertThatThrownBy(() -> client.readLog(ReadLog.all()))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void a_look_up_is_repeated_while_the_link_is_lost_and_finds_nothing_where_nothing_is() {
    AtomicInteger tries = new AtomicInteger();
    server.getEvent =
        (request, answers) -> {
          if (tries.incrementAndGet() < 3) {
            answers.onError(lost());
          } else if (request.getPosition() == 7) {
            answers.onNext(GetEventResponse.newBuilder().setEvent(recorded(7)).build());
            answers.onCompleted();
          } else {
            answers.onError(error(Code.NOT_FOUND, "EVENT_NOT_FOUND"));
          }
        };

    assertThat(client.getEvent(7)).map(RecordedEvent::position).contains(7L);
    assertThat(client.getEvent(8)).isEmpty();
  }

  @Test
  void a_look_up_that_is_never_answered_ends_with_the_deadline() {
    clientThatWaits(Duration.ofSeconds(1));
    assertThatThrownBy(() -> client.getEvent(7))
        .isInstanceOf(StoreUnavailableException.class)
        .hasMessageContaining("in time");
  }

  @Test
  void an_interrupted_reader_stops_waiting_and_stays_interrupted() throws Exception {
    clientThatWaits(Duration.ofMinutes(10)); // much longer than this test does
    AtomicReference<Throwable> thrown = new AtomicReference<>();
    AtomicBoolean interrupted = new AtomicBoolean();
    Thread reader =
        Thread.ofPlatform()
            .start(
                () -> {
                  thrown.set(catchThrowable(() -> client.readLog(ReadLog.all())));
                  interrupted.set(Thread.currentThread().isInterrupted());
                });
    await().until(() -> reader.getState() == Thread.State.TIMED_WAITING);

    reader.interrupt();

    assertThat(reader.join(Duration.ofMinutes(1))).isTrue();
    assertThat(thrown.get()).isInstanceOf(StoreUnavailableException.class);
    assertThat(interrupted).isTrue();
  }
}

package io.varve.client.conformance;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.varve.client.conformance.EventStoreConformance.StoreSource;
import io.varve.client.streams.AppendResult;
import io.varve.client.streams.EventReader;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.ReadLog;
import io.varve.client.streams.ReadStream;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.StreamInfo;
import io.varve.client.streams.VarveException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** A store per test, and the words that the tests are written in. */
abstract class StoreTests {

  static final String ACCOUNT = "account-42";
  static final String OTHER = "order-7";

  private StoreSource source;
  EventStore store;

  abstract StoreSource source();

  @BeforeEach
  void openStore() throws Exception {
    source = source();
    store = source.open();
  }

  @AfterEach
  void closeStore() throws Exception {
    try {
      store.close();
    } finally {
      source.afterClose();
    }
  }

  Duration patience() {
    return source.patience();
  }

  ConditionFactory await() {
    return Awaitility.await()
        .atMost(patience())
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(2));
  }

  static NewEvent event(String type) {
    return NewEvent.of(type, type.getBytes(UTF_8));
  }

  /** New events of type Happened, told apart by payloads "1", "2", … */
  static List<NewEvent> events(int count) {
    List<NewEvent> events = new ArrayList<>();
    for (int i = 1; i <= count; i++) {
      events.add(NewEvent.of("Happened", Integer.toString(i).getBytes(UTF_8)));
    }
    return events;
  }

  /** Appends so many events to a stream, whatever is in it, and checks that the store says so. */
  List<NewEvent> given(String stream, int count) {
    return given(stream, events(count));
  }

  List<NewEvent> given(String stream, List<NewEvent> events) {
    AppendResult result = store.append(stream, ExpectedVersion.any(), events);
    assertThat(result.deduplicated()).isFalse();
    assertThat(result.position()).isGreaterThanOrEqualTo(events.size());
    return events;
  }

  AppendResult givenOne(String stream, String type) {
    NewEvent event = event(type);
    AppendResult result = store.append(stream, ExpectedVersion.any(), event);
    assertThat(result.position()).isPositive();
    return result;
  }

  /**
   * Appends to a stream of its own until the store's time is later than this; returns the first
   * later append.
   */
  AppendResult untilLaterThan(Instant time) {
    AppendResult[] last = new AppendResult[1];
    await()
        .until(
            () -> {
              last[0] = givenOne("time-passes", "TimePassed");
              return last[0].recordedAt().isAfter(time);
            });
    return last[0];
  }

  List<RecordedEvent> read(ReadStream read) {
    try (EventReader reader = store.readStream(read)) {
      return reader.toList();
    }
  }

  List<RecordedEvent> read(ReadLog read) {
    try (EventReader reader = store.readLog(read)) {
      return reader.toList();
    }
  }

  static List<Long> versions(List<RecordedEvent> events) {
    return events.stream().map(RecordedEvent::version).toList();
  }

  static List<Long> positions(List<RecordedEvent> events) {
    return events.stream().map(RecordedEvent::position).toList();
  }

  static List<String> types(List<RecordedEvent> events) {
    return events.stream().map(RecordedEvent::type).toList();
  }

  static List<NewEvent> asWritten(List<RecordedEvent> events) {
    return events.stream().map(RecordedEvent::asWritten).toList();
  }

  /** Runs what must be refused, and returns the refusal. */
  static <T extends VarveException> T refusal(Class<T> type, Runnable call) {
    T refusal = catchThrowableOfType(type, call::run);
    assertThat(refusal).as("nothing was refused").isNotNull();
    assertThat(refusal.getMessage()).isNotBlank();
    return refusal;
  }

  /**
   * Runs all of them at once, each on a thread of its own, and waits for their results. The threads
   * are the platform's: two that look again and again would leave no virtual one a processor.
   */
  <T> List<T> together(List<Callable<T>> tasks) throws Exception {
    try (ExecutorService threads =
        Executors.newThreadPerTaskExecutor(Thread.ofPlatform().factory())) {
      List<Future<T>> running = new ArrayList<>();
      for (Callable<T> task : tasks) {
        running.add(threads.submit(task));
      }
      List<T> results = new ArrayList<>();
      for (Future<T> future : running) {
        results.add(future.get(patience().toSeconds() * 4, TimeUnit.SECONDS));
      }
      return results;
    }
  }

  /** What the store knows about a stream, which must be something. */
  StreamInfo info(String stream) {
    return store.streams().get(stream).orElseThrow();
  }

  /** The newest position of the log. */
  long head() {
    try (EventReader reader = store.readLog(ReadLog.all().limit(1))) {
      return reader.headPosition();
    }
  }

  /** An event with tags. */
  static NewEvent tagged(String type, String... tags) {
    return NewEvent.builder(type).tags(List.of(tags)).build();
  }
}

package io.varve.server;

import io.varve.client.VarveClient;
import io.varve.client.streams.AppendCondition;
import io.varve.client.streams.ConditionFailedException;
import io.varve.client.streams.ConsumerGroup;
import io.varve.client.streams.EventReader;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.GroupConsumer;
import io.varve.client.streams.JoinGroup;
import io.varve.client.streams.NackAction;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.Query;
import io.varve.client.streams.ReadLog;
import io.varve.client.streams.ReadStream;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.Retention;
import io.varve.client.streams.Snapshot;
import io.varve.client.streams.SubscribeToLog;
import io.varve.client.streams.Subscription;
import io.varve.client.streams.Transaction;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.Recorder;
import org.jspecify.annotations.Nullable;

/** What clients of every kind ask of a server, at a pace that leaves it some room. */
final class SoakLoad implements AutoCloseable {
  private static final int STREAMS = 200;
  private static final int KEPT = 50;
  private static final long BETWEEN_NANOS = TimeUnit.MILLISECONDS.toNanos(4);
  private static final String GROUP = "soak";

  private final VarveClient store;
  private final Recorder appends = new Recorder(3);
  private final Recorder reads = new Recorder(3);
  private final AtomicLong operations = new AtomicLong();
  private final AtomicLong delivered = new AtomicLong();
  private final List<Thread> threads = new ArrayList<>();
  private final Subscription follower;
  private volatile boolean stopping;
  private volatile long followed;
  private volatile @Nullable Throwable fault;

  /** One thing that is done over and over. */
  private interface Step {
    void run(Random random) throws Exception;
  }

  SoakLoad(VarveClient store, long seed) {
    this.store = store;
    store.consumerGroups().create(ConsumerGroup.ofLog(GROUP, Query.tags("tag:1", "tag:2")));
    for (int i = 0; i < STREAMS; i++) {
      store.append(stream(i), ExpectedVersion.any(), event(i));
      store.streams().setRetention(stream(i), Retention.newest(KEPT));
    }
    follower = store.subscribeToLog(SubscribeToLog.all().fromStart(), this::follow);
    start(seed + 1, BETWEEN_NANOS, this::append);
    start(seed + 2, BETWEEN_NANOS, this::append);
    start(seed + 3, BETWEEN_NANOS, this::transact);
    start(seed + 4, BETWEEN_NANOS, this::read);
    start(seed + 5, BETWEEN_NANOS, this::query);
    start(seed + 6, 5 * BETWEEN_NANOS, this::subscribe);
    start(seed + 7, 5 * BETWEEN_NANOS, this::consume);
    start(seed + 8, TimeUnit.SECONDS.toNanos(2), this::lookAfter);
  }

  private void follow(RecordedEvent event) {
    if (event.position() <= followed) {
      fault = new AssertionError("position " + event.position() + " after " + followed);
    }
    followed = event.position();
  }

  private void start(long seed, long betweenNanos, Step step) {
    threads.add(
        Thread.ofPlatform()
            .name("soak " + threads.size())
            .start(
                () -> {
                  Random random = new Random(seed);
                  try {
                    while (!stopping && fault == null) {
                      step.run(random);
                      operations.incrementAndGet();
                      LockSupport.parkNanos(betweenNanos); // the pace
                    }
                  } catch (Exception | Error e) {
                    fault = e;
                  }
                }));
  }

  private static String stream(int number) {
    return "account-" + number;
  }

  private static NewEvent event(int number) {
    return NewEvent.builder("Type" + number % 7)
        .json("{\"amount\": " + number + "}")
        .tag("tag:" + number % 20)
        .build();
  }

  private void append(Random random) {
    List<NewEvent> events = new ArrayList<>();
    for (int i = random.nextInt(5); i >= 0; i--) {
      events.add(event(random.nextInt(10_000)));
    }
    long begun = System.nanoTime();
    store.append(stream(random.nextInt(STREAMS)), ExpectedVersion.any(), events);
    appends.recordValue(System.nanoTime() - begun);
  }

  private void transact(Random random) {
    int number = random.nextInt(STREAMS);
    try {
      store.transact(
          Transaction.builder()
              .append(stream(number), ExpectedVersion.any(), event(number))
              .append("order-" + random.nextInt(STREAMS), ExpectedVersion.any(), event(number))
              .condition(
                  AppendCondition.noMatch(Query.tags("tag:" + random.nextInt(20)))
                      .after(Math.max(1, followed - random.nextInt(100))))
              .build());
    } catch (ConditionFailedException e) {
      // as conditions do
    }
  }

  private void read(Random random) {
    long begun = System.nanoTime();
    try (EventReader events = store.readStream(ReadStream.of(stream(random.nextInt(STREAMS))))) {
      events.forEach(_ -> delivered.incrementAndGet());
    }
    reads.recordValue(System.nanoTime() - begun);
  }

  private void query(Random random) {
    Query query = Query.tags("tag:" + random.nextInt(20));
    try (EventReader events = store.readLog(ReadLog.all().query(query).backwards().limit(100))) {
      events.forEach(_ -> delivered.incrementAndGet());
    }
  }

  private void subscribe(Random random) throws Exception {
    CountDownLatch some = new CountDownLatch(1 + random.nextInt(300));
    try (Subscription _ =
        store.subscribeToLog(
            SubscribeToLog.all().after(Math.max(0, followed - 1_000)), _ -> some.countDown())) {
      var _ = some.await(5, TimeUnit.SECONDS);
    }
  }

  private void consume(Random random) throws Exception {
    CountDownLatch some = new CountDownLatch(1 + random.nextInt(200));
    Random answers = new Random(random.nextLong());
    GroupConsumer consumer =
        store
            .consumerGroups()
            .consume(
                JoinGroup.of(GROUP).credit(20),
                (event, group) -> {
                  if (answers.nextInt(10) > 0) {
                    group.ack(event);
                  } else {
                    NackAction action = answers.nextBoolean() ? NackAction.RETRY : NackAction.PARK;
                    group.nack(event, action, "drawn at random");
                  }
                  some.countDown();
                });
    var _ = some.await(5, TimeUnit.SECONDS);
    consumer.close();
    store.consumerGroups().discardParked(GROUP);
  }

  private void lookAfter(Random random) {
    String stream = stream(random.nextInt(STREAMS));
    long version = store.streams().get(stream).orElseThrow().version();
    store.snapshots().save(Snapshot.json(stream, version, "{}"));
    var _ = store.admin().scavenge();
    if (random.nextInt(10) == 0) {
      var _ = store.admin().createBackup("soak", _ -> {});
    }
  }

  /** How long appends have taken since the last time. */
  Histogram appends() {
    return appends.getIntervalHistogram();
  }

  /** How long reads of a stream have taken since the last time. */
  Histogram reads() {
    return reads.getIntervalHistogram();
  }

  long operations() {
    return operations.get();
  }

  /** Up to which position the one that follows all the time has come. */
  long followed() {
    return followed;
  }

  /** What has gone wrong; null: nothing has. */
  @Nullable Throwable fault() {
    return fault;
  }

  /** Has everybody finish what they are at. */
  void stop() throws InterruptedException {
    stopping = true;
    for (Thread thread : threads) {
      thread.join(Duration.ofMinutes(2));
    }
  }

  @Override
  public void close() {
    try {
      stop();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    follower.close();
  }
}

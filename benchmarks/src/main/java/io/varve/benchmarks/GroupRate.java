package io.varve.benchmarks;

import io.varve.client.streams.ConsumerGroup;
import io.varve.client.streams.ConsumerGroupSettings;
import io.varve.client.streams.ConsumerListener;
import io.varve.client.streams.ConsumerStrategy;
import io.varve.client.streams.DeliveredEvent;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.GroupConsumer;
import io.varve.client.streams.JoinGroup;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.Query;
import io.varve.server.StartFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * How many events a second does a consumer group deliver and take acks for?
 *
 * <p>Writes a log of events with 200 bytes of payload, in 1,000 streams by 20 in turn, and has
 * groups consume it from its start: with different numbers of consumers, each on a connection of
 * its own, that ack each event by itself or several at a time. Prints a Markdown table of events a
 * second, from the first consumer's joining until the group is level. Settings are the default
 * ones, but for a buffer that lets each consumer have as much in flight as it may, and as much
 * again read ahead.
 *
 * <pre>{@code
 * mvn -Dquick package
 * java -Xmx1g --enable-native-access=ALL-UNNAMED \
 *     -cp 'benchmarks/target/varve-benchmarks.jar:benchmarks/target/lib/*' \
 *     io.varve.benchmarks.GroupRate
 * }</pre>
 */
@Command(
    name = "GroupRate",
    description = "Has consumer groups of different sizes consume a log.",
    mixinStandardHelpOptions = true,
    sortOptions = false)
public final class GroupRate implements Callable<Integer> {
  private static final int APPENDED_AT_ONCE = 20;
  private static final int STREAMS = 1_000;
  private static final int PAYLOAD_BYTES = 200;

  /** Far more than a consumer holds at a time, so that nobody waits for credit. */
  private static final int CREDIT_AT_ONCE = 100_000;

  @Option(
      names = "--events",
      defaultValue = "400000",
      paramLabel = "N",
      description = "How many events the log has. Default: ${DEFAULT-VALUE}.")
  private int events;

  @Option(
      names = "--consumers",
      split = ",",
      defaultValue = "1,4,16",
      paramLabel = "N",
      description = "How many consumers share it. Default: ${DEFAULT-VALUE}.")
  private List<Integer> consumers = List.of();

  @Option(
      names = "--acked-at-once",
      split = ",",
      defaultValue = "1,50",
      paramLabel = "N",
      description = "How many events an ack is for. Default: ${DEFAULT-VALUE}.")
  private List<Integer> ackedAtOnce = List.of();

  @Option(
      names = "--strategy",
      defaultValue = "ROUND_ROBIN",
      description = "How events are shared out: ${COMPLETION-CANDIDATES}. Default: ROUND_ROBIN.")
  private ConsumerStrategy strategy = ConsumerStrategy.ROUND_ROBIN;

  /** Runs it and ends the process. */
  public static void main(String[] arguments) {
    System.exit(new CommandLine(new GroupRate()).execute(arguments));
  }

  @Override
  public Integer call() throws IOException, StartFailure, InterruptedException {
    Path temporary = Files.createTempDirectory("varve-group-rate-");
    try (LocalStore local = LocalStore.open(temporary)) {
      fill(local.store());
      System.err.println("warming up");
      measure(local, "warm-up", 4, 1);
      measure(local, "warm-up-too", 4, 50);
      System.err.println("measuring");
      System.out.println("| consumers | events an ack | events a second |");
      System.out.println("| ---: | ---: | ---: |");
      for (int atOnce : ackedAtOnce) {
        for (int count : consumers) {
          double rate = measure(local, "group-" + count + "-" + atOnce, count, atOnce);
          System.out.printf(Locale.ROOT, "| %d | %d | %,.0f |%n", count, atOnce, rate);
        }
      }
    } finally {
      remove(temporary);
    }
    return CommandLine.ExitCode.OK;
  }

  private void fill(EventStore store) {
    byte[] payload = new byte[PAYLOAD_BYTES];
    for (int from = 0; from < events; from += APPENDED_AT_ONCE) {
      List<NewEvent> batch = new ArrayList<>();
      for (int i = from; i < Math.min(events, from + APPENDED_AT_ONCE); i++) {
        batch.add(NewEvent.of("Happened", payload));
      }
      store.append("s-" + from / APPENDED_AT_ONCE % STREAMS, ExpectedVersion.any(), batch);
    }
  }

  /** Has a group consume the log; returns how many events a second it did. */
  private double measure(LocalStore local, String group, int count, int atOnce)
      throws InterruptedException {
    local
        .store()
        .consumerGroups()
        .create(
            ConsumerGroup.ofLog(group, Query.all())
                .settings(
                    ConsumerGroupSettings.defaults()
                        .strategy(strategy)
                        .bufferSize(Math.max(500, 200 * count))));
    CountDownLatch left = new CountDownLatch(events);
    List<EventStore> clients = new ArrayList<>();
    long begun;
    try {
      for (int i = 0; i < count; i++) {
        clients.add(local.connect());
      }
      begun = System.nanoTime();
      for (EventStore client : clients) {
        GroupConsumer joined =
            client
                .consumerGroups()
                .consume(
                    JoinGroup.of(group).as("consumer").credit(CREDIT_AT_ONCE),
                    new Acking(atOnce, left));
        if (joined.id().isEmpty()) {
          throw new IllegalStateException("a consumer without an id");
        }
      }
      left.await();
      // The last acks are on their way; each consumer may be left with less than it acks at once.
      long open = (long) count * (atOnce - 1);
      while (local.store().consumerGroups().get(group).orElseThrow().lag() > open) {
        Thread.onSpinWait();
      }
      return events / ((System.nanoTime() - begun) / 1e9);
    } finally {
      clients.forEach(EventStore::close);
    }
  }

  /** Acks what it gets, so many at a time. */
  private static final class Acking implements ConsumerListener {
    private final int atOnce;
    private final CountDownLatch left;
    private final List<Long> waiting = new ArrayList<>();
    private int credit = CREDIT_AT_ONCE;

    Acking(int atOnce, CountDownLatch left) {
      this.atOnce = atOnce;
      this.left = left;
    }

    @Override
    public void onEvent(DeliveredEvent event, GroupConsumer consumer) {
      waiting.add(event.position());
      left.countDown();
      if (waiting.size() >= atOnce) {
        consumer.ack(List.copyOf(waiting));
        waiting.clear();
      }
      if (--credit < CREDIT_AT_ONCE / 2) {
        credit += CREDIT_AT_ONCE;
        consumer.credit(CREDIT_AT_ONCE);
      }
    }
  }

  private static void remove(Path folder) throws IOException {
    try (Stream<Path> below = Files.walk(folder)) {
      for (Path path : below.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }
}

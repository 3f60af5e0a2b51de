package io.varve.bank.load;

import java.io.IOException;
import java.math.BigDecimal;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.Recorder;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Clients that ask a running demo for transfers between accounts of their own, each one after the
 * other, and wait for each to end. Without a rate each asks again as soon as it has its answer.
 * With one, transfers are due at fixed times, and the time of each counts from when it was due: a
 * demo that stands still for a second is not asked less, and is not let off.
 *
 * <p>Afterwards the money is counted: a run in which a cent is missing has failed.
 */
final class TransferLoad {

  /**
   * What is asked.
   *
   * @param rate transfers a second of all clients together; 0: as many as they get answered
   */
  record Plan(URI demo, int clients, int accounts, Duration warmUp, Duration time, int rate) {}

  /**
   * What came of it.
   *
   * @param statuses how many answers there were of each HTTP status
   * @param unanswered requests without an answer
   * @param micros how long the answered ones took
   */
  record Result(Duration took, Map<Integer, Long> statuses, long unanswered, Histogram micros) {

    double perSecond() {
      return micros.getTotalCount() * 1e9 / took.toNanos();
    }
  }

  private static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(30);
  private static final Duration LONGEST_END = Duration.ofMinutes(2);
  private static final Duration LOOK_AGAIN = Duration.ofMillis(200);
  private static final long LONGEST_MICROS = Duration.ofMinutes(2).toNanos() / 1000;
  private static final BigDecimal OPENING = new BigDecimal("1000000.00");
  private static final int MOST_CENTS = 10_000;

  private static final JsonMapper JSON =
      JsonMapper.builder().enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS).build();

  private final Plan plan;
  private final HttpClient http =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .executor(Executors.newVirtualThreadPerTaskExecutor())
          .build();
  private final Map<Integer, LongAdder> statuses = new ConcurrentHashMap<>();
  private final LongAdder unanswered = new LongAdder();
  private final Recorder micros = new Recorder(LONGEST_MICROS, 3);
  private final AtomicLong asked = new AtomicLong();

  TransferLoad(Plan plan) {
    this.plan = plan;
  }

  /**
   * Opens the accounts, runs the load, and counts the money.
   *
   * @throws IOException the demo does not answer, or not as it should
   */
  Result run() throws IOException, InterruptedException {
    List<String> accounts = new ArrayList<>();
    for (int i = 0; i < plan.accounts(); i++) {
      accounts.add(open("Load " + i));
    }
    phase(accounts, plan.warmUp());
    statuses.clear();
    unanswered.reset();
    Histogram _ = micros.getIntervalHistogram(); // forgets the warm-up
    long began = System.nanoTime();
    phase(accounts, plan.time());
    Duration took = Duration.ofNanos(System.nanoTime() - began);
    awaitEnds();
    requireAllMoney(accounts);
    Map<Integer, Long> counts = new TreeMap<>();
    statuses.forEach((status, count) -> counts.put(status, count.sum()));
    return new Result(took, counts, unanswered.sum(), micros.getIntervalHistogram());
  }

  private void phase(List<String> accounts, Duration time) throws InterruptedException {
    long begin = System.nanoTime();
    long end = begin + time.toNanos();
    asked.set(0);
    try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> all = new ArrayList<>();
      for (int client = 0; client < plan.clients(); client++) {
        Random random = new Random(client);
        all.add(clients.submit(() -> ask(accounts, random, begin, end)));
      }
      for (Future<?> client : all) {
        client.get();
      }
    } catch (ExecutionException e) {
      throw new IllegalStateException("a client of the load has failed", e.getCause());
    }
  }

  private void ask(List<String> accounts, Random random, long begin, long end) {
    while (System.nanoTime() < end && !Thread.currentThread().isInterrupted()) {
      long due = System.nanoTime();
      if (plan.rate() > 0) {
        due = begin + (long) (asked.getAndIncrement() * (1e9 / plan.rate()));
        if (due >= end) {
          return;
        }
        awaitTime(due);
      }
      int from = random.nextInt(accounts.size());
      int to = (from + 1 + random.nextInt(accounts.size() - 1)) % accounts.size();
      BigDecimal amount = BigDecimal.valueOf(1 + random.nextInt(MOST_CENTS), 2);
      String body =
          "{\"from_account\":\"%s\",\"to_account\":\"%s\",\"amount\":%s}"
              .formatted(accounts.get(from), accounts.get(to), amount);
      try {
        HttpResponse<byte[]> answer = post("/api/commands/transfers", body);
        statuses.computeIfAbsent(answer.statusCode(), _ -> new LongAdder()).increment();
        micros.recordValue(Math.min(LONGEST_MICROS, (System.nanoTime() - due) / 1000));
      } catch (IOException e) {
        unanswered.increment();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static void awaitTime(long due) {
    long left = due - System.nanoTime();
    while (left > 0 && !Thread.currentThread().isInterrupted()) {
      LockSupport.parkNanos(left);
      left = due - System.nanoTime();
    }
  }

  private String open(String owner) throws IOException, InterruptedException {
    String body = "{\"owner\":\"%s\",\"initial_balance\":%s}".formatted(owner, OPENING);
    HttpResponse<byte[]> answer = post("/api/commands/accounts", body);
    if (answer.statusCode() != 201) {
      throw new IOException("an account was not opened: HTTP " + answer.statusCode());
    }
    return JSON.readTree(answer.body()).at("/account_id").asString();
  }

  /** Transfers that were answered as still on their way hold money until they have ended. */
  private void awaitEnds() throws IOException, InterruptedException {
    long deadline = System.nanoTime() + LONGEST_END.toNanos();
    long unfinished = unfinished();
    while (unfinished > 0) {
      if (System.nanoTime() > deadline) {
        throw new IOException(unfinished + " transfers have not ended within " + LONGEST_END);
      }
      Thread.sleep(LOOK_AGAIN);
      unfinished = unfinished();
    }
  }

  private long unfinished() throws IOException, InterruptedException {
    return get("/health").at("/sagas_unfinished").asLong();
  }

  /** By each account's history in the store, so that the read model need not have caught up. */
  private void requireAllMoney(List<String> accounts) throws IOException, InterruptedException {
    BigDecimal sum = BigDecimal.ZERO;
    for (String account : accounts) {
      JsonNode answer = get("/api/queries/accounts/" + account + "/balance");
      sum = sum.add(answer.at("/balance").decimalValue());
    }
    BigDecimal paidIn = OPENING.multiply(BigDecimal.valueOf(accounts.size()));
    if (sum.compareTo(paidIn) != 0) {
      throw new IOException("the accounts hold " + sum + ", and " + paidIn + " was paid in");
    }
  }

  private HttpResponse<byte[]> post(String path, String body)
      throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(plan.demo().resolve(path))
            .header("Content-Type", "application/json")
            .timeout(REQUEST_TIMEOUT)
            .POST(BodyPublishers.ofString(body))
            .build();
    return http.send(request, BodyHandlers.ofByteArray());
  }

  private JsonNode get(String path) throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(plan.demo().resolve(path)).timeout(REQUEST_TIMEOUT).build();
    HttpResponse<byte[]> answer = http.send(request, BodyHandlers.ofByteArray());
    if (answer.statusCode() != 200) {
      throw new IOException(path + " was answered with HTTP " + answer.statusCode());
    }
    return JSON.readTree(answer.body());
  }
}

package io.varve.server.cli;

import io.varve.client.VarveClient;
import io.varve.client.streams.EventReader;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.Query;
import io.varve.client.streams.ReadLog;
import io.varve.client.streams.ReadStream;
import io.varve.client.streams.ServerInfo;
import io.varve.client.streams.SubscribeToLog;
import io.varve.client.streams.Subscription;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.LongAdder;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code varve bench}: loads a running store and tells how it did. */
@Command(
    name = "bench",
    description = {
      "Loads a running store and prints how it did, as one line of JSON.",
      "",
      "Without --rate the loop is closed: each client waits for its answer before it goes on, and"
          + " a",
      "slow store is asked less. With --rate it is open: requests are due at fixed times, and"
          + " latency",
      "counts from when each was due, so what waits behind a stall is counted in full.",
      "",
      "It appends to streams that begin with bench- and nobody removes them: use a store made for"
          + " it.",
      ""
    },
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "SHAPE")
final class BenchCommand {
  private static final int READ_STREAMS = 500;

  @Spec private CommandSpec command;

  @Command(
      description =
          "Durable appends under an expected version, each client to a stream of its own.",
      mixinStandardHelpOptions = true)
  int append(
      @Mixin Load load,
      @Option(names = "--hot", description = "All clients to one stream, whatever its version.")
          boolean hot,
      @Option(
              names = "--batch",
              paramLabel = "N",
              defaultValue = "1",
              description = "Events in one append. Default: ${DEFAULT-VALUE}.")
          int batch,
      @Option(
              names = "--payload",
              paramLabel = "BYTES",
              defaultValue = "200",
              description = "Bytes of each payload. Default: ${DEFAULT-VALUE}.")
          int payload,
      @Mixin Connection connection,
      @Mixin Output output) {
    require("append", batch >= 1 && batch <= 10_000, "--batch must be from 1 to 10000");
    require("append", payload >= 0 && payload <= 4 << 20, "--payload must be from 0 to 4194304");
    String prefix = "bench-" + UUID.randomUUID() + "-";
    byte[] data = payloadOf(payload);
    try (Clients clients = new Clients(connection, load)) {
      LoadReport report =
          load.run(
              number ->
                  new Appender(
                      clients.of(number),
                      hot ? prefix + "hot" : prefix + number,
                      hot,
                      batch,
                      data));
      print(
          output,
          clients,
          report.line("append").put("hot", hot).put("batch", batch).put("payload_bytes", payload));
    }
    return ExitCode.OK.code();
  }

  @Command(
      description = "Whole streams of a few events, one after another.",
      mixinStandardHelpOptions = true)
  int read(
      @Mixin Load load,
      @Option(
              names = "--events",
              paramLabel = "N",
              defaultValue = "20",
              description = "Events of each stream. Default: ${DEFAULT-VALUE}.")
          int events,
      @Mixin Connection connection,
      @Mixin Output output) {
    require("read", events >= 1 && events <= 10_000, "--events must be from 1 to 10000");
    String prefix = "bench-" + UUID.randomUUID() + "-";
    try (Clients clients = new Clients(connection, load)) {
      NewEvent.Builder event = NewEvent.builder("Benched").data(payloadOf(200));
      for (int i = 0; i < READ_STREAMS; i++) {
        List<NewEvent> stream = new ArrayList<>();
        for (int n = 0; n < events; n++) {
          stream.add(event.build());
        }
        clients.of(0).append(prefix + i, ExpectedVersion.noStream(), stream);
      }
      LoadReport report =
          load.run(
              number ->
                  () -> {
                    String stream = prefix + ThreadLocalRandom.current().nextInt(READ_STREAMS);
                    try (EventReader found = clients.of(number).readStream(ReadStream.of(stream))) {
                      return count(found);
                    }
                  });
      print(output, clients, report.line("read").put("events_of_a_stream", events));
    }
    return ExitCode.OK.code();
  }

  @Command(description = "The log, from a random place on.", mixinStandardHelpOptions = true)
  int scan(
      @Mixin Load load,
      @Option(
              names = "--events",
              paramLabel = "N",
              defaultValue = "10000",
              description = "Events of each scan, if there are as many. Default: ${DEFAULT-VALUE}.")
          int events,
      @Mixin Connection connection,
      @Mixin Output output) {
    require("scan", events >= 1, "--events must be 1 or higher");
    try (Clients clients = new Clients(connection, load)) {
      long head = clients.of(0).statistics().headPosition();
      if (head == 0) {
        throw new CommandFailure(ExitCode.NOT_THERE, "the log is empty: there is nothing to scan");
      }
      long last = Math.max(1, head - events + 1);
      LoadReport report =
          load.run(
              number ->
                  () -> {
                    long from = 1 + ThreadLocalRandom.current().nextLong(last);
                    try (EventReader found =
                        clients
                            .of(number)
                            .readLog(ReadLog.all().fromPosition(from).limit(events))) {
                      return count(found);
                    }
                  });
      print(output, clients, report.line("scan").put("events_of_a_scan", events));
    }
    return ExitCode.OK.code();
  }

  @Command(
      description = {
        "From an append's due time until a live subscriber has its event.",
        "",
        "The clients append at --rate (default 100 a second in all); every subscriber's every"
            + " event",
        "counts. Warm-up events are left out.",
        ""
      },
      mixinStandardHelpOptions = true)
  int subscribe(
      @Mixin Load load,
      @Option(
              names = "--subscribers",
              paramLabel = "N",
              defaultValue = "1",
              description = "Live subscribers. Default: ${DEFAULT-VALUE}.")
          int subscribers,
      @Mixin Connection connection,
      @Mixin Output output) {
    require(
        "subscribe", subscribers >= 1 && subscribers <= 10_000, "--subscribers must be 1 to 10000");
    String prefix = "bench-" + UUID.randomUUID() + "-";
    load.rateUnlessGiven(100);
    try (Clients clients = new Clients(connection, load)) {
      Deliveries deliveries = new Deliveries(load);
      List<Subscription> open = new ArrayList<>();
      LongAdder appended = new LongAdder();
      try {
        for (int i = 0; i < subscribers; i++) {
          open.add(
              clients
                  .of(i)
                  .subscribeToLog(
                      SubscribeToLog.all().query(Query.streamPrefixes(prefix)).fromNow(),
                      deliveries.listener()));
        }
        LoadReport report =
            load.run(
                number -> {
                  VarveClient store = clients.of(number);
                  return new LoadOperation() {
                    @Override
                    public long run() {
                      return runDueAt(System.nanoTime());
                    }

                    @Override
                    public long runDueAt(long due) {
                      var _ =
                          store.append(
                              prefix + number, ExpectedVersion.any(), Deliveries.event(due));
                      appended.increment();
                      return 1;
                    }
                  };
                });
        deliveries.await(appended.sum() * subscribers);
        print(
            output,
            clients,
            report
                .line("subscribe")
                .put("subscribers", subscribers)
                .put("deliveries", deliveries.count())
                .putJson("delivery_latency_micros", deliveries.latencies()));
      } finally {
        open.forEach(Subscription::close);
      }
    }
    return ExitCode.OK.code();
  }

  /** One client's appends, of which it is the only one unless the stream is hot. */
  private static final class Appender implements LoadOperation {
    private final VarveClient store;
    private final String stream;
    private final boolean hot;
    private final int batch;
    private final byte[] data;
    private long version;

    Appender(VarveClient store, String stream, boolean hot, int batch, byte[] data) {
      this.store = store;
      this.stream = stream;
      this.hot = hot;
      this.batch = batch;
      this.data = data;
    }

    @Override
    public long run() {
      NewEvent[] events = new NewEvent[batch];
      for (int i = 0; i < batch; i++) {
        events[i] = NewEvent.of("Benched", data);
      }
      ExpectedVersion expected = hot ? ExpectedVersion.any() : ExpectedVersion.exactly(version);
      version = store.append(stream, expected, events).version();
      return batch;
    }
  }

  /** The connections, which clients share round robin if there are fewer. */
  private static final class Clients implements AutoCloseable {
    private final List<VarveClient> stores = new ArrayList<>();

    Clients(Connection connection, Load load) {
      for (int i = 0; i < load.connections(); i++) {
        stores.add(connection.open());
      }
    }

    VarveClient of(int number) {
      return stores.get(number % stores.size());
    }

    @Override
    public void close() {
      stores.forEach(VarveClient::close);
    }
  }

  private static long count(EventReader events) {
    long count = 0;
    for (var _ : events) {
      count++;
    }
    return count;
  }

  private static byte[] payloadOf(int bytes) {
    byte[] payload = new byte[bytes];
    Arrays.fill(payload, (byte) 'x');
    return payload;
  }

  private static void print(Output output, Clients clients, JsonLine line) {
    ServerInfo info = clients.of(0).serverInfo();
    output.lineNow(
        line.put("release", info.release())
            .put("store_id", info.storeId().toString())
            .put("processors", Runtime.getRuntime().availableProcessors())
            .end());
  }

  private void require(String shape, boolean holds, String sentence) {
    if (!holds) {
      throw new ParameterException(command.subcommands().get(shape), sentence);
    }
  }
}

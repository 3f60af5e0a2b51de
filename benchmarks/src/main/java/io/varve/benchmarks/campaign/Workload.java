package io.varve.benchmarks.campaign;

import io.varve.benchmarks.contender.Contender.Ability;
import io.varve.client.streams.Query;
import io.varve.server.cli.bench.AppendShape;
import io.varve.server.cli.bench.ConditionalShape;
import io.varve.server.cli.bench.GroupShape;
import io.varve.server.cli.bench.MixedShape;
import io.varve.server.cli.bench.PipelineShape;
import io.varve.server.cli.bench.QueryShape;
import io.varve.server.cli.bench.ScanShape;
import io.varve.server.cli.bench.Shape;
import io.varve.server.cli.bench.SubscribeShape;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Something that contenders are asked to do.
 *
 * @param name in one word, with the number of clients or events where it matters
 * @param description in words
 * @param clients how many ask at the same time
 * @param need what a contender must be able to do for it
 * @param events events of one append, or of a stream that is read
 * @param rate requests a second in an open loop; null: a closed loop
 * @param shape the shape of {@code varve bench}, for what only Varve is asked; null: everybody is
 */
record Workload(
    String name,
    String description,
    int clients,
    Ability need,
    int events,
    @Nullable Double rate,
    @Nullable Shape shape) {

  private static final int PAYLOAD = 200;
  private static final int SEVERAL = 16;

  /** Deliveries are measured well below what the store can do. */
  private static final int DELIVERY_RATE = 200;

  /** Deliveries a second that all subscribers together are to bear. */
  private static final int MOST_DELIVERIES = 20_000;

  /** All of them, in the order of the table. */
  static List<Workload> all() {
    List<Workload> all = new ArrayList<>();
    for (int clients : List.of(1, 16, 64, 256)) {
      all.add(
          everybody(
              "append-" + clients,
              "one event an append, each client to a stream of its own",
              clients,
              Ability.APPEND,
              1));
    }
    for (int clients : List.of(1, 16, 64, 256)) {
      all.add(
          everybody(
              "hot-" + clients,
              "one event an append, all clients to one stream, whatever its version",
              clients,
              Ability.HOT,
              1));
    }
    for (int events : List.of(10, 100, 1_000)) {
      all.add(
          everybody(
              "batch-" + events, "so many events an append, 4 clients", 4, Ability.BATCH, events));
    }
    all.add(
        everybody("read-20", "whole streams of 20 events, 16 clients", SEVERAL, Ability.READ, 20));
    addOnlyVarves(all);
    return all;
  }

  private static void addOnlyVarves(List<Workload> all) {
    all.add(
        only(
            "contended-16",
            "one event an append to one stream under the version last seen, conflicts tried again",
            SEVERAL,
            new AppendShape(AppendShape.Target.CONTENDED_STREAM, 1, PAYLOAD)));
    for (int clients : List.of(1, 16, 64)) {
      all.add(
          only(
              "conditional-" + clients,
              "one event under an append condition, each client with a tag of its own",
              clients,
              new ConditionalShape(false, PAYLOAD)));
    }
    all.add(
        only(
            "conditional-hot-16",
            "one event under an append condition, all with the same tag, tried again",
            SEVERAL,
            new ConditionalShape(true, PAYLOAD)));
    for (int window : List.of(64, 256, 1_024)) {
      all.add(
          only(
              "pipeline-" + window,
              "one client with so many appends of one event unanswered",
              1,
              new PipelineShape(window, 1, PAYLOAD)));
    }
    all.add(
        only(
            "mixed-16",
            "one event an append, 16 clients, beside 4 readers of streams of 20 events",
            SEVERAL,
            new MixedShape(4, 20, PAYLOAD)));
    all.add(
        only(
            "query-20",
            "queries for a type and a tag that 20 events have, 16 clients",
            SEVERAL,
            new QueryShape(20)));
    all.add(
        only(
            "scan",
            "100,000 events of the log from a random place on, one client",
            1,
            new ScanShape(100_000, Query.all())));
    // After query-20, which writes what this one looks for.
    all.add(
        only(
            "scan-filtered",
            "10,000 events of one type from a random place on, one client",
            1,
            new ScanShape(10_000, Query.types("BenchedAgain"))));
    for (int subscribers : List.of(1, 100, 1_000)) {
      all.add(
          delivery(
              "subscribe-" + subscribers,
              "so many live subscribers",
              Math.min(DELIVERY_RATE, MOST_DELIVERIES / subscribers),
              new SubscribeShape(subscribers)));
    }
    all.add(
        delivery("group-4", "a consumer group with 4 consumers", DELIVERY_RATE, new GroupShape(4)));
  }

  private static Workload everybody(
      String name, String description, int clients, Ability need, int events) {
    return new Workload(name, description, clients, need, events, null, null);
  }

  private static Workload only(String name, String description, int clients, Shape shape) {
    return new Workload(name, description, clients, Ability.APPEND, 1, null, shape);
  }

  private static Workload delivery(String name, String description, int rate, Shape shape) {
    return new Workload(
        name,
        description + ", " + rate + " appends a second in an open loop",
        4,
        Ability.APPEND,
        1,
        (double) rate,
        shape);
  }
}

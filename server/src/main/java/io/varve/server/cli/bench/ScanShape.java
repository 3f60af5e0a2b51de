package io.varve.server.cli.bench;

import io.varve.client.streams.EventReader;
import io.varve.client.streams.Query;
import io.varve.client.streams.ReadLog;
import java.util.concurrent.ThreadLocalRandom;

/**
 * The log, from a random place on. It must not be empty.
 *
 * @param events events of each scan, if there are as many
 * @param query which of them; with one, events that do not match are passed over and do not count
 */
public record ScanShape(long events, Query query) implements Shape {

  @Override
  public ShapeResult run(Stores stores, LoadPlan plan) {
    long head = stores.of(0).statistics().headPosition();
    if (head == 0) {
      throw new LoadFailure("the log is empty: there is nothing to scan");
    }
    long last = Math.max(1, head - events + 1);
    return ShapeResult.of(
        Loader.run(
            plan,
            number ->
                _ -> {
                  long from = 1 + ThreadLocalRandom.current().nextLong(last);
                  ReadLog scan = ReadLog.all().query(query).fromPosition(from).limit(events);
                  try (EventReader found = stores.of(number).readLog(scan)) {
                    return Material.count(found);
                  }
                }));
  }
}

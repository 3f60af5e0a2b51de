package io.varve.server.cli.bench;

import io.varve.client.streams.Query;
import io.varve.client.streams.SubscribeToLog;
import io.varve.client.streams.Subscription;
import java.util.ArrayList;
import java.util.List;

/**
 * From an append's due time until a live subscriber has its event. Every subscriber's every event
 * counts.
 *
 * @param subscribers live subscribers to the log, with a filter that all appended events pass
 */
public record SubscribeShape(int subscribers) implements Shape {

  @Override
  public ShapeResult run(Stores stores, LoadPlan plan) {
    String prefix = Material.prefix();
    Loader loader = new Loader(plan);
    Deliveries deliveries = new Deliveries(loader::measuredFrom);
    List<Subscription> open = new ArrayList<>();
    try {
      for (int i = 0; i < subscribers; i++) {
        open.add(
            stores
                .of(i)
                .subscribeToLog(
                    SubscribeToLog.all().query(Query.streamPrefixes(prefix)).fromNow(),
                    deliveries.subscriber()));
      }
      LoadResult appends = deliveries.appendTo(stores, prefix, plan, loader);
      deliveries.await(deliveries.appended() * subscribers);
      return new ShapeResult(appends, null, deliveries.latencies());
    } finally {
      open.forEach(Subscription::close);
    }
  }
}

package io.varve.server.cli.bench;

import io.varve.client.streams.ConsumerGroup;
import io.varve.client.streams.ConsumerGroups;
import io.varve.client.streams.GroupConsumer;
import io.varve.client.streams.JoinGroup;
import io.varve.client.streams.Query;
import java.util.ArrayList;
import java.util.List;

/**
 * From an append's due time until a consumer of a group has its event. Consumers share the events
 * and ack each of them as it comes.
 *
 * @param consumers consumers of one group, with the default settings
 */
public record GroupShape(int consumers) implements Shape {

  @Override
  public ShapeResult run(Stores stores, LoadPlan plan) {
    String prefix = Material.prefix();
    Loader loader = new Loader(plan);
    Deliveries deliveries = new Deliveries(loader::measuredFrom);
    ConsumerGroups groups = stores.of(0).consumerGroups();
    String group = prefix + "group";
    groups.create(ConsumerGroup.ofLog(group, Query.streamPrefixes(prefix)).fromNow());
    List<GroupConsumer> joined = new ArrayList<>();
    try {
      for (int i = 0; i < consumers; i++) {
        joined.add(
            stores
                .of(i)
                .consumerGroups()
                .consume(
                    JoinGroup.of(group).as("bench-" + i).credit(Deliveries.CREDIT),
                    deliveries.consumer()));
      }
      LoadResult appends = deliveries.appendTo(stores, prefix, plan, loader);
      // Without a consumer that leaves, each event comes once.
      deliveries.await(deliveries.appended());
      return new ShapeResult(appends, null, deliveries.latencies());
    } finally {
      joined.forEach(GroupConsumer::close);
      groups.delete(group);
    }
  }
}

package io.varve.server.cli.bench;

import io.varve.client.streams.AppendResult;
import io.varve.client.streams.EventReader;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.Query;
import io.varve.client.streams.QueryItem;
import io.varve.client.streams.ReadLog;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Queries that the indexes answer: all events with one of 500 tags and one of two types, which lie
 * scattered among the others.
 *
 * @param matches how many events match each query
 */
public record QueryShape(int matches) implements Shape {
  private static final int TAGS = 500;
  private static final int STREAMS = 50;
  private static final List<String> TYPES = List.of("BenchedOnce", "BenchedAgain");

  @Override
  public ShapeResult run(Stores stores, LoadPlan plan) {
    String prefix = Material.prefix();
    write(stores.of(0), prefix);
    return ShapeResult.of(
        Loader.run(
            plan,
            number ->
                _ -> {
                  ThreadLocalRandom random = ThreadLocalRandom.current();
                  ReadLog read =
                      ReadLog.all()
                          .query(
                              Query.of(
                                  QueryItem.tags(prefix + random.nextInt(TAGS))
                                      .withTypes(TYPES.get(random.nextInt(TYPES.size())))));
                  try (EventReader found = stores.of(number).readLog(read)) {
                    return Material.count(found);
                  }
                }));
  }

  /** One event of each tag and type at a time, so that those of a query are far from each other. */
  private void write(EventStore store, String prefix) {
    byte[] payload = Material.payload(Material.PAYLOAD_BYTES);
    List<CompletableFuture<AppendResult>> answers = new ArrayList<>();
    for (int i = 0; i < matches; i++) {
      List<NewEvent> events = new ArrayList<>(TAGS * TYPES.size());
      for (int tag = 0; tag < TAGS; tag++) {
        for (String type : TYPES) {
          events.add(NewEvent.builder(type).data(payload).tag(prefix + tag).build());
        }
      }
      answers.add(store.appendAsync(prefix + i % STREAMS, ExpectedVersion.any(), events));
    }
    answers.forEach(CompletableFuture::join);
  }
}

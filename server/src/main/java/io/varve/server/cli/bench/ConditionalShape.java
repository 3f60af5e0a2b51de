package io.varve.server.cli.bench;

import io.varve.client.streams.AppendCondition;
import io.varve.client.streams.ConditionFailedException;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.Query;
import io.varve.client.streams.Transaction;

/**
 * Durable appends of one event under an append condition: that no event with a tag lies behind the
 * position up to which the client has seen them.
 *
 * @param shared whether all clients use one tag, and so get into each other's way: a condition that
 *     fails is tried again behind the event that was in the way, until it is taken, and all of that
 *     is one request; otherwise each client has a tag of its own
 * @param payloadBytes bytes of each payload
 */
public record ConditionalShape(boolean shared, int payloadBytes) implements Shape {

  @Override
  public ShapeResult run(Stores stores, LoadPlan plan) {
    String prefix = Material.prefix();
    byte[] payload = Material.payload(payloadBytes);
    return ShapeResult.of(
        Loader.run(
            plan,
            number ->
                new Deciding(
                    stores.of(number),
                    prefix + number,
                    shared ? prefix + "all" : prefix + "tag-" + number,
                    shared,
                    payload)));
  }

  /** One client. */
  private static final class Deciding implements LoadOperation {
    private final EventStore store;
    private final String stream;
    private final String tag;
    private final boolean shared;
    private final byte[] payload;
    private long seen;
    private long retries;

    Deciding(EventStore store, String stream, String tag, boolean shared, byte[] payload) {
      this.store = store;
      this.stream = stream;
      this.tag = tag;
      this.shared = shared;
      this.payload = payload;
    }

    @Override
    public long run(long due) {
      NewEvent event = NewEvent.builder("Benched").data(payload).tag(tag).build();
      for (retries = 0; ; retries++) {
        try {
          seen =
              store
                  .transact(
                      Transaction.builder()
                          .append(stream, ExpectedVersion.any(), event)
                          .condition(AppendCondition.noMatch(Query.tags(tag)).after(seen))
                          .build())
                  .position();
          return 1;
        } catch (ConditionFailedException e) {
          if (!shared) {
            throw e; // nobody else has this tag
          }
          seen = e.position();
        }
      }
    }

    @Override
    public long retriesOfLast() {
      return retries;
    }
  }
}

package io.varve.server.cli.bench;

import io.varve.client.streams.AppendResult;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.ExpectedVersion;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * Durable appends that do not wait for one another, each client to a stream of its own under the
 * version that the append before is going to leave.
 *
 * @param window how many of a client's appends may be unanswered; the connection must allow as many
 *     for all of its clients together
 * @param batch events in one append
 * @param payloadBytes bytes of each payload
 */
public record PipelineShape(int window, int batch, int payloadBytes) implements Shape {

  @Override
  public ShapeResult run(Stores stores, LoadPlan plan) {
    String prefix = Material.prefix();
    byte[] payload = Material.payload(payloadBytes);
    LoadPart appends =
        LoadPart.pipelined(
            plan.clients(),
            plan.rate(),
            window,
            number -> new Appender(stores.of(number), prefix + number, batch, payload));
    return ShapeResult.of(new Loader(plan).run(List.of(appends)).getFirst());
  }

  /** One client. */
  private static final class Appender implements PipelinedOperation {
    private final EventStore store;
    private final String stream;
    private final int batch;
    private final byte[] payload;
    private long version;

    Appender(EventStore store, String stream, int batch, byte[] payload) {
      this.store = store;
      this.stream = stream;
      this.batch = batch;
      this.payload = payload;
    }

    @Override
    public CompletableFuture<Long> begin() {
      CompletableFuture<AppendResult> answer =
          store.appendAsync(
              stream, ExpectedVersion.exactly(version), Material.events(batch, payload));
      version += batch; // a thread's appends are decided in the order of its calls
      return answer.thenApply(_ -> (long) batch);
    }
  }
}

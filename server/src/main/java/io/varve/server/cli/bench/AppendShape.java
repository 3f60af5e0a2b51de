package io.varve.server.cli.bench;

import io.varve.client.streams.EventStore;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.VersionConflictException;
import java.util.List;

/**
 * Durable appends.
 *
 * @param target which streams, and what is expected of them
 * @param batch events in one append
 * @param payloadBytes bytes of each payload
 */
public record AppendShape(Target target, int batch, int payloadBytes) implements Shape {

  /** Which streams are appended to, and what is expected of them. */
  public enum Target {
    /** Each client to a stream of its own, of which it expects the version it left. */
    OWN_STREAM,

    /** All to one stream, whatever its version. */
    HOT_STREAM,

    /**
     * All to one stream, each expecting the version that it last saw. A conflict is tried again at
     * the version found until it is taken, and all of that is one request.
     */
    CONTENDED_STREAM
  }

  @Override
  public ShapeResult run(Stores stores, LoadPlan plan) {
    String prefix = Material.prefix();
    byte[] payload = Material.payload(payloadBytes);
    return ShapeResult.of(
        Loader.run(
            plan,
            number ->
                new Appender(
                    stores.of(number),
                    target == Target.OWN_STREAM ? prefix + number : prefix + "hot",
                    target,
                    batch,
                    payload)));
  }

  /** One client. */
  static final class Appender implements LoadOperation {
    private final EventStore store;
    private final String stream;
    private final Target target;
    private final int batch;
    private final byte[] payload;
    private long version;
    private long retries;

    Appender(EventStore store, String stream, Target target, int batch, byte[] payload) {
      this.store = store;
      this.stream = stream;
      this.target = target;
      this.batch = batch;
      this.payload = payload;
    }

    @Override
    public long run(long due) {
      List<NewEvent> events = Material.events(batch, payload);
      for (retries = 0; ; retries++) {
        try {
          ExpectedVersion expected =
              target == Target.HOT_STREAM
                  ? ExpectedVersion.any()
                  : ExpectedVersion.exactly(version);
          version = store.append(stream, expected, events).version();
          return batch;
        } catch (VersionConflictException e) {
          if (target == Target.OWN_STREAM) {
            throw e; // nobody else appends there
          }
          version = e.actualVersion();
        }
      }
    }

    @Override
    public long retriesOfLast() {
      return retries;
    }
  }
}

package io.varve.server.cli.bench;

import java.util.List;

/**
 * Durable appends of single events, each client to a stream of its own, while readers read whole
 * streams of a few events one after another.
 *
 * @param readers how many readers, in a closed loop always
 * @param events events of each stream that is read
 * @param payloadBytes bytes of each payload that is appended
 */
public record MixedShape(int readers, int events, int payloadBytes) implements Shape {

  @Override
  public ShapeResult run(Stores stores, LoadPlan plan) {
    String prefix = Material.prefix();
    String read = prefix + "read-";
    Material.write(stores.of(0), read, ReadShape.STREAMS, events);
    byte[] payload = Material.payload(payloadBytes);
    List<LoadResult> results =
        new Loader(plan)
            .run(
                List.of(
                    LoadPart.of(
                        plan.clients(),
                        plan.rate(),
                        number ->
                            new AppendShape.Appender(
                                stores.of(number),
                                prefix + number,
                                AppendShape.Target.OWN_STREAM,
                                1,
                                payload)),
                    LoadPart.of(
                        readers,
                        null,
                        number ->
                            ReadShape.reading(
                                stores, plan.clients() + number, read, ReadShape.STREAMS))));
    return new ShapeResult(results.getFirst(), results.getLast(), null);
  }
}

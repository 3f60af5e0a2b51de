package io.varve.server.cli.bench;

import io.varve.client.streams.EventReader;
import io.varve.client.streams.ReadStream;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Whole streams of a few events, one after another, as an aggregate is loaded.
 *
 * @param events events of each stream
 */
public record ReadShape(int events) implements Shape {
  /** Few enough that they are in memory: it is the path to them that is measured. */
  static final int STREAMS = 500;

  @Override
  public ShapeResult run(Stores stores, LoadPlan plan) {
    String prefix = Material.prefix();
    Material.write(stores.of(0), prefix, STREAMS, events);
    return ShapeResult.of(Loader.run(plan, number -> reading(stores, number, prefix, STREAMS)));
  }

  /** Reads one of so many streams, which chance chooses. */
  static LoadOperation reading(Stores stores, int number, String prefix, int streams) {
    return _ -> {
      String stream = prefix + ThreadLocalRandom.current().nextInt(streams);
      try (EventReader found = stores.of(number).readStream(ReadStream.of(stream))) {
        return Material.count(found);
      }
    };
  }
}

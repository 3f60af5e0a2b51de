package io.varve.server.ops.console;

import io.varve.server.ops.Traffic;
import io.varve.server.ops.metrics.StoreView;
import io.varve.server.read.EventReader;
import io.varve.server.read.StreamDirectory;
import java.util.concurrent.Executor;

/**
 * What the console shows.
 *
 * @param release the release that runs
 * @param address where events are served, as HOST:PORT
 * @param parts the store's parts and figures
 * @param reader reads events
 * @param directory knows what streams, types and categories there are
 * @param reads runs what looks at the disk for others
 * @param traffic knows how much is going on
 */
public record ConsoleStore(
    String release,
    String address,
    StoreView parts,
    EventReader reader,
    StreamDirectory directory,
    Executor reads,
    Traffic traffic) {}

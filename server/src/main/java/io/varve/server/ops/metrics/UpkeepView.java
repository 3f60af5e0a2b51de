package io.varve.server.ops.metrics;

import io.varve.server.ops.Archiver;
import io.varve.server.ops.Compactor;
import io.varve.server.ops.LongTask;
import io.varve.server.ops.Verifier;
import java.util.function.LongSupplier;

/**
 * What is done in the background when somebody asks for it, and by the clock, as it is looked at
 * for metrics.
 *
 * @param backups runs backups
 * @param backedUpTo up to which position the last one holds the log; 0 when none was made
 */
public record UpkeepView(
    LongTask backups,
    LongSupplier backedUpTo,
    Verifier verifier,
    Compactor compactor,
    Archiver archiver) {}

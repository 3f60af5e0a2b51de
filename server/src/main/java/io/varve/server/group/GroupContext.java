package io.varve.server.group;

import io.varve.server.read.EventReader;
import io.varve.server.storage.Head;
import io.varve.server.subscription.Feeds;
import java.time.InstantSource;
import java.util.concurrent.Executor;
import java.util.function.LongSupplier;

/**
 * What all groups of a store share.
 *
 * @param head the log's head
 * @param reader reads single events
 * @param feeds read forwards
 * @param store what is stored
 * @param saver writes it
 * @param budget bounds what is held
 * @param executor runs turns
 * @param active the clock of time-outs
 * @param nanoTime the clock of rates
 * @param clock the time of day
 */
record GroupContext(
    Head head,
    EventReader reader,
    Feeds feeds,
    GroupStore store,
    GroupSaver saver,
    HeldBudget budget,
    Executor executor,
    LongSupplier active,
    LongSupplier nanoTime,
    InstantSource clock) {}

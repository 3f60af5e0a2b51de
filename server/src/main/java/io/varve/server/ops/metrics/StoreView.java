package io.varve.server.ops.metrics;

import io.varve.server.append.AppendSettings;
import io.varve.server.append.LocalCommitLog;
import io.varve.server.group.ConsumerGroups;
import io.varve.server.ops.DiskSpace;
import io.varve.server.ops.Readiness;
import io.varve.server.ops.Scavenger;
import io.varve.server.snapshot.SnapshotStore;
import io.varve.server.storage.EventStorage;
import io.varve.server.subscription.Subscriptions;

/** The parts of an open store that are looked at when somebody asks for metrics. */
public record StoreView(
    EventStorage storage,
    SnapshotStore snapshots,
    LocalCommitLog commitLog,
    AppendSettings appendSettings,
    Subscriptions subscriptions,
    ConsumerGroups groups,
    UpkeepView upkeep,
    Scavenger scavenger,
    Readiness readiness,
    DiskSpace disk) {}

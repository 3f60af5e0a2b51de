package io.varve.client.conformance;

import org.junit.jupiter.api.Nested;

/**
 * The whole contract: {@link EventStoreConformance}, which every store keeps, and the groups below,
 * which the server does not serve yet. The store in memory keeps all of it. A group moves to {@code
 * EventStoreConformance} together with the change that serves it; when the last has moved, this
 * class goes.
 */
public abstract class CompleteConformance extends EventStoreConformance {

  // ---- Transact, GetTracking and tracking

  @Nested
  class Transactions extends TransactConformance {
    @Override
    StoreSource source() {
      return newSource();
    }
  }

  @Nested
  class TransactionLimits extends TransactLimitConformance {
    @Override
    StoreSource source() {
      return newSource();
    }
  }

  @Nested
  class Conditions extends ConditionConformance {
    @Override
    StoreSource source() {
      return newSource();
    }
  }

  @Nested
  class TransactionRaces extends TransactRaceConformance {
    @Override
    StoreSource source() {
      return newSource();
    }
  }

  @Nested
  class Trackings extends TrackingConformance {
    @Override
    StoreSource source() {
      return newSource();
    }
  }

  @Nested
  class WorkedExamples extends WorkedExamplesConformance {
    @Override
    StoreSource source() {
      return newSource();
    }
  }

  // ---- the service Streams

  @Nested
  class StreamLives extends StreamLifeConformance {
    @Override
    StoreSource source() {
      return newSource();
    }
  }

  @Nested
  class Retentions extends RetentionConformance {
    @Override
    StoreSource source() {
      return newSource();
    }
  }

  @Nested
  class StreamLists extends StreamListConformance {
    @Override
    StoreSource source() {
      return newSource();
    }
  }

  @Nested
  class SnapshotLives extends SnapshotLifeConformance {
    @Override
    StoreSource source() {
      return newSource();
    }
  }
}

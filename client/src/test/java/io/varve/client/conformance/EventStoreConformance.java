package io.varve.client.conformance;

import io.varve.client.streams.EventStore;
import java.time.Duration;
import org.junit.jupiter.api.Nested;

/**
 * Everything that an event store promises. A subclass says where stores come from; each test gets
 * an empty one of its own, with default limits.
 *
 * <pre>{@code
 * class InMemoryConformanceTest extends EventStoreConformance {
 *   @Override protected EventStore openStore() { return new InMemoryEventStore(); }
 * }
 * }</pre>
 *
 * <p>Left open, because the contract leaves it to the implementation: how events are cut into
 * pages, how far behind a subscriber must be to be told so, when a read that waits for a position
 * gives up, which of several violations of one request is named, and what a read says whose bounds
 * contradict each other. Not here because they are about the link: retries, reconnecting,
 * back-pressure on the wire. Of consumer groups: which stream is whose under pinning, when a retry
 * comes, and what is read ahead.
 */
public abstract class EventStoreConformance {

  /** An empty store for one test, which closes it. Called once a test. */
  protected abstract EventStore openStore() throws Exception;

  /**
   * Called after each test, once its store is closed: the place to stop a server and to verify what
   * it left on disk.
   */
  protected void afterStore() throws Exception {}

  /** How long a test waits for something that must happen. Never how long it takes. */
  protected Duration patience() {
    return Duration.ofSeconds(30);
  }

  @Nested
  class Appends extends AppendConformance {
    @Override
    StoreSource source() {
      return new Source();
    }
  }

  @Nested
  class Idempotency extends IdempotencyConformance {
    @Override
    StoreSource source() {
      return new Source();
    }
  }

  @Nested
  class Limits extends LimitConformance {
    @Override
    StoreSource source() {
      return new Source();
    }
  }

  @Nested
  class StreamReads extends StreamReadConformance {
    @Override
    StoreSource source() {
      return new Source();
    }
  }

  @Nested
  class LogReads extends LogReadConformance {
    @Override
    StoreSource source() {
      return new Source();
    }
  }

  @Nested
  class LookUps extends LookUpConformance {
    @Override
    StoreSource source() {
      return new Source();
    }
  }

  @Nested
  class Subscriptions extends SubscriptionConformance {
    @Override
    StoreSource source() {
      return new Source();
    }
  }

  @Nested
  class Races extends RaceConformance {
    @Override
    StoreSource source() {
      return new Source();
    }
  }

  @Nested
  class Queries extends QueryConformance {
    @Override
    StoreSource source() {
      return new Source();
    }
  }

  @Nested
  class Times extends TimeConformance {
    @Override
    StoreSource source() {
      return new Source();
    }
  }

  @Nested
  class SnapshotsOfStreams extends SnapshotConformance {
    @Override
    StoreSource source() {
      return new Source();
    }
  }

  @Nested
  class ServerInfos extends ServerInfoConformance {
    @Override
    StoreSource source() {
      return new Source();
    }
  }

  @Nested
  class Transactions extends TransactConformance {
    @Override
    StoreSource source() {
      return new Source();
    }
  }

  @Nested
  class TransactionLimits extends TransactLimitConformance {
    @Override
    StoreSource source() {
      return new Source();
    }
  }

  @Nested
  class Conditions extends ConditionConformance {
    @Override
    StoreSource source() {
      return new Source();
    }
  }

  @Nested
  class TransactionRaces extends TransactRaceConformance {
    @Override
    StoreSource source() {
      return new Source();
    }
  }

  @Nested
  class Trackings extends TrackingConformance {
    @Override
    StoreSource source() {
      return new Source();
    }
  }

  @Nested
  class WorkedExamples extends WorkedExamplesConformance {
    @Override
    StoreSource source() {
      return new Source();
    }
  }

  @Nested
  class StreamLives extends StreamLifeConformance {
    @Override
    StoreSource source() {
      return new Source();
    }
  }

  @Nested
  class Retentions extends RetentionConformance {
    @Override
    StoreSource source() {
      return new Source();
    }
  }

  @Nested
  class StreamLists extends StreamListConformance {
    @Override
    StoreSource source() {
      return new Source();
    }
  }

  @Nested
  class SnapshotLives extends SnapshotLifeConformance {
    @Override
    StoreSource source() {
      return new Source();
    }
  }

  @Nested
  class Groups extends GroupLifeConformance {
    @Override
    StoreSource source() {
      return new Source();
    }
  }

  @Nested
  class GroupDeliveries extends GroupDeliveryConformance {
    @Override
    StoreSource source() {
      return new Source();
    }
  }

  @Nested
  class GroupAnswers extends GroupAnswerConformance {
    @Override
    StoreSource source() {
      return new Source();
    }
  }

  @Nested
  class GroupParkings extends GroupParkedConformance {
    @Override
    StoreSource source() {
      return new Source();
    }
  }

  @Nested
  class GroupTroubles extends GroupTroubleConformance {
    @Override
    StoreSource source() {
      return new Source();
    }
  }

  private final class Source implements StoreSource {
    @Override
    public EventStore open() throws Exception {
      return openStore();
    }

    @Override
    public void afterClose() throws Exception {
      afterStore();
    }

    @Override
    public Duration patience() {
      return EventStoreConformance.this.patience();
    }
  }

  /** Where the parts get their stores from. */
  interface StoreSource {
    EventStore open() throws Exception;

    void afterClose() throws Exception;

    Duration patience();
  }
}

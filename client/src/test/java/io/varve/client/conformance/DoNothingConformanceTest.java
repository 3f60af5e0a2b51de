package io.varve.client.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import io.varve.client.streams.EventStore;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.platform.testkit.engine.EngineExecutionResults;
import org.junit.platform.testkit.engine.EngineTestKit;
import org.junit.platform.testkit.engine.Event;

/**
 * The conformance suite tests something: a store that does nothing fails every single test of it.
 */
class DoNothingConformanceTest {

  static class OnDoNothing extends EventStoreConformance {
    @Override
    protected EventStore openStore() {
      return new DoNothingEventStore();
    }

    @Override
    protected Duration patience() {
      return Duration.ofMillis(100);
    }
  }

  @Test
  void every_test_of_the_suite_fails_on_a_store_that_does_nothing() {
    EngineExecutionResults results =
        EngineTestKit.engine("junit-jupiter").selectors(selectClass(OnDoNothing.class)).execute();

    List<String> passed =
        results.testEvents().succeeded().stream()
            .map(Event::getTestDescriptor)
            .map(test -> test.getUniqueId().toString())
            .toList();
    assertThat(passed).isEmpty();
    assertThat(results.testEvents().failed().count()).isGreaterThan(300);
    assertThat(results.testEvents().skipped().count()).isZero();
  }
}

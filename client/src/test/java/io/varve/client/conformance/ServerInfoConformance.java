package io.varve.client.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.streams.ReadLog;
import io.varve.client.streams.ServerInfo;
import io.varve.client.streams.StoreStatistics;
import io.varve.client.streams.SubscribeToLog;
import io.varve.client.streams.Subscription;
import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** What a server is, and its figures. */
abstract class ServerInfoConformance extends StoreTests {

  @Test
  void a_server_says_what_it_is() {
    ServerInfo info = store.serverInfo();

    assertThat(info.release()).isNotBlank();
    assertThat(info.storeId()).isNotEqualTo(new UUID(0, 0));
    assertThat(info.dataFormat()).isNotNegative();
    assertThat(info.features()).isNotEmpty().doesNotHaveDuplicates().doesNotContain("");
  }

  @Test
  void a_stores_id_stays_and_its_uptime_rises() {
    ServerInfo earlier = store.serverInfo();
    given(ACCOUNT, 1);

    await().until(() -> store.serverInfo().uptime().compareTo(earlier.uptime()) > 0);
    assertThat(earlier.uptime()).isGreaterThanOrEqualTo(Duration.ZERO);
    assertThat(store.serverInfo().storeId()).isEqualTo(earlier.storeId());
  }

  @Test
  void statistics_count_the_events_and_the_streams() {
    assertThat(store.statistics().headPosition()).isZero();
    assertThat(store.statistics().eventCount()).isZero();
    assertThat(store.statistics().streamCount()).isZero();

    given(ACCOUNT, 5);
    given(OTHER, 2);
    given(ACCOUNT, 1);

    StoreStatistics statistics = store.statistics();
    assertThat(statistics.headPosition()).isEqualTo(8);
    assertThat(statistics.eventCount()).isEqualTo(8);
    assertThat(statistics.streamCount()).isEqualTo(2);
    assertThat(statistics.diskBytes()).isNotNegative();
  }

  @Test
  void statistics_tell_how_much_is_appended_and_read_a_second() {
    given(ACCOUNT, 600);
    assertThat(read(ReadLog.all())).hasSize(600);

    await().until(() -> store.statistics().appendsPerSecond() > 0);
    await().until(() -> store.statistics().readsPerSecond() > 0);
  }

  @Test
  void statistics_count_the_subscriptions_that_are_open() {
    RecordingListener listener = new RecordingListener();
    try (Subscription first = store.subscribeToLog(SubscribeToLog.all(), listener);
        Subscription second = store.subscribeToLog(SubscribeToLog.all(), listener)) {
      await().until(() -> store.statistics().subscriptions() == 2);
      assertThat(first.closed()).isNotDone();
      assertThat(second.closed()).isNotDone();
    }
    await().until(() -> store.statistics().subscriptions() == 0);
  }
}

package io.varve.client.conformance;

import static io.varve.client.conformance.StreamLifeConformance.AUDIT;
import static io.varve.client.streams.ExpectedVersion.noStream;
import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.streams.CategoryInfo;
import io.varve.client.streams.EventTypeInfo;
import io.varve.client.streams.Retention;
import io.varve.client.streams.StreamInfo;
import io.varve.client.streams.StreamLife;
import io.varve.client.streams.Transaction;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What streams, categories and types there are. */
abstract class StreamListConformance extends StoreTests {

  private static List<String> names(Stream<StreamInfo> streams) {
    return streams.map(StreamInfo::stream).toList();
  }

  @Test
  void every_stream_with_an_event_is_listed_in_the_order_of_its_name() {
    given("order-2", 1);
    given("account-9", 2);
    given("order-1", 3);
    given("Account-9", 1);

    assertThat(names(store.streams().all()))
        .containsExactly("Account-9", "account-9", "order-1", "order-2");
  }

  @Test
  void the_order_is_that_of_the_bytes_of_utf_8() {
    List<String> inOrder = List.of("Z", "a", "a-", "a-1", "aa", "~", "é", "入", "\uff5e", "💶");
    for (String name : inOrder.reversed()) {
      given(name, 1);
    }

    assertThat(names(store.streams().all())).isEqualTo(inOrder);
  }

  @Test
  void the_list_describes_each_stream_as_it_is_described_alone() {
    given(ACCOUNT, 5);
    given(OTHER, 2);
    store.streams().setRetention(ACCOUNT, Retention.newest(2));

    assertThat(store.streams().withPrefix("account").toList()).containsExactly(info(ACCOUNT));
    assertThat(store.streams().withPrefix("order").toList()).containsExactly(info(OTHER));
    assertThat(info(ACCOUNT).firstKeptVersion()).isEqualTo(4);
  }

  @Test
  void deleted_closed_and_system_streams_are_listed_as_well() {
    given(ACCOUNT, 1);
    given(OTHER, 1);
    store.streams().delete(ACCOUNT);
    store.streams().tombstone(OTHER);

    List<StreamInfo> streams = store.streams().all().toList();

    assertThat(streams.stream().map(StreamInfo::stream)).containsExactly(AUDIT, ACCOUNT, OTHER);
    assertThat(streams.stream().map(StreamInfo::life))
        .containsExactly(StreamLife.OPEN, StreamLife.DELETED, StreamLife.TOMBSTONED);
  }

  @Test
  void streams_that_never_had_an_event_are_not_listed() {
    given(ACCOUNT, 1);
    store.streams().setRetention("only-retention", Retention.newest(1));
    store.streams().tombstone("only-closed");

    assertThat(names(store.streams().all())).containsExactly(AUDIT, ACCOUNT);
  }

  @Test
  void streams_are_listed_by_a_prefix_of_their_names() {
    for (String name : List.of("account-1", "account-10", "account-2", "accounting", "order-1")) {
      given(name, 1);
    }

    assertThat(names(store.streams().withPrefix("account-1")))
        .containsExactly("account-1", "account-10");
    assertThat(names(store.streams().withPrefix("account")))
        .containsExactly("account-1", "account-10", "account-2", "accounting");
    assertThat(names(store.streams().withPrefix("ccount"))).isEmpty();
    assertThat(names(store.streams().withPrefix("z"))).isEmpty();
    assertThat(names(store.streams().withPrefix(""))).hasSize(5);
  }

  @Test
  void streams_are_listed_by_their_category() {
    for (String name : List.of("account-1", "account-x-2", "accounting", "account", "order-1")) {
      given(name, 1);
    }

    assertThat(names(store.streams().ofCategory("account")))
        .containsExactly("account", "account-1", "account-x-2");
    assertThat(names(store.streams().ofCategory("accounting"))).containsExactly("accounting");
    assertThat(names(store.streams().ofCategory("account-x"))).isEmpty();
  }

  @Test
  void a_long_list_arrives_whole_and_in_order() {
    List<String> all = new ArrayList<>();
    for (int t = 0; t < 3; t++) {
      Transaction.Builder transaction = Transaction.builder();
      for (int s = 0; s < 900; s++) {
        String name = String.format("stream-%04d", t * 900 + s);
        all.add(name);
        transaction.append(name, noStream(), event("Type" + name));
      }
      store.transact(transaction.build());
    }

    assertThat(names(store.streams().all())).isEqualTo(all);
    assertThat(names(store.streams().ofCategory("stream"))).isEqualTo(all);
    assertThat(names(store.streams().withPrefix("stream-1"))).isEqualTo(all.subList(1_000, 2_000));
    assertThat(store.streams().eventTypes()).hasSize(2_700);
  }

  @Test
  void a_list_is_fetched_as_it_is_taken() {
    for (int i = 0; i < 10; i++) {
      given("stream-" + i, 1);
    }

    Iterator<StreamInfo> streams = store.streams().all().iterator();

    assertThat(streams.next().stream()).isEqualTo("stream-0");
    assertThat(streams.next().stream()).isEqualTo("stream-1");
    assertThat(names(store.streams().all().limit(3)))
        .containsExactly("stream-0", "stream-1", "stream-2");
  }

  @Test
  void categories_are_listed_with_the_number_of_their_events() {
    given("order-1", 2);
    given("order-2", 3);
    given("account", 4);
    given("account-1", 1);
    given("Order-1", 1);

    assertThat(store.streams().categories())
        .containsExactly(
            new CategoryInfo("Order", 1),
            new CategoryInfo("account", 5),
            new CategoryInfo("order", 5));
  }

  @Test
  void event_types_are_listed_with_the_number_of_their_events() {
    given(ACCOUNT, List.of(event("Opened"), event("Deposited"), event("Deposited")));
    given(OTHER, List.of(event("Opened"), event("geöffnet")));

    assertThat(store.streams().eventTypes())
        .containsExactly(
            new EventTypeInfo("Deposited", 2),
            new EventTypeInfo("Opened", 2),
            new EventTypeInfo("geöffnet", 1));
  }

  @Test
  void categories_and_types_count_the_stores_own_events_as_well() {
    given(ACCOUNT, 2);
    store.streams().setRetention(ACCOUNT, Retention.newest(5));

    assertThat(store.streams().categories())
        .containsExactly(new CategoryInfo(AUDIT, 1), new CategoryInfo("account", 2));
    assertThat(store.streams().eventTypes())
        .containsExactly(new EventTypeInfo("$RetentionSet", 1), new EventTypeInfo("Happened", 2));
  }

  @Test
  void a_list_of_nothing_is_empty() {
    assertThat(store.streams().all()).isEmpty();
    assertThat(store.streams().categories()).isEmpty();
    assertThat(store.streams().eventTypes()).isEmpty();
    given(ACCOUNT, 1);
    assertThat(store.streams().all()).hasSize(1);
  }
}

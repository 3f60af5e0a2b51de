package io.varve.client.conformance;

import static io.varve.client.streams.ExpectedVersion.any;
import static io.varve.client.streams.ExpectedVersion.exactly;
import static io.varve.client.streams.ExpectedVersion.noStream;
import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.streams.AppendCondition;
import io.varve.client.streams.InvalidRequestException;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.Query;
import io.varve.client.streams.QueryItem;
import io.varve.client.streams.Transaction;
import java.util.Collections;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What of a transaction is refused at the door. */
abstract class TransactLimitConformance extends StoreTests {

  @Test
  void a_transaction_has_a_stream_a_condition_or_a_tracking() {
    given(ACCOUNT, 1);

    assertInvalid("streams", Transaction.builder());
    assertThat(store.transact(Transaction.builder().check(ACCOUNT, exactly(1)).build()).position())
        .isZero();
    assertThat(
            store
                .transact(
                    Transaction.builder()
                        .condition(AppendCondition.noMatch(Query.types("Never")))
                        .build())
                .position())
        .isZero();
    assertThat(store.transact(Transaction.builder().tracking("source", 1).build()).position())
        .isZero();
  }

  @Test
  void a_transaction_has_at_most_1000_streams() {
    Transaction.Builder fits = Transaction.builder();
    IntStream.range(0, 1_000).forEach(i -> fits.append("s-" + i, noStream(), event("A")));
    assertThat(store.transact(fits.build()).versions()).hasSize(1_000);

    Transaction.Builder over = Transaction.builder();
    IntStream.range(0, 1_001).forEach(i -> over.append("t-" + i, noStream(), event("A")));
    assertOverLimit("streams", 1_000, 1_001, over);
  }

  @Test
  void a_transaction_names_no_stream_twice() {
    given(ACCOUNT, 1);

    assertInvalid(
        "streams[1].stream",
        Transaction.builder()
            .append(ACCOUNT, any(), event("A"))
            .append(ACCOUNT, any(), event("B")));
    assertInvalid(
        "streams[2].stream",
        Transaction.builder()
            .append(ACCOUNT, any(), event("A"))
            .append(OTHER, any(), event("B"))
            .check(ACCOUNT, exactly(1)));
  }

  @Test
  void a_transaction_has_at_most_10000_events_over_all_streams() {
    Transaction.Builder fits =
        Transaction.builder()
            .append(ACCOUNT, any(), events(5_000))
            .append(OTHER, any(), events(5_000));
    assertThat(store.transact(fits.build()).position()).isEqualTo(10_000);

    assertOverLimit(
        "streams",
        10_000,
        10_001,
        Transaction.builder()
            .append(ACCOUNT, any(), events(5_000))
            .append(OTHER, any(), events(5_001)));
  }

  @Test
  void a_transaction_has_at_most_16_mib_over_all_streams() {
    byte[] large = new byte[4 << 20];
    Transaction.Builder fits = Transaction.builder();
    IntStream.range(0, 3).forEach(i -> fits.append("s-" + i, any(), NewEvent.of("Large", large)));
    assertThat(store.transact(fits.build()).position()).isEqualTo(3);

    Transaction.Builder over = Transaction.builder();
    IntStream.range(0, 5).forEach(i -> over.append("t-" + i, any(), NewEvent.of("Large", large)));
    assertThat(assertInvalid("streams", over).getMessage()).contains(Integer.toString(16 << 20));
  }

  @Test
  void a_transaction_names_no_event_id_twice_over_all_streams() {
    given(ACCOUNT, 1);
    NewEvent event = event("Happened");

    assertInvalid(
        "streams[1].events[0].id",
        Transaction.builder().append(ACCOUNT, any(), event).append(OTHER, any(), event));
  }

  @Test
  void a_transaction_has_at_most_100_conditions() {
    Transaction.Builder fits = Transaction.builder().append(ACCOUNT, any(), event("A"));
    IntStream.range(0, 100)
        .forEach(i -> fits.condition(AppendCondition.noMatch(Query.types("Never"))));
    assertThat(store.transact(fits.build()).position()).isEqualTo(1);

    Transaction.Builder over = Transaction.builder().append(ACCOUNT, any(), event("A"));
    IntStream.range(0, 101)
        .forEach(i -> over.condition(AppendCondition.noMatch(Query.types("Never"))));
    assertOverLimit("conditions", 100, 101, over);
  }

  @Test
  void the_conditions_of_a_transaction_name_at_most_1000_terms_together() {
    Query five = Query.of(QueryItem.types("A", "B"), QueryItem.tags("x", "y", "z"));
    Transaction.Builder fits = Transaction.builder().append(ACCOUNT, any(), event("C"));
    QueryItem[] many = Collections.nCopies(995, QueryItem.types("A")).toArray(QueryItem[]::new);
    fits.condition(AppendCondition.noMatch(five))
        .condition(AppendCondition.noMatch(Query.of(many)));
    assertThat(store.transact(fits.build()).position()).isEqualTo(1);

    Transaction.Builder over = Transaction.builder().append(OTHER, any(), event("C"));
    over.condition(AppendCondition.noMatch(five))
        .condition(AppendCondition.noMatch(Query.of(many)))
        .condition(AppendCondition.noMatch(Query.types("D")));
    assertOverLimit("conditions", 1_000, 1_001, over);
  }

  @Test
  void the_query_of_a_condition_has_the_limits_of_any_query() {
    given(ACCOUNT, 1);
    QueryItem[] tooMany =
        Collections.nCopies(1_001, QueryItem.types("A")).toArray(QueryItem[]::new);

    assertOverLimit(
        "conditions[1].query.items",
        1_000,
        1_001,
        Transaction.builder()
            .append(ACCOUNT, any(), event("A"))
            .condition(AppendCondition.noMatch(Query.types("Never")))
            .condition(AppendCondition.noMatch(Query.of(tooMany))));
    assertInvalid(
        "conditions[0].query",
        Transaction.builder()
            .append(ACCOUNT, any(), event("A"))
            .condition(AppendCondition.noMatch(Query.tags(""))));
  }

  @Test
  void streams_and_events_of_a_transaction_have_the_limits_of_an_append() {
    given(ACCOUNT, 1);

    assertOverLimit(
        "streams[1].stream",
        512,
        513,
        Transaction.builder()
            .append(ACCOUNT, any(), event("A"))
            .append("x".repeat(513), any(), event("A")));
    assertInvalid("streams[0].stream", Transaction.builder().append("", any(), event("A")));
    assertInvalid("streams[0].stream", Transaction.builder().append("a\nb", any(), event("A")));
    assertInvalid("streams[0].stream", Transaction.builder().append("$own", any(), event("A")));
    assertInvalid("streams[0].stream", Transaction.builder().check("", any()));
    assertOverLimit(
        "streams[0].events[1].type",
        256,
        257,
        Transaction.builder().append(ACCOUNT, any(), event("A"), event("x".repeat(257))));
    assertThat(head()).isEqualTo(1);
  }

  private InvalidRequestException assertInvalid(String field, Transaction.Builder transaction) {
    InvalidRequestException refusal =
        refusal(InvalidRequestException.class, () -> store.transact(transaction.build()));
    assertThat(refusal.getMessage()).contains(field);
    assertThat(refusal.violations()).anyMatch(violation -> violation.field().contains(field));
    return refusal;
  }

  private void assertOverLimit(
      String field, long limit, long actual, Transaction.Builder transaction) {
    assertThat(assertInvalid(field, transaction).getMessage())
        .contains(Long.toString(limit))
        .contains(Long.toString(actual));
  }
}

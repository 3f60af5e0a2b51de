package io.varve.client.streams;

import static io.varve.client.streams.ExpectedVersion.any;
import static io.varve.client.streams.ExpectedVersion.exactly;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

/** The values that transactions, changes of streams and snapshots are made of. */
class TransactionTest {

  private static NewEvent event(String type) {
    return NewEvent.builder(type).build();
  }

  @Test
  void a_transaction_holds_its_parts_in_the_order_given() {
    NewEvent first = event("A");
    NewEvent second = event("B");

    Transaction transaction =
        Transaction.builder()
            .append("b", any(), first)
            .check("c", exactly(3))
            .append("a", any(), List.of(second))
            .tracking("source", 1)
            .tracking("source", 2)
            .build();

    assertThat(transaction.streams().stream().map(Transaction.StreamPart::stream))
        .containsExactly("b", "c", "a");
    assertThat(transaction.events()).containsExactly(first, second);
    assertThat(transaction.tracking()).isEqualTo(new Tracking("source", 2));
    assertThat(transaction.conditions()).isEmpty();
  }

  @Test
  void an_append_to_a_stream_needs_an_event() {
    assertThatThrownBy(() -> Transaction.builder().append("a", any(), List.of()))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Transaction.builder().append("a", any()))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void a_transaction_does_not_change_with_what_it_was_made_of() {
    List<NewEvent> events = new ArrayList<>(List.of(event("A")));
    Transaction.Builder builder = Transaction.builder().append("a", any(), events);
    Transaction transaction = builder.build();

    events.add(event("B"));
    builder.append("b", any(), event("C"));

    assertThat(transaction.events()).hasSize(1);
    assertThat(transaction.streams()).hasSize(1);
  }

  @Test
  void a_transaction_is_printed_without_its_payloads() {
    Transaction transaction =
        Transaction.builder()
            .append("account-42", exactly(3), NewEvent.json("Opened", "{\"secret\":true}"))
            .condition(AppendCondition.noMatch(Query.tags("a")).after(7))
            .build();

    assertThat(transaction.toString())
        .contains("account-42", "version 3", "after position 7")
        .doesNotContain("secret");
  }

  @Test
  void what_the_wire_could_not_carry_is_refused_at_once() {
    for (Runnable wrong :
        List.<Runnable>of(
            () -> Transaction.builder().check("a\ud800", any()),
            () -> new Tracking("a\ud800", 1),
            () -> new Tracking("a", -1),
            () -> AppendCondition.noMatch(Query.all()).after(-1),
            () -> AppendCondition.noMatch(Query.all()).since(Instant.MAX),
            () -> StreamChange.because("a\ud800"),
            () -> StreamChange.plain().expecting(-1),
            () -> new Retention(-1, null),
            () -> Retention.within(Duration.ofSeconds(Long.MAX_VALUE)),
            () -> Snapshot.of("a\ud800", 1, new byte[0]),
            () -> Snapshot.of("a", -1, new byte[0]),
            () -> Snapshot.builder("a", 1).schemaVersion(-1))) {
      assertThatThrownBy(wrong::run).isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void a_condition_is_narrowed_down_step_by_step() {
    AppendCondition condition =
        AppendCondition.noMatch(Query.types("A")).since(Instant.EPOCH).after(7);

    assertThat(condition.query()).isEqualTo(Query.types("A"));
    assertThat(condition.afterPosition()).isEqualTo(7);
    assertThat(condition.since()).isEqualTo(Instant.EPOCH);
    assertThat(AppendCondition.noMatch(Query.all()).since()).isNull();
  }

  @Test
  void a_result_knows_nothing_of_a_stream_that_was_not_written() {
    TransactionResult result = new TransactionResult(Map.of("a", 3L), 9, Instant.EPOCH, false);

    assertThat(result.version("a")).isEqualTo(3);
    assertThat(result.version("b")).isZero();
  }

  @Test
  void a_change_has_an_expectation_only_if_it_is_told_one() {
    assertThat(StreamChange.plain().expectedVersion()).isEmpty();
    assertThat(StreamChange.because("why").expecting(0))
        .isEqualTo(new StreamChange(OptionalLong.of(0), "why"));
  }

  @Test
  void a_snapshot_does_not_change_with_the_bytes_that_it_was_made_of() {
    byte[] data = "state".getBytes(StandardCharsets.UTF_8);
    Snapshot snapshot = Snapshot.of("account-42", 3, data);

    data[0] = 'X';
    snapshot.data()[1] = 'X';

    assertThat(snapshot.dataAsString()).isEqualTo("state");
    assertThat(snapshot).isEqualTo(snapshot.toBuilder().build());
    assertThat(snapshot).isNotEqualTo(snapshot.toBuilder().schemaVersion(1).build());
    assertThat(snapshot.toString()).contains("account-42", "3", "5 bytes").doesNotContain("state");
  }

  @Test
  void a_json_snapshot_says_what_it_is() {
    Snapshot snapshot = Snapshot.json("account-42", 3, "{\"a\":\"ü\"}");

    assertThat(snapshot.contentType()).isEqualTo("application/json");
    assertThat(snapshot.dataAsString()).isEqualTo("{\"a\":\"ü\"}");
    assertThat(snapshot.dataLength()).isEqualTo(10);
    assertThat(snapshot.savedAt()).isNull();
  }
}

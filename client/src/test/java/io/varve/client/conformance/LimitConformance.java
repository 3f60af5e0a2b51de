package io.varve.client.conformance;

import static io.varve.client.streams.ExpectedVersion.any;
import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.streams.InvalidRequestException;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.Query;
import io.varve.client.streams.QueryItem;
import io.varve.client.streams.ReadLog;
import io.varve.client.streams.ReadStream;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * What is refused at the door: the default limits, each with what just fits and what is just over,
 * and malformed fields.
 */
abstract class LimitConformance extends StoreTests {

  @Test
  void a_stream_name_has_1_to_512_bytes_of_utf_8() {
    String longest = "é".repeat(256);
    assertThat(store.append(longest, any(), events(1)).version()).isEqualTo(1);

    assertOverLimit("stream", 512, 513, () -> store.append(longest + "x", any(), events(1)));
    assertInvalid("stream", () -> store.append("", any(), events(1)));
  }

  @Test
  void a_stream_name_has_no_control_characters() {
    for (String name : List.of("a\nb", "\u0000", "tab\t", "del\u007f", "c1\u0085")) {
      assertInvalid("stream", () -> store.append(name, any(), events(1)));
    }
  }

  @Test
  void a_stream_name_of_half_a_surrogate_pair_is_refused() {
    assertInvalid("stream", () -> store.append("a\ud800b", any(), events(1)));
  }

  @Test
  void a_system_stream_can_be_written_by_the_server_only() {
    assertInvalid("stream", () -> store.append("$audit", any(), events(1)));

    assertThat(store.append("a$b", any(), events(1)).version()).isEqualTo(1);
  }

  @Test
  void names_are_checked_in_reads_look_ups_and_subscriptions_as_well() {
    String tooLong = "x".repeat(513);

    assertOverLimit("stream", 512, 513, () -> store.readStream(ReadStream.of(tooLong)).close());
    assertOverLimit("stream", 512, 513, () -> store.getEvent(tooLong, 1));
    assertInvalid("stream", () -> store.readStream(ReadStream.of("")).close());
    assertInvalid("stream", () -> store.getEvent("a\nb", 1));
  }

  @Test
  void an_append_has_at_least_one_event() {
    assertInvalid("events", () -> store.append(ACCOUNT, any(), List.of()));
  }

  @Test
  void an_append_has_at_most_10000_events() {
    assertThat(store.append(ACCOUNT, any(), events(10_000)).version()).isEqualTo(10_000);

    assertOverLimit("events", 10_000, 10_001, () -> store.append(OTHER, any(), events(10_001)));
  }

  @Test
  void an_append_has_at_most_16_mib() {
    byte[] large = new byte[4 << 20];
    NewEvent[] fitting = {
      NewEvent.of("A", large), NewEvent.of("B", large), NewEvent.of("C", large)
    };
    assertThat(store.append(ACCOUNT, any(), fitting).version()).isEqualTo(3);

    List<NewEvent> tooMuch = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      tooMuch.add(NewEvent.of("D", large));
    }
    InvalidRequestException refusal =
        assertInvalid("events", () -> store.append(OTHER, any(), tooMuch));
    assertThat(refusal.getMessage()).contains(Integer.toString(16 << 20));
  }

  @Test
  void an_append_names_no_event_id_twice() {
    NewEvent event = event("Happened");

    assertInvalid("id", () -> store.append(ACCOUNT, any(), event, event));
  }

  @Test
  void a_type_has_1_to_256_bytes_of_utf_8() {
    String longest = "é".repeat(128);
    store.append(ACCOUNT, any(), event(longest));
    assertThat(types(read(ReadStream.of(ACCOUNT)))).containsExactly(longest);

    assertOverLimit(
        "events[1].type",
        256,
        257,
        () -> store.append(ACCOUNT, any(), event("A"), event(longest + "x")));
    assertInvalid("events[0].type", () -> store.append(ACCOUNT, any(), event("")));
    assertInvalid("events[0].type", () -> store.append(ACCOUNT, any(), event("a\u0001b")));
  }

  @Test
  void a_payload_has_at_most_4_mib() {
    store.append(ACCOUNT, any(), NewEvent.of("Large", new byte[4 << 20]));
    assertThat(read(ReadStream.of(ACCOUNT)).getFirst().dataLength()).isEqualTo(4 << 20);

    assertOverLimit(
        "events[0].data",
        4 << 20,
        (4 << 20) + 1,
        () -> store.append(ACCOUNT, any(), NewEvent.of("Large", new byte[(4 << 20) + 1])));
  }

  @Test
  void a_content_type_has_at_most_256_bytes() {
    NewEvent.Builder event = NewEvent.builder("Happened");
    assertThat(store.append(ACCOUNT, any(), event.contentType("x".repeat(256)).build()).version())
        .isEqualTo(1);

    assertOverLimit(
        "events[0].content_type",
        256,
        257,
        () -> store.append(ACCOUNT, any(), event.contentType("x".repeat(257)).build()));
  }

  @Test
  void metadata_has_at_most_64_kib_in_all() {
    int limit = 64 << 10;
    String half = "x".repeat(limit / 2 - 2);
    NewEvent fits = NewEvent.builder("Happened").metadata("k1", half).metadata("k2", half).build();
    assertThat(store.append(ACCOUNT, any(), fits).version()).isEqualTo(1);

    NewEvent over =
        NewEvent.builder("Happened").metadata("k1", half).metadata("k2", half + "x").build();
    assertOverLimit("metadata", limit, limit + 1, () -> store.append(ACCOUNT, any(), over));
  }

  @Test
  void a_metadata_key_has_1_to_256_bytes_and_does_not_start_with_a_dollar() {
    assertThat(store.append(ACCOUNT, any(), withKey("k".repeat(256))).version()).isEqualTo(1);

    assertOverLimit(
        "metadata", 256, 257, () -> store.append(ACCOUNT, any(), withKey("k".repeat(257))));
    assertInvalid("metadata", () -> store.append(ACCOUNT, any(), withKey("")));
    assertInvalid("metadata", () -> store.append(ACCOUNT, any(), withKey("$internal")));
  }

  private static NewEvent withKey(String key) {
    return NewEvent.builder("Happened").metadata(key, "value").build();
  }

  @Test
  void an_event_has_at_most_64_tags_of_1_to_256_bytes() {
    List<String> most = IntStream.range(0, 64).mapToObj(i -> i + "-" + "t".repeat(250)).toList();
    NewEvent.Builder event = NewEvent.builder("Happened").tags(most);
    assertThat(store.append(ACCOUNT, any(), event.build()).version()).isEqualTo(1);

    assertOverLimit(
        "events[0].tags",
        64,
        65,
        () -> store.append(ACCOUNT, any(), event.tag("one more").build()));
    assertOverLimit("tags", 256, 257, () -> store.append(ACCOUNT, any(), withTag("t".repeat(257))));
    assertInvalid("tags", () -> store.append(ACCOUNT, any(), withTag("")));
  }

  private static NewEvent withTag(String tag) {
    return NewEvent.builder("Happened").tag(tag).build();
  }

  @Test
  void one_bad_event_refuses_the_whole_append() {
    given(OTHER, 1);

    assertInvalid(
        "events[2].type", () -> store.append(ACCOUNT, any(), event("A"), event("B"), event("")));

    assertThat(read(ReadLog.all())).hasSize(1);
  }

  @Test
  void a_query_has_at_most_1000_items_of_at_most_1000_entries_a_part() {
    given(ACCOUNT, 1);
    QueryItem[] items =
        Collections.nCopies(1_000, QueryItem.types("Happened")).toArray(QueryItem[]::new);
    String[] entries = Collections.nCopies(1_000, "Happened").toArray(String[]::new);
    assertThat(read(ReadLog.all().query(Query.of(items)))).hasSize(1);
    assertThat(read(ReadLog.all().query(Query.types(entries)))).hasSize(1);

    QueryItem[] tooMany =
        Collections.nCopies(1_001, QueryItem.types("Happened")).toArray(QueryItem[]::new);
    String[] tooManyEntries = Collections.nCopies(1_001, "Happened").toArray(String[]::new);
    assertOverLimit(
        "query.items",
        1_000,
        1_001,
        () -> store.readLog(ReadLog.all().query(Query.of(tooMany))).close());
    assertOverLimit(
        "types",
        1_000,
        1_001,
        () -> store.readLog(ReadLog.all().query(Query.types(tooManyEntries))).close());
  }

  private static InvalidRequestException assertInvalid(String field, Runnable call) {
    InvalidRequestException refusal = refusal(InvalidRequestException.class, call);
    assertThat(refusal.getMessage()).contains(field);
    assertThat(refusal.violations())
        .isNotEmpty()
        .anyMatch(violation -> violation.field().contains(field));
    assertThat(refusal.retryable()).isFalse();
    return refusal;
  }

  /** The message names the field, the limit and the value. */
  private static void assertOverLimit(String field, long limit, long actual, Runnable call) {
    InvalidRequestException refusal = assertInvalid(field, call);
    assertThat(refusal.getMessage()).contains(Long.toString(limit)).contains(Long.toString(actual));
  }
}

package io.varve.server.api.grpc;

import static io.varve.server.api.grpc.Wire.append;
import static io.varve.server.api.grpc.Wire.event;
import static io.varve.server.api.grpc.Wire.freshStream;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.ListValue;
import com.google.protobuf.NullValue;
import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import io.varve.proto.v1.EventStoreGrpc;
import io.varve.proto.v1.GetEventRequest;
import io.varve.proto.v1.NewEvent;
import io.varve.proto.v1.PayloadView;
import io.varve.proto.v1.ReadLogRequest;
import io.varve.proto.v1.ReadStreamRequest;
import io.varve.proto.v1.RecordedEvent;
import io.varve.proto.v1.SubscribeToLogRequest;
import io.varve.proto.v1.SubscribeToStreamRequest;
import io.varve.server.RunningServer;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Payloads as JSON: what goes in as a value comes back as one, and what is not JSON as bytes. */
class PayloadViewTest {
  @RegisterExtension static final RunningServer running = new RunningServer();

  private final EventStoreGrpc.EventStoreBlockingStub store =
      EventStoreGrpc.newBlockingStub(running.channel());

  private RecordedEvent recorded(NewEvent.Builder event, PayloadView view) {
    long position = store.append(append(freshStream(), event)).getPosition();
    return store
        .getEvent(GetEventRequest.newBuilder().setPosition(position).setPayloadView(view).build())
        .getEvent();
  }

  private RecordedEvent asJson(ByteString data) {
    return recorded(event("A").setData(data), PayloadView.PAYLOAD_VIEW_JSON);
  }

  private static Value number(double number) {
    return Value.newBuilder().setNumberValue(number).build();
  }

  private static Value text(String text) {
    return Value.newBuilder().setStringValue(text).build();
  }

  private static Value list(Value... values) {
    return Value.newBuilder()
        .setListValue(ListValue.newBuilder().addAllValues(List.of(values)))
        .build();
  }

  // ---- values

  @Test
  void a_value_comes_back_as_the_same_value() {
    Value nothing = Value.newBuilder().setNullValue(NullValue.NULL_VALUE).build();
    Value account =
        Value.newBuilder()
            .setStructValue(
                Struct.newBuilder()
                    .putFields("owner", text("Ada \"the first\" \u2028 \ud83d\ude00 <&>\n"))
                    .putFields("balance", number(12.5))
                    .putFields("open", Value.newBuilder().setBoolValue(true).build())
                    .putFields("closedAt", nothing)
                    .putFields("", list(number(1), list(), text(""))))
            .build();
    for (Value value :
        List.of(account, nothing, number(0), number(-1e300), text(""), text("hello"), list())) {
      NewEvent.Builder event = event("A").setJson(value);
      RecordedEvent read = recorded(event, PayloadView.PAYLOAD_VIEW_JSON);

      assertThat(read.getJson()).isEqualTo(value);
      assertThat(read.getContentType()).isEqualTo("application/json");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "3, 3",
    "-0.5, -0.5",
    "0, 0",
    "9007199254740992, 9007199254740992",
    "1e300, 1.0E300",
    "1234567, 1234567",
    "12345678901, 12345678901",
    "-17, -17"
  })
  void a_value_is_stored_as_json_text_with_whole_numbers_as_one_writes_them(
      double number, String text) {
    RecordedEvent read =
        recorded(event("A").setJson(list(number(number))), PayloadView.PAYLOAD_VIEW_BYTES);

    assertThat(read.getData().toStringUtf8()).isEqualTo("[" + text + "]");
    assertThat(read.getContentType()).isEqualTo("application/json");
  }

  @Test
  void the_text_of_a_value_has_no_characters_escaped_that_need_not_be() {
    Value value = text("<a href='x'>é</a> = & \"");

    assertThat(recorded(event("A").setJson(value), PayloadView.PAYLOAD_VIEW_BYTES).getData())
        .isEqualTo(ByteString.copyFromUtf8("\"<a href='x'>é</a> = & \\\"\""));
  }

  @Test
  void a_value_that_says_nothing_is_null() {
    RecordedEvent read =
        recorded(event("A").setJson(Value.getDefaultInstance()), PayloadView.PAYLOAD_VIEW_BYTES);

    assertThat(read.getData().toStringUtf8()).isEqualTo("null");
  }

  // ---- bytes

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"a\":1}",
        " [1, 2.5, -3e2] ",
        "\"text\"",
        "12",
        "true",
        "null",
        "{}",
        "\n{ \"nested\" : { \"deeper\" : [ {} ] } }\t"
      })
  void bytes_that_are_json_come_back_as_a_value_whatever_their_content_type(String json) {
    for (String contentType : List.of("", "application/json", "text/plain")) {
      NewEvent.Builder event =
          event("A").setData(ByteString.copyFromUtf8(json)).setContentType(contentType);

      assertThat(recorded(event, PayloadView.PAYLOAD_VIEW_JSON).hasJson()).isTrue();
    }
    NewEvent.Builder event = event("A").setData(ByteString.copyFromUtf8(json));
    assertThat(recorded(event, PayloadView.PAYLOAD_VIEW_BYTES).getData().toStringUtf8())
        .isEqualTo(json);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "hello",
        "",
        " ",
        "{",
        "{\"a\":1",
        "{\"a\":1} x",
        "{\"a\":1}{\"a\":1}",
        "[1,2,]",
        "[,]",
        "{'a':1}",
        "{a:1}",
        "{\"a\"=1}",
        "NaN",
        "[NaN]",
        "[Infinity]",
        "[-Infinity]",
        "1e999",
        "[01]",
        "[1.]",
        "[.5]",
        "+1",
        "TRUE",
        "True",
        "nul",
        "// comment\n1",
        "[1;2]",
        "\"tab\there\"",
        "\"\\x41\"",
        "\"\\ud800\"",
        "{\"\\udc00\":1}",
        ")]}'\n1"
      })
  void bytes_that_are_not_json_come_back_as_they_are(String notJson) {
    RecordedEvent read = asJson(ByteString.copyFromUtf8(notJson));

    assertThat(read.hasJson()).isFalse();
    assertThat(read.getData().toStringUtf8()).isEqualTo(notJson);
  }

  @Test
  void bytes_that_are_not_text_come_back_as_they_are() {
    byte[] all = new byte[256];
    for (int i = 0; i < all.length; i++) {
      all[i] = (byte) i;
    }
    for (ByteString bytes :
        List.of(
            ByteString.copyFrom(all),
            ByteString.copyFrom(new byte[] {'"', (byte) 0xc3, '"'}),
            ByteString.copyFrom(new byte[] {'1', 0}))) {
      RecordedEvent read = asJson(bytes);

      assertThat(read.hasJson()).isFalse();
      assertThat(read.getData()).isEqualTo(bytes);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {10, 29, 30, 31, 44, 45, 46, 100, 1_000, 100_000})
  void nesting_comes_back_as_a_value_that_every_client_can_parse_or_as_bytes(int depth) {
    for (String json :
        List.of(
            "[".repeat(depth) + "]".repeat(depth),
            "{\"a\":".repeat(depth) + "1" + "}".repeat(depth))) {
      RecordedEvent read = asJson(ByteString.copyFrom(json, UTF_8)); // parsed by a default parser

      assertThat(read.hasJson() || read.getData().toStringUtf8().equals(json)).isTrue();
      if (depth < 29) {
        assertThat(read.hasJson()).isTrue();
      }
    }
  }

  @Test
  void every_call_that_returns_events_offers_both_views() {
    String stream = freshStream();
    long position = store.append(append(stream, event("A").setJson(number(7)))).getPosition();
    store.append(append(stream, event("B"))); // the payload B, which is not JSON
    PayloadView json = PayloadView.PAYLOAD_VIEW_JSON;

    var read =
        store
            .readStream(
                ReadStreamRequest.newBuilder().setStream(stream).setPayloadView(json).build())
            .next()
            .getEventsList();
    var log =
        store
            .readLog(
                ReadLogRequest.newBuilder().setFromPosition(position).setPayloadView(json).build())
            .next()
            .getEventsList();
    var toStream =
        store.subscribeToStream(
            SubscribeToStreamRequest.newBuilder().setStream(stream).setPayloadView(json).build());
    assertThat(toStream.next().hasConfirmed()).isTrue();
    var toLog =
        store.subscribeToLog(
            SubscribeToLogRequest.newBuilder()
                .setAfterPosition(position - 1)
                .setPayloadView(json)
                .build());
    assertThat(toLog.next().hasConfirmed()).isTrue();

    for (List<RecordedEvent> events :
        List.of(
            read,
            log,
            toStream.next().getEvents().getEventsList(),
            toLog.next().getEvents().getEventsList())) {
      assertThat(events.get(0).getJson()).isEqualTo(number(7));
      assertThat(events.get(1).getData().toStringUtf8()).isEqualTo("B");
    }
  }
}

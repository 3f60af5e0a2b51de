package io.varve.client.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.Timestamp;
import com.google.protobuf.UnknownFieldSet;
import com.google.protobuf.Value;
import com.google.protobuf.WireFormat;
import io.grpc.KnownLength;
import io.grpc.MethodDescriptor;
import io.grpc.StatusRuntimeException;
import io.varve.client.connection.PagedReader.Page;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.StoreFailedException;
import io.varve.proto.v1.EventBatch;
import io.varve.proto.v1.EventStoreGrpc;
import io.varve.proto.v1.ReadLogResponse;
import io.varve.proto.v1.RecordedTracking;
import io.varve.proto.v1.Snapshot;
import io.varve.proto.v1.SubscribeToLogResponse;
import io.varve.proto.v1.SubscribeToStreamResponse;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Pages and deliveries as they are decoded, beside what the generated parser and the mapping make
 * of the same bytes: the same events, or the same failure at the same place.
 */
class PagesTest {

  private static final int INPUTS = Integer.getInteger("varve.inputs", 4_000);
  private static final long SEED = Long.getLong("varve.seed", 1);

  private static final UnknownFieldSet LATER =
      UnknownFieldSet.newBuilder()
          .addField(
              19,
              UnknownFieldSet.Field.newBuilder()
                  .addVarint(-1)
                  .addFixed32(7)
                  .addFixed64(8)
                  .addLengthDelimited(ByteString.copyFromUtf8("of a later release"))
                  .build())
          .build();

  private final Random random = new Random(SEED);

  /** What comes of an answer's bytes. */
  private record Outcome(boolean parsed, boolean taken, String what) {}

  /** As the bytes of a message come from a connection; without a length if it was compressed. */
  private static final class Received extends ByteArrayInputStream implements KnownLength {
    Received(byte[] bytes) {
      super(bytes);
    }
  }

  private static <T> Outcome outcome(
      MethodDescriptor<?, T> method, InputStream bytes, Function<T, String> taken) {
    T answer;
    try {
      answer = method.parseResponse(bytes);
    } catch (StatusRuntimeException e) {
      return new Outcome(false, false, e.getStatus().getCode() + ": " + e.getMessage());
    }
    try {
      return new Outcome(true, true, taken.apply(answer));
    } catch (RuntimeException e) {
      return new Outcome(true, false, e.toString());
    }
  }

  /** The same answer by the generated parser, and by ours, with and without a known length. */
  private static <M, T> Outcome sameOutcome(
      byte[] bytes,
      MethodDescriptor<?, M> generated,
      Function<M, T> mapping,
      MethodDescriptor<?, Supplier<T>> decoding,
      Function<T, String> shown) {
    Outcome expected = outcome(generated, new Received(bytes), mapping.andThen(shown));
    Function<Supplier<T>, String> taken = answer -> shown.apply(answer.get());
    String input = "seed " + SEED + ", bytes " + Arrays.toString(bytes);
    assertThat(outcome(decoding, new Received(bytes), taken)).as(input).isEqualTo(expected);
    assertThat(outcome(decoding, new ByteArrayInputStream(bytes), taken))
        .as(input)
        .isEqualTo(expected);
    return expected;
  }

  private static Outcome sameLogPage(byte[] bytes) {
    return sameOutcome(
        bytes,
        EventStoreGrpc.getReadLogMethod(),
        message ->
            new Page(
                message.getHeadPosition(),
                ProtoMapping.recordedEvents(message.getEventsList()),
                null),
        Pages.READ_LOG,
        PagesTest::shown);
  }

  private static Outcome sameStreamPage(byte[] bytes) {
    return sameOutcome(
        bytes,
        EventStoreGrpc.getReadStreamMethod(),
        message ->
            new Page(
                message.getHeadPosition(),
                ProtoMapping.recordedEvents(message.getEventsList()),
                message.hasSnapshot() ? StreamMapping.snapshot(message.getSnapshot()) : null),
        Pages.READ_STREAM,
        PagesTest::shown);
  }

  private static Outcome sameDelivery(byte[] bytes) {
    Function<Delivery, String> shown =
        delivery ->
            delivery instanceof Delivery.Events(List<RecordedEvent> events)
                ? events.stream().map(PagesTest::shown).toList().toString()
                : delivery.toString();
    sameOutcome(
        bytes,
        EventStoreGrpc.getSubscribeToStreamMethod(),
        Delivery::of,
        Delivery.OF_STREAM,
        shown);
    return sameOutcome(
        bytes, EventStoreGrpc.getSubscribeToLogMethod(), Delivery::of, Delivery.OF_LOG, shown);
  }

  private static String shown(Page page) {
    return page.headPosition()
        + " "
        + page.events().stream().map(PagesTest::shown).toList()
        + " "
        + (page.snapshot() == null
            ? "none"
            : page.snapshot()
                + " "
                + page.snapshot().schemaVersion()
                + page.snapshot().contentType()
                + page.snapshot().savedAt()
                + Arrays.toString(page.snapshot().data()));
  }

  private static String shown(RecordedEvent event) {
    return String.join(
        "|",
        event.toString(),
        event.recordedAt().toString(),
        event.id().toString(),
        Arrays.toString(event.data()),
        event.contentType(),
        event.metadata().toString(), // in its order
        event.tags().toString(),
        String.valueOf(event.occurredAt()));
  }

  private static boolean isPlain(io.varve.proto.v1.RecordedEvent message) {
    byte[] page = ReadLogResponse.newBuilder().addEvents(message).build().toByteArray();
    EventDecoder bytes = new EventDecoder(page, page.length);
    assertThat(bytes.tag()).isEqualTo(1 << 3 | 2);
    return bytes.event() != null && bytes.isPlain() && !bytes.hasMore();
  }

  private static io.varve.proto.v1.RecordedEvent.Builder event(long place) {
    return io.varve.proto.v1.RecordedEvent.newBuilder()
        .setPosition(place)
        .setVersion(place)
        .setRecordedAt(Timestamp.newBuilder().setSeconds(1_790_000_000).setNanos(1))
        .setStream("account-" + place)
        .setId(new UUID(place, -place).toString())
        .setType("MoneyDeposited")
        .setData(ByteString.copyFromUtf8("{\"amount\":" + place + "}"))
        .setContentType("application/json");
  }

  private static byte[] page(io.varve.proto.v1.RecordedEvent... events) {
    return ReadLogResponse.newBuilder()
        .addAllEvents(Arrays.asList(events))
        .setHeadPosition(9)
        .build()
        .toByteArray();
  }

  @Test
  void what_a_server_sends_is_decoded_without_the_generated_parser() {
    assertThat(
            Stream.of(
                event(1),
                event(Long.MAX_VALUE),
                event(2).clearData().clearContentType().clearType().clearStream(),
                event(3).putMetadata("user", "ada").putMetadata("", "").addTags("a").addTags("b"),
                event(4).setOccurredAt(Timestamp.newBuilder().setSeconds(-7_000_000_000L)),
                event(5).setOccurredAt(Timestamp.getDefaultInstance()),
                event(6)
                    .setTracking(RecordedTracking.newBuilder().setSource("shop").setPosition(8)),
                event(7).setStream("Grüße-💶").setType("日本語").putMetadata("š", "é"),
                event(8).setId("0000ABCD-ef01-4711-89ab-fedcba987654"),
                event(9).setData(ByteString.copyFrom(new byte[100_000])),
                event(10).setUnknownFields(LATER)))
        .allSatisfy(
            event -> {
              assertThat(isPlain(event.build())).as("%s", event).isTrue();
              assertThat(sameLogPage(page(event.build())).taken()).isTrue();
            });
  }

  @Test
  void what_is_no_event_fails_only_when_the_page_is_taken_and_as_ever() {
    for (io.varve.proto.v1.RecordedEvent.Builder wrong :
        List.of(
            event(2).clearId(),
            event(2).setId("1-1-1-1-x"),
            event(2).setId("0000000g-0000-0000-0000-000000000000"),
            event(2).setPosition(0),
            event(2).setVersion(-1),
            event(2).setOccurredAt(Timestamp.newBuilder().setSeconds(253_402_300_800L)),
            event(2).setRecordedAt(Timestamp.newBuilder().setSeconds(Long.MAX_VALUE / 2)))) {
      byte[] bytes = page(event(1).build(), wrong.build(), event(3).build());
      Supplier<Page> page = Pages.READ_LOG.parseResponse(new Received(bytes));

      assertThat(catchThrowable(page::get))
          .isInstanceOf(StoreFailedException.class)
          .hasMessageContaining("no event, at position " + wrong.getPosition());
      assertThat(sameLogPage(bytes).taken()).isFalse();
      assertThat(sameStreamPage(bytes).taken()).isFalse();
      assertThat(
              sameDelivery(
                      SubscribeToLogResponse.newBuilder()
                          .setEvents(EventBatch.newBuilder().addEvents(wrong))
                          .build()
                          .toByteArray())
                  .taken())
          .isFalse();
    }
  }

  @Test
  void what_is_rare_is_read_as_ever() {
    for (io.varve.proto.v1.RecordedEvent.Builder rare :
        List.of(
            event(1).setJson(Value.newBuilder().setStringValue("x")),
            event(1).setId("1-1-1-1-1"),
            event(1).setType("has \uFFFD"),
            event(1).addTags("t").addTags("t"),
            event(1).clearRecordedAt())) {
      assertThat(sameLogPage(page(rare.build())).taken()).isTrue();
    }
  }

  @Test
  void events_share_what_is_the_same_and_never_the_bytes_they_came_from() {
    byte[] bytes =
        page(
            event(1).putMetadata("user", "ada").build(),
            event(2).setType("MoneyWithdrawn").build(),
            event(3).putMetadata("user", "ada").build());

    List<RecordedEvent> events = Pages.READ_LOG.parseResponse(new Received(bytes)).get().events();
    Arrays.fill(bytes, (byte) 'x');
    Pages.READ_LOG.parseResponse(new Received(page(event(7).build(), event(8).build())));

    assertThat(events).extracting(RecordedEvent::stream).startsWith("account-1", "account-2");
    assertThat(events).extracting(RecordedEvent::dataAsString).endsWith("{\"amount\":3}");
    assertThat(events.get(2).type()).isSameAs(events.get(0).type()).isEqualTo("MoneyDeposited");
    assertThat(events.get(1).contentType()).isSameAs(events.get(0).contentType());
    assertThat(events.get(2).recordedAt()).isSameAs(events.get(0).recordedAt());
  }

  @Test
  void a_message_that_is_shorter_than_its_length_is_not_taken_for_a_whole_one() {
    byte[] bytes = page(event(1).build(), event(2).build());
    InputStream cut =
        new InputStreamThatEnds(bytes, bytes.length - 2); // the head's position, a field of its own

    assertThat(catchThrowable(() -> Pages.READ_LOG.parseResponse(cut)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("ended after");
  }

  private static final class InputStreamThatEnds extends ByteArrayInputStream
      implements KnownLength {
    private final int promised;

    InputStreamThatEnds(byte[] bytes, int length) {
      super(bytes, 0, length);
      this.promised = bytes.length;
    }

    @Override
    public synchronized int available() {
      return promised;
    }
  }

  @Test
  void pages_at_random_come_out_as_by_the_generated_parser() throws IOException {
    int taken = 0;
    int failed = 0;
    int refused = 0;
    for (int i = 0; i < INPUTS; i++) {
      byte[] bytes = damaged(randomPage());
      sameStreamPage(bytes);
      Outcome outcome = sameLogPage(bytes);
      taken += outcome.taken() ? 1 : 0;
      failed += outcome.parsed() && !outcome.taken() ? 1 : 0;
      refused += outcome.parsed() ? 0 : 1;
    }
    // The inputs are of all sorts.
    assertThat(List.of(taken, failed, refused)).allMatch(count -> count > INPUTS / 20);
  }

  @Test
  void deliveries_at_random_come_out_as_by_the_generated_parser() throws IOException {
    int taken = 0;
    for (int i = 0; i < INPUTS / 4; i++) {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      CodedOutputStream out = CodedOutputStream.newInstance(bytes);
      for (int field = random.nextInt(8) == 0 ? 2 : 1; field > 0; field--) {
        switch (random.nextInt(8)) {
          case 0 ->
              out.writeRawBytes(
                  SubscribeToStreamResponse.newBuilder()
                      .setCaughtUp(io.varve.proto.v1.CaughtUp.newBuilder().setPosition(7))
                      .build()
                      .toByteArray());
          case 1 -> out.writeUInt64(random.nextInt(1, 20), random.nextLong());
          default -> out.writeByteArray(2, randomPage());
        }
      }
      out.flush();
      taken += sameDelivery(damaged(bytes.toByteArray())).taken() ? 1 : 0;
    }
    assertThat(taken).isGreaterThan(INPUTS / 4 / 10);
  }

  /** Every third one changed in a byte or two, and every sixth cut off. */
  private byte[] damaged(byte[] bytes) {
    if (bytes.length == 0) {
      return bytes;
    }
    return switch (random.nextInt(6)) {
      case 0, 1 -> {
        for (int i = random.nextInt(1, 3); i > 0; i--) {
          bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
        }
        yield bytes;
      }
      case 2 -> Arrays.copyOf(bytes, random.nextInt(bytes.length));
      default -> bytes;
    };
  }

  private byte[] randomPage() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    CodedOutputStream out = CodedOutputStream.newInstance(bytes);
    for (int i = random.nextInt(5); i > 0; i--) {
      out.writeByteArray(1, randomEvent());
    }
    if (random.nextInt(20) == 0) {
      writeUnknown(out);
    }
    if (random.nextInt(4) == 0) {
      Snapshot.Builder snapshot =
          Snapshot.newBuilder()
              .setStream(randomText())
              .setVersion(random.nextInt(5))
              .setSchemaVersion(random.nextInt(3))
              .setContentType(randomText())
              .setData(ByteString.copyFromUtf8(randomText()));
      if (random.nextInt(4) == 0) {
        snapshot.setJson(Value.newBuilder().setBoolValue(true));
      }
      for (int i = random.nextInt(8) == 0 ? 2 : 1; i > 0; i--) {
        out.writeMessage(3, snapshot.build());
      }
    }
    for (int i = random.nextInt(3); i > 0; i--) {
      out.writeUInt64(2, random.nextInt(1_000));
    }
    out.flush();
    return bytes.toByteArray();
  }

  /** Fields in any order; some of them twice, some not at all, some of later releases. */
  private byte[] randomEvent() throws IOException {
    List<Integer> fields = new ArrayList<>(List.of(1, 2, 3, 4, 5, 6, 7, 9));
    for (int i = random.nextInt(6); i > 0; i--) {
      fields.add(random.nextInt(9, 14));
    }
    if (random.nextInt(6) == 0) {
      fields.add(random.nextInt(1, 16));
    }
    if (random.nextInt(3) == 0) {
      Collections.shuffle(fields, random);
    }
    if (random.nextInt(12) == 0) {
      fields.removeFirst();
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    CodedOutputStream out = CodedOutputStream.newInstance(bytes);
    for (int field : fields) {
      writeField(out, field);
    }
    out.flush();
    return bytes.toByteArray();
  }

  private void writeField(CodedOutputStream out, int field) throws IOException {
    switch (field) {
      case 1, 2 ->
          out.writeUInt64(
              field,
              random.nextInt(60) == 0 ? random.nextInt(-1, 1) : random.nextLong(1, 1L << 62));
      case 3, 12 -> out.writeByteArray(field, randomTime());
      case 4, 6, 9, 11 -> out.writeString(field, randomText());
      case 5 ->
          out.writeString(
              field,
              random.nextInt(60) == 0
                  ? randomText()
                  : new UUID(random.nextLong(), random.nextLong()).toString());
      case 7 -> {
        byte[] data = new byte[random.nextInt(20)];
        random.nextBytes(data);
        out.writeByteArray(field, data);
      }
      case 8 -> out.writeMessage(field, Value.newBuilder().setNumberValue(1).build());
      case 10 -> {
        ByteArrayOutputStream entry = new ByteArrayOutputStream();
        CodedOutputStream parts = CodedOutputStream.newInstance(entry);
        for (int i = random.nextInt(4) == 0 ? random.nextInt(4) : 2; i > 0; i--) {
          parts.writeString(random.nextInt(8) == 0 ? random.nextInt(1, 4) : 3 - i, randomText());
        }
        parts.flush();
        out.writeByteArray(field, entry.toByteArray());
      }
      case 13 ->
          out.writeMessage(
              field, RecordedTracking.newBuilder().setSource(randomText()).setPosition(3).build());
      default -> writeUnknown(out);
    }
  }

  private void writeUnknown(CodedOutputStream out) throws IOException {
    switch (random.nextInt(5)) {
      case 0 -> out.writeInt64(random.nextInt(1, 40), random.nextLong());
      case 1 -> out.writeFixed32(random.nextInt(1, 4_000), 1);
      case 2 -> out.writeFixed64(random.nextInt(1, 4_000), 2);
      case 3 -> {
        out.writeTag(30, WireFormat.WIRETYPE_START_GROUP);
        out.writeUInt64(2, 3);
        out.writeTag(30, WireFormat.WIRETYPE_END_GROUP);
      }
      default -> LATER.writeTo(out);
    }
  }

  private byte[] randomTime() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    CodedOutputStream out = CodedOutputStream.newInstance(bytes);
    for (int i = random.nextInt(8) == 0 ? random.nextInt(4) : 2; i > 0; i--) {
      if (random.nextInt(30) == 0) {
        writeUnknown(out);
      } else if (random.nextBoolean()) {
        out.writeInt64(1, random.nextInt(40) == 0 ? random.nextLong() : random.nextInt());
      } else {
        out.writeInt32(2, random.nextInt(40) == 0 ? random.nextInt() : random.nextInt(999_999_999));
      }
    }
    out.flush();
    return bytes.toByteArray();
  }

  private String randomText() {
    return switch (random.nextInt(10)) {
      case 0 -> "";
      case 1 -> "ü";
      case 2 -> "💶 and 日本語";
      case 3 -> "x".repeat(random.nextInt(300));
      case 4 -> random.nextInt(20) == 0 ? "\uFFFD" : "y";
      default -> "text-" + random.nextInt(6);
    };
  }
}

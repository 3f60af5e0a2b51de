package io.varve.server.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.Timestamp;
import io.varve.proto.v1.RecordedEvent;
import io.varve.proto.v1.RecordedTracking;
import io.varve.server.event.NewEvent;
import io.varve.server.event.StreamId;
import io.varve.server.event.Tracking;
import io.varve.server.fixture.RandomEvents;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EventCodecTest {
  private static final StreamId ACCOUNT = new StreamId("account-42");

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void an_event_is_encoded_as_protobuf_itself_would_write_it(long seed) throws IOException {
    Random random = new Random(seed);
    RandomEvents events = new RandomEvents(random);
    for (int i = 0; i < 400; i++) {
      NewEvent event = events.next();
      StreamId stream = events.stream();
      long position = 1 + (random.nextLong() >>> (1 + random.nextInt(62)));
      long version = 1 + (random.nextLong() >>> (1 + random.nextInt(62)));
      Instant recordedAt = events.anyInstant();

      Tracking tracking = events.trackingOrNull();
      byte[] encoded = encode(stream, event, tracking, position, version, recordedAt);

      RecordedEvent message = message(stream, event, tracking, position, version, recordedAt);
      assertThat(RecordedEvent.parseFrom(encoded)).isEqualTo(message);
      assertThat(encoded).isEqualTo(message.toByteArray());
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {11, 12, 13})
  void an_event_is_decoded_as_it_was_encoded(long seed) {
    Random random = new Random(seed);
    RandomEvents events = new RandomEvents(random);
    for (int i = 0; i < 400; i++) {
      NewEvent event = events.next();
      StreamId stream = events.stream();
      long position = 1 + (random.nextLong() >>> (1 + random.nextInt(62)));
      long version = 1 + (random.nextLong() >>> (1 + random.nextInt(62)));
      Instant recordedAt = events.anyInstant();
      Tracking tracking = events.trackingOrNull();
      byte[] encoded = encode(stream, event, tracking, position, version, recordedAt);

      io.varve.server.event.RecordedEvent decoded = EventCodec.decode(encoded, 0, encoded.length);

      assertThat(decoded.position().value()).isEqualTo(position);
      assertThat(decoded.version().value()).isEqualTo(version);
      assertThat(decoded.recordedAt()).isEqualTo(recordedAt);
      assertThat(decoded.stream()).isEqualTo(stream);
      assertThat(decoded.id()).isEqualTo(event.id());
      assertThat(decoded.type()).isEqualTo(event.type());
      assertThat(decoded.data()).isEqualTo(event.data());
      assertThat(decoded.contentType()).isEqualTo(event.contentType());
      assertThat(decoded.metadata()).containsExactlyEntriesOf(event.metadata());
      assertThat(decoded.tags()).isEqualTo(event.tags());
      assertThat(decoded.occurredAt()).isEqualTo(event.occurredAt());
      assertThat(decoded.tracking()).isEqualTo(tracking);
      assertThat(EventCodec.position(encoded, 0, encoded.length)).isEqualTo(position);
      assertThat(EventCodec.summary(encoded, 0, encoded.length))
          .isEqualTo(
              new EventSummary(
                  position, version, recordedAt, stream, event.id(), event.type(), event.tags()));
    }
  }

  @Test
  void an_event_is_decoded_where_it_lies_inside_a_larger_array() {
    NewEvent event = new RandomEvents(21).next();
    byte[] encoded = encode(ACCOUNT, event, 300, 2, Instant.ofEpochSecond(5, 7));
    byte[] larger = new byte[encoded.length + 20];
    Arrays.fill(larger, (byte) 0xff);
    System.arraycopy(encoded, 0, larger, 9, encoded.length);

    assertThat(EventCodec.position(larger, 9, encoded.length)).isEqualTo(300);
    assertThat(EventCodec.decode(larger, 9, encoded.length).id()).isEqualTo(event.id());
  }

  @Test
  void fields_of_a_later_release_are_passed_over() throws IOException {
    NewEvent event = new RandomEvents(22).next();
    byte[] known = encode(ACCOUNT, event, 1, 1, Instant.EPOCH);
    byte[] unknown = new byte[64];
    CodedOutputStream out = CodedOutputStream.newInstance(unknown);
    out.writeString(99, "from the future");
    byte[] encoded = Arrays.copyOf(known, known.length + 64 - out.spaceLeft());
    System.arraycopy(unknown, 0, encoded, known.length, 64 - out.spaceLeft());

    assertThat(EventCodec.decode(encoded, 0, encoded.length).id()).isEqualTo(event.id());
    assertThat(EventCodec.summary(encoded, 0, encoded.length).id()).isEqualTo(event.id());
  }

  @ParameterizedTest
  @ValueSource(longs = {31, 32, 33, 34})
  void bytes_that_are_no_event_answer_damaged_data_and_nothing_else(long seed) {
    Random random = new Random(seed);
    RandomEvents events = new RandomEvents(random);
    for (int i = 0; i < 3_000; i++) {
      byte[] bytes =
          encode(
              events.stream(), events.next(), events.trackingOrNull(), 5, 6, events.anyInstant());
      byte[] damaged = Damage.to(bytes, random);

      assertOnlyDamage(() -> EventCodec.decode(damaged, 0, damaged.length));
      assertOnlyDamage(() -> EventCodec.summary(damaged, 0, damaged.length));
      assertOnlyDamage(() -> EventCodec.position(damaged, 0, damaged.length));
    }
  }

  @Test
  void a_time_that_no_clock_can_show_is_damage() throws IOException {
    byte[] timestamp =
        Timestamp.newBuilder().setSeconds(Long.MAX_VALUE).setNanos(-1).build().toByteArray();
    byte[] bytes = new byte[200];
    CodedOutputStream out = CodedOutputStream.newInstance(bytes);
    out.writeUInt64(1, 1);
    out.writeUInt64(2, 1);
    out.writeByteArray(3, timestamp);

    assertThatThrownBy(() -> EventCodec.decode(bytes, 0, 200 - out.spaceLeft()))
        .isInstanceOf(DamagedDataException.class);
  }

  @Test
  void groups_within_groups_without_end_are_damage() {
    byte[] bytes = new byte[100_000];
    Arrays.fill(bytes, (byte) ((20 << 3) | 3)); // field 20: the start of a group
    bytes[1] = 1;
    for (int i = 0; i < bytes.length; i += 2) {
      bytes[i] = (byte) 0xa3;
      bytes[i + 1] = 1;
    }

    assertThatThrownBy(() -> EventCodec.decode(bytes, 0, bytes.length))
        .isInstanceOf(DamagedDataException.class);
  }

  @Test
  void an_empty_array_is_damage() {
    assertThatThrownBy(() -> EventCodec.decode(new byte[0], 0, 0))
        .isInstanceOf(DamagedDataException.class);
    assertThatThrownBy(() -> EventCodec.position(new byte[0], 0, 0))
        .isInstanceOf(DamagedDataException.class);
  }

  @Test
  void an_event_of_several_megabytes_survives() throws IOException {
    byte[] data = new RandomEvents(41).bytes(5 * 1024 * 1024);
    NewEvent event = new NewEvent(new UUID(1, 2), false, "T", data, "", Map.of(), List.of(), null);

    byte[] encoded = encode(ACCOUNT, event, 1, 1, Instant.EPOCH);

    assertThat(RecordedEvent.parseFrom(encoded).getData().toByteArray()).isEqualTo(data);
    assertThat(EventCodec.decode(encoded, 0, encoded.length).data()).isEqualTo(data);
  }

  private static void assertOnlyDamage(Runnable decoding) {
    assertThatCode(
            () -> {
              try {
                decoding.run();
              } catch (DamagedDataException expected) {
                // as promised; and bytes may also, by chance, still be an event
              }
            })
        .doesNotThrowAnyException();
  }

  private static byte[] encode(
      StreamId stream, NewEvent event, long position, long version, Instant recordedAt) {
    return encode(stream, event, null, position, version, recordedAt);
  }

  private static byte[] encode(
      StreamId stream,
      NewEvent event,
      @Nullable Tracking tracking,
      long position,
      long version,
      Instant recordedAt) {
    byte[] header = EventCodec.encodeHeader(position, version, recordedAt);
    byte[] body = EventCodec.encodeBody(stream, event, tracking);
    byte[] whole = Arrays.copyOf(header, header.length + body.length);
    System.arraycopy(body, 0, whole, header.length, body.length);
    return whole;
  }

  private static RecordedEvent message(
      StreamId stream,
      NewEvent event,
      @Nullable Tracking tracking,
      long position,
      long version,
      Instant recordedAt) {
    RecordedEvent.Builder message =
        RecordedEvent.newBuilder()
            .setPosition(position)
            .setVersion(version)
            .setRecordedAt(timestamp(recordedAt))
            .setStream(stream.value())
            .setId(event.id().toString())
            .setType(event.type())
            .setContentType(event.contentType())
            .putAllMetadata(event.metadata())
            .addAllTags(event.tags());
    if (event.data().length > 0) {
      message.setData(ByteString.copyFrom(event.data()));
    }
    if (event.occurredAt() != null) {
      message.setOccurredAt(timestamp(event.occurredAt()));
    }
    if (tracking != null) {
      message.setTracking(
          RecordedTracking.newBuilder()
              .setSource(tracking.source())
              .setPosition(tracking.position()));
    }
    return message.build();
  }

  private static Timestamp timestamp(Instant instant) {
    return Timestamp.newBuilder()
        .setSeconds(instant.getEpochSecond())
        .setNanos(instant.getNano())
        .build();
  }

  /** Bytes as a bad disk leaves them. */
  private static final class Damage {
    static byte[] to(byte[] bytes, Random random) {
      return switch (random.nextInt(4)) {
        case 0 -> Arrays.copyOf(bytes, random.nextInt(bytes.length));
        case 1 -> flipped(bytes, random, 1);
        case 2 -> flipped(bytes, random, 1 + random.nextInt(20));
        default -> spliced(bytes, random);
      };
    }

    private static byte[] flipped(byte[] bytes, Random random, int times) {
      byte[] damaged = bytes.clone();
      for (int i = 0; i < times; i++) {
        damaged[random.nextInt(damaged.length)] ^= (byte) (1 << random.nextInt(8));
      }
      return damaged;
    }

    private static byte[] spliced(byte[] bytes, Random random) {
      List<Byte> damaged = new ArrayList<>();
      for (byte b : bytes) {
        damaged.add(b);
      }
      int from = random.nextInt(damaged.size());
      int to = from + random.nextInt(damaged.size() - from);
      damaged.subList(from, to).clear();
      byte[] result = new byte[damaged.size()];
      for (int i = 0; i < result.length; i++) {
        result[i] = damaged.get(i);
      }
      return result;
    }
  }
}

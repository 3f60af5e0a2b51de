package io.varve.server.storage;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.CodedInputStream;
import io.varve.server.event.NewEvent;
import io.varve.server.event.StreamId;
import io.varve.server.fixture.Pages;
import java.io.IOException;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EventRunTest {
  private static final Instant TIME = Instant.ofEpochSecond(1_700_000_000);
  private static final StreamId STREAM = new StreamId("s");

  @ParameterizedTest
  @ValueSource(ints = {127, 128, 129, 16_383, 16_384, 16_385, 2_097_151, 2_097_152})
  void a_frame_is_as_long_as_it_says_at_every_width_of_its_length(int size) throws IOException {
    byte[] header = EventCodec.encodeHeader(1, 1, TIME);
    byte[] body = bodyOf(size - header.length);
    assertThat(header.length + body.length).isEqualTo(size);
    EventRunBuilder builder = new EventRunBuilder(10);
    builder.add(header, body, 1);
    EventRun run = builder.build();

    CodedInputStream in = CodedInputStream.newInstance(run.bytes(), run.offset(), run.length());
    assertThat(in.readTag()).isEqualTo(10);
    assertThat(in.readRawVarint32()).isEqualTo(size);
    assertThat(run.length())
        .isEqualTo(EventCodec.frameSize(size))
        .isEqualTo(in.getTotalBytesRead() + size);
    assertThat(run.events())
        .singleElement()
        .satisfies(event -> assertThat(event.end() - event.start()).isEqualTo(size));
  }

  @Test
  void an_event_in_two_parts_and_the_same_in_one_piece_make_the_same_run() {
    byte[] header = EventCodec.encodeHeader(7, 3, TIME);
    byte[] body = bodyOf(200);
    EventRunBuilder inParts = new EventRunBuilder(0);
    inParts.add(header, body, 7);
    byte[] whole = Arrays.copyOf(header, header.length + body.length);
    System.arraycopy(body, 0, whole, header.length, body.length);
    EventRunBuilder inOnePiece = new EventRunBuilder(0);
    inOnePiece.add(whole);

    EventRun first = inParts.build();
    EventRun second = inOnePiece.build();

    assertThat(bytesOf(first)).isEqualTo(bytesOf(second));
    assertThat(second.firstPosition()).isEqualTo(7);
    assertThat(second.lastPosition()).isEqualTo(7);
  }

  @ParameterizedTest
  @ValueSource(ints = {100, 127, 128, 129, 8_192, 16_383, 16_384, 16_385, 2_097_152})
  void drafts_that_are_added_make_the_same_run_and_others_leave_nothing(int size) {
    byte[] small = event(1, 80);
    byte[] other = event(2, size);
    EventRunBuilder expected = new EventRunBuilder(0);
    EventRunBuilder drafted = new EventRunBuilder(0);
    for (byte[] event : List.of(small, other, other, small)) {
      expected.add(event);
      draft(drafted, other);
      assertThat(drafted.draft()).isEqualTo(other);
      draft(drafted, event);
      assertThat(drafted.firstOfDraft()).isEqualTo(event[0]);
      drafted.addDraft();
    }
    draft(drafted, other);

    EventRun run = drafted.buildLoose();

    assertThat(bytesOf(run)).isEqualTo(bytesOf(expected.build()));
    assertThat(run.count()).isEqualTo(4);
    assertThat(drafted.buildSingles())
        .extracting(EventRun::firstPosition)
        .containsExactly(1L, 2L, 2L, 1L);
  }

  @Test
  void an_empty_draft_has_no_first_byte() {
    EventRunBuilder builder = new EventRunBuilder(0);
    draft(builder, new byte[0]);

    assertThat(builder.firstOfDraft()).isEqualTo(-1);
    assertThat(builder.buildSingles()).isEmpty();
    assertThatThrownBy(builder::buildLoose).isInstanceOf(IllegalStateException.class);
  }

  private static void draft(EventRunBuilder builder, byte[] event) {
    builder.draft(
        (target, offset, length) -> {
          System.arraycopy(event, 0, target, offset, Math.min(length, event.length));
          return event.length;
        });
  }

  private static byte[] event(long position, int size) {
    byte[] header = EventCodec.encodeHeader(position, 1, TIME);
    byte[] event = Arrays.copyOf(header, size);
    System.arraycopy(bodyOf(size - header.length), 0, event, header.length, size - header.length);
    return event;
  }

  @Test
  void a_run_holds_no_more_memory_than_its_frames() {
    EventRunBuilder builder = new EventRunBuilder(4096);
    builder.add(EventCodec.encodeHeader(1, 1, TIME), bodyOf(100), 1);

    EventRun run = builder.build();

    assertThat(run.bytes().length).isEqualTo(run.length());
  }

  @Test
  void a_run_without_events_cannot_be_built() {
    assertThatThrownBy(() -> new EventRunBuilder(10).build())
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void clipping_keeps_exactly_the_positions_within_the_bounds() {
    EventRun run = run(10, 20);
    for (long from = 8; from <= 22; from++) {
      for (long to = 8; to <= 22; to++) {
        List<Long> expected =
            LongStream.rangeClosed(Math.max(10, from), Math.min(20, to)).boxed().toList();

        EventRun clipped = run.clip(from, to);

        if (expected.isEmpty()) {
          assertThat(clipped).isNull();
        } else {
          requireNonNull(clipped);
          assertThat(positions(clipped)).isEqualTo(expected);
          assertThat(clipped.count()).isEqualTo(expected.size());
          assertThat(clipped.firstPosition()).isEqualTo(expected.getFirst());
          assertThat(clipped.lastPosition()).isEqualTo(expected.getLast());
        }
      }
    }
  }

  @Test
  void a_trimmed_run_does_not_hold_on_to_what_lies_around_it() {
    EventRun run = run(10, 20);
    EventRun few = requireNonNull(run.clip(12, 13));

    EventRun trimmed = few.trimmed();

    assertThat(trimmed.bytes()).hasSize(few.length());
    assertThat(trimmed.events().stream().map(EncodedEvent::position)).containsExactly(12L, 13L);
    assertThat(run.trimmed()).isSameAs(run);
  }

  @Test
  void clipping_a_clipped_run_clips_further() {
    EventRun middle = clip(run(1, 10), 3, 8);

    assertThat(positions(clip(middle, 5, 6))).containsExactly(5L, 6L);
    assertThat(positions(clip(middle, 1, 4))).containsExactly(3L, 4L);
    assertThat(middle.clip(9, 10)).isNull();
  }

  @Test
  void the_first_events_of_a_run_are_a_run() {
    EventRun run = run(4, 9);

    for (int limit = 1; limit <= 8; limit++) {
      EventRun first = run.first(limit);
      assertThat(positions(first))
          .isEqualTo(LongStream.range(4, Math.min(10, 4 + limit)).boxed().toList());
      assertThat(first.lastPosition()).isEqualTo(positions(first).getLast());
      assertThat(first.count()).isEqualTo(positions(first).size());
    }
  }

  @Test
  void a_single_event_of_a_run_is_a_run_of_its_own() {
    EncodedEvent third = run(1, 5).events().get(2);

    EventRun alone = third.toRun();

    assertThat(positions(alone)).containsExactly(3L);
    assertThat(alone.firstPosition()).isEqualTo(3);
    assertThat(alone.lastPosition()).isEqualTo(3);
    assertThat(third.decode().id()).isEqualTo(third.summary().id());
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void frames_that_are_damaged_answer_damaged_data_and_nothing_else(long seed) {
    Random random = new Random(seed);
    EventRun whole = run(1, 6);
    for (int i = 0; i < 3_000; i++) {
      byte[] bytes = bytesOf(whole);
      for (int flips = 1 + random.nextInt(3); flips > 0; flips--) {
        bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
      }
      int length = random.nextBoolean() ? bytes.length : 1 + random.nextInt(bytes.length);
      EventRun damaged = new EventRun(bytes, 0, length, 6, 1, 6);

      onlyDamage(damaged::events);
      onlyDamage(() -> damaged.clip(2, 3));
      onlyDamage(() -> damaged.first(3));
    }
  }

  @Test
  void a_run_that_is_cut_off_within_a_frame_is_damage() {
    EventRun whole = run(1, 3);
    for (int length = 1; length < whole.length(); length++) {
      EventRun cut = new EventRun(whole.bytes(), 0, length, 3, 1, 3);
      assertThatThrownBy(cut::events).isInstanceOf(DamagedDataException.class);
    }
  }

  @Test
  void a_length_that_does_not_end_or_is_negative_is_damage() {
    byte[] endless = {10, -1, -1, -1, -1, -1, -1, -1, -1};
    byte[] negative = {10, -1, -1, -1, -1, 15, 0, 0};

    assertThatThrownBy(new EventRun(endless, 0, 9, 1, 1, 1)::events)
        .isInstanceOf(DamagedDataException.class);
    assertThatThrownBy(new EventRun(negative, 0, 8, 1, 1, 1)::events)
        .isInstanceOf(DamagedDataException.class);
  }

  @Test
  void a_run_that_holds_another_number_of_events_than_it_says_is_damage() {
    EventRun run = run(1, 3);

    assertThatThrownBy(new EventRun(run.bytes(), 0, run.length(), 4, 1, 3)::events)
        .isInstanceOf(DamagedDataException.class);
    assertThatThrownBy(new EventRun(run.bytes(), 0, run.length(), 2, 1, 3)::events)
        .isInstanceOf(DamagedDataException.class);
  }

  private static void onlyDamage(Runnable looking) {
    try {
      looking.run();
    } catch (DamagedDataException expected) {
      // as promised; frames may also, by chance, still be frames
    }
  }

  private static EventRun clip(EventRun run, long from, long to) {
    return requireNonNull(run.clip(from, to));
  }

  private static List<Long> positions(EventRun run) {
    return Pages.positions(EventPage.of(run));
  }

  private static byte[] bytesOf(EventRun run) {
    return Arrays.copyOfRange(run.bytes(), run.offset(), run.offset() + run.length());
  }

  private static EventRun run(long first, long last) {
    EventRunBuilder builder = new EventRunBuilder(16);
    for (long position = first; position <= last; position++) {
      builder.add(
          EventCodec.encodeHeader(position, position, TIME),
          bodyOf(80 + (int) (position * 17 % 120)),
          position);
    }
    return builder.build();
  }

  /** A body of exactly so many bytes. */
  private static byte[] bodyOf(int size) {
    int rest = size - EventCodec.encodeBody(STREAM, event(0)).length - 2;
    for (int width = 1; width < 5; width++) {
      byte[] body = EventCodec.encodeBody(STREAM, event(Math.max(1, rest + 1 - width)));
      if (body.length == size) {
        return body;
      }
    }
    throw new IllegalArgumentException("no body takes " + size + " bytes");
  }

  private static NewEvent event(int dataBytes) {
    return new NewEvent(
        new UUID(1, 2), false, "T", new byte[dataBytes], "", Map.of(), List.of(), null);
  }
}

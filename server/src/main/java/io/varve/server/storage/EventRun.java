package io.varve.server.storage;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongPredicate;
import org.jspecify.annotations.Nullable;

/**
 * Events in rising order, framed end to end inside an array, ready to be put into a response as
 * they are.
 *
 * @param bytes the array; shared, nobody changes it
 * @param offset where the first frame begins
 * @param length how many bytes the frames take
 * @param count how many events there are, at least one
 * @param firstPosition the first event's position
 * @param lastPosition the last event's position
 */
@SuppressWarnings("ArrayRecordComponent") // a view; never compared
public record EventRun(
    byte[] bytes, int offset, int length, int count, long firstPosition, long lastPosition) {

  /** No frame is shorter than its tag and its length. */
  private static final int FRAME_BYTES = 2;

  /** Views of the single events. */
  public List<EncodedEvent> events() {
    List<EncodedEvent> events = new ArrayList<>(Math.clamp(count, 0, length / FRAME_BYTES));
    int at = offset;
    int end = offset + length;
    while (at < end) {
      EncodedEvent event = eventAt(at, end);
      events.add(event);
      at = event.end();
    }
    if (events.size() != count || at != end) {
      throw new DamagedDataException(
          firstPosition, "a run of " + count + " events holds " + events.size());
    }
    return events;
  }

  /** The same to be held for longer: in an array that is not much larger than the frames. */
  public EventRun trimmed() {
    return length >= bytes.length / 2
        ? this
        : new EventRun(
            Arrays.copyOfRange(bytes, offset, offset + length),
            0,
            length,
            count,
            firstPosition,
            lastPosition);
  }

  /**
   * The part of this run whose positions lie within the bounds (inclusive); null when none does.
   */
  public @Nullable EventRun clip(long from, long to) {
    if (from <= firstPosition && lastPosition <= to) {
      return this;
    }
    int start = -1;
    int end = offset;
    int kept = 0;
    long first = 0;
    long last = 0;
    for (EncodedEvent event : events()) {
      long position = event.position();
      if (position < from || position > to) {
        continue;
      }
      if (kept == 0) {
        start = event.frameStart();
        first = position;
      }
      last = position;
      end = event.end();
      kept++;
    }
    return kept == 0 ? null : new EventRun(bytes, start, end - start, kept, first, last);
  }

  /** The first events of this run, at least one and at most {@code limit}. */
  public EventRun first(int limit) {
    if (limit >= count) {
      return this;
    }
    EncodedEvent last = events().get(limit - 1);
    return new EventRun(bytes, offset, last.end() - offset, limit, firstPosition, last.position());
  }

  /** The events at positions that are wanted, as runs of neighbours. */
  public List<EventRun> keeping(LongPredicate wanted) {
    List<EventRun> kept = new ArrayList<>();
    EncodedEvent first = null;
    EncodedEvent last = null;
    int together = 0;
    for (EncodedEvent event : events()) {
      if (wanted.test(event.position())) {
        first = first == null ? event : first;
        last = event;
        together++;
      } else if (first != null && last != null) {
        kept.add(between(first, last, together));
        first = null;
        together = 0;
      }
    }
    if (first != null && last != null) {
      kept.add(together == count ? this : between(first, last, together));
    }
    return kept;
  }

  private static EventRun between(EncodedEvent first, EncodedEvent last, int count) {
    int start = first.frameStart();
    return new EventRun(
        first.bytes(), start, last.end() - start, count, first.position(), last.position());
  }

  private EncodedEvent eventAt(int frameStart, int limit) {
    if (bytes[frameStart] != EventCodec.FRAME_TAG) {
      throw new DamagedDataException(firstPosition, "a frame does not begin with its tag");
    }
    int size = 0;
    int at = frameStart + 1;
    for (int shift = 0; ; shift += 7) {
      if (at >= limit || shift > 28) {
        throw new DamagedDataException(firstPosition, "a frame's length is cut off");
      }
      byte next = bytes[at++];
      size |= (next & 0x7f) << shift;
      if (next >= 0) {
        break;
      }
    }
    if (size < 0 || size > limit - at) {
      throw new DamagedDataException(firstPosition, "a frame is longer than its run");
    }
    return new EncodedEvent(bytes, frameStart, at, at + size);
  }
}

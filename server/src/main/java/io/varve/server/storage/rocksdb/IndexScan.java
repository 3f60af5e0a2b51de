package io.varve.server.storage.rocksdb;

import io.varve.server.event.StreamId;
import io.varve.server.storage.DamagedDataException;
import io.varve.server.storage.EncodedEvent;
import io.varve.server.storage.EventHeader;
import io.varve.server.storage.EventPlace;
import io.varve.server.storage.EventSummary;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.BitSet;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Goes through every entry of the index but the postings: is it one in itself. */
final class IndexScan {
  private static final String UNREADABLE = "entries of the index that cannot be read";
  private static final byte[] FIRST_KEY = {};
  private static final int STEP_BYTES = 1024 * 1024;

  private final Database.View index;
  private final IndexDatabase.Progress progress;
  private final Findings findings;
  private final LogLookUp log;

  /** Numbers of streams that have an event. */
  private final BitSet withEvents = new BitSet();

  /** Those whose first event is in the archive, so that its entry does not tell the stream. */
  private final BitSet beginArchived = new BitSet();

  private long copies;
  private long ids;
  private long bytes;

  IndexScan(
      Database.View index, IndexDatabase.Progress progress, LogLookUp log, Findings findings) {
    this.log = log;
    this.index = index;
    this.progress = progress;
    this.findings = findings;
  }

  /** How many events it has by stream and version. */
  long copies() {
    return copies;
  }

  /** How many event ids it has. */
  long ids() {
    return ids;
  }

  void run() {
    findings.watch().stage("the index: " + IndexDatabase.STREAMS);
    scanCopies();
    findings.watch().stage("the index: " + IndexDatabase.STREAM_NAMES);
    scanNames();
    findings.watch().stage("the index: " + IndexDatabase.EVENT_IDS);
    scanIds();
    findings.watch().read(bytes);
    bytes = 0;
  }

  private void pace(byte[] key, byte[] value) {
    bytes += key.length + value.length;
    if (bytes >= STEP_BYTES) {
      findings.watch().read(bytes);
      bytes = 0;
    }
  }

  // ---- streams

  private void scanCopies() {
    long number = 0;
    Copy before = null;
    Database.Cursor cursor = index.cursor(IndexDatabase.STREAMS);
    for (boolean on = cursor.atOrAfter(FIRST_KEY); on; on = cursor.next()) {
      byte[] key = cursor.key();
      byte[] value = cursor.value();
      pace(key, value);
      copies++;
      Copy event;
      try {
        event = copy(key, value);
      } catch (DamagedDataException e) {
        findings.add(
            UNREADABLE, "an event of the index (streams) cannot be read: " + e.getMessage());
        continue;
      }
      long itsNumber = Keys.toLong(key, 0);
      if (itsNumber != number) {
        number = itsNumber;
        before = null;
        beginStream(number, event);
      }
      check(key, before, event);
      before = event;
    }
  }

  /**
   * What an entry says of its event.
   *
   * @param stream null when the event is in the archive: then that the entry stands where it should
   *     is told by the log's outline alone
   */
  private record Copy(@Nullable StreamId stream, long version, long position, Instant recordedAt) {

    String named(long number) {
      return stream == null ? "number " + number : stream.toString();
    }
  }

  private static Copy copy(byte[] key, byte[] value) {
    if (key.length != 2 * Long.BYTES) {
      throw new DamagedDataException(0, "its key has " + key.length + " bytes");
    }
    StoredEvent stored = new StoredEvent(Keys.toLong(key, Long.BYTES), value);
    if (stored.isArchived()) {
      EventHeader header = stored.header();
      return new Copy(null, header.version(), header.position(), header.recordedAt());
    }
    EventSummary event = new EncodedEvent(value, 0, 0, value.length).summary();
    return new Copy(event.stream(), event.version(), event.position(), event.recordedAt());
  }

  private void beginStream(long number, Copy event) {
    int bit = Math.clamp(number, 0, Integer.MAX_VALUE - 1);
    withEvents.set(bit);
    StreamId stream = event.stream();
    if (stream == null) {
      beginArchived.set(bit);
      return;
    }
    byte[] name = index.get(IndexDatabase.STREAM_NAMES, IndexDatabase.name(stream));
    if (name == null || Keys.toLong(name, 0) != number) {
      findings.add(
          IndexCheck.NAMES,
          "the index has events of stream "
              + stream
              + " under number "
              + number
              + ", which is not that stream's");
      return;
    }
    Instant due = event.version() == 1 ? event.recordedAt() : log.createdAt(stream);
    checkCreatedAt(stream, StreamName.decode(name), due);
  }

  private void checkCreatedAt(StreamId stream, StreamName name, @Nullable Instant due) {
    if (due != null && !name.createdAt().equals(due)) {
      findings.add(
          IndexCheck.NAMES,
          "the index says that stream " + stream + " was created at another time than " + due);
    }
  }

  private void check(byte[] key, @Nullable Copy before, Copy event) {
    long version = Keys.toLong(key, Long.BYTES);
    String named = event.named(Keys.toLong(key, 0));
    String which = "version " + version + " of stream " + named;
    if (version != event.version()) {
      findings.add(
          IndexCheck.STREAMS,
          "the index has version " + event.version() + " where it should have " + which);
    } else if (event.position() > progress.position()) {
      findings.add(
          IndexCheck.PROGRESS,
          which + " is in the index, which says that it ends before, at " + progress.position());
    } else if (before != null
        && before.stream() != null
        && event.stream() != null
        && !before.stream().equals(event.stream())) {
      findings.add(
          IndexCheck.STREAMS, "the index has " + which + " among events of " + before.stream());
    } else if (before != null && version != before.version() + 1) {
      findings.add(
          IndexCheck.STREAMS,
          "stream "
              + named
              + " has no versions "
              + (before.version() + 1)
              + " to "
              + (version - 1)
              + ", and only a stream's oldest events are ever reclaimed");
    } else if (before != null && event.position() <= before.position()) {
      findings.add(IndexCheck.STREAMS, which + " stands before the version in front of it");
    }
  }

  /** Names each event by stream and version that the log does not have. */
  void tellCopiesThatTheLogDoesNotHave() {
    Database.Cursor cursor = index.cursor(IndexDatabase.STREAMS);
    for (boolean on = cursor.atOrAfter(FIRST_KEY); on; on = cursor.next()) {
      byte[] key = cursor.key();
      byte[] value = cursor.value();
      pace(key, value);
      try {
        Copy copy = copy(key, value);
        EventSummary event = log.event(copy.position());
        if (event == null
            ? !log.isReclaimed(copy.position())
            : isOfAnotherStream(event, Keys.toLong(key, 0))
                || event.version() != Keys.toLong(key, Long.BYTES)) {
          findings.add(
              IndexCheck.STREAMS,
              "the index has version "
                  + Keys.toLong(key, Long.BYTES)
                  + " of stream "
                  + copy.named(Keys.toLong(key, 0))
                  + " at position "
                  + copy.position()
                  + ", which the log does not have");
        }
      } catch (DamagedDataException toldBefore) {
        // by the scan
      }
    }
  }

  private boolean isOfAnotherStream(EventSummary event, long number) {
    byte[] name = index.get(IndexDatabase.STREAM_NAMES, IndexDatabase.name(event.stream()));
    return name == null || StreamName.decode(name).number() != number;
  }

  // ---- names

  private void scanNames() {
    BitSet seen = new BitSet();
    long count = 0;
    Database.Cursor cursor = index.cursor(IndexDatabase.STREAM_NAMES);
    for (boolean on = cursor.atOrAfter(FIRST_KEY); on; on = cursor.next()) {
      byte[] key = cursor.key();
      byte[] value = cursor.value();
      pace(key, value);
      count++;
      try {
        StreamId stream = new StreamId(new String(key, StandardCharsets.UTF_8));
        checkName(stream, StreamName.decode(value), seen);
      } catch (DamagedDataException | IllegalArgumentException e) {
        findings.add(UNREADABLE, "a stream's name in the index: " + e.getMessage());
      }
    }
    if (count != progress.lastStreamNumber()) {
      findings.add(
          IndexCheck.NAMES,
          "the index names "
              + count
              + " streams, and has given "
              + progress.lastStreamNumber()
              + " numbers");
    }
  }

  private void checkName(StreamId stream, StreamName name, BitSet seen) {
    int number = Math.clamp(name.number(), 0, Integer.MAX_VALUE - 1);
    if (number < 1 || number > progress.lastStreamNumber() || seen.get(number)) {
      findings.add(
          IndexCheck.NAMES,
          "stream " + stream + " has number " + name.number() + ", which was not given to it");
      return;
    }
    seen.set(number);
    if (beginArchived.get(number)) {
      checkCreatedAt(stream, name, log.createdAt(stream));
    }
    if (withEvents.get(number)) {
      return;
    }
    byte[] state = index.get(IndexDatabase.STREAM_STATES, IndexDatabase.name(stream));
    if (state == null || StoredState.decode(state).version() == 0) {
      findings.add(IndexCheck.NAMES, "stream " + stream + " has a name in the index and no event");
    }
  }

  // ---- states

  /** Compares what was decided about streams with what the log says. */
  void compareStates(Map<StreamId, StoredState> expected) {
    findings.watch().stage("the index: " + IndexDatabase.STREAM_STATES);
    Set<StreamId> missing = new HashSet<>(expected.keySet());
    Database.Cursor cursor = index.cursor(IndexDatabase.STREAM_STATES);
    for (boolean on = cursor.atOrAfter(FIRST_KEY); on; on = cursor.next()) {
      StreamId stream;
      StoredState found;
      try {
        stream = new StreamId(new String(cursor.key(), StandardCharsets.UTF_8));
        found = StoredState.decode(cursor.value());
      } catch (DamagedDataException | IllegalArgumentException e) {
        findings.add(UNREADABLE, "a stream's state in the index: " + e.getMessage());
        continue;
      }
      missing.remove(stream);
      StoredState due = expected.get(stream);
      if (due == null) {
        findings.add(
            IndexCheck.STATES,
            "the index has a state of stream " + stream + ", and the log no decision about it");
      } else if (!due.equals(found)) {
        findings.add(
            IndexCheck.STATES,
            "the index's state of stream " + stream + " is not what the log says");
      }
    }
    for (StreamId stream : missing) {
      findings.add(IndexCheck.STATES, "the index has no state of stream " + stream);
    }
  }

  // ---- ids

  private void scanIds() {
    Database.Cursor cursor = index.cursor(IndexDatabase.EVENT_IDS);
    for (boolean on = cursor.atOrAfter(FIRST_KEY); on; on = cursor.next()) {
      byte[] key = cursor.key();
      byte[] value = cursor.value();
      pace(key, value);
      ids++;
      EventPlace place = place(key, value);
      if (place != null && place.position() > progress.position()) {
        findings.add(
            IndexCheck.PROGRESS,
            "event id "
                + id(key)
                + " is in the index, which says that it ends before, at "
                + progress.position());
      }
    }
  }

  private @Nullable EventPlace place(byte[] key, byte[] value) {
    try {
      if (key.length != 2 * Long.BYTES) {
        throw new DamagedDataException(0, "its key has " + key.length + " bytes");
      }
      return Keys.toPlace(value);
    } catch (DamagedDataException e) {
      findings.add(UNREADABLE, "an event id in the index (event_ids): " + e.getMessage());
      return null;
    }
  }

  private static UUID id(byte[] key) {
    ByteBuffer buffer = ByteBuffer.wrap(key);
    return new UUID(buffer.getLong(), buffer.getLong());
  }

  /** Names each event id that the log does not have. */
  void tellIdsThatTheLogDoesNotHave() {
    Database.Cursor cursor = index.cursor(IndexDatabase.EVENT_IDS);
    for (boolean on = cursor.atOrAfter(FIRST_KEY); on; on = cursor.next()) {
      byte[] key = cursor.key();
      byte[] value = cursor.value();
      pace(key, value);
      if (key.length != 2 * Long.BYTES) {
        continue; // told before
      }
      try {
        EventPlace place = Keys.toPlace(value);
        EventSummary event = log.event(place.position());
        if (event == null ? !log.isReclaimed(place.position()) : !event.id().equals(id(key))) {
          findings.add(
              IndexCheck.IDS,
              "the index has event id "
                  + id(key)
                  + " at position "
                  + place.position()
                  + ", which the log does not have");
        }
      } catch (DamagedDataException toldBefore) {
        // by the scan
      }
    }
  }
}

package io.varve.server.storage.rocksdb;

import static java.nio.charset.StandardCharsets.UTF_8;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import io.varve.server.event.Query;
import io.varve.server.event.StreamId;
import io.varve.server.event.StreamState;
import io.varve.server.fixture.DecoderFuzz;
import io.varve.server.fixture.RandomEvents;
import io.varve.server.fixture.StoredForm;
import io.varve.server.fixture.StoredForm.Repair;
import io.varve.server.fixture.StoredForm.Written;
import io.varve.server.group.GroupDefinition;
import io.varve.server.group.GroupSettings;
import io.varve.server.group.GroupSource;
import io.varve.server.group.GroupStart;
import io.varve.server.group.GroupStop;
import io.varve.server.group.Parked;
import io.varve.server.group.Progress;
import io.varve.server.snapshot.Snapshot;
import io.varve.server.snapshot.SnapshotSummary;
import io.varve.server.storage.ArchiveSegment;
import io.varve.server.storage.DamagedDataException;
import io.varve.server.storage.EncodedEvent;
import io.varve.server.storage.EventCodec;
import io.varve.server.storage.EventPlace;
import io.varve.server.storage.EventRun;
import io.varve.server.storage.EventRunBuilder;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.LongStream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** Keys and values of all databases in a data folder, and the files beside them. */
class StoredBytesFuzzTest extends DecoderFuzz {
  private static final byte[] NO_KEY = {};

  /** Chunks, snapshots and what is stored of groups have it behind their format. */
  private static final int CHECKSUM_OFFSET = 1;

  private static final int CHECKED_OFFSET = 5;
  private static final byte OUTLINES = 3;

  private static final Logger MARKS = (Logger) LoggerFactory.getLogger(HeadMark.class);

  @TempDir private static Path folder;

  @BeforeAll
  static void damaged_marks_are_no_news() {
    MARKS.setLevel(Level.ERROR);
  }

  @AfterAll
  static void and_then_they_are_again() {
    MARKS.setLevel(null);
  }

  @Override
  protected List<StoredForm> forms() {
    return List.of(
        checked("a chunk of the log", StoredBytesFuzzTest::chunk, (k, v) -> text(Chunk.read(k, v))),
        checked("a chunk with holes", StoredBytesFuzzTest::holes, (k, v) -> text(Chunk.read(k, v))),
        checked(
            "a chunk of outlines", StoredBytesFuzzTest::outlines, (k, v) -> text(Chunk.read(k, v))),
        checked("a snapshot", StoredBytesFuzzTest::snapshot, StoredBytesFuzzTest::toSnapshot),
        checked(
            "the definition of a group", StoredBytesFuzzTest::definition, GroupBytes::toDefinition),
        checked("the progress of a group", StoredBytesFuzzTest::progress, GroupBytes::toProgress),
        checked("a parked event", StoredBytesFuzzTest::parked, GroupBytes::toParked),
        new StoredForm(
            "the mark of how far the log has come",
            random -> {
              long position = 1 + number(random) / 2;
              return new Written(NO_KEY, mark(position), position);
            },
            (_, value) -> position(HeadMark.in(Files.write(folder.resolve("head"), value))),
            false, // it holds its complement, which two changed bits may match
            null,
            DamagedDataException.class),
        plain(
            "the place of an event",
            random -> {
              EventPlace place = new EventPlace(number(random), number(random), number(random));
              return new Written(
                  NO_KEY,
                  Keys.ofPlace(place.position(), place.streamNumber(), place.version()),
                  place);
            },
            (_, value) -> Keys.toPlace(value)),
        plain(
            "a key of a stream's event",
            random -> {
              long version = number(random);
              return new Written(NO_KEY, Keys.ofStreamVersion(number(random), version), version);
            },
            (_, key) -> Keys.toLong(key, Long.BYTES)),
        plain(
            "the name of a stream",
            random -> {
              StreamName name = new StreamName(number(random), time(random));
              return new Written(NO_KEY, name.encode(), name);
            },
            (_, value) -> StreamName.decode(value)),
        plain(
            "the state of a stream",
            random -> {
              StoredState state =
                  new StoredState(
                      new StreamState(
                          random.nextBoolean(),
                          number(random),
                          number(random),
                          random.nextBoolean() ? null : Duration.ofMillis(random.nextInt()),
                          number(random)),
                      number(random),
                      number(random),
                      time(random));
              return new Written(NO_KEY, state.encode(), state);
            },
            (_, value) -> StoredState.decode(value)),
        plain(
            "when a stream was created",
            random -> {
              Instant time = time(random);
              byte[] value =
                  ByteBuffer.allocate(12)
                      .putLong(time.getEpochSecond())
                      .putInt(time.getNano())
                      .array();
              return new Written(NO_KEY, value, time);
            },
            (_, value) -> LogDatabase.toCreatedAt(value)),
        plain(
            "a key of the history of tracked positions",
            random -> {
              long at = number(random);
              return new Written(
                  NO_KEY, TrackingHistory.key("source ü".getBytes(UTF_8), at), "source ü at " + at);
            },
            (_, key) ->
                new String(TrackingHistory.sourceOf(key), UTF_8)
                    + " at "
                    + TrackingHistory.atOf(key)),
        plain(
            "a key of a term",
            random -> {
              long segment = number(random);
              return new Written(
                  NO_KEY, Postings.key("tag ü".getBytes(UTF_8), segment), "tag ü at " + segment);
            },
            (_, key) -> new String(Postings.termOf(key), UTF_8) + " at " + Postings.segmentOf(key)),
        plain(
            "the positions of a term",
            StoredBytesFuzzTest::postings,
            (_, value) ->
                Postings.count(value)
                    + " "
                    + LongStream.of(Postings.positions(100, value)).boxed().toList()),
        plain(
            "an entry of the archive's catalogue",
            random -> {
              ArchiveSegment segment = segment(random);
              return new Written(NO_KEY, StoredSegment.encode(segment), segment);
            },
            (_, value) -> StoredSegment.decode(7, value)),
        plain(
            "an event in the copy by stream",
            random -> {
              boolean archived = random.nextBoolean();
              byte[] header = EventCodec.encodeHeader(number(random), 3, time(random));
              byte[] value = archived ? StoredEvent.archived(header) : header;
              return new Written(NO_KEY, value, text(new StoredEvent(3, value)));
            },
            (_, value) -> text(new StoredEvent(3, value))),
        plain(
            "the progress of the index",
            random -> {
              byte[] none = {};
              return new Written(NO_KEY, none, IndexDatabase.toProgress(none));
            },
            (_, value) -> IndexDatabase.toProgress(value)));
  }

  // ---- kinds of forms

  private static StoredForm plain(
      String name, StoredForm.Writing writing, StoredForm.Reading reading) {
    return new StoredForm(name, writing, reading, false, null, DamagedDataException.class);
  }

  private static StoredForm checked(
      String name, StoredForm.Writing writing, StoredForm.Reading reading) {
    Repair repair = StoredBytesFuzzTest::repaired;
    return new StoredForm(name, writing, reading, true, repair, DamagedDataException.class);
  }

  private static byte[] repaired(byte[] key, byte[] value) {
    if (value.length < CHECKED_OFFSET) {
      return value;
    }
    CRC32C crc = new CRC32C();
    if (value[0] == OUTLINES) {
      crc.update(OUTLINES);
    }
    crc.update(key);
    crc.update(value, CHECKED_OFFSET, value.length - CHECKED_OFFSET);
    byte[] repaired = value.clone();
    ByteBuffer.wrap(repaired).putInt(CHECKSUM_OFFSET, (int) crc.getValue());
    return repaired;
  }

  // ---- what is written

  private static long number(Random random) {
    return random.nextLong() >>> (1 + random.nextInt(62));
  }

  private static Instant time(Random random) {
    return new RandomEvents(random).anyInstant();
  }

  private static EventRun run(Random random, long first) {
    RandomEvents events = new RandomEvents(random);
    EventRunBuilder builder = new EventRunBuilder(0);
    for (int i = 0; i <= 1 + random.nextInt(3); i++) {
      builder.add(
          EventCodec.encodeHeader(first + i, 1 + i, events.anyInstant()),
          EventCodec.encodeBody(events.stream(), events.next()),
          first + i);
    }
    return builder.build();
  }

  private static Written written(long first, byte[] value) {
    byte[] key = Keys.ofLong(first);
    return new Written(key, value, text(Chunk.read(key, value)));
  }

  private static byte[] valueOf(EventRun run) {
    byte[] header = Chunk.header(run);
    byte[] value = Arrays.copyOf(header, header.length + run.length());
    System.arraycopy(run.bytes(), run.offset(), value, header.length, run.length());
    return value;
  }

  private static Written chunk(Random random) {
    long first = 1 + number(random) / 2;
    return written(first, valueOf(run(random, first)));
  }

  private static Written holes(Random random) {
    long first = 1 + number(random) / 2;
    EventRun run = run(random, first);
    Chunk chunk = Chunk.read(Keys.ofLong(first), valueOf(run));
    return written(first, chunk.with(run.events().subList(1, 1 + random.nextInt(run.count()))));
  }

  private static Written outlines(Random random) {
    long first = 1 + number(random) / 2;
    EventRunBuilder outlines = new EventRunBuilder(0);
    run(random, first).events().forEach(event -> outlines.add(event.outline()));
    EventRun run = outlines.build();
    ByteArrayOutputStream frames = new ByteArrayOutputStream();
    frames.write(run.bytes(), run.offset(), run.length());
    return written(
        first,
        Chunk.ofOutlines(
            run.firstPosition(), run.lastPosition(), run.count(), frames.toByteArray()));
  }

  private static String text(Chunk chunk) {
    StringBuilder text = new StringBuilder();
    text.append(chunk.firstPosition()).append(' ').append(chunk.lastPosition());
    for (EncodedEvent event : chunk.events()) {
      text.append(' ').append(HexFormat.of().formatHex(event.bytes(), event.start(), event.end()));
    }
    return text.append(chunk.outlined()).toString();
  }

  private static Written snapshot(Random random) {
    RandomEvents events = new RandomEvents(random);
    StreamId stream = new StreamId("account-" + random.nextInt(9));
    byte[] key = SnapshotBytes.key(stream, 1 + random.nextInt(99));
    SnapshotSummary summary =
        new SnapshotSummary(
            SnapshotBytes.version(key),
            random.nextInt(),
            "x".repeat(random.nextInt(9)),
            events.anyInstant());
    Snapshot snapshot = new Snapshot(stream, summary, events.bytes(random.nextInt(60)));
    byte[] value = SnapshotBytes.value(key, snapshot);
    return new Written(key, value, text(snapshot));
  }

  private static Object toSnapshot(byte[] key, byte[] value) {
    StreamId stream = SnapshotBytes.stream(key);
    Snapshot snapshot = SnapshotBytes.toSnapshot(stream, key, value);
    if (!SnapshotBytes.toSummary(stream, key, value).equals(snapshot.summary())) {
      throw new AssertionError("the summary of a snapshot is another one");
    }
    return text(snapshot);
  }

  private static String text(Snapshot snapshot) {
    return snapshot.stream()
        + " "
        + snapshot.summary()
        + " "
        + HexFormat.of().formatHex(snapshot.data());
  }

  private static Written definition(Random random) {
    byte[] key = GroupBytes.key(1 + random.nextInt(9));
    GroupSource source =
        random.nextBoolean()
            ? new GroupSource.OfStream(new StreamId("konto-ß"))
            : new GroupSource.OfLog(
                new Query(
                    List.of(
                        new Query.Item(Set.of("B", "A"), Set.of("t:ü"), List.of("p-"), Set.of()),
                        new Query.Item(Set.of(), Set.of("x"), List.of(), Set.of("c")))));
    GroupStart start =
        random.nextBoolean() ? new GroupStart.Now() : new GroupStart.After(number(random));
    GroupDefinition group =
        new GroupDefinition("name", source, start, GroupSettings.defaults(), time(random));
    return new Written(key, GroupBytes.value(key, group), group);
  }

  private static Written progress(Random random) {
    byte[] key = GroupBytes.key(1 + random.nextInt(9));
    List<Progress.Open> open = new ArrayList<>();
    for (int i = random.nextInt(5); i > 0; i--) {
      open.add(new Progress.Open(10L * (9 - i), random.nextInt(9), random.nextInt(1_024), i));
    }
    GroupStop stop =
        random.nextBoolean() ? null : new GroupStop("worker ü", "no schema", time(random), 4);
    Progress progress =
        new Progress(number(random), number(random), open, 2, 5, 4, 1, stop, "was set back");
    return new Written(key, GroupBytes.value(key, progress), progress);
  }

  private static Written parked(Random random) {
    long position = 1L + random.nextInt(99);
    byte[] key = GroupBytes.key(1 + random.nextInt(9), position);
    Parked parked =
        new Parked(
            position,
            number(random),
            new StreamId("a-1"),
            "bad",
            time(random),
            random.nextInt(9),
            number(random));
    return new Written(key, GroupBytes.value(key, parked), parked);
  }

  private static byte[] mark(long position) {
    return ByteBuffer.allocate(HeadMark.BYTES).putLong(position).putLong(~position).array();
  }

  /** What is damaged reads as 0: it covers nothing, and so never too much. */
  private static long position(long marked) {
    if (marked == 0) {
      throw new DamagedDataException(0, "it marks nothing");
    }
    return marked;
  }

  private static Written postings(Random random) {
    int[] offsets = new int[1 + random.nextInt(40)];
    List<Long> positions = new ArrayList<>();
    int offset = random.nextInt(200);
    for (int i = 0; i < offsets.length; i++) {
      offsets[i] = offset;
      positions.add(100L + offset);
      offset += 1 + random.nextInt(200);
    }
    return new Written(
        NO_KEY, Postings.value(offsets, offsets.length), offsets.length + " " + positions);
  }

  private static ArchiveSegment segment(Random random) {
    Instant time = time(random);
    byte[] sha256 = new RandomEvents(random).bytes(32);
    return new ArchiveSegment(
        "00000007-ü",
        7,
        number(random),
        number(random),
        number(random),
        number(random),
        time,
        time,
        time,
        HexFormat.of().formatHex(sha256));
  }

  private static String text(StoredEvent event) {
    return event.isArchived() + " " + event.header() + " " + StoredEvent.position(event.value());
  }
}

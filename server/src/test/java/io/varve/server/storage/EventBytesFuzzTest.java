package io.varve.server.storage;

import io.varve.server.event.NewEvent;
import io.varve.server.event.RecordedEvent;
import io.varve.server.event.StreamId;
import io.varve.server.event.StreamState;
import io.varve.server.fixture.DecoderFuzz;
import io.varve.server.fixture.RandomEvents;
import io.varve.server.fixture.StoredForm;
import io.varve.server.fixture.StoredForm.Written;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;

/** Events as they lie everywhere, and what is read of them. */
class EventBytesFuzzTest extends DecoderFuzz {
  private static final byte[] NO_KEY = {};

  @Override
  protected List<StoredForm> forms() {
    return List.of(
        of("an event", bytes -> text(EventCodec.decode(bytes, 0, bytes.length))),
        of("the summary of an event", bytes -> EventCodec.summary(bytes, 0, bytes.length)),
        of("what queries look at", EventBytesFuzzTest::terms),
        of("the head of an event", bytes -> EventCodec.header(bytes, 0, bytes.length)),
        of("the position of an event", bytes -> EventCodec.position(bytes, 0, bytes.length)),
        of("the version of an event", bytes -> EventCodec.version(bytes, 0, bytes.length)),
        of("the stream of an event", bytes -> EventCodec.streamHash(bytes, 0, bytes.length)),
        of(
            "the outline of an event",
            bytes -> HexFormat.of().formatHex(EventCodec.outline(bytes, 0, bytes.length))),
        new StoredForm(
            "a run of events",
            EventBytesFuzzTest::run,
            (_, bytes) -> texts(new EventRun(bytes, 0, bytes.length, 3, 7, 9)),
            false,
            null,
            DamagedDataException.class),
        new StoredForm(
            "the change of a stream",
            EventBytesFuzzTest::change,
            (_, bytes) -> StreamChange.fromJson(5, "$StreamDeleted", bytes),
            false,
            null,
            DamagedDataException.class));
  }

  private static List<Object> terms(byte[] bytes) {
    EventTerms terms = new EventTerms(true);
    terms.read(new EncodedEvent(bytes, 0, 0, bytes.length));
    return List.of(terms.stream(), terms.type(), terms.tags());
  }

  private interface Part {
    Object of(byte[] event);
  }

  private static StoredForm of(String name, Part part) {
    return new StoredForm(
        name,
        random -> {
          byte[] bytes = event(new RandomEvents(random), 7);
          return new Written(NO_KEY, bytes, part.of(bytes));
        },
        (_, bytes) -> part.of(bytes),
        false,
        null,
        DamagedDataException.class);
  }

  private static byte[] event(RandomEvents events, long position) {
    StreamId stream = events.stream();
    NewEvent event = events.next();
    byte[] header = EventCodec.encodeHeader(position, 3, events.anyInstant());
    byte[] body = EventCodec.encodeBody(stream, event);
    byte[] bytes = new byte[header.length + body.length];
    System.arraycopy(header, 0, bytes, 0, header.length);
    System.arraycopy(body, 0, bytes, header.length, body.length);
    return bytes;
  }

  private static Written run(Random random) {
    RandomEvents events = new RandomEvents(random);
    EventRunBuilder builder = new EventRunBuilder(0);
    for (long position = 7; position <= 9; position++) {
      builder.add(event(events, position));
    }
    EventRun run = builder.build();
    return new Written(NO_KEY, run.bytes(), texts(run));
  }

  private static List<String> texts(EventRun run) {
    return run.events().stream().map(event -> text(event.decode())).toList();
  }

  private static String text(RecordedEvent event) {
    return List.of(
            event.position(),
            event.version(),
            event.recordedAt(),
            event.stream(),
            event.id(),
            event.type(),
            HexFormat.of().formatHex(event.data()),
            event.contentType(),
            event.metadata(),
            event.tags(),
            String.valueOf(event.occurredAt()))
        .toString();
  }

  private static Written change(Random random) {
    RandomEvents events = new RandomEvents(random);
    StreamState state =
        new StreamState(
            random.nextBoolean(),
            random.nextInt(9),
            random.nextInt(9),
            random.nextBoolean() ? null : Duration.ofSeconds(random.nextInt(), random.nextInt(9)),
            random.nextInt(9));
    Instant time = events.anyInstant();
    StreamChange change =
        new StreamChange(
            StreamChange.Kind.DELETED,
            events.stream(),
            new StreamHead(0, 1 + random.nextInt(9), random.nextInt(99), time, time, state),
            "reason",
            "ü".repeat(random.nextInt(3)));
    return new Written(NO_KEY, change.toJson(), change);
  }
}

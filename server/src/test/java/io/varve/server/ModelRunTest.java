package io.varve.server;

import static io.varve.client.streams.ExpectedVersion.any;
import static io.varve.client.streams.ExpectedVersion.exactly;
import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.VarveClient;
import io.varve.client.streams.AppendCondition;
import io.varve.client.streams.AppendResult;
import io.varve.client.streams.ConditionFailedException;
import io.varve.client.streams.EventIdTakenException;
import io.varve.client.streams.EventReader;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.EventsNotKeptException;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.InvalidRequestException;
import io.varve.client.streams.InvalidRequestException.FieldViolation;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.Query;
import io.varve.client.streams.QueryItem;
import io.varve.client.streams.ReadLog;
import io.varve.client.streams.ReadStream;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.Retention;
import io.varve.client.streams.Snapshot;
import io.varve.client.streams.StreamChange;
import io.varve.client.streams.StreamDeletedException;
import io.varve.client.streams.StreamInfo;
import io.varve.client.streams.StreamNotFoundException;
import io.varve.client.streams.StreamTombstonedException;
import io.varve.client.streams.Tracking;
import io.varve.client.streams.TrackingNotRisingException;
import io.varve.client.streams.Transaction;
import io.varve.client.streams.TransactionResult;
import io.varve.client.streams.VarveException;
import io.varve.client.streams.VersionConflictException;
import io.varve.client.testkit.InMemoryEventStore;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The store in memory and a server on disk are given the same random steps, of everything that the
 * contract has, and must give the same answers and refusals; the server is stopped and started
 * again in between. Times are the only thing that may differ.
 *
 * <p>{@code -Dvarve.models=500} for that many runs, {@code -Dvarve.seed=N} for the seed of the
 * first, which counts up.
 */
class ModelRunTest {
  private static final int STEPS = 350;
  private static final List<String> STREAMS =
      List.of("account-1", "account-2", "order-1", "order-2", "seat", "ship-1");
  private static final Instant FAR_AHEAD = Instant.parse("9000-01-01T00:00:00Z");

  @TempDir Path folder;

  /** What is done to each of the stores; the answer is a text that is the same for the same. */
  private record Step(String text, Function<EventStore, Object> act) {}

  static LongStream seeds() {
    long first = Long.getLong("varve.seed", 1);
    return LongStream.range(first, first + Integer.getInteger("varve.models", 6));
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void the_server_answers_every_step_as_the_store_in_memory_does(long seed) throws Exception {
    Script script = new Script(new Random(seed));
    List<String> done = new ArrayList<>();
    Map<String, Integer> outcomes = new HashMap<>();
    TestServer server = TestServer.start(folder);
    VarveClient client = server.client();
    try (InMemoryEventStore model = new InMemoryEventStore()) {
      for (int i = 0; i < STEPS; i++) {
        if (i % 60 == 59) {
          done.add("restart");
          client.close();
          server.close();
          server = TestServer.start(folder);
          client = server.client();
        }
        Step step = script.next();
        done.add(step.text());
        String expected = answer(step, model);
        assertThat(answer(step, client))
            .as("seed %d, the last of these steps:%n%s", seed, String.join("\n", done))
            .isEqualTo(expected);
        outcomes.merge(expected.replaceFirst("(?s)[ \\[].*", ""), 1, Integer::sum);
      }
      Step everything = new Step("read the log", store -> read(store.readLog(ReadLog.all())));
      assertThat(answer(everything, client))
          .as("seed %d after:%n%s", seed, String.join("\n", done))
          .isEqualTo(answer(everything, model));
    } finally {
      client.close();
      server.close();
    }
    System.out.println("ModelRunTest: seed " + seed + ", " + outcomes);
    assertThat(outcomes)
        .containsKeys("VersionConflictException", "ConditionFailedException", "written");
  }

  private static String answer(Step step, EventStore store) {
    try {
      return step.act().apply(store).toString();
    } catch (VarveException refusal) {
      return refusal.getClass().getSimpleName() + " " + facts(refusal);
    }
  }

  private static List<Object> facts(VarveException refusal) {
    return switch (refusal) {
      case ConditionFailedException e -> List.of(e.conditionIndex(), e.position());
      case EventIdTakenException e -> List.of(e.eventId(), e.stream(), e.position());
      case EventsNotKeptException e -> List.of(e.stream(), e.first());
      case InvalidRequestException e ->
          List.copyOf(e.violations().stream().map(FieldViolation::field).toList());
      case StreamDeletedException e -> List.of(e.stream());
      case StreamNotFoundException e -> List.of(e.stream());
      case StreamTombstonedException e -> List.of(e.stream());
      case TrackingNotRisingException e -> List.of(e.source(), e.storedPosition());
      case VersionConflictException e ->
          List.of(e.stream(), e.expected().toString(), e.actualVersion());
      default -> throw refusal;
    };
  }

  private static String written(AppendResult result) {
    return "written " + result.version() + " at " + result.position() + once(result.deduplicated());
  }

  private static String written(TransactionResult result) {
    return "written "
        + result.versions()
        + " at "
        + result.position()
        + once(result.deduplicated())
        + (result.recordedAt() == null ? ", without events" : "");
  }

  private static String once(boolean deduplicated) {
    return deduplicated ? ", long ago" : "";
  }

  private static String read(EventReader reader) {
    try (reader) {
      return "read "
          + reader.snapshot().map(ModelRunTest::text)
          + reader.toList().stream().map(ModelRunTest::text).toList();
    }
  }

  /** The server's own events have ids and payloads of their own: who did it differs. */
  private static String text(RecordedEvent event) {
    return event.stream()
        + "@"
        + event.version()
        + " #"
        + event.position()
        + " "
        + event.type()
        + event.tags()
        + (event.stream().startsWith("$") ? "" : event.id() + event.dataAsString());
  }

  private static String found(Optional<RecordedEvent> event) {
    return "found " + event.map(ModelRunTest::text);
  }

  private static String text(Snapshot snapshot) {
    return snapshot + " " + snapshot.schemaVersion() + " " + snapshot.dataAsString();
  }

  /** Everything but the times, of which only whether they are there. */
  private static String text(StreamInfo info) {
    return info.stream()
        + " "
        + List.of(
            info.version(),
            info.firstKeptVersion(),
            info.eventCount(),
            info.lastPosition(),
            info.retention(),
            info.truncateBefore(),
            info.life())
        + (info.createdAt() == null)
        + (info.lastAppendedAt() == null);
  }

  private static String list(Stream<StreamInfo> infos) {
    return "listed " + infos.map(ModelRunTest::text).toList();
  }

  /** Steps from a seed, each with all of its choices made. */
  private static final class Script {
    private final Random random;
    private final List<List<NewEvent>> appends = new ArrayList<>();
    private final List<Transaction> transactions = new ArrayList<>();
    private long events;

    Script(Random random) {
      this.random = random;
    }

    Step next() {
      return switch (random.nextInt(32)) {
        case 0, 1, 2, 3, 4, 5 -> append();
        case 6, 7, 8, 9, 10, 11 -> transact();
        case 12 -> truncate();
        case 13 -> retain();
        case 14 -> delete();
        case 15 -> random.nextInt(4) == 0 ? tombstone() : append();
        case 16, 17, 18 -> readStream();
        case 19, 20, 21 -> readLog();
        case 22, 23 -> getEvent();
        case 24, 25 -> saveSnapshot();
        case 26, 27 -> getSnapshot();
        case 28, 29 -> list();
        case 30 -> tracking();
        default -> getStream();
      };
    }

    private String stream() {
      return STREAMS.get(random.nextInt(STREAMS.size()));
    }

    private String tag() {
      return "tag:" + random.nextInt(6);
    }

    private String type() {
      return "Type" + random.nextInt(4);
    }

    private String source() {
      return "source-" + random.nextInt(2);
    }

    /** Up to somewhat more than there may be. */
    private long position() {
      return random.nextLong(events + 5);
    }

    private List<NewEvent> newEvents() {
      List<NewEvent> made = new ArrayList<>();
      for (int i = random.nextInt(3); i >= 0; i--) {
        NewEvent.Builder event =
            NewEvent.builder(type())
                .id(new UUID(random.nextLong(), random.nextLong()))
                .json("{\"n\":" + events++ + "}");
        for (int t = random.nextInt(3); t > 0; t--) {
          event.tag(tag());
        }
        made.add(event.build());
      }
      return made;
    }

    private ExpectedVersion expected() {
      return switch (random.nextInt(8)) {
        case 0 -> ExpectedVersion.noStream();
        case 1 -> ExpectedVersion.streamExists();
        case 2 -> exactly(random.nextInt(10));
        default -> any();
      };
    }

    private Query query() {
      QueryItem item =
          switch (random.nextInt(6)) {
            case 0 -> QueryItem.types(type(), "$StreamDeleted");
            case 1 -> QueryItem.tags(tag());
            case 2 -> QueryItem.tags(tag()).withTypes(type());
            case 3 -> QueryItem.streamPrefixes(stream(), "$");
            case 4 -> QueryItem.categories("order").withTags(tag());
            default -> QueryItem.tags("stream:" + stream());
          };
      Query query = Query.of(item);
      return switch (random.nextInt(6)) {
        case 0 -> query.or(Query.types(type()));
        case 1 -> Query.all();
        default -> query;
      };
    }

    private AppendCondition condition() {
      AppendCondition condition = AppendCondition.noMatch(query()).after(position());
      return switch (random.nextInt(6)) {
        case 0 -> condition.since(FAR_AHEAD);
        case 1 -> condition.since(Instant.EPOCH);
        default -> condition;
      };
    }

    /** Sometimes events that were sent already, or a part of them, maybe to another stream. */
    private Step append() {
      String stream = stream();
      ExpectedVersion expected = expected();
      List<NewEvent> sent = newEvents();
      if (!appends.isEmpty() && random.nextInt(6) == 0) {
        List<NewEvent> old = appends.get(random.nextInt(appends.size()));
        sent = random.nextInt(3) == 0 ? old.subList(0, 1) : old;
      }
      appends.add(sent);
      List<NewEvent> written = sent;
      if (random.nextInt(4) == 0) {
        Tracking tracking = new Tracking(source(), 1 + position());
        return new Step(
            "append " + written + " to " + stream + " at " + expected + ", " + tracking,
            store -> written(store.append(stream, expected, written, tracking)));
      }
      return new Step(
          "append " + written + " to " + stream + " at " + expected,
          store -> written(store.append(stream, expected, written)));
    }

    private Step transact() {
      Transaction transaction = transaction();
      if (!transactions.isEmpty() && random.nextInt(6) == 0) {
        transaction = transactions.get(random.nextInt(transactions.size()));
      }
      transactions.add(transaction);
      Transaction sent = transaction;
      return new Step(sent + " " + sent.events().toList(), store -> written(store.transact(sent)));
    }

    private Transaction transaction() {
      Transaction.Builder transaction = Transaction.builder();
      Set<String> streams = new HashSet<>();
      for (int i = random.nextInt(4); i > 0; i--) {
        String stream = stream();
        if (!streams.add(stream)) {
          continue;
        }
        if (random.nextInt(4) == 0) {
          transaction.check(stream, expected());
        } else {
          List<NewEvent> sent = newEvents();
          appends.add(sent);
          transaction.append(stream, expected(), sent);
        }
      }
      for (int i = random.nextInt(3); i > 0; i--) {
        transaction.condition(condition());
      }
      if (random.nextInt(4) == 0) {
        transaction.tracking(source(), 1 + position());
      }
      return transaction.build();
    }

    private StreamChange change() {
      StreamChange change = StreamChange.because("it is time");
      return random.nextInt(4) == 0 ? change.expecting(random.nextInt(8)) : change;
    }

    private Step truncate() {
      String stream = stream();
      long from = random.nextLong(-1, 5);
      StreamChange change = change();
      return new Step(
          "truncate " + stream + " from what is kept on by " + from + " " + change,
          store -> {
            long first = store.streams().get(stream).map(StreamInfo::firstKeptVersion).orElse(1L);
            long before = from < 0 ? 0 : first + from;
            return "changed " + store.streams().truncate(stream, before, change);
          });
    }

    private Step retain() {
      String stream = stream();
      Retention retention =
          random.nextInt(3) == 0 ? Retention.everything() : Retention.newest(1 + random.nextInt(6));
      StreamChange change = change();
      return new Step(
          stream + " keeps " + retention + " " + change,
          store -> "changed " + store.streams().setRetention(stream, retention, change));
    }

    private Step delete() {
      String stream = stream();
      StreamChange change = change();
      return new Step(
          "delete " + stream + " " + change,
          store -> "changed " + store.streams().delete(stream, change));
    }

    private Step tombstone() {
      String stream = stream();
      StreamChange change = change();
      return new Step(
          "tombstone " + stream + " " + change,
          store -> "changed " + store.streams().tombstone(stream, change));
    }

    private Step readStream() {
      ReadStream read = ReadStream.of(stream()).limit(random.nextInt(6));
      read = random.nextInt(3) == 0 ? read.fromVersion(random.nextInt(14)) : read;
      read = random.nextInt(3) == 0 ? read.backwards() : read;
      read = random.nextInt(4) == 0 ? read.fromSnapshot() : read;
      read = random.nextInt(8) == 0 ? read.asOf(FAR_AHEAD) : read;
      read = random.nextInt(8) == 0 ? read.asOf(Instant.EPOCH) : read;
      ReadStream chosen = read;
      return new Step(read.toString(), store -> read(store.readStream(chosen)));
    }

    private Step readLog() {
      ReadLog read = ReadLog.all().query(query()).limit(random.nextInt(20));
      read = random.nextInt(3) == 0 ? read.fromPosition(position()) : read;
      read = random.nextInt(3) == 0 ? read.toPosition(position()) : read;
      read = random.nextInt(3) == 0 ? read.backwards() : read;
      ReadLog chosen = read;
      return new Step(read.toString(), store -> read(store.readLog(chosen)));
    }

    private Step getEvent() {
      int by = random.nextInt(3);
      if (by == 0 && !appends.isEmpty()) {
        UUID id = appends.get(random.nextInt(appends.size())).getFirst().id();
        return new Step("event " + id, store -> found(store.getEvent(id)));
      }
      if (by == 1) {
        long position = position();
        return new Step("event #" + position, store -> found(store.getEvent(position)));
      }
      String stream = stream();
      long version = random.nextInt(14);
      return new Step(
          "event " + stream + "@" + version, store -> found(store.getEvent(stream, version)));
    }

    private Step saveSnapshot() {
      Snapshot snapshot =
          Snapshot.builder(stream(), random.nextInt(12))
              .schemaVersion(random.nextInt(3))
              .json("{\"state\":" + random.nextInt(1_000) + "}")
              .build();
      return new Step(
          "save " + text(snapshot),
          store -> "saved " + store.snapshots().save(snapshot).isAfter(Instant.EPOCH));
    }

    private Step getSnapshot() {
      String stream = stream();
      long version = random.nextInt(12);
      return switch (random.nextInt(10)) {
        case 0 ->
            new Step(
                "delete snapshots of " + stream,
                store -> "deleted " + store.snapshots().delete(stream));
        case 1, 2, 3 ->
            new Step(
                "snapshots of " + stream,
                store ->
                    "listed "
                        + store
                            .snapshots()
                            .list(stream)
                            .map(info -> info.version() + " " + info.schemaVersion())
                            .toList());
        case 4, 5 ->
            new Step(
                "snapshot of " + stream + " at " + version,
                store ->
                    "found " + store.snapshots().newestAt(stream, version).map(ModelRunTest::text));
        case 6 ->
            new Step(
                "snapshot of " + stream + " long from now",
                store ->
                    "found "
                        + store.snapshots().newestAt(stream, FAR_AHEAD).map(ModelRunTest::text));
        default ->
            new Step(
                "snapshot of " + stream,
                store -> "found " + store.snapshots().newest(stream).map(ModelRunTest::text));
      };
    }

    private Step list() {
      return switch (random.nextInt(5)) {
        case 0 -> new Step("streams", store -> ModelRunTest.list(store.streams().all()));
        case 1 ->
            new Step(
                "streams o…", store -> ModelRunTest.list(store.streams().withPrefix("order-")));
        case 2 ->
            new Step(
                "streams of account",
                store -> ModelRunTest.list(store.streams().ofCategory("account")));
        case 3 ->
            new Step("categories", store -> "listed " + store.streams().categories().toList());
        default -> new Step("types", store -> "listed " + store.streams().eventTypes().toList());
      };
    }

    private Step tracking() {
      String source = source();
      return new Step("tracking of " + source, store -> "stored " + store.tracking(source));
    }

    private Step getStream() {
      String stream = stream();
      return new Step(
          "stream " + stream,
          store -> "known " + store.streams().get(stream).map(ModelRunTest::text));
    }
  }
}

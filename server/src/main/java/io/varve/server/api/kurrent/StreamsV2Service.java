package io.varve.server.api.kurrent;

import io.grpc.Context;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.varve.proto.kurrent.v2.errors.ConsistencyViolation;
import io.varve.proto.kurrent.v2.errors.StreamStateViolation;
import io.varve.proto.kurrent.v2.streams.AppendRecord;
import io.varve.proto.kurrent.v2.streams.AppendRecordsRequest;
import io.varve.proto.kurrent.v2.streams.AppendRecordsResponse;
import io.varve.proto.kurrent.v2.streams.AppendSessionRequest;
import io.varve.proto.kurrent.v2.streams.AppendSessionResponse;
import io.varve.proto.kurrent.v2.streams.AppendedStream;
import io.varve.proto.kurrent.v2.streams.ConsistencyCheck;
import io.varve.proto.kurrent.v2.streams.StreamRevision;
import io.varve.proto.kurrent.v2.streams.StreamStateCheck;
import io.varve.proto.kurrent.v2.streams.StreamsServiceGrpc;
import io.varve.server.api.grpc.Caller;
import io.varve.server.append.CommitLog;
import io.varve.server.append.EncodedBody;
import io.varve.server.append.Outcome;
import io.varve.server.append.TransactCommand;
import io.varve.server.event.ExpectedVersion;
import io.varve.server.event.NewEvent;
import io.varve.server.event.StreamId;
import io.varve.server.event.StreamLife;
import io.varve.server.read.StreamDirectory;
import io.varve.server.security.Action;
import io.varve.server.storage.StreamHead;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The service {@code kurrentdb.protocol.v2.streams.StreamsService}: appends to several streams, all
 * or nothing, as one transaction. Thread-safe.
 */
final class StreamsV2Service extends StreamsServiceGrpc.StreamsServiceImplBase {
  private static final long NO_STREAM = -1;
  private static final long ANY = -2;
  private static final long EXISTS = -4;
  private static final long DELETED = -5;
  private static final long TOMBSTONED = -6;

  /**
   * How a stream that is closed for ever is told in a violation: published clients wait for ever on
   * an answer with the number by which it is asked for, and know a deleted stream as none.
   */
  private static final long TOLD_TOMBSTONED = Long.MAX_VALUE;

  private final CommitLog commitLog;
  private final StreamDirectory directory;
  private final Records records;
  private final Executor executor;
  private final InstantSource clock;

  /**
   * @param executor goes on with an append that is not decided by its first try
   */
  StreamsV2Service(
      CommitLog commitLog,
      StreamDirectory directory,
      Records records,
      Executor executor,
      InstantSource clock) {
    this.commitLog = commitLog;
    this.directory = directory;
    this.records = records;
    this.executor = executor;
    this.clock = clock;
  }

  /** Consecutive events of one stream. */
  private record Run(StreamId stream, ExpectedVersion expected, List<NewEvent> events) {}

  // ---- a stream a message

  @Override
  public StreamObserver<AppendSessionRequest> appendSession(
      StreamObserver<AppendSessionResponse> observer) {
    return new Session((ServerCallStreamObserver<AppendSessionResponse>) observer);
  }

  /** What has come of one append. */
  private final class Session implements StreamObserver<AppendSessionRequest> {
    private final ServerCallStreamObserver<AppendSessionResponse> caller;
    private final List<Run> runs = new ArrayList<>();
    private final Set<String> names = new HashSet<>();
    private int count;
    private long bytes;
    private boolean over;

    Session(ServerCallStreamObserver<AppendSessionResponse> caller) {
      this.caller = caller;
      caller.setOnCancelHandler(() -> over = true);
    }

    @Override
    public void onNext(AppendSessionRequest request) {
      if (over) {
        return;
      }
      StreamId stream = records.stream(request.getStream());
      Rights.toAppend(Caller.ofThisCall(), stream);
      if (!names.add(stream.value().toLowerCase(Locale.ROOT))) {
        throw StreamErrors.twice(stream.value());
      }
      records.boundStreams(names.size());
      if (request.getRecordsCount() == 0) {
        throw KurrentErrors.invalid("records", "must not be empty");
      }
      ExpectedVersion expected =
          request.hasExpectedRevision()
              ? expected("expected_revision", request.getExpectedRevision())
              : new ExpectedVersion.Any();
      List<NewEvent> events = new ArrayList<>();
      for (AppendRecord record : request.getRecordsList()) {
        NewEvent event = records.event(stream, record);
        count++;
        bytes += Proposals.bytes(event);
        bound(count, bytes);
        events.add(event);
      }
      runs.add(new Run(stream, expected, events));
    }

    @Override
    public void onError(Throwable cause) {
      over = true;
    }

    @Override
    public void onCompleted() {
      if (over || Context.current().isCancelled()) {
        return;
      }
      over = true;
      if (runs.isEmpty()) {
        throw StreamErrors.nothingToAppend();
      }
      append(
          runs,
          List.of(),
          caller,
          outcome -> {
            if (outcome instanceof Outcome.Transacted done) {
              caller.onNext(sessionAnswer(runs, done));
              caller.onCompleted();
            } else {
              caller.onError(refused(outcome));
            }
          });
    }
  }

  private static AppendSessionResponse sessionAnswer(List<Run> runs, Outcome.Transacted done) {
    long last = position(done);
    AppendSessionResponse.Builder answer = AppendSessionResponse.newBuilder().setPosition(last);
    long behind = 0; // events of the streams that come later
    List<AppendedStream> output = new ArrayList<>();
    for (int i = runs.size() - 1; i >= 0; i--) {
      Outcome.Transacted.Written written = done.written().get(i);
      output.addFirst(
          AppendedStream.newBuilder()
              .setStream(written.stream().value())
              .setStreamRevision(written.last().value() - 1)
              .setPosition(last - behind)
              .build());
      behind += runs.get(i).events().size();
    }
    return answer.addAllOutput(output).build();
  }

  private static long position(Outcome.Transacted done) {
    Outcome.Transacted.LastEvent last = done.last();
    return last == null ? 0 : last.position().value();
  }

  private static StatusRuntimeException refused(Outcome outcome) {
    return switch (outcome) {
      case Outcome.Conflict conflict ->
          StreamErrors.conflict(
              conflict.stream().value(),
              KurrentErrors.number(conflict.expected()),
              conflict.actualVersion() - 1);
      case Outcome.StreamDeleted deleted ->
          StreamErrors.conflict(deleted.stream().value(), EXISTS, NO_STREAM);
      case Outcome.StreamTombstoned tombstoned ->
          StreamErrors.tombstoned(tombstoned.stream().value());
      default -> KurrentErrors.of(outcome);
    };
  }

  // ---- events of several streams in one order

  @Override
  public void appendRecords(
      AppendRecordsRequest request, StreamObserver<AppendRecordsResponse> observer) {
    ServerCallStreamObserver<AppendRecordsResponse> caller =
        (ServerCallStreamObserver<AppendRecordsResponse>) observer;
    caller.setOnCancelHandler(() -> {});
    if (request.getRecordsCount() == 0) {
      throw KurrentErrors.invalid("records", "must not be empty");
    }
    bound(request.getRecordsCount(), 0);
    List<Check> checks = checks(request);
    List<Run> runs = runs(request.getRecordsList(), checks);
    Set<StreamId> written = new HashSet<>();
    runs.forEach(run -> written.add(run.stream()));
    records.boundStreams(written.size());
    append(
        runs,
        parts(checks, written),
        caller,
        outcome -> {
          if (outcome instanceof Outcome.Transacted done) {
            caller.onNext(recordsAnswer(done));
            caller.onCompleted();
          } else {
            // What every check says is looked up: not on the commit path.
            later(caller, () -> caller.onError(refused(checks, written, outcome)));
          }
        });
  }

  /** Where a stream must stand. */
  private record Check(int index, StreamId stream, long expected) {}

  private List<Check> checks(AppendRecordsRequest request) {
    records.boundChecks(request.getChecksCount());
    List<Check> checks = new ArrayList<>();
    Set<StreamId> streams = new HashSet<>();
    Set<String> written = new HashSet<>();
    request.getRecordsList().forEach(record -> written.add(record.getStream()));
    for (ConsistencyCheck check : request.getChecksList()) {
      if (!check.hasStreamState()) {
        throw KurrentErrors.invalid("checks", "must have a stream_state each");
      }
      StreamStateCheck state = check.getStreamState();
      StreamId stream = records.lookedAt(state.getStream());
      if (!written.contains(stream.value())) {
        Caller.ofThisCall().require(Action.READ, stream.value()); // the answer tells of it
      }
      long expected = state.getExpectedState();
      if (expected < TOMBSTONED || expected == ANY || expected == -3) {
        throw KurrentErrors.invalid("expected_state", "must be 0 or higher, -1, -4, -5 or -6");
      }
      if (!streams.add(stream)) {
        throw KurrentErrors.invalid("checks", "must not name stream " + stream + " twice");
      }
      checks.add(new Check(checks.size(), stream, expected));
    }
    return checks;
  }

  /** The events as they follow each other; of a stream's runs the first has what is expected. */
  private List<Run> runs(List<AppendRecord> all, List<Check> checks) {
    Map<StreamId, ExpectedVersion> expected = new HashMap<>();
    for (Check check : checks) {
      expected.put(check.stream(), inTheCommit(check, directory.headOf(check.stream()), true));
    }
    List<Run> runs = new ArrayList<>();
    int count = 0;
    long bytes = 0;
    for (AppendRecord record : all) {
      StreamId stream = records.stream(record.getStream());
      Rights.toAppend(Caller.ofThisCall(), stream);
      NewEvent event = records.event(stream, record);
      count++;
      bytes += Proposals.bytes(event);
      bound(count, bytes);
      if (!runs.isEmpty() && runs.getLast().stream().equals(stream)) {
        runs.getLast().events().add(event);
        continue;
      }
      ExpectedVersion wanted = expected.remove(stream);
      List<NewEvent> events = new ArrayList<>(List.of(event));
      runs.add(new Run(stream, wanted == null ? new ExpectedVersion.Any() : wanted, events));
    }
    return runs;
  }

  /** What is checked of streams that are not written to. */
  private List<TransactCommand.Part> parts(List<Check> checks, Set<StreamId> written) {
    List<TransactCommand.Part> parts = new ArrayList<>();
    for (Check check : checks) {
      StreamHead head = directory.headOf(check.stream());
      if (written.contains(check.stream())
          || (head.life() == StreamLife.TOMBSTONED && actual(check, head, false) == null)) {
        continue; // checked where it is written, or true for ever
      }
      parts.add(
          new TransactCommand.Part(check.stream(), inTheCommit(check, head, false), List.of()));
    }
    return parts;
  }

  /**
   * A check in the commit's own terms. One that does not hold now, and that the commit has no words
   * for, becomes one that never holds; the commit is asked all the same, since it knows repeats.
   */
  private static ExpectedVersion inTheCommit(Check check, StreamHead head, boolean written) {
    if (check.expected() == DELETED || check.expected() == TOMBSTONED) {
      // A deleted stream that still has its version then is still deleted.
      return actual(check, head, written) == null
          ? new ExpectedVersion.Exactly(head.version())
          : new ExpectedVersion.Exactly(Long.MAX_VALUE);
    }
    return expected("expected_state", check.expected());
  }

  /** Where a stream stands against a check; null when it holds. */
  private static @Nullable Long actual(Check check, StreamHead head, boolean written) {
    long expected = check.expected();
    return switch (head.life()) {
      case TOMBSTONED ->
          !written && (expected == TOMBSTONED || expected == NO_STREAM) ? null : TOLD_TOMBSTONED;
      case DELETED ->
          expected == DELETED || expected == NO_STREAM || expected == head.version() - 1
              ? null
              : (Long) NO_STREAM;
      case OPEN -> {
        long revision = head.version() - 1;
        boolean holds =
            expected == EXISTS ? head.exists() : expected >= NO_STREAM && expected == revision;
        yield holds ? null : (Long) revision;
      }
    };
  }

  private static AppendRecordsResponse recordsAnswer(Outcome.Transacted done) {
    Map<StreamId, Long> revisions = new LinkedHashMap<>();
    for (Outcome.Transacted.Written written : done.written()) {
      revisions.merge(written.stream(), written.last().value() - 1, Math::max);
    }
    AppendRecordsResponse.Builder answer =
        AppendRecordsResponse.newBuilder().setPosition(position(done));
    revisions.forEach(
        (stream, revision) ->
            answer.addRevisions(
                StreamRevision.newBuilder().setStream(stream.value()).setRevision(revision)));
    return answer.build();
  }

  /** Why it is refused: all checks that do not hold, or what else stands in the way. */
  private StatusRuntimeException refused(
      List<Check> checks, Set<StreamId> written, Outcome outcome) {
    StreamId stream =
        switch (outcome) {
          case Outcome.Conflict conflict -> conflict.stream();
          case Outcome.StreamDeleted deleted -> deleted.stream();
          case Outcome.StreamTombstoned tombstoned -> tombstoned.stream();
          default -> null;
        };
    if (stream == null) {
      return KurrentErrors.of(outcome);
    }
    List<ConsistencyViolation> violations = new ArrayList<>();
    for (Check check : checks) {
      Long actual =
          actual(check, directory.headOf(check.stream()), written.contains(check.stream()));
      if (actual != null) {
        violations.add(violation(check, actual));
      } else if (check.stream().equals(stream) && outcome instanceof Outcome.Conflict conflict) {
        violations.add(violation(check, conflict.actualVersion() - 1)); // it was so in the commit
      }
    }
    return violations.isEmpty() ? refused(outcome) : StreamErrors.violated(violations);
  }

  private static ConsistencyViolation violation(Check check, long actual) {
    return ConsistencyViolation.newBuilder()
        .setCheckIndex(check.index())
        .setStreamState(
            StreamStateViolation.newBuilder()
                .setStream(check.stream().value())
                .setExpectedState(check.expected())
                .setActualState(actual))
        .build();
  }

  // ---- both

  private static ExpectedVersion expected(String field, long expected) {
    if (expected >= 0) {
      return new ExpectedVersion.Exactly(Wire.version(expected));
    }
    if (expected == NO_STREAM) {
      return new ExpectedVersion.NoStream();
    }
    if (expected == ANY) {
      return new ExpectedVersion.Any();
    }
    if (expected == EXISTS) {
      return new ExpectedVersion.StreamExists();
    }
    throw KurrentErrors.invalid(field, "must be 0 or higher, -1, -2 or -4");
  }

  private void bound(int count, long bytes) {
    if (count > records.maxEvents()) {
      throw KurrentErrors.invalid("records", "must be at most " + records.maxEvents());
    }
    if (bytes > records.maxBytes()) {
      throw StreamErrors.allTooLarge(bytes, records.maxBytes());
    }
  }

  /**
   * Appends; the outcome goes to the callback once, on any thread.
   *
   * @param caller is told if there is none
   */
  private void append(
      List<Run> runs,
      List<TransactCommand.Part> checks,
      StreamObserver<?> caller,
      Consumer<Outcome> callback) {
    List<Run> each = eachOnce(runs);
    TransactCommand command = command(each, checks);
    long bytes = 0;
    for (TransactCommand.Part part : command.parts()) {
      for (EncodedBody body : part.events()) {
        bytes += body.encoded().length;
      }
    }
    if (bytes > records.maxBytes()) {
      throw StreamErrors.allTooLarge(bytes, records.maxBytes());
    }
    commitLog.propose(
        command,
        outcome -> {
          boolean others =
              outcome instanceof Outcome.EventIdTaken
                  || (outcome instanceof Outcome.Transacted done
                      && done.deduplicated()
                      && !areWhereExpected(runs, done));
          if (others) {
            // Some of the ids belong to other events: once more, under ids of its own, which take a
            // few bytes more each.
            later(caller, () -> commitLog.propose(command(renamed(each), checks), callback));
          } else {
            callback.accept(outcome);
          }
        });
  }

  /** Goes on elsewhere: the commit path waits for nobody. */
  private void later(StreamObserver<?> caller, Runnable rest) {
    try {
      executor.execute(
          () -> {
            try {
              rest.run();
            } catch (RuntimeException e) {
              caller.onError(KurrentErrors.fault(e));
            }
          });
    } catch (RejectedExecutionException e) {
      caller.onError(KurrentErrors.stopping());
    }
  }

  /** The same events with no id twice in the whole append, whatever their streams. */
  private static List<Run> eachOnce(List<Run> runs) {
    Set<UUID> seen = new HashSet<>();
    List<Run> each = new ArrayList<>(runs.size());
    int before = 0;
    for (Run run : runs) {
      each.add(with(run, EventIds.eachOnce(run.stream(), run.events(), seen, before)));
      before += run.events().size();
    }
    return each;
  }

  private static Run with(Run run, List<NewEvent> events) {
    return new Run(run.stream(), run.expected(), events);
  }

  private static List<Run> renamed(List<Run> runs) {
    Map<StreamId, ExpectedVersion> first = new HashMap<>();
    List<Run> renamed = new ArrayList<>();
    for (Run run : runs) {
      first.putIfAbsent(run.stream(), run.expected());
      renamed.add(
          with(
              run,
              EventIds.ofAppend(
                  run.stream(), first.getOrDefault(run.stream(), run.expected()), run.events())));
    }
    return renamed;
  }

  /** Whether events that were there already are those that this append would have made. */
  private static boolean areWhereExpected(List<Run> runs, Outcome.Transacted done) {
    Map<StreamId, Long> counts = new HashMap<>();
    Map<StreamId, Long> lasts = new HashMap<>();
    runs.forEach(run -> counts.merge(run.stream(), (long) run.events().size(), Long::sum));
    done.written().forEach(one -> lasts.merge(one.stream(), one.last().value(), Math::max));
    for (Run run : runs) {
      long before = lasts.getOrDefault(run.stream(), 0L) - counts.getOrDefault(run.stream(), 0L);
      boolean holds =
          switch (run.expected()) {
            case ExpectedVersion.Exactly(long version) -> version == before;
            case ExpectedVersion.NoStream _ -> before == 0;
            case ExpectedVersion.StreamExists _, ExpectedVersion.Any _ -> true;
          };
      if (!holds) {
        return false;
      }
    }
    return true;
  }

  private TransactCommand command(List<Run> runs, List<TransactCommand.Part> checks) {
    List<TransactCommand.Part> parts = new ArrayList<>(checks);
    for (Run run : runs) {
      parts.add(TransactCommand.Part.of(run.stream(), run.expected(), run.events(), null));
    }
    return TransactCommand.of(parts, List.of(), null, clock.instant());
  }
}

package io.varve.server.api.kurrent;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import io.varve.server.api.grpc.Caller;
import io.varve.server.api.grpc.CallerAddress;
import io.varve.server.append.AppendCommand;
import io.varve.server.append.CommitLog;
import io.varve.server.append.Outcome;
import io.varve.server.append.StreamLifeCommand;
import io.varve.server.append.StreamLifeCommand.Change;
import io.varve.server.config.Limits;
import io.varve.server.event.ExpectedVersion;
import io.varve.server.event.NewEvent;
import io.varve.server.event.StreamId;
import io.varve.server.event.StreamLife;
import io.varve.server.read.StreamDirectory;
import io.varve.server.storage.StreamHead;
import java.time.InstantSource;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Appends under this protocol's rules of idempotency, which hold for an expected revision at
 * exactly the numbers behind it, and for none anywhere in the stream. Thread-safe.
 */
final class Appends {
  private final CommitLog commitLog;
  private final StreamDirectory directory;
  private final StreamDescriptions descriptions;
  private final Limits limits;
  private final Executor executor;
  private final InstantSource clock;
  private final Supplier<UUID> eventIds;

  /**
   * @param executor goes on with an append that is not decided by its first try
   * @param eventIds makes ids for the records of what becomes of streams
   */
  Appends(
      CommitLog commitLog,
      StreamDirectory directory,
      StreamDescriptions descriptions,
      Limits limits,
      Executor executor,
      InstantSource clock,
      Supplier<UUID> eventIds) {
    this.commitLog = commitLog;
    this.directory = directory;
    this.descriptions = descriptions;
    this.limits = limits;
    this.executor = executor;
    this.clock = clock;
    this.eventIds = eventIds;
  }

  /** What became of an append. */
  sealed interface Result {
    /** It is there. */
    record Appended(long revision, long position) implements Result {}

    /** It had no event, and the expectation holds. */
    record Nothing(long version) implements Result {}

    /** The expectation does not hold. {@code version} is 0 for no stream. */
    record Conflict(ExpectedVersion expected, long version) implements Result {}

    /** It is too large. */
    record TooLarge(long maxBytes) implements Result {}

    /** It was not carried out for another reason. */
    record Refused(Outcome outcome) implements Result {}

    /** It could not be tried to the end. */
    record Failed(RuntimeException cause) implements Result {}
  }

  /** The wish to append. */
  record Wish(StreamId stream, ExpectedVersion expected, List<NewEvent> events) {}

  /**
   * Appends; the result goes to the callback once, on any thread.
   *
   * @throws io.grpc.StatusRuntimeException the wish can never be carried out
   */
  void append(Wish wish, Consumer<Result> callback) {
    switch (StreamKind.of(wish.stream())) {
      case StreamKind.Plain(StreamId stream) -> {
        if (stream.isSystem()) {
          throw notOurs(stream);
        }
        if (wish.events().isEmpty()) {
          callback.accept(checked(wish));
        } else {
          propose(wish, EventIds.eachOnce(stream, wish.events()), true, callback);
        }
      }
      case StreamKind.MetadataOf(StreamId stream) -> describe(stream, wish, callback);
      case StreamKind.Links _ -> throw notOurs(wish.stream());
    }
  }

  private static RuntimeException notOurs(StreamId stream) {
    return KurrentErrors.accessDenied(
        "stream " + stream + " is a system stream, which only the server itself writes to");
  }

  // ---- without events

  private Result checked(Wish wish) {
    StreamHead head = directory.headOf(wish.stream());
    return switch (head.life()) {
      case TOMBSTONED -> new Result.Refused(new Outcome.StreamTombstoned(wish.stream()));
      case DELETED ->
          wish.expected().holdsAt(0) || holdsAt(wish.expected(), head.version())
              ? new Result.Nothing(0)
              : new Result.Conflict(wish.expected(), 0);
      case OPEN ->
          wish.expected().holdsAt(head.version())
              ? new Result.Nothing(head.version())
              : new Result.Conflict(wish.expected(), head.version());
    };
  }

  private static boolean holdsAt(ExpectedVersion expected, long version) {
    return expected instanceof ExpectedVersion.Exactly && expected.holdsAt(version);
  }

  // ---- with events

  private void propose(
      Wish wish, List<NewEvent> events, boolean firstTry, Consumer<Result> callback) {
    AppendCommand command =
        AppendCommand.of(wish.stream(), wish.expected(), events, null, clock.instant());
    long bytes = 0;
    for (var body : command.events()) {
      bytes += body.encoded().length;
    }
    if (firstTry && bytes > limits.appendBytes()) { // later ids take a few bytes more each
      callback.accept(new Result.TooLarge(limits.appendBytes()));
      return;
    }
    commitLog.propose(command, outcome -> decided(wish, firstTry, outcome, callback));
  }

  private void decided(Wish wish, boolean firstTry, Outcome outcome, Consumer<Result> callback) {
    switch (outcome) {
      case Outcome.Appended appended -> {
        if (appended.deduplicated() && firstTry && !isWhereExpected(wish, appended)) {
          tryAgain(wish, callback);
        } else {
          callback.accept(
              new Result.Appended(appended.last().value() - 1, appended.position().value()));
        }
      }
      case Outcome.EventIdTaken taken -> {
        boolean elsewhere = !taken.stream().equals(wish.stream());
        if (firstTry && (elsewhere || isExact(wish.expected()))) {
          tryAgain(wish, callback);
        } else {
          later(callback, () -> callback.accept(conflictNow(wish)));
        }
      }
      case Outcome.Conflict conflict ->
          callback.accept(new Result.Conflict(wish.expected(), conflict.actualVersion()));
      case Outcome.StreamDeleted _ -> callback.accept(new Result.Conflict(wish.expected(), 0));
      default -> callback.accept(new Result.Refused(outcome));
    }
  }

  /** Whether events that were there already are those that this append would have made. */
  private static boolean isWhereExpected(Wish wish, Outcome.Appended appended) {
    long before = appended.last().value() - wish.events().size();
    return switch (wish.expected()) {
      case ExpectedVersion.Exactly(long version) -> version == before;
      case ExpectedVersion.NoStream _ -> before == 0;
      case ExpectedVersion.StreamExists _, ExpectedVersion.Any _ -> true;
    };
  }

  private static boolean isExact(ExpectedVersion expected) {
    return expected instanceof ExpectedVersion.Exactly
        || expected instanceof ExpectedVersion.NoStream;
  }

  /** Some of the ids belong to other events: once more, under ids of its own. */
  private void tryAgain(Wish wish, Consumer<Result> callback) {
    later(
        callback,
        () ->
            propose(
                wish,
                EventIds.ofAppend(
                    wish.stream(),
                    wish.expected(),
                    EventIds.eachOnce(wish.stream(), wish.events())),
                false,
                callback));
  }

  private Result conflictNow(Wish wish) {
    return new Result.Conflict(wish.expected(), directory.headOf(wish.stream()).version());
  }

  /** Goes on elsewhere: the commit path waits for nobody. */
  private void later(Consumer<Result> callback, Runnable rest) {
    try {
      executor.execute(
          () -> {
            try {
              rest.run();
            } catch (RuntimeException e) {
              callback.accept(new Result.Failed(e));
            }
          });
    } catch (RejectedExecutionException e) {
      callback.accept(new Result.Refused(new Outcome.Stopping()));
    }
  }

  // ---- metadata streams

  private void describe(StreamId stream, Wish wish, Consumer<Result> callback) {
    if (wish.events().size() > 1) {
      throw KurrentErrors.invalid("events", "must be one at a time in a metadata stream");
    }
    long last = descriptions.lastChangePosition(stream);
    Long mustBe =
        switch (wish.expected()) {
          case ExpectedVersion.Exactly(long version) -> (Long) Math.max(0, version - 1);
          case ExpectedVersion.NoStream _ -> (Long) 0L;
          case ExpectedVersion.StreamExists _ -> last == 0 ? (Long) Long.MAX_VALUE : null;
          case ExpectedVersion.Any _ -> null;
        };
    if (wish.events().isEmpty()) {
      boolean holds = mustBe == null || mustBe == last;
      callback.accept(
          holds
              ? new Result.Nothing(entry(last))
              : new Result.Conflict(wish.expected(), entry(last)));
      return;
    }
    NewEvent event =
        EventIds.ofMetadata(wish.stream().value(), wish.expected(), wish.events().getFirst());
    StreamDescriptions.Decided decided =
        StreamDescriptions.parse(ByteString.copyFrom(event.data()));
    if (stream.isSystem() && decided.hidesSomething()) {
      throw KurrentErrors.accessDenied(
          "stream " + stream + " is a system stream, of which everything is kept");
    }
    Caller asking = Caller.ofThisCall();
    if (decided.delete()) {
      Rights.toDelete(asking, stream);
    }
    commitLog.propose(
        new StreamLifeCommand(
            stream,
            null,
            new Change.Describe(
                decided.maxCount(),
                decided.maxAge(),
                decided.truncateBefore(),
                decided.delete(),
                decided.text(),
                event.metadata(),
                mustBe,
                true),
            "",
            CallerAddress.whoAndWhere(),
            event.id(),
            clock.instant()),
        outcome -> {
          Result result =
              switch (outcome) {
                case Outcome.StreamChanged changed ->
                    new Result.Appended(changed.position().value(), changed.position().value());
                case Outcome.Conflict conflict ->
                    new Result.Conflict(wish.expected(), entry(conflict.actualVersion()));
                default -> new Result.Refused(outcome);
              };
          asking.did(wish.stream().value(), code(result));
          callback.accept(result);
        });
  }

  /** How the audit trail calls what became of a change of what is kept. */
  private static Status.Code code(Result result) {
    return switch (result) {
      case Result.Appended _, Result.Nothing _ -> Status.Code.OK;
      case Result.Conflict _ -> Status.Code.FAILED_PRECONDITION;
      case Result.TooLarge _ -> Status.Code.INVALID_ARGUMENT;
      case Result.Refused refused -> KurrentErrors.of(refused.outcome()).getStatus().getCode();
      case Result.Failed failed -> KurrentErrors.fault(failed.cause()).getStatus().getCode();
    };
  }

  /** The version whose revision is a position; 0 for none. */
  private static long entry(long position) {
    return position == 0 ? 0 : position + 1;
  }

  // ---- deleting

  /** Hides a stream; the position of the record, 0 if there was nothing to hide. */
  void delete(StreamId stream, ExpectedVersion expected, Consumer<Closing> callback) {
    change(stream, expected, new Change.Delete(), callback);
  }

  /** Closes a stream for ever. */
  void tombstone(StreamId stream, ExpectedVersion expected, Consumer<Closing> callback) {
    change(stream, expected, new Change.Tombstone(), callback);
  }

  /** What became of the wish to delete. */
  sealed interface Closing {
    /** It is done, or was before, and then at position 0. */
    record Done(long position) implements Closing {}

    /** The expectation does not hold. */
    record Conflict(long version) implements Closing {}

    /** It was not carried out for another reason. */
    record Refused(Outcome outcome) implements Closing {}
  }

  private void change(
      StreamId stream, ExpectedVersion expected, Change change, Consumer<Closing> callback) {
    if (stream.isSystem()) {
      throw notOurs(stream);
    }
    StreamHead head = directory.headOf(stream);
    boolean missing = !head.exists() || head.life() == StreamLife.DELETED;
    if (expected instanceof ExpectedVersion.StreamExists && missing) {
      // A stream that exists now will always have existed: only the other answer could be late.
      callback.accept(
          head.life() == StreamLife.TOMBSTONED
              ? new Closing.Refused(new Outcome.StreamTombstoned(stream))
              : new Closing.Conflict(0));
      return;
    }
    Long version =
        switch (expected) {
          case ExpectedVersion.Exactly(long exact) -> (Long) exact;
          case ExpectedVersion.NoStream _ ->
              head.life() == StreamLife.DELETED ? (Long) head.version() : (Long) 0L;
          case ExpectedVersion.StreamExists _, ExpectedVersion.Any _ -> null;
        };
    commitLog.propose(
        new StreamLifeCommand(
            stream,
            version,
            change,
            "",
            CallerAddress.whoAndWhere(),
            eventIds.get(),
            clock.instant()),
        outcome ->
            callback.accept(
                switch (outcome) {
                  case Outcome.StreamChanged changed ->
                      new Closing.Done(changed.position().value());
                  case Outcome.Conflict conflict -> new Closing.Conflict(conflict.actualVersion());
                  case Outcome.StreamNotFound _ ->
                      version == null || version == 0
                          ? new Closing.Done(0)
                          : new Closing.Conflict(0);
                  case Outcome.StreamDeleted _ -> new Closing.Done(0);
                  default -> new Closing.Refused(outcome);
                }));
  }
}

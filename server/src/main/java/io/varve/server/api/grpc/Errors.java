package io.varve.server.api.grpc;

import com.google.protobuf.Any;
import com.google.protobuf.Message;
import com.google.protobuf.util.Durations;
import com.google.rpc.BadRequest;
import com.google.rpc.Code;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import com.google.rpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.varve.proto.v1.ConditionFailed;
import io.varve.proto.v1.ErrorReason;
import io.varve.proto.v1.EventIdTaken;
import io.varve.proto.v1.VersionConflict;
import io.varve.server.append.Outcome;
import io.varve.server.backup.BackupException;
import io.varve.server.event.ExpectedVersion;
import io.varve.server.group.GroupStop;
import io.varve.server.security.AccessControl;
import io.varve.server.storage.ArchiveUnavailableException;
import io.varve.server.storage.DamagedDataException;
import java.util.Map;
import java.util.UUID;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Errors as callers see them: a status with a sentence that stands alone, since command-line tools
 * show nothing else, and the facts once more as details for programs. See {@code ErrorReason} in
 * the contract.
 */
public final class Errors {
  private static final Logger log = LoggerFactory.getLogger(Errors.class);

  private static final String DOMAIN = "varve.io";
  private static final String REASON_PREFIX = "ERROR_REASON_";
  private static final long RETRY_MILLIS = 50;

  /** Longer names are cut in refusals. */
  private static final int MOST_NAMED = 512;

  private Errors() {}

  /** A status as gRPC wants it where a call is ended. */
  static StatusRuntimeException exception(Status status) {
    return StatusProto.toStatusRuntimeException(status);
  }

  // ---- bad requests

  /** A request with a field that is not as it must be. */
  public static Refusal invalid(String field, String problem) {
    return new Refusal(
        build(
            Code.INVALID_ARGUMENT,
            ErrorReason.ERROR_REASON_INVALID_REQUEST,
            field + " " + problem,
            Map.of("field", field),
            violation(field, problem)));
  }

  /** A field that is over a limit. */
  public static Refusal overLimit(String field, String unit, long limit, long actual) {
    String problem = "must be at most " + limit + " " + unit + ", was " + actual;
    return new Refusal(
        build(
            Code.INVALID_ARGUMENT,
            ErrorReason.ERROR_REASON_LIMIT_EXCEEDED,
            field + " " + problem,
            Map.of("field", field, "limit", Long.toString(limit), "actual", Long.toString(actual)),
            violation(field, problem)));
  }

  private static BadRequest violation(String field, String problem) {
    return BadRequest.newBuilder()
        .addFieldViolations(
            BadRequest.FieldViolation.newBuilder().setField(field).setDescription(problem))
        .build();
  }

  // ---- what became of an append

  /**
   * The status of an append that was not carried out.
   *
   * @param mayRead whether whoever is told may read a stream
   */
  public static Status refusal(Outcome outcome, Predicate<String> mayRead) {
    return switch (outcome) {
      case Outcome.Appended _, Outcome.Transacted _, Outcome.StreamChanged _ ->
          throw new IllegalArgumentException("what was carried out is not refused");
      case Outcome.Conflict conflict -> versionConflict(conflict);
      case Outcome.EventIdTaken taken -> eventIdTaken(taken, mayRead.test(taken.stream().value()));
      case Outcome.ConditionFailed failed -> conditionFailed(failed);
      case Outcome.TrackingNotRising tracking ->
          build(
              Code.FAILED_PRECONDITION,
              ErrorReason.ERROR_REASON_TRACKING_NOT_RISING,
              "tracking position of source "
                  + tracking.source()
                  + " must be higher than the stored "
                  + tracking.stored()
                  + "; nothing was written, somebody has come further already",
              Map.of("source", tracking.source(), "position", Long.toString(tracking.stored())));
      case Outcome.StreamTombstoned tombstoned -> streamTombstoned(tombstoned.stream().value());
      case Outcome.StreamDeleted deleted ->
          build(
              Code.FAILED_PRECONDITION,
              ErrorReason.ERROR_REASON_STREAM_DELETED,
              "stream "
                  + deleted.stream()
                  + " is deleted; an append that expects no stream, its last version, or nothing"
                  + " reopens it",
              Map.of("stream", deleted.stream().value()));
      case Outcome.StreamNotFound missing ->
          streamNotFound(missing.stream().value(), false).status();
      case Outcome.TruncateOutOfRange range ->
          invalid(
                  "truncate_before",
                  "must be from "
                      + range.lowest()
                      + " (what is hidden already) to "
                      + range.highest()
                      + " (behind the last event of stream "
                      + range.stream()
                      + ")")
              .status();
      case Outcome.QueueFull full ->
          build(
              Code.RESOURCE_EXHAUSTED,
              ErrorReason.ERROR_REASON_QUEUE_FULL,
              "the append queue is full ("
                  + full.waiting()
                  + " appends wait); nothing was written, retry with back-off",
              Map.of(),
              RetryInfo.newBuilder().setRetryDelay(Durations.fromMillis(RETRY_MILLIS)).build());
      case Outcome.Stopping _ -> stopping();
      case Outcome.StoreStopped stopped ->
          build(
              Code.UNAVAILABLE,
              ErrorReason.ERROR_REASON_STORE_STOPPED,
              "the store takes no more appends until it is restarted: " + stopped.reason(),
              Map.of());
    };
  }

  private static Status versionConflict(Outcome.Conflict conflict) {
    VersionConflict.Builder detail =
        VersionConflict.newBuilder()
            .setStream(conflict.stream().value())
            .setExpected(conflict.expected().inWords())
            .setActualVersion(conflict.actualVersion());
    if (conflict.expected() instanceof ExpectedVersion.Exactly exactly) {
      detail.setExpectedVersion(exactly.version());
    }
    String actual =
        conflict.actualVersion() == 0
            ? "has no event yet"
            : "is at version " + conflict.actualVersion();
    return build(
        Code.ABORTED,
        ErrorReason.ERROR_REASON_VERSION_CONFLICT,
        "stream "
            + conflict.stream()
            + " "
            + actual
            + ", expected "
            + conflict.expected().inWords()
            + "; nothing was written, load it again and decide again",
        Map.of(
            "stream", conflict.stream().value(),
            "expected", conflict.expected().inWords(),
            "actual", Long.toString(conflict.actualVersion())),
        detail.build());
  }

  private static Status conditionFailed(Outcome.ConditionFailed failed) {
    long position = failed.position().value();
    return build(
        Code.ABORTED,
        ErrorReason.ERROR_REASON_CONDITION_FAILED,
        "condition "
            + failed.condition()
            + " does not hold: the event at position "
            + position
            + " matches it; nothing was written, read again and decide again",
        Map.of(
            "condition", Integer.toString(failed.condition()), "position", Long.toString(position)),
        ConditionFailed.newBuilder()
            .setCondition(failed.condition())
            .setPosition(position)
            .build());
  }

  private static Status eventIdTaken(Outcome.EventIdTaken taken, boolean mayRead) {
    if (!mayRead) {
      return build(
          Code.ALREADY_EXISTS,
          ErrorReason.ERROR_REASON_EVENT_ID_TAKEN,
          "event id "
              + taken.eventId()
              + " is in the store already, in a stream that the caller may not read; nothing was"
              + " written, give new events new ids",
          Map.of("event_id", taken.eventId().toString()),
          EventIdTaken.newBuilder().setEventId(taken.eventId().toString()).build());
    }
    return build(
        Code.ALREADY_EXISTS,
        ErrorReason.ERROR_REASON_EVENT_ID_TAKEN,
        "event id "
            + taken.eventId()
            + " is in the store already (stream "
            + taken.stream()
            + ", position "
            + taken.position()
            + "), but not as part of this append; nothing was written, give new events new ids",
        Map.of("event_id", taken.eventId().toString(), "stream", taken.stream().value()),
        EventIdTaken.newBuilder()
            .setEventId(taken.eventId().toString())
            .setStream(taken.stream().value())
            .setPosition(taken.position().value())
            .build());
  }

  // ---- not there

  static Refusal streamNotFound(String stream, boolean deleted) {
    return new Refusal(
        build(
            Code.NOT_FOUND,
            ErrorReason.ERROR_REASON_STREAM_NOT_FOUND,
            "stream " + stream + (deleted ? " is deleted" : " has no event"),
            Map.of("stream", stream)));
  }

  static Status streamTombstoned(String stream) {
    return build(
        Code.FAILED_PRECONDITION,
        ErrorReason.ERROR_REASON_STREAM_TOMBSTONED,
        "stream " + stream + " is closed for ever; use another one",
        Map.of("stream", stream));
  }

  /** A version that is no longer kept. */
  static Refusal noLongerKept(String stream, long version, long firstKept) {
    return new Refusal(
        build(
            Code.OUT_OF_RANGE,
            ErrorReason.ERROR_REASON_POSITION_OUT_OF_RANGE,
            "version "
                + version
                + " of stream "
                + stream
                + " is no longer kept; the first that is has version "
                + firstKept,
            Map.of("stream", stream, "first", Long.toString(firstKept))));
  }

  /** A version in the archive that a state needs, though what is there is to be left out. */
  static Refusal archivedIsNeeded(String stream, long version, long firstNotArchived) {
    return new Refusal(
        build(
            Code.OUT_OF_RANGE,
            ErrorReason.ERROR_REASON_POSITION_OUT_OF_RANGE,
            "the state of stream "
                + stream
                + " needs version "
                + version
                + ", which is in the archive; the first that is not has version "
                + firstNotArchived
                + ". Read without skip_archived, or save a newer snapshot first",
            Map.of("stream", stream, "first", Long.toString(firstNotArchived))));
  }

  // ---- the archive

  static Refusal archiveNotSet() {
    return new Refusal(
        build(
            Code.FAILED_PRECONDITION,
            ErrorReason.ERROR_REASON_ARCHIVE_NOT_SET,
            "this server has no archive folder: set archive-folder and start it again",
            Map.of()));
  }

  static Refusal archiveRunning() {
    return new Refusal(
        build(
            Code.FAILED_PRECONDITION,
            ErrorReason.ERROR_REASON_ARCHIVE_RUNNING,
            "a run of the archive is under way already; ask again when it has ended",
            Map.of()));
  }

  /**
   * @param what which event was asked for, in words
   * @param metadata the same for programs
   */
  static Refusal eventNotFound(String what, Map<String, String> metadata) {
    return new Refusal(
        build(
            Code.NOT_FOUND,
            ErrorReason.ERROR_REASON_EVENT_NOT_FOUND,
            "there is no event " + what,
            metadata));
  }

  /**
   * @param which which snapshot was asked for, in words
   */
  static Refusal snapshotNotFound(String stream, String which) {
    return new Refusal(
        build(
            Code.NOT_FOUND,
            ErrorReason.ERROR_REASON_SNAPSHOT_NOT_FOUND,
            "stream " + stream + " has no snapshot" + which,
            Map.of("stream", stream)));
  }

  static Refusal groupNotFound(String group) {
    return new Refusal(
        build(
            Code.NOT_FOUND,
            ErrorReason.ERROR_REASON_GROUP_NOT_FOUND,
            "there is no consumer group " + group,
            Map.of("group", group)));
  }

  static Refusal groupExists(String group) {
    return new Refusal(
        build(
            Code.ALREADY_EXISTS,
            ErrorReason.ERROR_REASON_GROUP_EXISTS,
            "there is a consumer group " + group + " already",
            Map.of("group", group)));
  }

  static Status groupStopped(String group, GroupStop stop) {
    return build(
        Code.ABORTED,
        ErrorReason.ERROR_REASON_GROUP_STOPPED,
        "consumer group "
            + group
            + " was stopped by consumer \""
            + stop.consumer()
            + "\" at position "
            + stop.position()
            + (stop.reason().isEmpty() ? "" : ", for " + stop.reason().replace('\n', ' '))
            + "; it goes on when a consumer joins anew",
        Map.of(
            "group", group,
            "consumer", stop.consumer(),
            "position", Long.toString(stop.position())));
  }

  static Status storeNotFound(String store) {
    return build(
        Code.NOT_FOUND,
        ErrorReason.ERROR_REASON_STORE_NOT_FOUND,
        "this server has no store \""
            + store
            + "\"; leave the header varve-store out, or say default",
        Map.of("store", store));
  }

  // ---- looking after the store

  static Refusal backup(String folder, BackupException failure) {
    Map<String, String> metadata = Map.of("folder", folder);
    return new Refusal(
        switch (failure.kind()) {
          case REFUSED ->
              build(
                  Code.FAILED_PRECONDITION,
                  ErrorReason.ERROR_REASON_BACKUP_REFUSED,
                  failure.sentence(),
                  metadata);
          case FOLDER_UNUSABLE ->
              build(
                  Code.ABORTED,
                  ErrorReason.ERROR_REASON_BACKUP_FAILED,
                  failure.sentence() + "; a backup that was there before is as it was",
                  metadata);
          case DAMAGED ->
              build(
                  Code.DATA_LOSS,
                  ErrorReason.ERROR_REASON_DATA_DAMAGED,
                  failure.sentence(),
                  metadata);
        });
  }

  /**
   * @param what what is done one at a time, such as "a backup"
   */
  static Refusal alreadyRunning(String what) {
    return new Refusal(
        build(
            Code.FAILED_PRECONDITION,
            ErrorReason.ERROR_REASON_ALREADY_RUNNING,
            what + " is under way, and only one is made at a time",
            Map.of("what", what)));
  }

  // ---- who may do what

  static Status unauthenticated(String sentence) {
    return build(
        Code.UNAUTHENTICATED, ErrorReason.ERROR_REASON_UNAUTHENTICATED, sentence, Map.of());
  }

  /** For a call that had begun. */
  static Status accessEnded() {
    return build(
        Code.UNAUTHENTICATED,
        ErrorReason.ERROR_REASON_ACCESS_ENDED,
        "the credentials of this call were taken away or have expired while it was under way; what"
            + " it has asked for may have been done or not",
        Map.of());
  }

  /** Whether this error, unlike all others, leaves open if what was asked for has been done. */
  public static boolean leavesOpenWhatWasDone(Status status) {
    return status.equals(accessEnded());
  }

  static Status busyWithPasswords() {
    return build(
        Code.UNAVAILABLE,
        ErrorReason.ERROR_REASON_NOT_SERVING,
        "too many passwords are being checked at the moment; try again, or use a token",
        Map.of(),
        RetryInfo.newBuilder().setRetryDelay(Durations.fromMillis(RETRY_MILLIS)).build());
  }

  /**
   * @param permission which one is missing
   * @param name on what; empty for anything
   */
  static Refusal permissionDenied(String permission, String name) {
    // The name has not been checked against any limit yet.
    String resource = name.length() <= MOST_NAMED ? name : name.substring(0, MOST_NAMED) + "…";
    return new Refusal(
        build(
            Code.PERMISSION_DENIED,
            ErrorReason.ERROR_REASON_PERMISSION_DENIED,
            "the caller lacks the permission "
                + permission
                + (resource.isEmpty() ? "" : " on " + resource),
            Map.of("permission", permission, "resource", resource)));
  }

  static Refusal accessNotFound(String what, String name) {
    return new Refusal(
        build(
            Code.NOT_FOUND,
            ErrorReason.ERROR_REASON_ACCESS_NOT_FOUND,
            "there is no " + what + " " + name,
            Map.of("name", name)));
  }

  /** Refuses while access control is off: whoever is about now may not stay when it is on. */
  public static void requireOn(AccessControl access) {
    if (!access.isOn()) {
      throw accessOff();
    }
  }

  private static Refusal accessOff() {
    return new Refusal(
        build(
            Code.FAILED_PRECONDITION,
            ErrorReason.ERROR_REASON_ACCESS_OFF,
            "access control is off, so nothing about users and tokens is changed here; make the"
                + " first administrator with \"varve users add NAME --data DIR\" while the server"
                + " is stopped, and start it with --access",
            Map.of()));
  }

  // ---- the server's own condition

  static Status stopping() {
    return build(
        Code.UNAVAILABLE,
        ErrorReason.ERROR_REASON_NOT_SERVING,
        "the server is stopping; connect again and resume",
        Map.of(),
        RetryInfo.newBuilder().setRetryDelay(Durations.fromMillis(RETRY_MILLIS)).build());
  }

  /** The status of an exception that nobody expected, or that says that the data is damaged. */
  public static Status fault(Throwable fault) {
    if (fault instanceof Refusal refusal) {
      return refusal.status();
    }
    if (fault instanceof DamagedDataException damaged) {
      log.error("damaged data at position {}", damaged.position(), damaged);
      return build(
          Code.DATA_LOSS,
          ErrorReason.ERROR_REASON_DATA_DAMAGED,
          damaged.getMessage() + "; nothing wrong was returned, restore the store from a copy",
          Map.of("position", Long.toString(damaged.position())));
    }
    if (fault instanceof ArchiveUnavailableException unavailable) {
      log.error("the archive cannot be reached", unavailable);
      return build(
          Code.UNAVAILABLE,
          ErrorReason.ERROR_REASON_ARCHIVE_UNAVAILABLE,
          unavailable.getMessage() + "; whatever is not in the archive is served",
          Map.of());
    }
    String incident = UUID.randomUUID().toString();
    log.error("incident {}", incident, fault);
    return build(
        Code.INTERNAL,
        ErrorReason.ERROR_REASON_INTERNAL,
        "a fault of the server's own; its log has the rest under incident " + incident,
        Map.of("incident", incident));
  }

  private static Status build(
      Code code,
      ErrorReason reason,
      String sentence,
      Map<String, String> metadata,
      Message... details) {
    Status.Builder status =
        Status.newBuilder()
            .setCode(code.getNumber())
            .setMessage(sentence)
            .addDetails(
                Any.pack(
                    ErrorInfo.newBuilder()
                        .setDomain(DOMAIN)
                        .setReason(reason.name().substring(REASON_PREFIX.length()))
                        .putAllMetadata(metadata)
                        .build()));
    for (Message detail : details) {
      status.addDetails(Any.pack(detail));
    }
    return status.build();
  }
}

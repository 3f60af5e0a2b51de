package io.varve.client.connection;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.protobuf.StatusProto;
import io.varve.client.streams.AccessDeniedException;
import io.varve.client.streams.ArchiveRefusedException;
import io.varve.client.streams.ConditionFailedException;
import io.varve.client.streams.EventIdTakenException;
import io.varve.client.streams.EventsNotKeptException;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.GroupExistsException;
import io.varve.client.streams.GroupNotFoundException;
import io.varve.client.streams.GroupStoppedException;
import io.varve.client.streams.InvalidRequestException;
import io.varve.client.streams.InvalidRequestException.FieldViolation;
import io.varve.client.streams.NotServedException;
import io.varve.client.streams.StoreFailedException;
import io.varve.client.streams.StoreOverloadedException;
import io.varve.client.streams.StoreUnavailableException;
import io.varve.client.streams.StreamDeletedException;
import io.varve.client.streams.StreamNotFoundException;
import io.varve.client.streams.StreamTombstonedException;
import io.varve.client.streams.TrackingNotRisingException;
import io.varve.client.streams.VarveException;
import io.varve.client.streams.VersionConflictException;
import io.varve.proto.v1.ConditionFailed;
import io.varve.proto.v1.EventIdTaken;
import io.varve.proto.v1.VersionConflict;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A status that a call, or one append of a pipeline, ended with: what it means, and the exception
 * that says so.
 */
final class StoreError {

  private static final String DOMAIN = "varve.io";

  private final String server;
  private final Status.Code code;
  private final String message;
  private final List<Any> details;
  private final ErrorInfo info;
  private final @Nullable Throwable cause;

  private StoreError(
      String server,
      Status.Code code,
      String message,
      List<Any> details,
      @Nullable Throwable cause) {
    this.server = server;
    this.code = code;
    this.message = message;
    this.details = details;
    this.cause = cause;
    this.info =
        detail(ErrorInfo.class)
            .filter(found -> found.getDomain().equals(DOMAIN))
            .orElse(ErrorInfo.getDefaultInstance());
  }

  /** The end of a call. */
  static StoreError of(String server, Status status, @Nullable Metadata trailers) {
    com.google.rpc.Status rich = StatusProto.fromStatusAndTrailers(status, trailers);
    String said = status.getDescription() == null ? "" : status.getDescription();
    String description = status.isOk() ? "it ended a call that was not done" : said;
    return new StoreError(
        server,
        status.getCode(),
        description,
        rich.getDetailsList(),
        status.asRuntimeException(trailers));
  }

  /** The refusal of one append among many. */
  static StoreError of(String server, com.google.rpc.Status refusal) {
    Status status = Status.fromCodeValue(refusal.getCode()).withDescription(refusal.getMessage());
    return new StoreError(
        server,
        status.getCode(),
        refusal.getMessage(),
        refusal.getDetailsList(),
        StatusProto.toStatusRuntimeException(refusal));
  }

  /** A link that this side has given up. */
  static StoreError silent(String server, Duration silence) {
    return new StoreError(
        server, Status.Code.UNAVAILABLE, "nothing came for " + silence, List.of(), null);
  }

  /** A server that does not keep to the contract. */
  static StoreError senseless(String server, String what) {
    return new StoreError(server, Status.Code.DATA_LOSS, what, List.of(), null);
  }

  /** Stable, as in the contract's ErrorReason without its prefix; empty if the server gave none. */
  private String reason() {
    return info.getReason();
  }

  /**
   * Whether a new try may do better: the link is lost, the server starts or stops, or it has ended
   * a call whose credentials have changed. An error without a reason of Varve's did not come from
   * the store itself but from what lies between.
   */
  boolean isLinkLost() {
    return switch (code) {
      case UNAVAILABLE -> !reason().equals("STORE_STOPPED");
      case OK, CANCELLED, UNKNOWN, INTERNAL -> reason().isEmpty();
      case UNAUTHENTICATED -> isAccessEnded();
      default -> false;
    };
  }

  /**
   * Whether the server has ended a call that had begun, for want of what it came with. The next one
   * tells whether there is something better by now.
   */
  private boolean isAccessEnded() {
    return reason().equals("ACCESS_ENDED");
  }

  /** Whether nobody is there, or somebody says that the server starts or stops. */
  boolean isServerAway() {
    return code == Status.Code.UNAVAILABLE;
  }

  /** Whether the server has no room now, and nothing was written. */
  boolean isOverload() {
    return code == Status.Code.RESOURCE_EXHAUSTED
        && (reason().equals("QUEUE_FULL") || detail(RetryInfo.class).isPresent());
  }

  /** How long the server wants to be left alone; zero if it did not say. */
  Duration retryDelay() {
    return detail(RetryInfo.class)
        .map(RetryInfo::getRetryDelay)
        .map(delay -> Duration.ofSeconds(delay.getSeconds(), delay.getNanos()))
        .orElse(Duration.ZERO);
  }

  /** Whether a look-up found nothing, because there is no such event or not even its stream. */
  boolean isNoSuchEvent() {
    return code == Status.Code.NOT_FOUND
        && (reason().equals("EVENT_NOT_FOUND") || reason().equals("STREAM_NOT_FOUND"));
  }

  /** Whether a look-up found nothing, because there is no such stream. */
  boolean isNoSuchStream() {
    return code == Status.Code.NOT_FOUND && reason().equals("STREAM_NOT_FOUND");
  }

  /** Whether a look-up found nothing, because there is no such snapshot or not even its stream. */
  boolean isNoSuchSnapshot() {
    return isNoSuchStream()
        || (code == Status.Code.NOT_FOUND && reason().equals("SNAPSHOT_NOT_FOUND"));
  }

  /** Whether a look-up found nothing, because there is no such consumer group. */
  boolean isNoSuchGroup() {
    return code == Status.Code.NOT_FOUND && reason().equals("GROUP_NOT_FOUND");
  }

  /** Whether there is no such user or token. */
  boolean isNoSuchAccess() {
    return code == Status.Code.NOT_FOUND && reason().equals("ACCESS_NOT_FOUND");
  }

  /**
   * Whether the call did nothing, though a new try may do better: nobody was there to hear it, or
   * somebody said that the server starts or stops, or has no room.
   */
  boolean isSurelyNotDone() {
    return (code == Status.Code.UNAVAILABLE && (reason().equals("NOT_SERVING") || isNobodyThere()))
        || isOverload();
  }

  /** Whether no connection could be made, so that nothing has been sent. */
  private boolean isNobodyThere() {
    for (Throwable beneath = cause; beneath != null; beneath = beneath.getCause()) {
      if (beneath instanceof ConnectException || beneath instanceof UnknownHostException) {
        return true;
      }
    }
    return false;
  }

  /** Whether the call may have done what it asked for, or not. */
  boolean isOutcomeUnknown() {
    return switch (code) {
      case DEADLINE_EXCEEDED, CANCELLED -> true;
      case UNAVAILABLE -> !reason().equals("NOT_SERVING");
      case OK, UNKNOWN, INTERNAL -> reason().isEmpty();
      case UNAUTHENTICATED -> isAccessEnded();
      default -> false;
    };
  }

  /** Whether every further call would be refused the same way, whatever it asks. */
  boolean isAboutTheCaller() {
    return switch (code) {
      case UNAUTHENTICATED, PERMISSION_DENIED, UNIMPLEMENTED, NOT_FOUND -> true;
      default -> false;
    };
  }

  /**
   * Whether the call was refused before it was looked at, so that it says nothing about what became
   * of an earlier try.
   */
  boolean isRefusedAtTheDoor() {
    return code == Status.Code.UNAUTHENTICATED || code == Status.Code.PERMISSION_DENIED;
  }

  /** The exception for a call that is not an append. */
  VarveException toException() {
    return toException(ExpectedVersion.any());
  }

  /** The exception, for a call that expected this of its stream. */
  VarveException toException(ExpectedVersion expected) {
    return toException(stream -> expected);
  }

  /** The exception, for a call that expected this of each stream. */
  VarveException toException(Function<String, ExpectedVersion> expected) {
    return switch (code) {
      case UNAVAILABLE -> new StoreUnavailableException(unavailable(), cause);
      case DEADLINE_EXCEEDED, CANCELLED ->
          new StoreUnavailableException(
              "the server at " + server + " did not answer in time: " + text(), cause);
      case INVALID_ARGUMENT -> invalidRequest();
      case OUT_OF_RANGE -> outOfRange();
      case ABORTED -> aborted(expected);
      case ALREADY_EXISTS -> alreadyExists();
      case NOT_FOUND -> notFound();
      case FAILED_PRECONDITION -> failedPrecondition();
      case RESOURCE_EXHAUSTED ->
          isOverload() ? new StoreOverloadedException(text(), cause) : invalidRequest();
      case UNAUTHENTICATED, PERMISSION_DENIED -> new AccessDeniedException(text(), cause);
      case UNIMPLEMENTED -> new NotServedException(text(), cause);
      case OK, UNKNOWN, INTERNAL, DATA_LOSS -> failed();
    };
  }

  private String unavailable() {
    if (!reason().isEmpty()) {
      return text();
    }
    return "cannot reach the server at "
        + server
        + ": "
        + text()
        + ". Check that it runs, that host and port are right, and that nothing between blocks"
        + " them";
  }

  private VarveException invalidRequest() {
    List<FieldViolation> violations =
        detail(BadRequest.class).stream()
            .flatMap(bad -> bad.getFieldViolationsList().stream())
            .map(violation -> new FieldViolation(violation.getField(), violation.getDescription()))
            .toList();
    return new InvalidRequestException(text(), violations, cause);
  }

  private VarveException outOfRange() {
    return reason().equals("POSITION_OUT_OF_RANGE")
        ? new EventsNotKeptException(
            text(), info.getMetadataOrDefault("stream", ""), number("first"), cause)
        : invalidRequest();
  }

  private VarveException aborted(Function<String, ExpectedVersion> expected) {
    if (reason().equals("GROUP_STOPPED")) {
      return new GroupStoppedException(
          text(),
          info.getMetadataOrDefault("group", ""),
          info.getMetadataOrDefault("consumer", ""),
          number("position"),
          cause);
    }
    Optional<VersionConflict> conflict = detail(VersionConflict.class);
    if (conflict.isPresent()) {
      VersionConflict found = conflict.get();
      return new VersionConflictException(
          found.getStream(), expected.apply(found.getStream()), found.getActualVersion(), cause);
    }
    return detail(ConditionFailed.class)
        .<VarveException>map(
            found ->
                new ConditionFailedException(
                    text(), found.getCondition(), found.getPosition(), cause))
        .orElseGet(this::failed);
  }

  private VarveException alreadyExists() {
    if (reason().equals("GROUP_EXISTS")) {
      return new GroupExistsException(text(), info.getMetadataOrDefault("group", ""), cause);
    }
    try {
      EventIdTaken taken = detail(EventIdTaken.class).orElse(EventIdTaken.getDefaultInstance());
      UUID eventId = UUID.fromString(taken.getEventId());
      return new EventIdTakenException(
          text(), eventId, taken.getStream(), taken.getPosition(), cause);
    } catch (IllegalArgumentException e) {
      return failed();
    }
  }

  private VarveException notFound() {
    return switch (reason()) {
      case "STREAM_NOT_FOUND" ->
          new StreamNotFoundException(text(), info.getMetadataOrDefault("stream", ""), cause);
      case "GROUP_NOT_FOUND" ->
          new GroupNotFoundException(text(), info.getMetadataOrDefault("group", ""), cause);
      case "STORE_NOT_FOUND", "ACCESS_NOT_FOUND" -> invalidRequest();
      default -> failed();
    };
  }

  private VarveException failedPrecondition() {
    return switch (reason()) {
      case "STREAM_TOMBSTONED" ->
          new StreamTombstonedException(text(), info.getMetadataOrDefault("stream", ""), cause);
      case "STREAM_DELETED" ->
          new StreamDeletedException(text(), info.getMetadataOrDefault("stream", ""), cause);
      case "ARCHIVE_NOT_SET", "ARCHIVE_RUNNING" -> new ArchiveRefusedException(text(), cause);
      case "TRACKING_NOT_RISING" ->
          new TrackingNotRisingException(
              text(), info.getMetadataOrDefault("source", ""), number("position"), cause);
      case "BACKUP_REFUSED", "ALREADY_RUNNING", "ACCESS_OFF" -> invalidRequest();
      default -> failed();
    };
  }

  /** A number of the metadata; 0 if it is not there, or is none. */
  private long number(String key) {
    try {
      return Long.parseUnsignedLong(info.getMetadataOrDefault(key, "0"));
    } catch (NumberFormatException e) {
      return 0;
    }
  }

  private VarveException failed() {
    return new StoreFailedException(
        "the server at " + server + " failed: " + code + " " + text(), cause);
  }

  /** The sentence, and for a failure of the link what lies beneath it. */
  private String text() {
    // Where the link failed, gRPC lists the handlers of its channel in a second line.
    String said =
        reason().isEmpty() ? message.replaceFirst("(?s)\\RChannel Pipeline: .*", "") : message;
    String beneath = beneath();
    return beneath.isEmpty() || said.contains(beneath) ? said : said + " (" + beneath + ")";
  }

  /**
   * What the innermost exception says; empty if there is none beneath the status itself, or the
   * store gave a reason.
   */
  private String beneath() {
    Throwable inner = cause == null || !reason().isEmpty() ? null : cause.getCause();
    String says = "";
    while (inner != null) {
      says = inner.getMessage() == null ? says : inner.getMessage();
      inner = inner.getCause();
    }
    return says;
  }

  private <T extends Message> Optional<T> detail(Class<T> type) {
    for (Any detail : details) {
      if (detail.is(type)) {
        try {
          return Optional.of(detail.unpack(type));
        } catch (InvalidProtocolBufferException e) {
          return Optional
              .empty(); // a damaged detail tells as much as none; the status itself still counts
        }
      }
    }
    return Optional.empty();
  }

  @Override
  public String toString() {
    return code + (reason().isEmpty() ? "" : " " + reason()) + ": " + text();
  }
}

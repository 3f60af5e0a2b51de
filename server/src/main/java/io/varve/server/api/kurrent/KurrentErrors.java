package io.varve.server.api.kurrent;

import com.google.protobuf.Any;
import com.google.rpc.ErrorInfo;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.varve.server.api.grpc.Errors;
import io.varve.server.append.Outcome;
import io.varve.server.event.ExpectedVersion;

/**
 * Errors as this protocol's clients expect them: most go by the trailer {@code exception} and those
 * beside it, and some by words of the sentence.
 */
final class KurrentErrors {
  /** Clients take in 8 KiB of trailers in all; names that are in order are shorter than this. */
  private static final int MAX_TRAILER_CHARACTERS = 600;

  private static final long NO_STREAM = -1;
  private static final long ANY = -2;
  private static final long STREAM_EXISTS = -4;

  private KurrentErrors() {}

  // ---- bad requests

  static StatusRuntimeException invalid(String field, String problem) {
    return Code.INVALID_ARGUMENT
        .toStatus()
        .withDescription(field + " " + problem)
        .asRuntimeException();
  }

  static StatusRuntimeException missingProperty() {
    Metadata trailers = kind("missing-required-metadata-property");
    put(trailers, "required-metadata-properties", "type,content-type");
    return with(
        Code.INVALID_ARGUMENT,
        "the metadata of an event must have type and content-type",
        trailers);
  }

  static StatusRuntimeException appendTooLarge(long maxBytes) {
    Metadata trailers = kind("maximum-append-size-exceeded");
    put(trailers, "maximum-append-size", Long.toString(maxBytes));
    return with(
        Code.INVALID_ARGUMENT, "Maximum Append Size of " + maxBytes + " bytes exceeded", trailers);
  }

  static StatusRuntimeException eventTooLarge(String eventId, long bytes, long maxBytes) {
    Metadata trailers = kind("maximum-append-event-size-exceeded");
    put(trailers, "maximum-append-event-size", Long.toString(maxBytes));
    put(trailers, "event-id", eventId);
    put(trailers, "proposed-append-event-size", Long.toString(bytes));
    return with(
        Code.INVALID_ARGUMENT,
        "event " + eventId + " has " + bytes + " bytes, and may have " + maxBytes,
        trailers);
  }

  // ---- streams

  static StatusRuntimeException streamDeleted(String stream) {
    Metadata trailers = kind("stream-deleted");
    put(trailers, "stream-name", stream);
    return with(Code.FAILED_PRECONDITION, "Event stream '" + stream + "' is deleted.", trailers);
  }

  static StatusRuntimeException accessDenied(String sentence) {
    return with(Code.PERMISSION_DENIED, sentence, kind("access-denied"));
  }

  /**
   * What was expected of a stream that was to be deleted did not hold.
   *
   * @param actualVersion 0 for no stream
   */
  static StatusRuntimeException wrongVersion(
      String stream, ExpectedVersion expected, long actualVersion) {
    String wanted = Long.toString(number(expected));
    String actual = Long.toString(actualVersion - 1);
    Metadata trailers = kind("wrong-expected-version");
    put(trailers, "stream-name", stream);
    put(trailers, "expected-version", wanted);
    put(trailers, "actual-version", actual);
    return with(
        Code.FAILED_PRECONDITION,
        "Delete failed due to WrongExpectedVersion. Stream: "
            + stream
            + ", Expected version: "
            + wanted
            + ", Actual version: "
            + actual,
        trailers);
  }

  /** An expectation as one number: a revision, or one of the protocol's constants. */
  static long number(ExpectedVersion expected) {
    return switch (expected) {
      case ExpectedVersion.Exactly(long version) -> version - 1;
      case ExpectedVersion.NoStream _ -> NO_STREAM;
      case ExpectedVersion.Any _ -> ANY;
      case ExpectedVersion.StreamExists _ -> STREAM_EXISTS;
    };
  }

  // ---- groups

  static StatusRuntimeException groupMissing(String source, String group) {
    return group(
        Code.NOT_FOUND,
        "persistent-subscription-does-not-exist",
        "Subscription group " + group + " on stream " + source + " does not exist.",
        source,
        group);
  }

  static StatusRuntimeException groupExists(String source, String group) {
    return group(
        Code.ALREADY_EXISTS,
        "persistent-subscription-exists",
        "Subscription group " + group + " on stream " + source + " exists.",
        source,
        group);
  }

  static StatusRuntimeException tooManyConsumers(String source, String group) {
    return group(
        Code.FAILED_PRECONDITION,
        "maximum-subscribers-reached",
        "Maximum subscriptions reached for subscription group " + group + " on stream " + source,
        source,
        group);
  }

  static StatusRuntimeException groupDropped(String source, String group) {
    return group(
        Code.CANCELLED,
        "persistent-subscription-dropped",
        "Subscription group " + group + " on stream " + source + " was dropped.",
        source,
        group);
  }

  static StatusRuntimeException groupFailed(String source, String group, String reason) {
    com.google.rpc.Status status =
        com.google.rpc.Status.newBuilder()
            .setCode(Code.INTERNAL.value())
            .setMessage(
                "Subscription group "
                    + cut(group)
                    + " on stream "
                    + cut(source)
                    + " failed: "
                    + cut(reason))
            .addDetails(
                Any.pack(
                    ErrorInfo.newBuilder()
                        .setDomain("server")
                        .setReason("PERSISTENT_SUBSCRIPTION_FAILED")
                        .build()))
            .build();
    // With details, by which a status INTERNAL is known to be meant.
    StatusRuntimeException detailed = StatusProto.toStatusRuntimeException(status);
    Metadata trailers = kind("persistent-subscription-failed");
    put(trailers, "stream-name", source);
    put(trailers, "group-name", group);
    put(trailers, "reason", reason);
    Metadata details = detailed.getTrailers();
    if (details != null) {
      trailers.merge(details);
    }
    return with(Code.INTERNAL, status.getMessage(), trailers);
  }

  private static StatusRuntimeException group(
      Code code, String kind, String sentence, String source, String group) {
    Metadata trailers = kind(kind);
    put(trailers, "stream-name", source);
    put(trailers, "group-name", group);
    return with(code, sentence, trailers);
  }

  // ---- users and operations

  static StatusRuntimeException userMissing(String name) {
    Metadata trailers = kind("user-not-found");
    put(trailers, "login-name", name);
    return with(Code.NOT_FOUND, "User '" + name + "' is not found.", trailers);
  }

  static StatusRuntimeException userExists(String name) {
    Metadata trailers = kind("user-conflict");
    put(trailers, "login-name", name);
    return with(Code.FAILED_PRECONDITION, "User '" + name + "' exists.", trailers);
  }

  static StatusRuntimeException scavengeMissing(String id) {
    Metadata trailers = kind("scavenge-not-found");
    put(trailers, "scavenge-id", id);
    return with(Code.NOT_FOUND, "Scavenge '" + id + "' is not under way.", trailers);
  }

  // ---- what Varve has words for

  /** Why a command was not carried out, where this protocol has no words of its own. */
  static StatusRuntimeException of(Outcome outcome) {
    return switch (outcome) {
      case Outcome.StreamTombstoned tombstoned -> streamDeleted(tombstoned.stream().value());
      case Outcome.QueueFull _ ->
          Status.UNAVAILABLE.withDescription("Server Is Too Busy").asRuntimeException();
      case Outcome.Stopping _, Outcome.StoreStopped _ ->
          Status.UNAVAILABLE
              .withDescription(
                  "Server Is Not Ready: " + Errors.refusal(outcome, _ -> false).getMessage())
              .asRuntimeException();
      default -> of(Errors.refusal(outcome, _ -> false));
    };
  }

  /** An error that Varve words as a status. */
  static StatusRuntimeException of(com.google.rpc.Status status) {
    StatusRuntimeException detailed = StatusProto.toStatusRuntimeException(status);
    if (detailed.getStatus().getCode() != Code.PERMISSION_DENIED) {
      return detailed;
    }
    Metadata trailers = kind("access-denied");
    Metadata details = detailed.getTrailers();
    if (details != null) {
      trailers.merge(details);
    }
    return detailed.getStatus().asRuntimeException(trailers);
  }

  static StatusRuntimeException stopping() {
    return Status.UNAVAILABLE
        .withDescription("Server Is Not Ready: it is stopping")
        .asRuntimeException();
  }

  static StatusRuntimeException fault(Throwable cause) {
    return cause instanceof StatusRuntimeException known ? known : of(Errors.fault(cause));
  }

  private static Metadata kind(String exception) {
    Metadata trailers = new Metadata();
    put(trailers, "exception", exception);
    return trailers;
  }

  private static String cut(String text) {
    return text.substring(0, Math.min(text.length(), MAX_TRAILER_CHARACTERS));
  }

  private static void put(Metadata trailers, String name, String value) {
    int length = Math.min(value.length(), MAX_TRAILER_CHARACTERS);
    StringBuilder ascii = new StringBuilder(length);
    for (int i = 0; i < length; i++) {
      char c = value.charAt(i);
      ascii.append(c >= ' ' && c <= '~' ? c : '?');
    }
    trailers.put(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER), ascii.toString());
  }

  private static StatusRuntimeException with(Code code, String sentence, Metadata trailers) {
    return code.toStatus().withDescription(sentence).asRuntimeException(trailers);
  }
}

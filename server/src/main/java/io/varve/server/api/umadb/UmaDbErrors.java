package io.varve.server.api.umadb;

import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.varve.proto.umadb.v1.ErrorResponse;
import io.varve.proto.umadb.v1.ErrorResponse.ErrorType;
import io.varve.server.api.grpc.Errors;
import io.varve.server.append.Outcome;
import java.util.function.Predicate;

/**
 * Errors as UmaDB's clients expect them: an {@code ErrorResponse}, whose type they go by, stands in
 * the status details as it is, where others have a {@code google.rpc.Status}.
 */
final class UmaDbErrors {
  private static final Metadata.Key<byte[]> DETAILS =
      Metadata.Key.of("grpc-status-details-bin", Metadata.BINARY_BYTE_MARSHALLER);

  private UmaDbErrors() {}

  /** An error that Varve words as a status. */
  static StatusRuntimeException of(com.google.rpc.Status status) {
    Code code = Status.fromCodeValue(status.getCode()).getCode();
    String sentence = status.getMessage();
    if (Errors.leavesOpenWhatWasDone(status)) {
      return exception(code, ErrorType.IO, sentence); // AUTHENTICATION would say: nothing was done
    }
    return switch (code) {
      case INVALID_ARGUMENT, OUT_OF_RANGE ->
          exception(Code.INVALID_ARGUMENT, ErrorType.INVALID_ARGUMENT, sentence);
      case UNAUTHENTICATED, PERMISSION_DENIED ->
          exception(code, ErrorType.AUTHENTICATION, sentence);
      case FAILED_PRECONDITION, ABORTED, ALREADY_EXISTS ->
          exception(Code.FAILED_PRECONDITION, ErrorType.INTEGRITY, sentence);
      case DATA_LOSS -> exception(code, ErrorType.CORRUPTION, sentence);
      case INTERNAL -> exception(code, ErrorType.INTERNAL, sentence);
      case OK,
          CANCELLED,
          UNKNOWN,
          DEADLINE_EXCEEDED,
          NOT_FOUND,
          RESOURCE_EXHAUSTED,
          UNIMPLEMENTED,
          UNAVAILABLE ->
          exception(code, ErrorType.IO, sentence);
    };
  }

  /**
   * Why an append was not carried out.
   *
   * @param mayRead whether whoever is told may read a stream
   */
  static StatusRuntimeException of(Outcome outcome, Predicate<String> mayRead) {
    com.google.rpc.Status refusal = Errors.refusal(outcome, mayRead);
    // To clients INTEGRITY means: read again, decide again. Here that would never help.
    return outcome instanceof Outcome.StreamTombstoned
        ? exception(Code.NOT_FOUND, ErrorType.IO, refusal.getMessage())
        : of(refusal);
  }

  private static StatusRuntimeException exception(Code code, ErrorType type, String sentence) {
    Metadata trailers = new Metadata();
    trailers.put(
        DETAILS,
        ErrorResponse.newBuilder().setMessage(sentence).setErrorType(type).build().toByteArray());
    return code.toStatus().withDescription(sentence).asRuntimeException(trailers);
  }
}

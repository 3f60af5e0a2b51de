package io.varve.server.api.kurrent;

import com.google.protobuf.Any;
import com.google.protobuf.Message;
import com.google.rpc.ErrorInfo;
import com.google.rpc.Status;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.varve.proto.kurrent.v2.errors.AppendConsistencyViolationErrorDetails;
import io.varve.proto.kurrent.v2.errors.AppendRecordSizeExceededErrorDetails;
import io.varve.proto.kurrent.v2.errors.AppendTransactionSizeExceededErrorDetails;
import io.varve.proto.kurrent.v2.errors.ConsistencyViolation;
import io.varve.proto.kurrent.v2.errors.StreamAlreadyInAppendSessionErrorDetails;
import io.varve.proto.kurrent.v2.errors.StreamRevisionConflictErrorDetails;
import io.varve.proto.kurrent.v2.errors.StreamTombstonedErrorDetails;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Errors of appends to several streams as clients expect them: details of the standard kind, of
 * which the first says the reason and the last what belongs to it.
 */
final class StreamErrors {
  private static final String DOMAIN = "streams";

  /**
   * How much of an answer is details of one kind: clients take 8 KiB of trailers, in which they
   * stand in Base64 beside other things.
   */
  private static final int MAX_DETAIL_BYTES = 4_096;

  /** What a message within another takes beside its own bytes. */
  private static final int MESSAGE_OVERHEAD = 4;

  private StreamErrors() {}

  static StatusRuntimeException tombstoned(String stream) {
    return of(
        Code.FAILED_PRECONDITION,
        "STREAM_TOMBSTONED",
        "stream " + stream + " is closed for ever",
        StreamTombstonedErrorDetails.newBuilder().setStream(stream).build());
  }

  static StatusRuntimeException conflict(String stream, long expected, long actual) {
    return of(
        Code.FAILED_PRECONDITION,
        "STREAM_REVISION_CONFLICT",
        "stream "
            + stream
            + " is at "
            + actual
            + ", expected "
            + expected
            + "; nothing was written",
        StreamRevisionConflictErrorDetails.newBuilder()
            .setStream(stream)
            .setExpectedRevision(expected)
            .setActualRevision(actual)
            .build());
  }

  static StatusRuntimeException recordTooLarge(String stream, String id, long size, long most) {
    return of(
        Code.INVALID_ARGUMENT,
        "APPEND_RECORD_SIZE_EXCEEDED",
        "record " + id + " has " + size + " bytes, and may have " + most,
        AppendRecordSizeExceededErrorDetails.newBuilder()
            .setStream(stream)
            .setRecordId(id)
            .setSize((int) Math.min(Integer.MAX_VALUE, size))
            .setMaxSize((int) most)
            .build());
  }

  static StatusRuntimeException allTooLarge(long size, long most) {
    return of(
        Code.ABORTED,
        "APPEND_TRANSACTION_SIZE_EXCEEDED",
        "all records together have " + size + " bytes, and may have " + most,
        AppendTransactionSizeExceededErrorDetails.newBuilder()
            .setSize((int) Math.min(Integer.MAX_VALUE, size))
            .setMaxSize((int) most)
            .build());
  }

  static StatusRuntimeException twice(String stream) {
    return of(
        Code.ABORTED,
        "STREAM_ALREADY_IN_APPEND_SESSION",
        "stream " + stream + " came before in this append",
        StreamAlreadyInAppendSessionErrorDetails.newBuilder().setStream(stream).build());
  }

  static StatusRuntimeException nothingToAppend() {
    return of(
        Code.FAILED_PRECONDITION, "APPEND_SESSION_NO_REQUESTS", "there is nothing to append", null);
  }

  /** The first violations as far as they fit into an answer; the sentence has their number. */
  static StatusRuntimeException violated(List<ConsistencyViolation> violations) {
    List<ConsistencyViolation> told = new ArrayList<>();
    int bytes = 0;
    for (ConsistencyViolation violation : violations) {
      bytes += violation.getSerializedSize() + MESSAGE_OVERHEAD;
      if (bytes > MAX_DETAIL_BYTES && !told.isEmpty()) {
        break;
      }
      told.add(violation);
    }
    return of(
        Code.FAILED_PRECONDITION,
        "APPEND_CONSISTENCY_VIOLATION",
        violations.size() + " of the checks did not hold; nothing was written",
        AppendConsistencyViolationErrorDetails.newBuilder().addAllViolations(told).build());
  }

  private static StatusRuntimeException of(
      Code code, String reason, String sentence, @Nullable Message detail) {
    Status.Builder status =
        Status.newBuilder()
            .setCode(code.value())
            .setMessage(sentence)
            .addDetails(
                Any.pack(ErrorInfo.newBuilder().setReason(reason).setDomain(DOMAIN).build()));
    if (detail != null) {
      status.addDetails(Any.pack(detail));
    }
    return StatusProto.toStatusRuntimeException(status.build());
  }
}

package io.varve.server.api.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;

/** An error as a caller sees it: the status and its details. */
record Refused(Status.Code code, String sentence, List<Any> details) {

  /** What a call that must fail is refused with. */
  static Refused from(ThrowingCallable call) {
    StatusRuntimeException refusal = catchThrowableOfType(StatusRuntimeException.class, call);
    assertThat(refusal).as("the call was not refused").isNotNull();
    return from(refusal);
  }

  static Refused from(@Nullable Throwable error) {
    assertThat(error).as("how the call ended").isNotNull();
    Status status = Status.fromThrowable(error);
    com.google.rpc.Status details = StatusProto.fromThrowable(error);
    return new Refused(
        status.getCode(),
        String.valueOf(status.getDescription()),
        details == null ? List.of() : details.getDetailsList());
  }

  static Refused from(com.google.rpc.Status status) {
    return new Refused(
        Status.fromCodeValue(status.getCode()).getCode(),
        status.getMessage(),
        status.getDetailsList());
  }

  ErrorInfo info() {
    ErrorInfo info = detail(ErrorInfo.class).orElseThrow(() -> new AssertionError(toString()));
    assertThat(info.getDomain()).isEqualTo("varve.io");
    return info;
  }

  String reason() {
    return info().getReason();
  }

  Map<String, String> metadata() {
    return info().getMetadataMap();
  }

  <T extends Message> Optional<T> detail(Class<T> type) {
    List<T> found = new ArrayList<>();
    for (Any detail : details) {
      if (detail.is(type)) {
        try {
          found.add(detail.unpack(type));
        } catch (InvalidProtocolBufferException e) {
          throw new AssertionError(e);
        }
      }
    }
    assertThat(found).hasSizeLessThanOrEqualTo(1);
    return found.stream().findFirst();
  }

  Refused has(Status.Code expectedCode, String expectedReason) {
    assertThat(code).as(toString()).isEqualTo(expectedCode);
    assertThat(reason()).isEqualTo(expectedReason);
    assertThat(sentence).isNotBlank().doesNotContain("\n");
    return this;
  }

  /** A malformed field. */
  Refused isInvalid(String field) {
    has(Status.Code.INVALID_ARGUMENT, "INVALID_REQUEST");
    return names(field);
  }

  /** A field over its limit. */
  Refused isOverLimit(String field, long limit, long actual) {
    has(Status.Code.INVALID_ARGUMENT, "LIMIT_EXCEEDED");
    assertThat(sentence).contains(Long.toString(limit), Long.toString(actual));
    assertThat(metadata())
        .containsEntry("limit", Long.toString(limit))
        .containsEntry("actual", Long.toString(actual));
    return names(field);
  }

  private Refused names(String field) {
    assertThat(sentence).startsWith(field);
    assertThat(metadata()).containsEntry("field", field);
    BadRequest violations =
        detail(BadRequest.class).orElseThrow(() -> new AssertionError(toString()));
    assertThat(violations.getFieldViolationsList())
        .singleElement()
        .satisfies(
            violation -> {
              assertThat(violation.getField()).isEqualTo(field);
              assertThat(violation.getDescription()).isNotBlank();
            });
    return this;
  }
}

package io.varve.client.connection;

import static io.varve.client.connection.FakeServer.status;
import static io.varve.client.streams.ExpectedVersion.noStream;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Duration;
import com.google.rpc.BadRequest;
import com.google.rpc.RetryInfo;
import io.grpc.Status.Code;
import io.varve.client.streams.ConditionFailedException;
import io.varve.client.streams.EventIdTakenException;
import io.varve.client.streams.EventsNotKeptException;
import io.varve.client.streams.InvalidRequestException;
import io.varve.client.streams.InvalidRequestException.FieldViolation;
import io.varve.client.streams.StoreOverloadedException;
import io.varve.client.streams.StoreUnavailableException;
import io.varve.client.streams.StreamDeletedException;
import io.varve.client.streams.StreamNotFoundException;
import io.varve.client.streams.StreamTombstonedException;
import io.varve.client.streams.TrackingNotRisingException;
import io.varve.client.streams.VarveException;
import io.varve.client.streams.VersionConflictException;
import io.varve.proto.v1.ConditionFailed;
import io.varve.proto.v1.ErrorReason;
import io.varve.proto.v1.EventIdTaken;
import io.varve.proto.v1.VersionConflict;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Every status and reason of the contract has its exception. */
class StoreErrorTest {

  private static StoreError of(com.google.rpc.Status status) {
    return StoreError.of("db:2113", status);
  }

  @ParameterizedTest
  @CsvSource({
    "INVALID_ARGUMENT, INVALID_REQUEST, InvalidRequestException, false",
    "INVALID_ARGUMENT, LIMIT_EXCEEDED, InvalidRequestException, false",
    "OUT_OF_RANGE, POSITION_OUT_OF_RANGE, EventsNotKeptException, false",
    "NOT_FOUND, STREAM_NOT_FOUND, StreamNotFoundException, false",
    "NOT_FOUND, STORE_NOT_FOUND, InvalidRequestException, false",
    "NOT_FOUND, GROUP_NOT_FOUND, GroupNotFoundException, false",
    "ALREADY_EXISTS, GROUP_EXISTS, GroupExistsException, false",
    "ABORTED, GROUP_STOPPED, GroupStoppedException, false",
    "FAILED_PRECONDITION, STREAM_TOMBSTONED, StreamTombstonedException, false",
    "FAILED_PRECONDITION, STREAM_DELETED, StreamDeletedException, false",
    "FAILED_PRECONDITION, TRACKING_NOT_RISING, TrackingNotRisingException, false",
    "FAILED_PRECONDITION, BACKUP_REFUSED, InvalidRequestException, false",
    "FAILED_PRECONDITION, ALREADY_RUNNING, InvalidRequestException, false",
    "RESOURCE_EXHAUSTED, QUEUE_FULL, StoreOverloadedException, true",
    "UNAUTHENTICATED, UNAUTHENTICATED, AccessDeniedException, false",
    "UNAUTHENTICATED, ACCESS_ENDED, AccessDeniedException, false",
    "PERMISSION_DENIED, PERMISSION_DENIED, AccessDeniedException, false",
    "UNAVAILABLE, NOT_SERVING, StoreUnavailableException, true",
    "UNAVAILABLE, STORE_STOPPED, StoreUnavailableException, true",
    "UNIMPLEMENTED, NOT_SERVED_YET, NotServedException, false",
    "INTERNAL, INTERNAL, StoreFailedException, false",
    "DATA_LOSS, DATA_DAMAGED, StoreFailedException, false",
    "DEADLINE_EXCEEDED, '', StoreUnavailableException, true",
    "UNKNOWN, '', StoreFailedException, false",
  })
  void a_status_becomes_the_exception_that_says_the_same(
      Code code, String reason, String exception, boolean retryable) {
    VarveException thrown = of(status(code, reason)).toException();

    assertThat(thrown.getClass().getSimpleName()).isEqualTo(exception);
    assertThat(thrown.retryable()).isEqualTo(retryable);
    assertThat(thrown).hasMessageContaining("because " + reason);
  }

  @Test
  void the_facts_of_a_status_become_the_exceptions_fields() {
    VersionConflictException conflict =
        as(
            VersionConflictException.class,
            of(status(
                    Code.ABORTED,
                    "VERSION_CONFLICT",
                    VersionConflict.newBuilder()
                        .setStream("account-42")
                        .setExpected("no stream")
                        .setActualVersion(3)
                        .build()))
                .toException(noStream()));
    assertThat(conflict.stream()).isEqualTo("account-42");
    assertThat(conflict.expected()).isEqualTo(noStream());
    assertThat(conflict.actualVersion()).isEqualTo(3);

    UUID id = UUID.fromString("0198f2a4-7c1e-7d3a-9f40-2b6a1c9d8e77");
    EventIdTakenException taken =
        as(
            EventIdTakenException.class,
            of(status(
                    Code.ALREADY_EXISTS,
                    "EVENT_ID_TAKEN",
                    EventIdTaken.newBuilder()
                        .setEventId(id.toString())
                        .setStream("account-7")
                        .setPosition(9)
                        .build()))
                .toException());
    assertThat(taken.eventId()).isEqualTo(id);
    assertThat(taken.stream()).isEqualTo("account-7");
    assertThat(taken.position()).isEqualTo(9);

    ConditionFailedException condition =
        as(
            ConditionFailedException.class,
            of(status(
                    Code.ABORTED,
                    "CONDITION_FAILED",
                    ConditionFailed.newBuilder().setCondition(2).setPosition(11).build()))
                .toException());
    assertThat(condition.conditionIndex()).isEqualTo(2);
    assertThat(condition.position()).isEqualTo(11);

    BadRequest bad =
        BadRequest.newBuilder()
            .addFieldViolations(
                BadRequest.FieldViolation.newBuilder()
                    .setField("events[0].type")
                    .setDescription("must not be empty"))
            .build();
    InvalidRequestException invalid =
        as(
            InvalidRequestException.class,
            of(status(Code.INVALID_ARGUMENT, "INVALID_REQUEST", bad)).toException());
    assertThat(invalid.violations())
        .isEqualTo(List.of(new FieldViolation("events[0].type", "must not be empty")));

    TrackingNotRisingException tracking =
        as(
            TrackingNotRisingException.class,
            of(status(Code.FAILED_PRECONDITION, "TRACKING_NOT_RISING")).toException());
    assertThat(tracking.source()).isEqualTo("payments");
    assertThat(tracking.storedPosition()).isEqualTo(7);

    EventsNotKeptException notKept =
        as(
            EventsNotKeptException.class,
            of(status(Code.OUT_OF_RANGE, "POSITION_OUT_OF_RANGE")).toException());
    assertThat(notKept.stream()).isEqualTo("account-42");
    assertThat(notKept.first()).isEqualTo(5);
    assertThat(
            as(
                StreamTombstonedException.class,
                of(status(Code.FAILED_PRECONDITION, "STREAM_TOMBSTONED")).toException())
                .stream())
        .isEqualTo("account-42");

    assertThat(
            as(
                StreamNotFoundException.class,
                of(status(Code.NOT_FOUND, "STREAM_NOT_FOUND")).toException())
                .stream())
        .isEqualTo("account-42");
    assertThat(
            as(
                StreamDeletedException.class,
                of(status(Code.FAILED_PRECONDITION, "STREAM_DELETED")).toException())
                .stream())
        .isEqualTo("account-42");
  }

  private static <T extends VarveException> T as(Class<T> type, VarveException thrown) {
    assertThat(thrown).isInstanceOf(type);
    return type.cast(thrown);
  }

  @Test
  void overload_is_told_from_a_message_that_is_too_large() {
    RetryInfo later =
        RetryInfo.newBuilder()
            .setRetryDelay(Duration.newBuilder().setSeconds(1).setNanos(5))
            .build();
    StoreError full = of(status(Code.RESOURCE_EXHAUSTED, "QUEUE_FULL", later));
    StoreError tooLarge = StoreError.of("db:2113", io.grpc.Status.RESOURCE_EXHAUSTED, null);

    assertThat(full.isOverload()).isTrue();
    assertThat(full.retryDelay()).isEqualTo(java.time.Duration.ofSeconds(1, 5));
    assertThat(full.toException()).isInstanceOf(StoreOverloadedException.class);
    assertThat(tooLarge.isOverload()).isFalse();
    assertThat(tooLarge.retryDelay()).isZero();
    assertThat(tooLarge.toException()).isInstanceOf(InvalidRequestException.class);
  }

  @Test
  void a_call_that_lost_its_credentials_is_made_again_and_one_without_any_is_not() {
    assertThat(of(status(Code.UNAUTHENTICATED, "ACCESS_ENDED")).isLinkLost()).isTrue();
    assertThat(of(status(Code.UNAUTHENTICATED, "UNAUTHENTICATED")).isLinkLost()).isFalse();
  }

  @Test
  void a_store_that_stopped_after_a_disk_error_is_not_a_lost_link() {
    assertThat(of(status(Code.UNAVAILABLE, "STORE_STOPPED")).isLinkLost()).isFalse();
    assertThat(of(status(Code.UNAVAILABLE, "NOT_SERVING")).isLinkLost()).isTrue();
    assertThat(of(status(Code.INTERNAL, "INTERNAL")).isLinkLost()).isFalse();
    assertThat(StoreError.of("db:2113", io.grpc.Status.INTERNAL, null).isLinkLost()).isTrue();
  }

  @Test
  void a_lost_link_names_the_address_and_what_to_check() {
    java.net.ConnectException refused =
        new java.net.ConnectException("Connection refused: db/10.0.0.7:2113");
    StoreError error =
        StoreError.of(
            "db:2113",
            io.grpc.Status.UNAVAILABLE.withDescription("io exception").withCause(refused),
            null);

    assertThat(error.toException())
        .isInstanceOf(StoreUnavailableException.class)
        .hasMessageContaining("db:2113")
        .hasMessageContaining("Connection refused")
        .hasMessageContaining("Check that it runs");
  }

  @Test
  void it_is_known_after_which_errors_nothing_was_done_and_after_which_nobody_knows() {
    StoreError refused =
        StoreError.of(
            "db:2113",
            io.grpc.Status.UNAVAILABLE.withCause(new java.net.ConnectException("refused")),
            null);
    StoreError lost = StoreError.of("db:2113", io.grpc.Status.UNAVAILABLE, null);
    StoreError late = StoreError.of("db:2113", io.grpc.Status.DEADLINE_EXCEEDED, null);

    assertThat(refused.isSurelyNotDone()).isTrue();
    assertThat(of(status(Code.UNAVAILABLE, "NOT_SERVING")).isSurelyNotDone()).isTrue();
    assertThat(of(status(Code.RESOURCE_EXHAUSTED, "QUEUE_FULL")).isSurelyNotDone()).isTrue();
    StoreError stopped = of(status(Code.UNAVAILABLE, "STORE_STOPPED"));
    StoreError ended = of(status(Code.UNAUTHENTICATED, "ACCESS_ENDED"));
    for (StoreError doubtful : List.of(lost, late, stopped, ended)) {
      assertThat(doubtful.isSurelyNotDone()).isFalse();
      assertThat(doubtful.isOutcomeUnknown()).isTrue();
    }
    assertThat(of(status(Code.ABORTED, "VERSION_CONFLICT")).isOutcomeUnknown()).isFalse();
    assertThat(of(status(Code.UNAUTHENTICATED, "UNAUTHENTICATED")).isOutcomeUnknown()).isFalse();
    assertThat(of(status(Code.UNAVAILABLE, "NOT_SERVING")).isOutcomeUnknown()).isFalse();
  }

  @ParameterizedTest
  @EnumSource(Code.class)
  void every_status_becomes_some_exception(Code code) {
    assertThat(StoreError.of("db:2113", io.grpc.Status.fromCode(code), null).toException())
        .isNotNull();
    for (ErrorReason reason : ErrorReason.values()) {
      assertThat(of(status(code, reason.name().replace("ERROR_REASON_", ""))).toException())
          .isNotNull();
    }
  }
}

package io.varve.server.api.kurrent;

import static io.varve.server.api.kurrent.KurrentCaller.all;
import static io.varve.server.api.kurrent.KurrentCaller.any;
import static io.varve.server.api.kurrent.KurrentCaller.filter;
import static io.varve.server.api.kurrent.KurrentCaller.forwards;
import static io.varve.server.api.kurrent.KurrentCaller.freshStream;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.Value;
import com.google.rpc.ErrorInfo;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.StreamObserver;
import io.varve.client.VarveClient;
import io.varve.proto.kurrent.FilterExpression;
import io.varve.proto.kurrent.streams.DeleteRequest;
import io.varve.proto.kurrent.streams.TombstoneRequest;
import io.varve.proto.kurrent.v2.errors.AppendConsistencyViolationErrorDetails;
import io.varve.proto.kurrent.v2.errors.StreamRevisionConflictErrorDetails;
import io.varve.proto.kurrent.v2.streams.AppendRecord;
import io.varve.proto.kurrent.v2.streams.AppendRecordsRequest;
import io.varve.proto.kurrent.v2.streams.AppendRecordsResponse;
import io.varve.proto.kurrent.v2.streams.AppendSessionRequest;
import io.varve.proto.kurrent.v2.streams.AppendSessionResponse;
import io.varve.proto.kurrent.v2.streams.ConsistencyCheck;
import io.varve.proto.kurrent.v2.streams.SchemaFormat;
import io.varve.proto.kurrent.v2.streams.SchemaInfo;
import io.varve.proto.kurrent.v2.streams.StreamStateCheck;
import io.varve.proto.kurrent.v2.streams.StreamsServiceGrpc;
import io.varve.server.RunningServer;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Appends to several streams at once through KurrentDB's protocol. */
class KurrentMultiStreamTest {
  @RegisterExtension static final RunningServer running = new RunningServer();

  private static KurrentCaller caller() {
    return new KurrentCaller(running.channel());
  }

  private static AppendRecord.Builder record(String type) {
    return AppendRecord.newBuilder()
        .setRecordId(UUID.randomUUID().toString())
        .setSchema(SchemaInfo.newBuilder().setFormat(SchemaFormat.SCHEMA_FORMAT_JSON).setName(type))
        .setData(ByteString.copyFromUtf8("{\"is\":\"" + type + "\"}"));
  }

  private static AppendSessionRequest.Builder to(String stream, AppendRecord.Builder... records) {
    AppendSessionRequest.Builder request = AppendSessionRequest.newBuilder().setStream(stream);
    for (AppendRecord.Builder record : records) {
      request.addRecords(record);
    }
    return request;
  }

  private static AppendSessionResponse session(AppendSessionRequest.Builder... parts) {
    KurrentCaller.Answers<AppendSessionResponse> answers = new KurrentCaller.Answers<>();
    StreamObserver<AppendSessionRequest> call =
        StreamsServiceGrpc.newStub(running.channel()).appendSession(answers);
    for (AppendSessionRequest.Builder part : parts) {
      call.onNext(part.build());
    }
    call.onCompleted();
    if (answers.end() instanceof StatusRuntimeException refused) {
      throw refused;
    }
    return answers.received().getFirst();
  }

  private static AppendRecordsResponse records(AppendRecordsRequest.Builder request) {
    return StreamsServiceGrpc.newBlockingStub(running.channel()).appendRecords(request.build());
  }

  private static ConsistencyCheck check(String stream, long state) {
    return ConsistencyCheck.newBuilder()
        .setStreamState(StreamStateCheck.newBuilder().setStream(stream).setExpectedState(state))
        .build();
  }

  private static List<Any> details(@Nullable Throwable refused) {
    com.google.rpc.Status status =
        StatusProto.fromThrowable(refused == null ? new AssertionError("not refused") : refused);
    return requireNonNull(status).getDetailsList();
  }

  private static List<Any> refusal(Runnable call) {
    try {
      call.run();
    } catch (StatusRuntimeException e) {
      return details(e);
    }
    throw new AssertionError("the call was not refused");
  }

  // ---- a stream a message

  @Test
  void a_session_appends_to_all_its_streams_in_its_order() {
    String one = freshStream();
    String two = freshStream();
    caller().append(two, "0");

    AppendSessionResponse done =
        session(
            to(one, record("A"), record("B")).setExpectedRevision(-1),
            to(two, record("C")).setExpectedRevision(0));

    assertThat(done.getOutputList())
        .extracting(output -> output.getStream() + " " + output.getStreamRevision())
        .containsExactly(one + " 1", two + " 1");
    var last = caller().events(forwards(two)).getLast().getEvent();
    assertThat(done.getPosition()).isEqualTo(last.getCommitPosition());
    assertThat(done.getOutput(0).getPosition())
        .isEqualTo(caller().events(forwards(one)).getLast().getCommitPosition());
  }

  @Test
  void a_session_that_conflicts_in_one_stream_writes_to_none() throws Exception {
    String one = freshStream();
    String two = freshStream();
    caller().append(two, "0");

    List<Any> details =
        refusal(() -> session(to(one, record("A")), to(two, record("B")).setExpectedRevision(7)));

    assertThat(details.getFirst().unpack(ErrorInfo.class).getReason())
        .isEqualTo("STREAM_REVISION_CONFLICT");
    var conflict = details.getLast().unpack(StreamRevisionConflictErrorDetails.class);
    assertThat(conflict.getStream()).isEqualTo(two);
    assertThat(conflict.getExpectedRevision()).isEqualTo(7);
    assertThat(conflict.getActualRevision()).isZero();
    assertThat(caller().read(forwards(one)).getFirst().hasStreamNotFound()).isTrue();
  }

  @Test
  void a_session_that_is_repeated_is_answered_and_not_repeated() {
    String one = freshStream();
    String two = freshStream();
    AppendSessionRequest.Builder first = to(one, record("A")).setExpectedRevision(-1);
    AppendSessionRequest.Builder second = to(two, record("B")).setExpectedRevision(-1);

    AppendSessionResponse done = session(first, second);

    assertThat(session(first, second)).isEqualTo(done);
    assertThat(caller().types(forwards(one))).containsExactly("A");
  }

  @Test
  void a_stream_comes_once_and_something_is_appended() throws Exception {
    String stream = freshStream();

    List<Any> twice =
        refusal(
            () ->
                session(to(stream, record("A")), to(stream.toUpperCase(Locale.ROOT), record("B"))));
    List<Any> nothing = refusal(() -> session());

    assertThat(twice.getFirst().unpack(ErrorInfo.class).getReason())
        .isEqualTo("STREAM_ALREADY_IN_APPEND_SESSION");
    assertThat(nothing.getFirst().unpack(ErrorInfo.class).getReason())
        .isEqualTo("APPEND_SESSION_NO_REQUESTS");
  }

  @Test
  void properties_and_schema_come_back_as_custom_metadata() {
    String stream = freshStream();

    session(
        to(
            stream,
            record("A").putProperties("tenant", Value.newBuilder().setStringValue("t1").build())));

    var event = caller().events(forwards(stream)).getFirst().getEvent();
    assertThat(event.getCustomMetadata().toStringUtf8())
        .isEqualTo("{\"tenant\":\"t1\",\"$schema.name\":\"A\",\"$schema.format\":\"Json\"}");
    assertThat(event.getMetadataOrThrow("content-type")).isEqualTo("application/json");
  }

  @Test
  void one_id_in_several_streams_is_an_event_in_each_and_the_append_is_repeated_by_none() {
    String one = freshStream();
    String two = freshStream();
    AppendRecord.Builder record = record("A");
    AppendSessionRequest.Builder first = to(one, record);
    AppendSessionRequest.Builder second = to(two, record);

    AppendSessionResponse done = session(first, second);

    assertThat(session(first, second)).isEqualTo(done);
    for (String stream : List.of(one, two)) {
      assertThat(caller().events(forwards(stream)))
          .singleElement()
          .extracting(read -> read.getEvent().getId().getString())
          .isEqualTo(record.getRecordId());
    }
    assertThat(faults()).isZero();
  }

  /** How many faults the store finds with itself. */
  private static long faults() {
    try (VarveClient client = running.server().client()) {
      return client.admin().verify(_ -> {});
    }
  }

  @Test
  void a_session_that_holds_more_than_an_append_may_have_is_refused_before_it_is_at_its_end()
      throws Exception {
    KurrentCaller.Answers<AppendSessionResponse> answers = new KurrentCaller.Answers<>();
    StreamObserver<AppendSessionRequest> call =
        StreamsServiceGrpc.newStub(running.channel()).appendSession(answers);
    Value text = Value.newBuilder().setStringValue("x".repeat(50_000)).build();
    AppendRecord.Builder empty =
        record("A").clearRecordId().setData(ByteString.EMPTY).putProperties("text", text);

    for (int i = 0; i < 9; i++) { // 18 MB, all of them properties
      AppendSessionRequest.Builder part = to(freshStream());
      for (int j = 0; j < 40; j++) {
        part.addRecords(empty);
      }
      call.onNext(part.build());
    }

    assertThat(details(answers.end()).getFirst().unpack(ErrorInfo.class).getReason())
        .isEqualTo("APPEND_TRANSACTION_SIZE_EXCEEDED");
  }

  // ---- events in one order

  @Test
  void records_keep_their_order_across_streams() {
    String category = "order" + UUID.randomUUID().toString().replace("-", "");
    String one = category + "-1";
    String two = category + "-2";

    AppendRecordsResponse done =
        records(
            AppendRecordsRequest.newBuilder()
                .addRecords(record("A").setStream(one))
                .addRecords(record("B").setStream(two))
                .addRecords(record("C").setStream(one)));

    assertThat(done.getRevisionsList())
        .extracting(revision -> revision.getStream() + " " + revision.getRevision())
        .containsExactly(one + " 1", two + " 0");
    assertThat(
            caller()
                .types(
                    all()
                        .setFilter(
                            filter()
                                .setStreamIdentifier(
                                    FilterExpression.newBuilder().addPrefix(category)))))
        .containsExactly("A", "B", "C");
  }

  @Test
  void all_checks_that_do_not_hold_are_told_together() throws Exception {
    KurrentCaller caller = caller();
    String written = freshStream();
    String there = freshStream();
    String deleted = freshStream();
    String closed = freshStream();
    String missing = freshStream();
    caller.append(there, "0", "1");
    caller.append(deleted, "0");
    caller.append(closed, "0");
    var _ = caller.streams().delete(DeleteRequest.newBuilder().setOptions(any(deleted)).build());
    var _ =
        caller.streams().tombstone(TombstoneRequest.newBuilder().setOptions(any(closed)).build());

    List<Any> details =
        refusal(
            () ->
                records(
                    AppendRecordsRequest.newBuilder()
                        .addRecords(record("A").setStream(written))
                        .addChecks(check(written, -1))
                        .addChecks(check(there, 0))
                        .addChecks(check(deleted, -4))
                        .addChecks(check(closed, 5))
                        .addChecks(check(missing, -5))));

    assertThat(details.getFirst().unpack(ErrorInfo.class).getReason())
        .isEqualTo("APPEND_CONSISTENCY_VIOLATION");
    assertThat(
            details
                .getLast()
                .unpack(AppendConsistencyViolationErrorDetails.class)
                .getViolationsList())
        .extracting(one -> one.getCheckIndex() + ": " + one.getStreamState().getActualState())
        .containsExactly("1: 1", "2: -1", "3: " + Long.MAX_VALUE, "4: -1");
    assertThat(caller.read(forwards(written)).getFirst().hasStreamNotFound()).isTrue();
  }

  @Test
  void one_id_in_two_runs_of_a_stream_is_two_events_and_the_append_is_repeated_by_none() {
    String one = freshStream();
    String two = freshStream();
    AppendRecord.Builder twice = record("A");
    AppendRecordsRequest.Builder request =
        AppendRecordsRequest.newBuilder()
            .addRecords(twice.clone().setStream(one))
            .addRecords(record("B").setStream(two))
            .addRecords(twice.clone().setStream(one));
    var _ = caller().append(any(freshStream()), KurrentCaller.event(id(twice), "taken elsewhere"));

    AppendRecordsResponse done = records(request);

    assertThat(records(request)).isEqualTo(done);
    assertThat(caller().types(forwards(one))).containsExactly("A", "A");
    assertThat(caller().types(forwards(two))).containsExactly("B");
    assertThat(faults()).isZero();
  }

  private static UUID id(AppendRecord.Builder record) {
    return UUID.fromString(record.getRecordId());
  }

  @Test
  void checks_and_streams_are_as_many_as_a_transaction_may_have() {
    AppendRecordsRequest.Builder checks =
        AppendRecordsRequest.newBuilder().addRecords(record("A").setStream(freshStream()));
    AppendRecordsRequest.Builder streams = AppendRecordsRequest.newBuilder();
    String name = freshStream();
    for (int i = 0; i < 1_001; i++) {
      checks.addChecks(check(name + i, -1));
      streams.addRecords(record("A").setStream(name + i));
    }

    for (AppendRecordsRequest.Builder request : List.of(checks, streams)) {
      KurrentCaller.Refused refused = KurrentCaller.Refused.from(() -> records(request));
      assertThat(refused.code()).isEqualTo(Status.Code.INVALID_ARGUMENT);
      assertThat(refused.sentence()).contains("1000");
    }
    assertThat(caller().read(forwards(name + 0)).getFirst().hasStreamNotFound()).isTrue();
  }

  @Test
  void violations_beyond_what_clients_take_are_counted_and_left_off() throws Exception {
    AppendRecordsRequest.Builder request =
        AppendRecordsRequest.newBuilder().addRecords(record("A").setStream(freshStream()));
    String name = freshStream() + "x".repeat(300);
    for (int i = 0; i < 100; i++) {
      request.addChecks(check(name + i, 5));
    }

    StatusRuntimeException refused =
        catchThrowableOfType(StatusRuntimeException.class, () -> records(request));

    assertThat(refused.getStatus().getDescription()).startsWith("100 of the checks");
    List<Any> details = details(refused);
    assertThat(details.stream().mapToInt(Any::getSerializedSize).sum()).isBetween(2_000, 5_000);
    assertThat(
            details
                .getLast()
                .unpack(AppendConsistencyViolationErrorDetails.class)
                .getViolations(0)
                .getCheckIndex())
        .isZero();
  }

  @Test
  void checks_that_hold_let_the_records_in() {
    KurrentCaller caller = caller();
    String written = freshStream();
    String there = freshStream();
    String deleted = freshStream();
    String closed = freshStream();
    caller.append(there, "0", "1");
    caller.append(deleted, "0");
    caller.append(closed, "0");
    var _ = caller.streams().delete(DeleteRequest.newBuilder().setOptions(any(deleted)).build());
    var _ =
        caller.streams().tombstone(TombstoneRequest.newBuilder().setOptions(any(closed)).build());
    AppendRecordsRequest.Builder request =
        AppendRecordsRequest.newBuilder()
            .addRecords(record("A").setStream(written))
            .addChecks(check(written, -1))
            .addChecks(check(there, 1))
            .addChecks(check(deleted, -5))
            .addChecks(check(closed, -6));

    AppendRecordsResponse done = records(request);

    assertThat(records(request)).isEqualTo(done);
    assertThat(caller.types(forwards(written))).containsExactly("A");
  }
}

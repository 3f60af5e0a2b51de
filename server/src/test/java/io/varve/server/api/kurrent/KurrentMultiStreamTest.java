package io.varve.server.api.kurrent;

import static io.varve.server.api.kurrent.KurrentCaller.all;
import static io.varve.server.api.kurrent.KurrentCaller.any;
import static io.varve.server.api.kurrent.KurrentCaller.filter;
import static io.varve.server.api.kurrent.KurrentCaller.forwards;
import static io.varve.server.api.kurrent.KurrentCaller.freshStream;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.Value;
import com.google.rpc.ErrorInfo;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.StreamObserver;
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

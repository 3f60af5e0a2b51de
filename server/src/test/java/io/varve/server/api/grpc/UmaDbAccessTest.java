package io.varve.server.api.grpc;

import static io.varve.server.api.grpc.GuardedServer.PATIENCE;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.grpc.Metadata;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.NewToken;
import io.varve.proto.umadb.v1.AppendCondition;
import io.varve.proto.umadb.v1.AppendRequest;
import io.varve.proto.umadb.v1.DCBGrpc;
import io.varve.proto.umadb.v1.ErrorResponse;
import io.varve.proto.umadb.v1.ErrorResponse.ErrorType;
import io.varve.proto.umadb.v1.Event;
import io.varve.proto.umadb.v1.HeadRequest;
import io.varve.proto.umadb.v1.Query;
import io.varve.proto.umadb.v1.QueryItem;
import io.varve.proto.umadb.v1.ReadRequest;
import io.varve.proto.umadb.v1.SequencedEvent;
import io.varve.proto.umadb.v1.SubscribeRequest;
import io.varve.proto.umadb.v1.SubscribeResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Access control as UmaDB's clients meet it: keys are tokens, refusals are in their words. */
class UmaDbAccessTest {
  @TempDir private static Path folder;
  private static GuardedServer server;

  @BeforeAll
  static void start() throws Exception {
    server = GuardedServer.start(folder.resolve("data"));
    server.admin().append("invoice-1", ExpectedVersion.any(), NewEvent.of("Sent", new byte[0]));
    server.admin().append("payroll-1", ExpectedVersion.any(), NewEvent.of("Paid", new byte[0]));
    allowed("append:umadb").append(append("Told"));
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  private static DCBGrpc.DCBBlockingStub allowed(String... permissions) {
    return with(server.token(permissions));
  }

  private static DCBGrpc.DCBBlockingStub with(NewToken token) {
    return DCBGrpc.newBlockingStub(server.with("Bearer " + token.token()));
  }

  private static AppendRequest append(String type) {
    return AppendRequest.newBuilder().addEvents(Event.newBuilder().setEventType(type)).build();
  }

  private static Query tagged(String tag) {
    return Query.newBuilder().addItems(QueryItem.newBuilder().addTags(tag)).build();
  }

  private static List<String> types(DCBGrpc.DCBBlockingStub store, ReadRequest request) {
    List<SequencedEvent> events = new ArrayList<>();
    store.read(request).forEachRemaining(page -> events.addAll(page.getEventsList()));
    return events.stream().map(each -> each.getEvent().getEventType()).toList();
  }

  private static void refused(Code code, ThrowingCallable call) throws Exception {
    refused(code, ErrorType.AUTHENTICATION, call);
  }

  private static void refused(Code code, ErrorType type, ThrowingCallable call) throws Exception {
    StatusRuntimeException refusal = catchThrowableOfType(StatusRuntimeException.class, call);
    assertThat(refusal).as("the call was not refused").isNotNull();
    assertThat(refusal.getStatus().getCode()).isEqualTo(code);
    byte[] details =
        requireNonNull(
            requireNonNull(refusal.getTrailers())
                .get(Metadata.Key.of("grpc-status-details-bin", Metadata.BINARY_BYTE_MARSHALLER)));
    ErrorResponse response = ErrorResponse.parseFrom(details);
    assertThat(response.getErrorType()).isEqualTo(type);
    assertThat(response.getMessage()).isEqualTo(refusal.getStatus().getDescription());
  }

  @Test
  void whoever_has_no_key_or_a_wrong_one_is_told_so() throws Exception {
    DCBGrpc.DCBBlockingStub nobody = DCBGrpc.newBlockingStub(server.channel());
    DCBGrpc.DCBBlockingStub wrong = DCBGrpc.newBlockingStub(server.with("Bearer varve_0_x"));

    refused(Code.UNAUTHENTICATED, () -> nobody.head(HeadRequest.getDefaultInstance()));
    refused(Code.UNAUTHENTICATED, () -> wrong.append(append("T")));
    refused(
        Code.UNAUTHENTICATED, () -> nobody.subscribe(SubscribeRequest.getDefaultInstance()).next());
  }

  @Test
  void a_key_reads_what_its_token_may_read_and_nothing_else() throws Exception {
    DCBGrpc.DCBBlockingStub clerk = allowed("read:category=invoice");

    assertThat(types(clerk, ReadRequest.getDefaultInstance())).containsExactly("Sent");
    ReadRequest payroll = ReadRequest.newBuilder().setQuery(tagged("stream:payroll-1")).build();
    assertThat(types(clerk, payroll)).isEmpty();
    assertThat(types(allowed("read"), payroll)).containsExactly("Paid");
    assertThat(types(allowed("read:umadb"), ReadRequest.getDefaultInstance()))
        .containsExactly("Told");
    assertThat(
            clerk
                .subscribe(SubscribeRequest.getDefaultInstance())
                .next()
                .getEvents(0)
                .getEvent()
                .getTagsList())
        .containsExactly("stream:invoice-1");
  }

  @Test
  void appends_need_the_home_of_such_events() throws Exception {
    refused(Code.PERMISSION_DENIED, () -> allowed("append:invoice-").append(append("T")));
    refused(Code.PERMISSION_DENIED, () -> allowed("read").append(append("T")));
  }

  @Test
  void a_condition_about_more_than_one_may_read_is_refused() throws Exception {
    DCBGrpc.DCBBlockingStub clerk = allowed("append:umadb", "read:category=invoice");
    for (Query query : List.of(Query.getDefaultInstance(), tagged("stream:payroll-1"))) {
      AppendRequest request =
          append("T").toBuilder()
              .setCondition(AppendCondition.newBuilder().setFailIfEventsMatch(query))
              .build();
      refused(Code.PERMISSION_DENIED, () -> clerk.append(request));
    }
  }

  @Test
  void a_subscription_ends_in_the_same_words_when_its_token_is_revoked() throws Exception {
    NewToken token = server.token("read:category=invoice");
    Iterator<SubscribeResponse> subscription =
        with(token)
            .withDeadlineAfter(PATIENCE.toSeconds(), TimeUnit.SECONDS)
            .subscribe(SubscribeRequest.getDefaultInstance());
    assertThat(subscription.next().getEventsCount()).isEqualTo(1);

    server.admin().access().revokeToken(token.info().id());

    // Of an append nobody could say whether it is there, so it is not the type of a refusal.
    refused(Code.UNAUTHENTICATED, ErrorType.IO, subscription::next);
  }
}

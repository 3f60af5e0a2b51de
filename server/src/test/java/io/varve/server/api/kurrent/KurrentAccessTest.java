package io.varve.server.api.kurrent;

import static io.varve.server.api.kurrent.KurrentCaller.NOTHING;
import static io.varve.server.api.kurrent.KurrentCaller.all;
import static io.varve.server.api.kurrent.KurrentCaller.any;
import static io.varve.server.api.kurrent.KurrentCaller.event;
import static io.varve.server.api.kurrent.KurrentCaller.forwards;
import static io.varve.server.api.kurrent.KurrentCaller.named;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import io.grpc.Channel;
import io.grpc.Status.Code;
import io.grpc.stub.StreamObserver;
import io.varve.client.streams.ConsumerGroup;
import io.varve.client.streams.NewToken;
import io.varve.client.streams.ReadStream;
import io.varve.client.streams.StreamNotFoundException;
import io.varve.proto.kurrent.AccessDenied;
import io.varve.proto.kurrent.FilterExpression;
import io.varve.proto.kurrent.Uuid;
import io.varve.proto.kurrent.features.GetSupportedMethodsRequest;
import io.varve.proto.kurrent.features.ServerFeaturesGrpc;
import io.varve.proto.kurrent.gossip.GossipGrpc;
import io.varve.proto.kurrent.groups.CreateRequest;
import io.varve.proto.kurrent.groups.GroupOptions;
import io.varve.proto.kurrent.groups.ListOptions;
import io.varve.proto.kurrent.groups.ListRequest;
import io.varve.proto.kurrent.groups.PersistentSubscriptionsGrpc;
import io.varve.proto.kurrent.groups.ReadOptions;
import io.varve.proto.kurrent.groups.ReadResponse;
import io.varve.proto.kurrent.groups.Settings;
import io.varve.proto.kurrent.groups.SourceAll;
import io.varve.proto.kurrent.groups.SourceStream;
import io.varve.proto.kurrent.operations.OperationsGrpc;
import io.varve.proto.kurrent.operations.StartScavengeRequest;
import io.varve.proto.kurrent.operations.StopScavengeOptions;
import io.varve.proto.kurrent.operations.StopScavengeRequest;
import io.varve.proto.kurrent.streams.BatchAppendOptions;
import io.varve.proto.kurrent.streams.BatchAppendRequest;
import io.varve.proto.kurrent.streams.BatchAppendResponse;
import io.varve.proto.kurrent.streams.DeleteRequest;
import io.varve.proto.kurrent.streams.ProposedMessage;
import io.varve.proto.kurrent.streams.StreamsGrpc;
import io.varve.proto.kurrent.users.ChangePasswordOptions;
import io.varve.proto.kurrent.users.ChangePasswordRequest;
import io.varve.proto.kurrent.users.CreateOptions;
import io.varve.proto.kurrent.users.DeleteOptions;
import io.varve.proto.kurrent.users.DetailsOptions;
import io.varve.proto.kurrent.users.DetailsRequest;
import io.varve.proto.kurrent.users.ResetPasswordOptions;
import io.varve.proto.kurrent.users.ResetPasswordRequest;
import io.varve.proto.kurrent.users.UpdateOptions;
import io.varve.proto.kurrent.users.UpdateRequest;
import io.varve.proto.kurrent.users.UserDetails;
import io.varve.proto.kurrent.users.UsersGrpc;
import io.varve.proto.kurrent.v2.streams.AppendRecord;
import io.varve.proto.kurrent.v2.streams.AppendRecordsRequest;
import io.varve.proto.kurrent.v2.streams.ConsistencyCheck;
import io.varve.proto.kurrent.v2.streams.SchemaFormat;
import io.varve.proto.kurrent.v2.streams.SchemaInfo;
import io.varve.proto.kurrent.v2.streams.StreamStateCheck;
import io.varve.proto.kurrent.v2.streams.StreamsServiceGrpc;
import io.varve.server.api.grpc.GuardedServer;
import io.varve.server.api.kurrent.KurrentCaller.Following;
import io.varve.server.api.kurrent.KurrentCaller.Refused;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Access control as KurrentDB's clients meet it. */
class KurrentAccessTest {
  private static final AtomicInteger NUMBER = new AtomicInteger();

  @TempDir private static Path folder;
  private static GuardedServer server;

  @BeforeAll
  static void start() throws Exception {
    server = GuardedServer.start(folder.resolve("data"));
    KurrentCaller admin = new KurrentCaller(server.as("administrator"));
    admin.append("invoice-1", "Sent");
    admin.append("payroll-1", "Paid");
    var _ = admin.append(any("$$invoice-1"), metadata("{\"own\":1}"));
    var _ =
        admin.append(
            any("index-1"),
            event("$>").setData(ByteString.copyFromUtf8("0@invoice-1")),
            event("$>").setData(ByteString.copyFromUtf8("0@payroll-1")));
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  private static Channel channel(String... permissions) {
    return server.with("Bearer " + server.token(permissions).token());
  }

  private static KurrentCaller allowed(String... permissions) {
    return new KurrentCaller(channel(permissions));
  }

  private static PersistentSubscriptionsGrpc.PersistentSubscriptionsBlockingStub groups(
      String... permissions) {
    return PersistentSubscriptionsGrpc.newBlockingStub(channel(permissions));
  }

  private static String fresh(String category) {
    return category + "-new" + NUMBER.incrementAndGet();
  }

  private static ProposedMessage.Builder metadata(String json) {
    return event("$metadata").setData(ByteString.copyFromUtf8(json));
  }

  private static void denied(ThrowingCallable call) {
    Refused refused = Refused.from(call);
    assertThat(refused.code()).isEqualTo(Code.PERMISSION_DENIED);
    assertThat(refused.trailer("exception")).isEqualTo("access-denied");
  }

  // ---- who it is

  @Test
  void users_log_in_by_password_and_others_are_told_that_they_are_not_known() {
    assertThat(new KurrentCaller(server.as("reader")).types(forwards("invoice-1")))
        .containsExactly("Sent");
    for (Channel channel :
        List.of(
            server.channel(),
            server.with("Bearer varve_0_x"),
            server.with("Basic cmVhZGVyOndyb25n"))) {
      KurrentCaller nobody = new KurrentCaller(channel);
      assertThat(Refused.from(() -> nobody.types(forwards("invoice-1"))).code())
          .isEqualTo(Code.UNAUTHENTICATED);
      assertThat(Refused.from(() -> nobody.append("invoice-1", "T")).code())
          .isEqualTo(Code.UNAUTHENTICATED);
    }
  }

  @Test
  void connecting_needs_no_credentials() {
    assertThat(
            ServerFeaturesGrpc.newBlockingStub(server.channel())
                .getSupportedMethods(GetSupportedMethodsRequest.getDefaultInstance())
                .getMethodsList())
        .isNotEmpty();
    assertThat(
            GossipGrpc.newBlockingStub(server.channel())
                .read(io.varve.proto.kurrent.gossip.ReadRequest.getDefaultInstance())
                .getMembersList())
        .hasSize(1);
  }

  // ---- reading

  @Test
  void the_log_has_what_its_reader_may_read_and_nothing_else() {
    KurrentCaller clerk = allowed("read:category=invoice");
    KurrentCaller reader = allowed("read");

    assertThat(streams(clerk)).contains("invoice-1").allMatch(name -> name.startsWith("invoice-"));
    assertThat(streams(reader))
        .contains("invoice-1", "payroll-1")
        .noneMatch(n -> n.startsWith("$"));
    assertThat(streams(new KurrentCaller(server.as("administrator")))).contains("$$invoice-1");
    FilterExpression prefixes =
        FilterExpression.newBuilder().addPrefix("payroll").addPrefix("$").build();
    assertThat(clerk.events(all().setFilter(KurrentCaller.filter().setStreamIdentifier(prefixes))))
        .isEmpty();
  }

  private static List<String> streams(KurrentCaller caller) {
    return caller.events(all()).stream()
        .map(each -> KurrentCaller.stream(each.getEvent()))
        .toList();
  }

  @Test
  void streams_are_read_by_those_who_may_whether_they_are_there_or_not() {
    KurrentCaller clerk = allowed("read:category=invoice");

    assertThat(clerk.types(forwards("invoice-1"))).containsExactly("Sent");
    assertThat(clerk.events(forwards("$$invoice-1"))).hasSize(1);
    for (String stream :
        List.of("payroll-1", "payroll-none", "$$payroll-1", "$streams-of-mine", "$access")) {
      denied(() -> clerk.read(forwards(stream)));
      try (Following following = clerk.subscribe(forwards(stream))) {
        assertThat(Refused.from(following.end()).code()).isEqualTo(Code.PERMISSION_DENIED);
      }
    }
    denied(() -> allowed("append").read(all()));
    denied(() -> allowed("read").read(forwards("$$$streams-of-mine")));
  }

  @Test
  void links_are_those_to_what_may_be_read() {
    KurrentCaller clerk = allowed("read:category=invoice");

    assertThat(clerk.events(forwards("$ce-invoice"))).isNotEmpty();
    assertThat(clerk.events(forwards("$ce-payroll"))).isEmpty();
    assertThat(clerk.events(forwards("$et-Paid"))).isEmpty();
    assertThat(allowed("read").events(forwards("$et-Paid"))).hasSize(1);
    assertThat(
            clerk.events(forwards("$streams")).stream()
                .map(link -> link.getEvent().getData().toStringUtf8()))
        .contains("0@invoice-1")
        .noneMatch(link -> link.contains("payroll"));
  }

  @Test
  void nothing_is_shown_behind_a_link_that_may_not_be_read() {
    var seen =
        allowed("read:category=invoice", "read:category=index")
            .events(forwards("index-1").setResolveLinks(true));

    assertThat(seen).hasSize(2);
    assertThat(KurrentCaller.type(seen.getFirst().getEvent())).isEqualTo("Sent");
    assertThat(seen.getLast().hasEvent()).isFalse();
    assertThat(seen.getLast().hasLink()).isTrue();
    assertThat(allowed("read").types(forwards("index-1").setResolveLinks(true)))
        .containsExactly("Sent", "Paid");
  }

  @Test
  void a_subscription_ends_when_its_token_is_revoked() throws Exception {
    NewToken token = server.token("read:category=invoice");
    try (Following following =
        new KurrentCaller(server.with("Bearer " + token.token()))
            .subscribe(forwards("invoice-1"))) {
      assertThat(following.types(1)).containsExactly("Sent");

      server.admin().access().revokeToken(token.info().id());

      assertThat(Refused.from(following.end()).code()).isEqualTo(Code.UNAUTHENTICATED);
    }
  }

  // ---- writing

  @Test
  void appends_need_the_stream_and_metadata_need_to_manage_it() {
    String stream = fresh("invoice");
    KurrentCaller writer = allowed("append:invoice-");
    KurrentCaller manager = allowed("manage:invoice-");

    assertThat(writer.append(stream, "Sent")).isZero();
    denied(() -> writer.append("payroll-1", "Paid"));
    denied(() -> writer.append("$ce-invoice", "T"));
    denied(() -> writer.append(any("$$" + stream), metadata("{\"$maxCount\":1}")));
    denied(() -> manager.append(stream, "Sent"));
    denied(() -> manager.append(any("$$payroll-1"), metadata("{\"$maxCount\":1}")));
    assertThatCode(() -> manager.append(any("$$" + stream), metadata("{\"$maxCount\":1}")))
        .doesNotThrowAnyException();
  }

  @Test
  void an_append_that_is_denied_does_not_end_a_call_with_many() throws Exception {
    String stream = fresh("invoice");
    KurrentCaller.Answers<BatchAppendResponse> answers = new KurrentCaller.Answers<>();
    StreamObserver<BatchAppendRequest> call =
        StreamsGrpc.newStub(channel("append:invoice-")).batchAppend(answers);
    for (String to : List.of("payroll-1", stream)) {
      call.onNext(
          BatchAppendRequest.newBuilder()
              .setCorrelationId(Uuid.newBuilder().setString(UUID.randomUUID().toString()))
              .setOptions(BatchAppendOptions.newBuilder().setStreamIdentifier(named(to)))
              .addProposedMessages(event("Sent"))
              .setIsFinal(true)
              .build());
    }
    await().atMost(KurrentCaller.PATIENCE).until(() -> answers.received().size() == 2);
    call.onCompleted();

    assertThat(answers.end()).isNull();
    for (BatchAppendResponse answer : answers.received()) {
      boolean mayBe = answer.getStreamIdentifier().equals(named(stream));
      assertThat(answer.hasSuccess()).isEqualTo(mayBe);
      if (!mayBe) {
        assertThat(answer.getError().getDetails(0).is(AccessDenied.class)).isTrue();
      }
    }
    assertThat(allowed("read").types(forwards("payroll-1"))).containsExactly("Paid");
  }

  @Test
  void one_stream_that_is_denied_denies_an_append_to_several() {
    String stream = fresh("invoice");
    var store = StreamsServiceGrpc.newBlockingStub(channel("append:invoice-"));
    var request = AppendRecordsRequest.newBuilder().addRecords(record(stream)).build();

    denied(() -> store.appendRecords(request.toBuilder().addRecords(record("payroll-1")).build()));
    denied(
        () ->
            store.appendRecords(
                request.toBuilder()
                    .addChecks(
                        ConsistencyCheck.newBuilder()
                            .setStreamState(
                                StreamStateCheck.newBuilder()
                                    .setStream("payroll-1")
                                    .setExpectedState(0)))
                    .build()));
    assertThat(store.appendRecords(request).getRevisions(0).getRevision()).isZero();
  }

  private static AppendRecord record(String stream) {
    return AppendRecord.newBuilder()
        .setStream(stream)
        .setSchema(SchemaInfo.newBuilder().setName("T").setFormat(SchemaFormat.SCHEMA_FORMAT_JSON))
        .setData(ByteString.copyFromUtf8("{}"))
        .build();
  }

  @Test
  void to_delete_is_to_manage_and_stands_in_the_trail() {
    String stream = fresh("invoice");
    allowed("append").append(stream, "Sent");
    DeleteRequest request = DeleteRequest.newBuilder().setOptions(any(stream)).build();

    denied(() -> allowed("append", "read").streams().delete(request));
    var _ = allowed("manage:invoice-").streams().delete(request);
    await()
        .atMost(KurrentCaller.PATIENCE)
        .untilAsserted(
            () ->
                assertThat(trail())
                    .anyMatch(entry -> entry.contains("Streams/Delete") && entry.contains(stream)));
  }

  @Test
  void what_is_said_of_a_stream_stands_in_the_trail_and_so_does_every_refusal_in_a_call_with_many()
      throws Exception {
    String stream = fresh("invoice");
    var _ = allowed("manage").append(any("$$" + stream), metadata("{\"$maxCount\":1}"));
    KurrentCaller.Answers<BatchAppendResponse> answers = new KurrentCaller.Answers<>();
    StreamObserver<BatchAppendRequest> call =
        StreamsGrpc.newStub(server.as("administrator")).batchAppend(answers);
    call.onNext(
        BatchAppendRequest.newBuilder()
            .setCorrelationId(Uuid.newBuilder().setString(UUID.randomUUID().toString()))
            .setOptions(BatchAppendOptions.newBuilder().setStreamIdentifier(named("$mine")))
            .addProposedMessages(event("Sent"))
            .setIsFinal(true)
            .build());
    call.onCompleted();
    assertThat(answers.end()).isNull();

    await()
        .atMost(KurrentCaller.PATIENCE)
        .untilAsserted(
            () ->
                assertThat(trail())
                    .anyMatch(e -> e.contains("Streams/Append") && e.contains("$$" + stream))
                    .anyMatch(e -> e.contains("BatchAppend") && e.contains("$mine")));
  }

  private static List<String> trail() {
    List<String> entries = new ArrayList<>();
    try (var events = server.admin().readStream(ReadStream.of("$audit"))) {
      events.forEach(entry -> entries.add(new String(entry.data(), UTF_8)));
    } catch (StreamNotFoundException e) {
      return entries; // nothing is written yet: the trail comes behind
    }
    return entries;
  }

  // ---- groups

  private static CreateRequest onStream(String stream, String group) {
    return create(
        GroupOptions.newBuilder()
            .setStream(
                SourceStream.newBuilder().setStreamIdentifier(named(stream)).setStart(NOTHING)),
        group);
  }

  private static CreateRequest onLog(String group) {
    return create(
        GroupOptions.newBuilder().setAll(SourceAll.newBuilder().setStart(NOTHING)), group);
  }

  private static CreateRequest create(GroupOptions.Builder options, String group) {
    return CreateRequest.newBuilder()
        .setOptions(
            options
                .setGroupName(group)
                .setSettings(Settings.newBuilder().setConsumerStrategy("RoundRobin")))
        .build();
  }

  @Test
  void whoever_makes_a_group_may_read_what_it_delivers() {
    String stream = fresh("invoice");

    denied(() -> groups("consume").create(onStream(stream, "g")));
    denied(() -> groups("read", "consume:payroll-").create(onStream(stream, "g")));
    denied(() -> groups("consume", "read:category=payroll").create(onStream("$ce-invoice", "g")));
    denied(() -> groups("consume", "read").create(onLog("of-all"))); // with system streams
    assertThatCode(
            () -> {
              var _ = groups("consume:invoice-", "read:invoice-").create(onStream(stream, "g"));
              var _ =
                  groups("consume", "read:category=invoice").create(onStream("$ce-invoice", "g"));
              var _ = groups("administer").create(onLog("of-all"));
            })
        .doesNotThrowAnyException();
  }

  @Test
  void a_group_is_consumed_and_listed_by_those_who_may() {
    String stream = fresh("listed");
    allowed("append").append(stream, "Sent");
    var _ = groups("administer").create(onStream(stream, "g"));
    ListRequest everything =
        ListRequest.newBuilder()
            .setOptions(ListOptions.newBuilder().setListAllSubscriptions(NOTHING))
            .build();

    assertThat(groups("consume:listed-").list(everything).getSubscriptionsList())
        .extracting(each -> each.getEventSource())
        .containsExactly(stream);
    assertThat(groups("consume:others-").list(everything).getSubscriptionsList()).isEmpty();
    assertThat(Refused.from(consume(stream, "consume:others-").end()).code())
        .isEqualTo(Code.PERMISSION_DENIED);
    KurrentCaller.Answers<ReadResponse> consumer = consume(stream, "consume:listed-");
    await().atMost(KurrentCaller.PATIENCE).until(() -> consumer.received().size() == 2);
    assertThat(KurrentCaller.type(consumer.received().get(1).getEvent().getEvent()))
        .isEqualTo("Sent");
  }

  @Test
  void a_group_on_the_log_is_consumed_by_whoever_may_use_its_own_name() {
    var _ = groups("administer").create(onLog("ledger"));
    var request =
        io.varve.proto.kurrent.groups.ReadRequest.newBuilder()
            .setOptions(
                ReadOptions.newBuilder().setAll(NOTHING).setGroupName("ledger").setBufferSize(1))
            .build();

    KurrentCaller.Answers<ReadResponse> other = new KurrentCaller.Answers<>();
    PersistentSubscriptionsGrpc.newStub(channel("consume:all")).read(other).onNext(request);
    assertThat(Refused.from(other.end()).code()).isEqualTo(Code.PERMISSION_DENIED);
    KurrentCaller.Answers<ReadResponse> consumer = new KurrentCaller.Answers<>();
    PersistentSubscriptionsGrpc.newStub(channel("consume:ledger")).read(consumer).onNext(request);
    await().atMost(KurrentCaller.PATIENCE).until(() -> !consumer.received().isEmpty());
    assertThat(consumer.received().getFirst().hasSubscriptionConfirmation()).isTrue();
  }

  @Test
  void a_group_on_a_stream_of_the_servers_own_is_its_administrators() {
    for (String source : List.of("$audit", "$access", "$streams")) {
      server.admin().consumerGroups().create(ConsumerGroup.ofStream(source + "::g", source));
      for (String permission : List.of("consume", "consume:g")) {
        assertThat(Refused.from(consume(source, permission).end()).code())
            .as(source + " by " + permission)
            .isIn(Code.PERMISSION_DENIED, Code.NOT_FOUND);
      }
    }
  }

  private static KurrentCaller.Answers<ReadResponse> consume(String stream, String permission) {
    KurrentCaller.Answers<ReadResponse> answers = new KurrentCaller.Answers<>();
    PersistentSubscriptionsGrpc.newStub(channel(permission))
        .read(answers)
        .onNext(
            io.varve.proto.kurrent.groups.ReadRequest.newBuilder()
                .setOptions(
                    ReadOptions.newBuilder()
                        .setStreamIdentifier(named(stream))
                        .setGroupName("g")
                        .setBufferSize(10))
                .build());
    return answers;
  }

  // ---- users

  private static UsersGrpc.UsersBlockingStub users(Channel channel) {
    return UsersGrpc.newBlockingStub(channel);
  }

  private static UsersGrpc.UsersBlockingStub usersAsAdmin() {
    return users(server.as("administrator"));
  }

  private static Channel login(String name, String password) {
    return server.with(
        "Basic " + Base64.getEncoder().encodeToString((name + ":" + password).getBytes(UTF_8)));
  }

  private static void create(String name, String password, String... groups) {
    var _ =
        usersAsAdmin()
            .create(
                io.varve.proto.kurrent.users.CreateRequest.newBuilder()
                    .setOptions(
                        CreateOptions.newBuilder()
                            .setLoginName(name)
                            .setPassword(password)
                            .setFullName("Some Body")
                            .addAllGroups(List.of(groups)))
                    .build());
  }

  private static List<UserDetails> details(UsersGrpc.UsersBlockingStub users, String name) {
    List<UserDetails> all = new ArrayList<>();
    users
        .details(
            DetailsRequest.newBuilder()
                .setOptions(DetailsOptions.newBuilder().setLoginName(name))
                .build())
        .forEachRemaining(each -> all.add(each.getUserDetails()));
    return all;
  }

  @Test
  void a_user_is_made_changed_and_taken_away() {
    create("ada", "changeit", "reader");
    KurrentCaller ada = new KurrentCaller(login("ada", "changeit"));

    assertThat(ada.types(forwards("invoice-1"))).containsExactly("Sent");
    denied(() -> ada.append(fresh("invoice"), "T"));
    assertThat(details(usersAsAdmin(), "ada").getFirst().getGroupsList()).containsExactly("reader");
    Refused twice = Refused.from(() -> create("ada", "changeit"));
    assertThat(twice.code()).isEqualTo(Code.FAILED_PRECONDITION);
    assertThat(twice.trailer("exception")).isEqualTo("user-conflict");
    var _ =
        usersAsAdmin()
            .update(
                UpdateRequest.newBuilder()
                    .setOptions(UpdateOptions.newBuilder().setLoginName("ada").addGroups("writer"))
                    .build());
    assertThat(ada.append(fresh("invoice"), "T")).isZero(); // with the password of before

    var delete =
        io.varve.proto.kurrent.users.DeleteRequest.newBuilder()
            .setOptions(DeleteOptions.newBuilder().setLoginName("ada"))
            .build();
    var _ = usersAsAdmin().delete(delete);
    assertThat(Refused.from(() -> ada.types(forwards("invoice-1"))).code())
        .isEqualTo(Code.UNAUTHENTICATED);
    Refused gone = Refused.from(() -> usersAsAdmin().delete(delete));
    assertThat(gone.code()).isEqualTo(Code.NOT_FOUND);
    assertThat(gone.trailer("exception")).isEqualTo("user-not-found");
    assertThat(gone.trailer("login-name")).isEqualTo("ada");
    assertThat(Refused.from(() -> details(usersAsAdmin(), "ada")).code()).isEqualTo(Code.NOT_FOUND);
  }

  @Test
  void groups_that_are_no_role_are_refused_rather_than_passed_over() {
    for (String group : List.of("$ops", "finance")) {
      assertThat(Refused.from(() -> create("grace", "changeit", group)).code())
          .isEqualTo(Code.INVALID_ARGUMENT);
    }
    assertThat(Refused.from(() -> create("grace", "short")).code())
        .isEqualTo(Code.INVALID_ARGUMENT);
    assertThat(details(usersAsAdmin(), ""))
        .extracting(UserDetails::getLoginName)
        .contains("administrator")
        .doesNotContain("grace");
  }

  @Test
  void whoever_knows_their_password_may_change_it_and_only_theirs() {
    create("alan", "changeit");
    create("kurt", "changeit");
    UsersGrpc.UsersBlockingStub alan = users(login("alan", "changeit"));

    assertThat(details(alan, "alan")).hasSize(1);
    denied(() -> details(alan, "kurt"));
    denied(() -> details(alan, ""));
    denied(() -> alan.changePassword(change("kurt", "changeit")));
    assertThat(Refused.from(() -> alan.changePassword(change("alan", "another1"))).code())
        .isEqualTo(Code.INVALID_ARGUMENT);
    var _ = alan.changePassword(change("alan", "changeit"));
    assertThat(Refused.from(() -> details(alan, "alan")).code()).isEqualTo(Code.UNAUTHENTICATED);
    assertThat(details(users(login("alan", "new password")), "alan")).hasSize(1);
    await()
        .atMost(KurrentCaller.PATIENCE)
        .untilAsserted(
            () ->
                assertThat(trail().stream().filter(entry -> entry.contains("Users/ChangePassword")))
                    .as("what came to nothing is no act")
                    .filteredOn(entry -> !entry.contains("lacks the permission"))
                    .hasSize(1));

    var reset =
        ResetPasswordRequest.newBuilder()
            .setOptions(
                ResetPasswordOptions.newBuilder().setLoginName("kurt").setNewPassword("a new one"))
            .build();
    denied(() -> users(login("kurt", "changeit")).resetPassword(reset));
    var _ = usersAsAdmin().resetPassword(reset);
    assertThat(details(users(login("kurt", "a new one")), "kurt")).hasSize(1);
  }

  private static ChangePasswordRequest change(String name, String present) {
    return ChangePasswordRequest.newBuilder()
        .setOptions(
            ChangePasswordOptions.newBuilder()
                .setLoginName(name)
                .setCurrentPassword(present)
                .setNewPassword("new password"))
        .build();
  }

  // ---- operations

  @Test
  void a_scavenge_is_begun_by_an_administrator_and_one_that_is_over_is_not_found() {
    var operations = OperationsGrpc.newBlockingStub(server.as("administrator"));

    String id = operations.startScavenge(StartScavengeRequest.getDefaultInstance()).getScavengeId();

    assertThat(id).matches("[1-9][0-9]*");
    Refused missing =
        Refused.from(
            () ->
                operations.stopScavenge(
                    StopScavengeRequest.newBuilder()
                        .setOptions(StopScavengeOptions.newBuilder().setScavengeId("none"))
                        .build()));
    assertThat(missing.code()).isEqualTo(Code.NOT_FOUND);
    assertThat(missing.trailer("exception")).isEqualTo("scavenge-not-found");
    assertThat(missing.trailer("scavenge-id")).isEqualTo("none");
    denied(
        () ->
            OperationsGrpc.newBlockingStub(server.as("manager"))
                .startScavenge(StartScavengeRequest.getDefaultInstance()));
  }
}

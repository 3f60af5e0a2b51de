package io.varve.server.api.grpc;

import static io.varve.server.api.grpc.GuardedServer.PASSWORD;
import static io.varve.server.api.grpc.GuardedServer.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import io.varve.client.VarveClient;
import io.varve.client.streams.AccessDeniedException;
import io.varve.client.streams.ConsumerGroup;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.GroupConsumer;
import io.varve.client.streams.InvalidRequestException;
import io.varve.client.streams.JoinGroup;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.NewToken;
import io.varve.client.streams.ReadStream;
import io.varve.client.streams.StoreUnavailableException;
import io.varve.client.streams.StreamNotFoundException;
import io.varve.client.streams.SubscribeToLog;
import io.varve.client.streams.Subscription;
import io.varve.client.streams.UserInfo;
import io.varve.client.streams.UserRole;
import io.varve.proto.v1.AppendPipelineRequest;
import io.varve.proto.v1.AppendPipelineResponse;
import io.varve.proto.v1.AppendRequest;
import io.varve.proto.v1.EventStoreGrpc;
import io.varve.proto.v1.SubscribeToLogRequest;
import io.varve.proto.v1.SubscribeToLogResponse;
import io.varve.server.StartFailure;
import io.varve.server.TestServer;
import io.varve.server.config.Settings;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Users and tokens come, change and go, at a real server. */
class AccessTest {
  @TempDir private static Path folder;
  private static GuardedServer server;
  private static VarveClient admin;

  @BeforeAll
  static void start() throws Exception {
    server = GuardedServer.start(folder.resolve("data"));
    admin = server.admin();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  private static void append(String stream) {
    admin.append(stream, ExpectedVersion.any(), NewEvent.json("Happened", "{}"));
  }

  /** A call in the raw: what came, and how it ended. */
  private static final class Answers<R> implements StreamObserver<R> {
    private final List<R> received = new CopyOnWriteArrayList<>();
    private final CompletableFuture<Status.Code> end = new CompletableFuture<>();

    @Override
    public void onNext(R response) {
      received.add(response);
    }

    @Override
    public void onError(Throwable failure) {
      end.complete(Status.fromThrowable(failure).getCode());
    }

    @Override
    public void onCompleted() {
      end.complete(Status.Code.OK);
    }

    void awaitSome() {
      await().atMost(PATIENCE).until(() -> !received.isEmpty());
    }

    Status.Code end() throws Exception {
      return end.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }
  }

  private static Answers<SubscribeToLogResponse> subscribe(String authorization) {
    Answers<SubscribeToLogResponse> answers = new Answers<>();
    EventStoreGrpc.newStub(server.with(authorization))
        .subscribeToLog(SubscribeToLogRequest.getDefaultInstance(), answers);
    return answers;
  }

  // ---- turning it on

  @Test
  void a_server_that_nobody_could_use_does_not_start(@TempDir Path empty) {
    assertThatThrownBy(
            () ->
                TestServer.start(TestServer.config(empty).with(Settings.ACCESS_CONTROL, true))
                    .close())
        .isInstanceOf(StartFailure.class)
        .hasMessageContaining("varve users add");
  }

  @Test
  void without_access_control_all_may_do_everything_but_nobody_can_settle_in(@TempDir Path open)
      throws Exception {
    try (TestServer unguarded = TestServer.start(open);
        VarveClient store = unguarded.client()) {
      assertThat(store.access().whoAmI().name()).isEqualTo("anybody");
      assertThat(store.access().whoAmI().permissions()).containsExactly("administer");
      assertThat(store.access().users()).isEmpty();
      assertThatThrownBy(() -> store.access().saveUser("me", UserRole.ADMINISTRATOR, PASSWORD))
          .isInstanceOf(InvalidRequestException.class)
          .hasMessageContaining("access control is off");
      assertThatThrownBy(() -> store.access().createToken("mine", List.of("administer"), null))
          .isInstanceOf(InvalidRequestException.class);
    }
  }

  // ---- users and tokens

  @Test
  void users_are_added_changed_and_removed() {
    admin.access().saveUser("ada", UserRole.READER, "first password");
    try (VarveClient ada = server.client().user("ada", "first password").build()) {
      assertThat(ada.access().whoAmI().name()).isEqualTo("user ada");
      assertThat(ada.access().whoAmI().permissions()).containsExactly("read");

      admin.access().saveUser("ada", UserRole.WRITER, null);
      assertThat(ada.access().whoAmI().permissions()).containsExactly("read", "append", "consume");

      admin.access().saveUser("ada", null, "another password");
      assertThatThrownBy(() -> ada.access().whoAmI())
          .isInstanceOf(AccessDeniedException.class)
          .hasMessageContaining("no such user, or the password is another");
    }
    assertThat(admin.access().users()).contains(new UserInfo("ada", UserRole.WRITER));
    assertThat(admin.access().removeUser("ada")).isTrue();
    assertThat(admin.access().removeUser("ada")).isFalse();
    assertThat(admin.access().users()).noneMatch(user -> user.name().equals("ada"));
    assertThatThrownBy(() -> admin.access().saveUser("ada", UserRole.READER, null))
        .isInstanceOf(InvalidRequestException.class)
        .hasMessageContaining("password");
    assertThatThrownBy(() -> admin.access().saveUser("a:b", UserRole.READER, PASSWORD))
        .isInstanceOf(InvalidRequestException.class)
        .hasMessageContaining("user.name");
  }

  @Test
  void tokens_are_made_listed_and_revoked_and_told_once() {
    Instant expiresAt = Instant.parse("2100-01-01T00:00:00Z");
    NewToken made =
        admin
            .access()
            .createToken("reporting", List.of("read:category=account", "consume"), expiresAt);

    assertThat(made.token()).startsWith("varve_" + made.info().id() + "_");
    assertThat(made.toString()).doesNotContain(made.token());
    assertThat(made.info().permissions()).containsExactly("read:category=account", "consume");
    assertThat(made.info().expiresAt()).isEqualTo(expiresAt);
    assertThat(admin.access().tokens()).contains(made.info());
    try (VarveClient store = server.client().token(made.token()).build()) {
      assertThat(store.access().whoAmI().name()).contains(made.info().id(), "reporting");
    }
    assertThat(admin.access().revokeToken(made.info().id())).isTrue();
    assertThat(admin.access().revokeToken(made.info().id())).isFalse();
    assertThat(admin.access().tokens()).doesNotContain(made.info());
    for (String wrong :
        List.of("fly", "read:", "read:$access", "administer:x", "read:category=a-b")) {
      assertThatThrownBy(() -> admin.access().createToken("t", List.of(wrong), null))
          .as(wrong)
          .isInstanceOf(InvalidRequestException.class)
          .hasMessageContaining("permissions[0]");
    }
  }

  // ---- what ends at once

  @Test
  void a_revoked_token_ends_a_running_subscription_before_the_answer_and_nothing_comes_after()
      throws Exception {
    NewToken token = server.token("read");
    Answers<SubscribeToLogResponse> subscription = subscribe("Bearer " + token.token());
    subscription.awaitSome();

    admin.access().revokeToken(token.info().id());
    append("after-1");

    assertThat(subscription.end()).isEqualTo(Status.Code.UNAUTHENTICATED);
    assertThat(subscription.received)
        .noneMatch(
            response ->
                response.getEvents().getEventsList().stream()
                    .anyMatch(event -> event.getStream().equals("after-1")));
    await().atMost(PATIENCE).until(() -> server.server().subscriptions() == 0);
    assertThat(subscribe("Bearer " + token.token()).end()).isEqualTo(Status.Code.UNAUTHENTICATED);
  }

  @Test
  void a_removed_or_changed_user_ends_what_runs_with_the_old_password_or_role() throws Exception {
    for (Runnable change :
        List.<Runnable>of(
            () -> admin.access().saveUser("bob", UserRole.WRITER, null),
            () -> admin.access().saveUser("bob", null, "new password"),
            () -> admin.access().removeUser("bob"))) {
      admin.access().saveUser("bob", UserRole.READER, PASSWORD);
      Answers<SubscribeToLogResponse> subscription = new Answers<>();
      EventStoreGrpc.newStub(server.as("bob"))
          .subscribeToLog(SubscribeToLogRequest.getDefaultInstance(), subscription);
      subscription.awaitSome();

      change.run();

      assertThat(subscription.end()).isEqualTo(Status.Code.UNAUTHENTICATED);
    }
  }

  @Test
  void who_changes_their_own_password_or_leaves_is_told_that_it_is_done() throws Exception {
    admin.access().saveUser("dora", UserRole.ADMINISTRATOR, PASSWORD);
    try (VarveClient dora = server.client().user("dora", PASSWORD).build()) {
      dora.access().saveUser("dora", null, "another password");
      assertThatThrownBy(() -> dora.access().whoAmI()).isInstanceOf(AccessDeniedException.class);
    }
    try (VarveClient dora = server.client().user("dora", "another password").build()) {
      assertThat(dora.access().removeUser("dora")).isTrue();
      assertThatThrownBy(() -> dora.access().whoAmI()).isInstanceOf(AccessDeniedException.class);
    }
    NewToken token = server.token("administer");
    try (VarveClient own = server.client().token(token.token()).build()) {
      assertThat(own.access().revokeToken(token.info().id())).isTrue();
      assertThatThrownBy(() -> own.access().whoAmI()).isInstanceOf(AccessDeniedException.class);
    }
    List<String> entries = new ArrayList<>();
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () -> {
              audit(entries);
              has(entries, "$Done", "Access/RevokeToken", token.info().id(), "\"OK\"");
            });
    assertThat(entries.stream().filter(e -> e.contains("user dora") && e.contains("$Done")))
        .hasSize(2)
        .allMatch(entry -> entry.contains("\"OK\""));
  }

  @Test
  void what_waits_for_a_position_does_not_begin_after_its_token_is_gone() throws Exception {
    append("waited-1");
    // Far enough that what the trail writes meanwhile, also of tests before this one, is not it.
    long next = server.server().headPosition() + 200;
    NewToken token = server.token("read");
    SubscribeToLogRequest waiting =
        SubscribeToLogRequest.newBuilder().setNotBeforePosition(next).build();
    Answers<SubscribeToLogResponse> gone = new Answers<>();
    EventStoreGrpc.newStub(server.with("Bearer " + token.token())).subscribeToLog(waiting, gone);
    Answers<SubscribeToLogResponse> stays = new Answers<>();
    NewToken other = server.token("read");
    EventStoreGrpc.newStub(server.with("Bearer " + other.token())).subscribeToLog(waiting, stays);

    admin.access().revokeToken(token.info().id());
    assertThat(gone.end()).isEqualTo(Status.Code.UNAUTHENTICATED);
    while (server.server().headPosition() < next) {
      append("waited-1");
    }
    stays.awaitSome();
    admin.access().revokeToken(other.info().id());

    assertThat(stays.end()).isEqualTo(Status.Code.UNAUTHENTICATED);
    await().atMost(PATIENCE).until(() -> server.server().subscriptions() == 0);
    assertThat(gone.received).isEmpty();
  }

  @Test
  void a_consumer_of_a_group_ends_with_its_token_and_what_it_held_goes_to_another()
      throws Exception {
    append("orders-1");
    admin.consumerGroups().create(ConsumerGroup.ofStream("orders", "orders-1"));
    NewToken token = server.token("consume:orders");
    List<Long> first = new CopyOnWriteArrayList<>();
    List<Long> second = new CopyOnWriteArrayList<>();
    try (VarveClient store = server.client().token(token.token()).build()) {
      GroupConsumer consumer =
          store
              .consumerGroups()
              .consume(
                  JoinGroup.of("orders").credit(10),
                  (event, answers) -> first.add(event.event().position()));
      await().atMost(PATIENCE).until(() -> !first.isEmpty());

      admin.access().revokeToken(token.info().id());

      // Whoever has other credentials by now may join again with them.
      assertThatThrownBy(() -> consumer.closed().get(PATIENCE.toSeconds(), TimeUnit.SECONDS))
          .hasCauseInstanceOf(StoreUnavailableException.class)
          .hasMessageContaining("taken away");
      assertThatThrownBy(
              () -> store.consumerGroups().consume(JoinGroup.of("orders"), (event, answers) -> {}))
          .isInstanceOf(AccessDeniedException.class);
    }
    GroupConsumer other =
        admin
            .consumerGroups()
            .consume(
                JoinGroup.of("orders").credit(10),
                (event, answers) -> second.add(event.event().position()));
    await().atMost(PATIENCE).until(() -> second.equals(first));
    other.close();
  }

  @Test
  void a_pipeline_of_appends_ends_with_its_token() throws Exception {
    NewToken token = server.token("append:pipe-");
    Answers<AppendPipelineResponse> answers = new Answers<>();
    StreamObserver<AppendPipelineRequest> call =
        EventStoreGrpc.newStub(server.with("Bearer " + token.token())).appendPipeline(answers);
    call.onNext(request(1, "pipe-1"));
    call.onNext(request(2, "other-1"));
    call.onNext(request(3, "pipe-1"));
    await().atMost(PATIENCE).until(() -> answers.received.size() == 3);
    assertThat(answers.received)
        .extracting(AppendPipelineResponse::hasAppended)
        .containsExactly(true, false, true);

    admin.access().revokeToken(token.info().id());

    assertThat(answers.end()).isEqualTo(Status.Code.UNAUTHENTICATED);
  }

  private static AppendPipelineRequest request(long id, String stream) {
    return AppendPipelineRequest.newBuilder()
        .setRequestId(id)
        .setAppend(
            AppendRequest.newBuilder()
                .setStream(stream)
                .addEvents(io.varve.proto.v1.NewEvent.newBuilder().setType("Happened")))
        .build();
  }

  @Test
  void what_runs_with_a_token_ends_when_the_token_expires() throws Exception {
    NewToken token =
        admin
            .access()
            .createToken("short", List.of("read"), Clock.systemUTC().instant().plusSeconds(2));

    // On a slow machine it is refused to begin with, which is as good.
    Answers<SubscribeToLogResponse> subscription = subscribe("Bearer " + token.token());

    assertThat(subscription.end()).isEqualTo(Status.Code.UNAUTHENTICATED);
    try (VarveClient store = server.client().token(token.token()).build()) {
      assertThatThrownBy(() -> store.access().whoAmI())
          .isInstanceOf(AccessDeniedException.class)
          .hasMessageContaining("expired");
    }
  }

  @Test
  void a_client_goes_on_where_it_was_with_a_token_that_has_replaced_the_revoked_one()
      throws Exception {
    NewToken old = server.token("read", "append");
    NewToken renewed = server.token("read", "append");
    AtomicReference<String> current = new AtomicReference<>(old.token());
    List<String> seen = new CopyOnWriteArrayList<>();
    try (VarveClient store = server.client().token(current::get).build()) {
      Subscription subscription =
          store.subscribeToLog(
              SubscribeToLog.all(),
              event -> {
                if (event.stream().startsWith("turn-")) {
                  seen.add(event.stream() + " " + event.version());
                }
              });
      store.append("turn-1", ExpectedVersion.any(), NewEvent.json("Happened", "{}"));
      await().atMost(PATIENCE).until(() -> seen.contains("turn-1 1"));

      current.set(renewed.token());
      admin.access().revokeToken(old.info().id());
      store.append("turn-1", ExpectedVersion.any(), NewEvent.json("Happened", "{}"));

      await().atMost(PATIENCE).until(() -> seen.contains("turn-1 2"));
      assertThat(seen).containsExactly("turn-1 1", "turn-1 2");
      assertThat(subscription.closed()).isNotDone();

      admin.access().revokeToken(renewed.info().id());
      assertThatThrownBy(() -> subscription.closed().get(PATIENCE.toSeconds(), TimeUnit.SECONDS))
          .hasCauseInstanceOf(AccessDeniedException.class);
    }
  }

  @Test
  void what_was_decided_holds_after_a_restart(@TempDir Path data) throws Exception {
    NewToken kept;
    NewToken revoked;
    try (GuardedServer before = GuardedServer.start(data)) {
      kept = before.token("read");
      revoked = before.token("read");
      before.admin().access().revokeToken(revoked.info().id());
      before.admin().access().removeUser("writer");
    }
    try (TestServer after =
            TestServer.start(TestServer.config(data).with(Settings.ACCESS_CONTROL, true));
        VarveClient good = client(after).token(kept.token()).build();
        VarveClient bad = client(after).token(revoked.token()).build();
        VarveClient root = client(after).user("administrator", PASSWORD).build()) {
      assertThat(good.access().whoAmI().permissions()).containsExactly("read");
      assertThatThrownBy(() -> bad.access().whoAmI()).isInstanceOf(AccessDeniedException.class);
      assertThat(root.access().users())
          .extracting(UserInfo::name)
          .containsExactly("administrator", "manager", "reader");
    }
  }

  private static VarveClient.Builder client(TestServer server) {
    return VarveClient.builder().endpoint("127.0.0.1", server.port()).deadline(PATIENCE);
  }

  // ---- audit

  @Test
  void refusals_and_acts_are_in_the_audit_trail_and_a_flood_is_a_count() throws Exception {
    try (VarveClient writer = server.client().user("writer", PASSWORD).build()) {
      for (int i = 0; i < 500; i++) {
        assertThatThrownBy(() -> writer.access().users()).hasMessageContaining("administer");
      }
    }
    try (VarveClient store = server.allowed("append:mine-")) {
      assertThatThrownBy(
              () -> store.append("theirs-1", ExpectedVersion.any(), NewEvent.json("No", "{}")))
          .isInstanceOf(AccessDeniedException.class);
    }
    append("gone-1");
    admin.streams().delete("gone-1");
    admin.access().saveUser("carol", UserRole.READER, "do not tell anybody");
    assertThat(subscribe("Bearer wrong").end()).isEqualTo(Status.Code.UNAUTHENTICATED);

    List<String> entries = new ArrayList<>();
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () -> {
              audit(entries);
              has(entries, "$Done", "user administrator", "Streams/Delete", "gone-1", "\"OK\"");
              has(entries, "$Done", "user administrator", "Access/SaveUser", "carol", "\"OK\"");
              has(entries, "$Refused", "user writer", "Access/ListUsers", "administer");
              has(entries, "$Refused", "token ", "AppendPipeline", "append on theirs-1");
              has(entries, "$Refused", "nobody", "SubscribeToLog", "UNAUTHENTICATED");
            });
    assertThat(entries.stream().filter(e -> e.contains("ListUsers") && e.contains("user writer")))
        .hasSizeLessThanOrEqualTo(200);
    assertThat(entries)
        .noneMatch(entry -> entry.contains(PASSWORD) || entry.contains("do not tell anybody"));
  }

  private static void audit(List<String> entries) {
    entries.clear();
    try (var events = admin.readStream(ReadStream.of("$audit"))) {
      events.forEach(event -> entries.add(event.type() + " " + event.dataAsString()));
    } catch (StreamNotFoundException e) {
      return; // nothing is written yet: the trail comes behind
    }
  }

  private static void has(List<String> entries, String... words) {
    assertThat(entries).anySatisfy(entry -> assertThat(entry).contains(words));
  }
}

package io.varve.server.api.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.DynamicMessage;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServiceDescriptor;
import io.grpc.Status;
import io.grpc.protobuf.ProtoMethodDescriptorSupplier;
import io.grpc.protobuf.ProtoUtils;
import io.varve.client.VarveClient;
import io.varve.client.streams.AccessDeniedException;
import io.varve.client.streams.EventReader;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.Query;
import io.varve.client.streams.ReadLog;
import io.varve.client.streams.ReadStream;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.Retention;
import io.varve.client.streams.SubscribeToLog;
import io.varve.client.streams.Subscription;
import io.varve.proto.v1.AccessGrpc;
import io.varve.proto.v1.AdminGrpc;
import io.varve.proto.v1.ConsumerGroupsGrpc;
import io.varve.proto.v1.CreateTokenRequest;
import io.varve.proto.v1.EventStoreGrpc;
import io.varve.proto.v1.ListUsersRequest;
import io.varve.proto.v1.RevokeTokenRequest;
import io.varve.proto.v1.SaveUserRequest;
import io.varve.proto.v1.SnapshotsGrpc;
import io.varve.proto.v1.StreamsGrpc;
import io.varve.proto.v1.User;
import io.varve.proto.v1.WhoAmIRequest;
import io.varve.server.OfflineUsers;
import io.varve.server.StartFailure;
import io.varve.server.TestServer;
import io.varve.server.config.Settings;
import io.varve.server.security.Role;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who may do what, at a real server with access control. */
class AccessTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final String PASSWORD = "correct horse";

  /** Every service that the contract has. */
  private static final List<ServiceDescriptor> SERVICES =
      List.of(
          EventStoreGrpc.getServiceDescriptor(),
          StreamsGrpc.getServiceDescriptor(),
          SnapshotsGrpc.getServiceDescriptor(),
          ConsumerGroupsGrpc.getServiceDescriptor(),
          AdminGrpc.getServiceDescriptor(),
          AccessGrpc.getServiceDescriptor());

  private static final String EVERYBODY = "reader writer manager administrator";

  /** Which roles may call a method; of a method that is not here, administrators alone. */
  private static final Map<String, String> ALLOWED = new LinkedHashMap<>();

  static {
    for (String method :
        List.of(
            "EventStore/ReadStream",
            "EventStore/ReadLog",
            "EventStore/SubscribeToStream",
            "EventStore/SubscribeToLog",
            "EventStore/GetEvent",
            "EventStore/GetTracking",
            "Streams/GetStream",
            "Streams/ListStreams",
            "Streams/ListCategories",
            "Streams/ListEventTypes",
            "Snapshots/GetSnapshot",
            "Snapshots/ListSnapshots",
            "Admin/GetServerInfo",
            "Admin/GetStatistics",
            "Access/WhoAmI")) {
      ALLOWED.put(method, EVERYBODY);
    }
    for (String method :
        List.of(
            "EventStore/Append",
            "EventStore/AppendPipeline",
            "EventStore/Transact",
            "Snapshots/SaveSnapshot",
            "Snapshots/DeleteSnapshots")) {
      ALLOWED.put(method, "writer manager administrator");
    }
    for (MethodDescriptor<?, ?> method : ConsumerGroupsGrpc.getServiceDescriptor().getMethods()) {
      ALLOWED.put("ConsumerGroups/" + method.getBareMethodName(), "writer manager administrator");
    }
    for (String method : List.of("SetRetention", "Truncate", "Delete", "Tombstone")) {
      ALLOWED.put("Streams/" + method, "manager administrator");
    }
  }

  @TempDir private static Path folder;
  private static TestServer server;
  private static ManagedChannel channel;
  private static VarveClient admin;

  @BeforeAll
  static void start() throws Exception {
    Path data = folder.resolve("data");
    assertThatThrownBy(
            () ->
                TestServer.start(TestServer.config(data).with(Settings.ACCESS_CONTROL, true))
                    .close())
        .isInstanceOf(StartFailure.class)
        .hasMessageContaining("varve users add");
    OfflineUsers.save(TestServer.config(data), "root", Role.ADMINISTRATOR, PASSWORD);
    server = TestServer.start(TestServer.config(data).with(Settings.ACCESS_CONTROL, true));
    channel = server.connect();
    for (Role role : Role.values()) {
      AccessGrpc.newBlockingStub(as("root"))
          .saveUser(
              SaveUserRequest.newBuilder()
                  .setUser(User.newBuilder().setName(role.word()).setRole(role.word()))
                  .setPassword(PASSWORD)
                  .build());
    }
    admin = client().user("root", PASSWORD).build();
    for (String stream : List.of("account-1", "account-2", "secret-1")) {
      admin.append(stream, ExpectedVersion.any(), NewEvent.json("Happened", "{}"));
    }
    admin.streams().setRetention("secret-1", Retention.newest(10));
  }

  @AfterAll
  static void stop() {
    admin.close();
    server.close();
  }

  private static VarveClient.Builder client() {
    return VarveClient.builder().endpoint("127.0.0.1", server.port()).deadline(PATIENCE);
  }

  private static String basic(String user) {
    return "Basic " + Base64.getEncoder().encodeToString((user + ":" + PASSWORD).getBytes());
  }

  private static Channel as(String user) {
    return with(basic(user));
  }

  private static Channel with(String authorization) {
    Metadata headers = new Metadata();
    headers.put(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), authorization);
    return io.grpc.ClientInterceptors.intercept(
        channel, io.grpc.stub.MetadataUtils.newAttachHeadersInterceptor(headers));
  }

  private static String token(String... permissions) {
    return AccessGrpc.newBlockingStub(as("root"))
        .createToken(
            CreateTokenRequest.newBuilder()
                .setName("test")
                .addAllPermissions(List.of(permissions))
                .build())
        .getToken();
  }

  // ---- the matrix

  @Test
  void each_role_may_call_what_it_is_for_and_nothing_else() throws Exception {
    int looked = 0;
    for (ServiceDescriptor service : SERVICES) {
      for (MethodDescriptor<?, ?> method : service.getMethods()) {
        String name =
            service.getName().substring("varve.v1.".length()) + "/" + method.getBareMethodName();
        String allowed = ALLOWED.getOrDefault(name, "administrator");
        for (Role role : Role.values()) {
          Status.Code code = call(as(role.word()), method);
          boolean may = List.of(allowed.split(" ")).contains(role.word());
          if (may) {
            assertThat(code)
                .as(name + " as " + role.word())
                .isNotIn(Status.Code.PERMISSION_DENIED, Status.Code.UNAUTHENTICATED);
          } else {
            // What no release serves yet is no secret, and is told before the request is looked at.
            assertThat(code)
                .as(name + " as " + role.word())
                .isIn(Status.Code.PERMISSION_DENIED, Status.Code.UNIMPLEMENTED);
          }
          looked++;
        }
        assertThat(call(channel, method)).as(name).isEqualTo(Status.Code.UNAUTHENTICATED);
        assertThat(call(with("Bearer varve_000000000000_x"), method))
            .as(name)
            .isEqualTo(Status.Code.UNAUTHENTICATED);
      }
    }
    assertThat(looked).isGreaterThan(150);
  }

  /** Calls a method about stream "x" or group "x", and tells how it ends; open ones are cut off. */
  private static <Q, R> Status.Code call(Channel channel, MethodDescriptor<Q, R> method)
      throws Exception {
    var descriptor =
        ((ProtoMethodDescriptorSupplier) method.getSchemaDescriptor())
            .getMethodDescriptor()
            .getInputType();
    DynamicMessage.Builder request = DynamicMessage.newBuilder(descriptor);
    for (String field : List.of("stream", "name", "group")) {
      var found = descriptor.findFieldByName(field);
      if (found != null
          && found.getJavaType()
              == com.google.protobuf.Descriptors.FieldDescriptor.JavaType.STRING) {
        request.setField(found, "x");
      }
    }
    byte[] bytes = wire(descriptor.getName(), request.build());
    MethodDescriptor<DynamicMessage, R> sent =
        method.toBuilder(
                ProtoUtils.marshaller(DynamicMessage.getDefaultInstance(descriptor)),
                method.getResponseMarshaller())
            .build();
    CompletableFuture<Status.Code> end = new CompletableFuture<>();
    ClientCall<DynamicMessage, R> call = channel.newCall(sent, CallOptions.DEFAULT);
    call.start(
        new ClientCall.Listener<>() {
          @Override
          public void onMessage(R message) {
            end.complete(Status.Code.OK);
          }

          @Override
          public void onClose(Status status, Metadata trailers) {
            end.complete(status.getCode());
          }
        },
        new Metadata());
    call.request(1);
    call.sendMessage(DynamicMessage.parseFrom(descriptor, bytes));
    call.halfClose();
    try {
      return end.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    } finally {
      call.cancel("seen", null);
    }
  }

  /** Requests whose subject is deeper inside. */
  private static byte[] wire(String message, DynamicMessage simple) {
    return switch (message) {
      case "SaveSnapshotRequest" ->
          io.varve.proto.v1.SaveSnapshotRequest.newBuilder()
              .setSnapshot(io.varve.proto.v1.Snapshot.newBuilder().setStream("x"))
              .build()
              .toByteArray();
      case "TransactRequest" ->
          io.varve.proto.v1.TransactRequest.newBuilder()
              .addStreams(io.varve.proto.v1.StreamAppend.newBuilder().setStream("x"))
              .build()
              .toByteArray();
      case "ConsumerGroupsCreateRequest" ->
          io.varve.proto.v1.ConsumerGroupsCreateRequest.newBuilder()
              .setGroup(io.varve.proto.v1.ConsumerGroup.newBuilder().setName("x").setStream("x"))
              .build()
              .toByteArray();
      case "ConsumeRequest" ->
          io.varve.proto.v1.ConsumeRequest.newBuilder()
              .setStart(io.varve.proto.v1.ConsumeStart.newBuilder().setGroup("x"))
              .build()
              .toByteArray();
      default -> simple.toByteArray();
    };
  }

  // ---- leaks

  private static List<String> read(VarveClient store, ReadLog read) {
    try (EventReader events = store.readLog(read)) {
      return StreamSupport.stream(events.spliterator(), false).map(RecordedEvent::stream).toList();
    }
  }

  @Test
  void a_reader_sees_no_system_stream() {
    try (VarveClient store = client().user("reader", PASSWORD).build()) {
      assertThat(read(store, ReadLog.all()))
          .contains("account-1", "secret-1")
          .noneMatch(AccessTest::isSystem);
      assertThat(read(store, ReadLog.all().backwards()))
          .contains("secret-1")
          .noneMatch(AccessTest::isSystem);
      assertThatThrownBy(() -> read(store, ReadStream.of("$access")))
          .isInstanceOf(AccessDeniedException.class)
          .hasMessageContainingAll("read", "$access");
      assertThat(store.streams().all().toList()).noneMatch(stream -> isSystem(stream.stream()));
    }
    assertThat(read(admin, ReadLog.all())).contains("$access", "$streams");
  }

  private static boolean isSystem(String stream) {
    return stream.startsWith("$");
  }

  private static void read(VarveClient store, ReadStream read) {
    try (EventReader events = store.readStream(read)) {
      events.forEach(event -> {});
    }
  }

  @Test
  void a_token_for_a_category_sees_that_category_by_every_way() throws Exception {
    String hidden;
    try (EventReader events = admin.readStream(ReadStream.of("secret-1"))) {
      hidden = events.iterator().next().id().toString();
    }
    try (VarveClient store = client().token(token("read:category=account")).build()) {
      assertThat(read(store, ReadLog.all())).isNotEmpty().allMatch(s -> s.startsWith("account-"));
      assertThat(read(store, ReadLog.all().query(Query.types("Happened"))))
          .isNotEmpty()
          .allMatch(s -> s.startsWith("account-"));
      assertThatThrownBy(() -> read(store, ReadStream.of("secret-1")))
          .isInstanceOf(AccessDeniedException.class);
      assertThat(store.getEvent(UUID.fromString(hidden))).isEmpty();
      assertThatThrownBy(() -> store.streams().all().toList())
          .isInstanceOf(AccessDeniedException.class);

      List<String> seen = new CopyOnWriteArrayList<>();
      Subscription live =
          store.subscribeToLog(SubscribeToLog.all(), event -> seen.add(event.stream()));
      admin.append("secret-1", ExpectedVersion.any(), NewEvent.json("Happened", "{}"));
      admin.append("account-9", ExpectedVersion.any(), NewEvent.json("Happened", "{}"));
      await().atMost(PATIENCE).until(() -> seen.contains("account-9"));
      assertThat(seen).allMatch(s -> s.startsWith("account-"));
      live.close();
      assertThatThrownBy(
              () -> store.append("account-1", ExpectedVersion.any(), NewEvent.json("No", "{}")))
          .isInstanceOf(AccessDeniedException.class);
    }
  }

  // ---- revoked, expired

  @Test
  void a_revoked_token_is_worth_nothing_at_once_for_open_subscriptions_too() {
    String token = token("read");
    String id = token.split("_")[1];
    CompletableFuture<Throwable> ended = new CompletableFuture<>();
    var stub = EventStoreGrpc.newStub(with("Bearer " + token));
    List<Object> received = new CopyOnWriteArrayList<>();
    stub.subscribeToLog(
        io.varve.proto.v1.SubscribeToLogRequest.getDefaultInstance(),
        new io.grpc.stub.StreamObserver<>() {
          @Override
          public void onNext(io.varve.proto.v1.SubscribeToLogResponse response) {
            received.add(response);
          }

          @Override
          public void onError(Throwable e) {
            ended.complete(e);
          }

          @Override
          public void onCompleted() {
            ended.complete(new AssertionError("completed"));
          }
        });
    await().atMost(PATIENCE).until(() -> !received.isEmpty());

    AccessGrpc.newBlockingStub(as("root"))
        .revokeToken(RevokeTokenRequest.newBuilder().setTokenId(id).build());

    assertThat(Status.fromThrowable(ended.orTimeout(30, TimeUnit.SECONDS).join()).getCode())
        .isEqualTo(Status.Code.UNAUTHENTICATED);
    assertThatThrownBy(
            () ->
                AccessGrpc.newBlockingStub(with("Bearer " + token))
                    .whoAmI(WhoAmIRequest.getDefaultInstance()))
        .satisfies(
            e ->
                assertThat(Status.fromThrowable(e).getCode())
                    .isEqualTo(Status.Code.UNAUTHENTICATED));
    await().atMost(PATIENCE).until(() -> server.subscriptions() == 0);
  }

  @Test
  void an_expired_token_is_refused() {
    String token =
        AccessGrpc.newBlockingStub(as("root"))
            .createToken(
                CreateTokenRequest.newBuilder()
                    .setName("old")
                    .addPermissions("read")
                    .setExpiresAt(
                        com.google.protobuf.util.Timestamps.fromMillis(
                            Instant.now().minusSeconds(1).toEpochMilli()))
                    .build())
            .getToken();
    assertThatThrownBy(
            () ->
                AccessGrpc.newBlockingStub(with("Bearer " + token))
                    .whoAmI(WhoAmIRequest.getDefaultInstance()))
        .hasMessageContaining("expired");
  }

  // ---- audit

  @Test
  void refusals_and_acts_are_in_the_audit_trail_and_a_flood_is_one_entry_with_a_count() {
    for (int i = 0; i < 200; i++) {
      assertThatThrownBy(
              () ->
                  AccessGrpc.newBlockingStub(as("writer"))
                      .listUsers(ListUsersRequest.getDefaultInstance()))
          .hasMessageContaining("administer");
    }
    admin.streams().delete("account-2");

    List<String> entries = new ArrayList<>();
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () -> {
              entries.clear();
              try (EventReader events = admin.readStream(ReadStream.of("$audit"))) {
                events.forEach(event -> entries.add(event.type() + " " + event.dataAsString()));
              }
              assertThat(entries)
                  .anySatisfy(
                      entry ->
                          assertThat(entry)
                              .startsWith("$Done")
                              .contains("user root", "Streams/Delete", "account-2", "\"OK\""))
                  .anySatisfy(
                      entry ->
                          assertThat(entry)
                              .startsWith("$Refused")
                              .contains("user writer", "Access/ListUsers", "administer"));
            });
    assertThat(entries.stream().filter(e -> e.contains("ListUsers") && e.contains("user writer")))
        .hasSizeLessThan(100);
    assertThat(entries).noneMatch(entry -> entry.contains(PASSWORD));
  }
}

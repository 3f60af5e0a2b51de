package io.varve.server.api.grpc;

import static io.varve.server.api.grpc.GuardedServer.PATIENCE;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.Message;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServiceDescriptor;
import io.grpc.Status.Code;
import io.grpc.protobuf.ProtoMethodDescriptorSupplier;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.reflection.v1.ServerReflectionRequest;
import io.grpc.reflection.v1.ServerReflectionResponse;
import io.grpc.reflection.v1.ServiceResponse;
import io.grpc.stub.StreamObserver;
import io.varve.proto.kurrent.Nothing;
import io.varve.proto.kurrent.StreamIdentifier;
import io.varve.proto.kurrent.features.ServerFeaturesGrpc;
import io.varve.proto.kurrent.gossip.GossipGrpc;
import io.varve.proto.kurrent.groups.CreateRequest;
import io.varve.proto.kurrent.groups.DeleteOptions;
import io.varve.proto.kurrent.groups.GetInfoOptions;
import io.varve.proto.kurrent.groups.GetInfoRequest;
import io.varve.proto.kurrent.groups.GroupOptions;
import io.varve.proto.kurrent.groups.PersistentSubscriptionsGrpc;
import io.varve.proto.kurrent.groups.ReplayParkedOptions;
import io.varve.proto.kurrent.groups.ReplayParkedRequest;
import io.varve.proto.kurrent.groups.SourceStream;
import io.varve.proto.kurrent.groups.UpdateRequest;
import io.varve.proto.kurrent.operations.OperationsGrpc;
import io.varve.proto.kurrent.projections.ProjectionsGrpc;
import io.varve.proto.kurrent.streams.AppendOptions;
import io.varve.proto.kurrent.streams.BatchAppendOptions;
import io.varve.proto.kurrent.streams.BatchAppendRequest;
import io.varve.proto.kurrent.streams.ReadOptions;
import io.varve.proto.kurrent.streams.StreamOptions;
import io.varve.proto.kurrent.users.UsersGrpc;
import io.varve.proto.kurrent.v2.streams.AppendRecord;
import io.varve.proto.kurrent.v2.streams.AppendRecordsRequest;
import io.varve.proto.kurrent.v2.streams.AppendSessionRequest;
import io.varve.proto.kurrent.v2.streams.SchemaFormat;
import io.varve.proto.kurrent.v2.streams.SchemaInfo;
import io.varve.proto.kurrent.v2.streams.StreamsServiceGrpc;
import io.varve.proto.umadb.v1.DCBGrpc;
import io.varve.proto.v1.AccessGrpc;
import io.varve.proto.v1.AdminGrpc;
import io.varve.proto.v1.ConsumeRequest;
import io.varve.proto.v1.ConsumeStart;
import io.varve.proto.v1.ConsumerGroup;
import io.varve.proto.v1.ConsumerGroupsCreateRequest;
import io.varve.proto.v1.ConsumerGroupsGrpc;
import io.varve.proto.v1.EventStoreGrpc;
import io.varve.proto.v1.SaveSnapshotRequest;
import io.varve.proto.v1.Snapshot;
import io.varve.proto.v1.SnapshotsGrpc;
import io.varve.proto.v1.StreamAppend;
import io.varve.proto.v1.StreamsGrpc;
import io.varve.proto.v1.TransactRequest;
import io.varve.server.security.Action;
import io.varve.server.security.Role;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every method, called with every role, every single permission, and permissions on a part. */
class AccessMatrixTest {
  /** Every service of the contract, and of other stores' that are served too. */
  private static final List<ServiceDescriptor> SERVICES =
      List.of(
          EventStoreGrpc.getServiceDescriptor(),
          StreamsGrpc.getServiceDescriptor(),
          SnapshotsGrpc.getServiceDescriptor(),
          ConsumerGroupsGrpc.getServiceDescriptor(),
          AdminGrpc.getServiceDescriptor(),
          AccessGrpc.getServiceDescriptor(),
          DCBGrpc.getServiceDescriptor(),
          io.varve.proto.kurrent.streams.StreamsGrpc.getServiceDescriptor(),
          StreamsServiceGrpc.getServiceDescriptor(),
          PersistentSubscriptionsGrpc.getServiceDescriptor(),
          ProjectionsGrpc.getServiceDescriptor(),
          OperationsGrpc.getServiceDescriptor(),
          UsersGrpc.getServiceDescriptor());

  /** Services of another store's whose clients ask before they say who they are. */
  private static final List<ServiceDescriptor> OPEN =
      List.of(GossipGrpc.getServiceDescriptor(), ServerFeaturesGrpc.getServiceDescriptor());

  /** What a permission must be about. */
  private enum About {
    /** The stream or the group that the request names. */
    NAMED,
    /** Anything at all: what is found is looked at one by one. */
    SOME,
    /** Everything but system streams. */
    ALL
  }

  /**
   * The permissions that a method needs, all of them. Nothing: it is enough to be somebody.
   *
   * @param orElse with which it is called as well; what is sent is refused within the call
   */
  private record Need(Set<Action> actions, About about, @Nullable Action orElse) {}

  private static final Map<String, Need> NEEDS = new LinkedHashMap<>();

  private static void need(String methods, About about, Action... actions) {
    for (String method : methods.split(" ", -1)) {
      NEEDS.put(method, new Need(Set.of(actions), about, null));
    }
  }

  static {
    need("EventStore/ReadStream EventStore/SubscribeToStream", About.NAMED, Action.READ);
    need("EventStore/ReadLog EventStore/SubscribeToLog", About.SOME, Action.READ);
    need("EventStore/GetEvent EventStore/GetTracking", About.SOME, Action.READ);
    need("EventStore/Append EventStore/Transact", About.NAMED, Action.APPEND);
    need("EventStore/AppendPipeline", About.SOME, Action.APPEND);
    need("Streams/GetStream", About.NAMED, Action.READ);
    need("Streams/ListStreams", About.ALL, Action.READ);
    need("Streams/ListCategories Streams/ListEventTypes", About.ALL, Action.READ);
    need("Streams/SetRetention Streams/Truncate", About.NAMED, Action.MANAGE);
    need("Streams/Delete Streams/Tombstone", About.NAMED, Action.MANAGE);
    need("Snapshots/GetSnapshot Snapshots/ListSnapshots", About.NAMED, Action.READ);
    need("Snapshots/SaveSnapshot Snapshots/DeleteSnapshots", About.NAMED, Action.APPEND);
    need("ConsumerGroups/Create", About.NAMED, Action.CONSUME, Action.READ);
    need("ConsumerGroups/Update ConsumerGroups/Delete", About.NAMED, Action.CONSUME);
    need("ConsumerGroups/Get ConsumerGroups/Consume", About.NAMED, Action.CONSUME);
    need("ConsumerGroups/ListParked", About.NAMED, Action.CONSUME);
    need("ConsumerGroups/ReplayParked ConsumerGroups/DiscardParked", About.NAMED, Action.CONSUME);
    need("ConsumerGroups/List", About.ALL, Action.CONSUME);
    need("Admin/GetServerInfo", About.SOME);
    need("Admin/GetStatistics", About.ALL, Action.READ);
    need("Admin/CreateBackup Admin/Verify Admin/Archive", About.ALL, Action.ADMINISTER);
    need("Admin/Scavenge Admin/Compact", About.ALL, Action.ADMINISTER);
    need("Admin/ListArchive", About.ALL, Action.READ);
    need("Admin/VerifyArchive", About.ALL, Action.ADMINISTER);
    need("DCB/Append", About.ALL, Action.APPEND); // all: nobody here has stream "umadb" alone
    need("DCB/Read DCB/Subscribe DCB/Head DCB/GetTrackingInfo", About.SOME, Action.READ);
    need("streams.Streams/Read", About.NAMED, Action.READ);
    need("streams.Streams/Append", About.NAMED, Action.APPEND);
    NEEDS.put(
        "streams.Streams/BatchAppend",
        new Need(Set.of(Action.APPEND), About.SOME, Action.MANAGE)); // "$$x" is managed
    need("streams.Streams/Delete streams.Streams/Tombstone", About.NAMED, Action.MANAGE);
    need("streams.StreamsService/AppendSession", About.NAMED, Action.APPEND);
    need("streams.StreamsService/AppendRecords", About.NAMED, Action.APPEND);
    String groups = "persistent_subscriptions.PersistentSubscriptions/";
    need(groups + "Create", About.NAMED, Action.CONSUME, Action.READ);
    for (String method : List.of("Update", "Delete", "GetInfo", "ReplayParked", "Read")) {
      need(groups + method, About.NAMED, Action.CONSUME);
    }
    need(groups + "List", About.SOME, Action.CONSUME);
    need(groups + "RestartSubsystem", About.ALL, Action.ADMINISTER);
    need("projections.Projections/Statistics", About.SOME, Action.READ);
    need("projections.Projections/Enable", About.ALL, Action.ADMINISTER);
    need("projections.Projections/Disable", About.ALL, Action.ADMINISTER);
    OperationsGrpc.getServiceDescriptor()
        .getMethods()
        .forEach(method -> need(nameOf(method), About.ALL, Action.ADMINISTER));
    UsersGrpc.getServiceDescriptor() // two of them also about oneself, which nobody here asks
        .getMethods()
        .forEach(method -> need(nameOf(method), About.ALL, Action.ADMINISTER));
    need("Access/WhoAmI", About.SOME);
    need("Access/SaveUser Access/RemoveUser Access/ListUsers", About.ALL, Action.ADMINISTER);
    need("Access/CreateToken Access/RevokeToken", About.ALL, Action.ADMINISTER);
    need("Access/ListTokens", About.ALL, Action.ADMINISTER);
  }

  /** Somebody who calls. */
  private record Somebody(String name, Channel channel, Set<Action> actions, About about) {
    boolean may(Need need) {
      if (actions.contains(Action.ADMINISTER)) {
        return true;
      }
      boolean aboutEnough =
          switch (need.about) {
            case SOME -> true;
            case NAMED -> about != About.SOME;
            case ALL -> about == About.ALL;
          };
      if (need.orElse != null && actions.contains(need.orElse)) {
        return true;
      }
      return need.actions.isEmpty() || (actions.containsAll(need.actions) && aboutEnough);
    }
  }

  @TempDir private static Path folder;
  private static GuardedServer server;

  @BeforeAll
  static void start() throws Exception {
    server = GuardedServer.start(folder.resolve("data"));
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  private static String nameOf(MethodDescriptor<?, ?> method) {
    return method
        .getFullMethodName()
        .replaceFirst(
            "^((varve|umadb)\\.v1|event_store\\.client|kurrentdb\\.protocol\\.v2)\\.", "");
  }

  private static List<MethodDescriptor<?, ?>> methods() {
    List<MethodDescriptor<?, ?>> methods = new ArrayList<>();
    SERVICES.forEach(service -> methods.addAll(service.getMethods()));
    return methods;
  }

  @Test
  void every_method_that_is_served_has_a_rule_and_is_looked_at_here() throws Exception {
    Set<String> names = new TreeSet<>();
    methods().forEach(method -> names.add(method.getFullMethodName()));
    DCBGrpc.getServiceDescriptor()
        .getMethods()
        .forEach(method -> names.add("umadb.UmaDBService/" + method.getBareMethodName()));

    assertThat(AccessRules.methods()).containsExactlyInAnyOrderElementsOf(names);
    assertThat(NEEDS.keySet())
        .containsExactlyInAnyOrderElementsOf(
            methods().stream().map(AccessMatrixTest::nameOf).toList());
    assertThat(services())
        .filteredOn(service -> !service.startsWith("grpc."))
        .containsExactlyInAnyOrderElementsOf(
            Stream.concat(SERVICES.stream(), OPEN.stream())
                .map(ServiceDescriptor::getName)
                .toList());
  }

  @Test
  void whoever_asks_is_told_how_another_stores_clients_connect() throws Exception {
    for (ServiceDescriptor service : OPEN) {
      for (MethodDescriptor<?, ?> method : service.getMethods()) {
        assertThat(call(server.channel(), method)).as(nameOf(method)).isEqualTo(Code.OK);
      }
    }
  }

  /** What the server says that it serves. */
  private static List<String> services() throws Exception {
    CompletableFuture<ServerReflectionResponse> answer = new CompletableFuture<>();
    StreamObserver<ServerReflectionRequest> call =
        ServerReflectionGrpc.newStub(server.channel())
            .serverReflectionInfo(
                new StreamObserver<>() {
                  @Override
                  public void onNext(ServerReflectionResponse response) {
                    answer.complete(response);
                  }

                  @Override
                  public void onError(Throwable failure) {
                    answer.completeExceptionally(failure);
                  }

                  @Override
                  public void onCompleted() {}
                });
    call.onNext(ServerReflectionRequest.newBuilder().setListServices("").build());
    call.onCompleted();
    return answer
        .get(PATIENCE.toSeconds(), TimeUnit.SECONDS)
        .getListServicesResponse()
        .getServiceList()
        .stream()
        .map(ServiceResponse::getName)
        .toList();
  }

  @Test
  void everybody_may_call_what_they_are_allowed_and_nothing_else() throws Exception {
    List<Somebody> people = new ArrayList<>();
    for (Role role : Role.values()) {
      Set<Action> actions = EnumSet.noneOf(Action.class);
      role.permissions().forEach(permission -> actions.add(permission.action()));
      people.add(new Somebody(role.word(), server.as(role.word()), actions, About.ALL));
    }
    for (Action action : Action.values()) {
      people.add(withToken(action, "", About.ALL));
      if (action != Action.ADMINISTER) {
        people.add(withToken(action, ":x", About.NAMED));
        people.add(withToken(action, ":category=x", About.NAMED));
        people.add(withToken(action, ":other-", About.SOME));
      }
    }
    assertThat(people).hasSize(21);

    for (MethodDescriptor<?, ?> method : methods()) {
      Need need = requireNonNull(NEEDS.get(nameOf(method)));
      for (Somebody somebody : people) {
        Code code = call(somebody.channel(), method);
        String cell = nameOf(method) + " as " + somebody.name();
        if (somebody.may(need)) {
          assertThat(code)
              .as(cell)
              .isNotIn(Code.PERMISSION_DENIED, Code.UNAUTHENTICATED, Code.UNIMPLEMENTED)
              .isNotIn(Code.UNKNOWN, Code.INTERNAL);
        } else {
          assertThat(code).as(cell).isEqualTo(Code.PERMISSION_DENIED);
        }
      }
      for (String credentials :
          List.of("Bearer varve_000000000000_x", "Bearer", "Basic !", "Digest x")) {
        assertThat(call(server.with(credentials), method))
            .as(nameOf(method) + " with " + credentials)
            .isEqualTo(Code.UNAUTHENTICATED);
      }
      assertThat(call(server.channel(), method))
          .as(nameOf(method) + " as nobody")
          .isEqualTo(Code.UNAUTHENTICATED);
    }
  }

  private static Somebody withToken(Action action, String scope, About about) {
    String permission = action.word() + scope;
    return new Somebody(
        permission,
        server.with("Bearer " + server.token(permission).token()),
        Set.of(action),
        about);
  }

  /** Calls a method about stream "x" or group "x", and tells how it ends; open ones are cut off. */
  private static <Q, R> Code call(Channel channel, MethodDescriptor<Q, R> method) throws Exception {
    var input =
        requireNonNull((ProtoMethodDescriptorSupplier) method.getSchemaDescriptor())
            .getMethodDescriptor()
            .getInputType();
    DynamicMessage.Builder request = DynamicMessage.newBuilder(input);
    for (String name : List.of("stream", "name", "group")) {
      FieldDescriptor field = input.findFieldByName(name);
      if (field != null && field.getJavaType() == FieldDescriptor.JavaType.STRING) {
        request.setField(field, "x");
      }
    }
    Message deeper = deeper(input.getFullName());
    if (deeper != null) {
      request.mergeFrom(deeper.toByteString());
    }
    MethodDescriptor<DynamicMessage, R> sent =
        method.toBuilder(
                ProtoUtils.marshaller(DynamicMessage.getDefaultInstance(input)),
                method.getResponseMarshaller())
            .build();
    CompletableFuture<Code> end = new CompletableFuture<>();
    ClientCall<DynamicMessage, R> call = channel.newCall(sent, CallOptions.DEFAULT);
    call.start(
        new ClientCall.Listener<>() {
          @Override
          public void onHeaders(Metadata headers) {
            if (method
                .getFullMethodName()
                .equals(DCBGrpc.getSubscribeMethod().getFullMethodName())) {
              end.complete(Code.OK); // there may never be a message
            }
          }

          @Override
          public void onMessage(R message) {
            end.complete(Code.OK);
          }

          @Override
          public void onClose(io.grpc.Status status, Metadata trailers) {
            end.complete(status.getCode());
          }
        },
        new Metadata());
    call.request(1);
    call.sendMessage(request.build());
    call.halfClose();
    try {
      return end.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    } finally {
      call.cancel("seen", null);
    }
  }

  /** Requests whose subject is deeper inside; null for others. */
  private static @Nullable Message deeper(String request) {
    return switch (request) {
      case "varve.v1.SaveSnapshotRequest" ->
          SaveSnapshotRequest.newBuilder()
              .setSnapshot(Snapshot.newBuilder().setStream("x"))
              .build();
      case "varve.v1.TransactRequest" ->
          TransactRequest.newBuilder().addStreams(StreamAppend.newBuilder().setStream("x")).build();
      case "varve.v1.ConsumerGroupsCreateRequest" ->
          ConsumerGroupsCreateRequest.newBuilder()
              .setGroup(ConsumerGroup.newBuilder().setName("x").setStream("x"))
              .build();
      case "varve.v1.ConsumeRequest" ->
          ConsumeRequest.newBuilder().setStart(ConsumeStart.newBuilder().setGroup("x")).build();
      default -> ofAnotherStore(request);
    };
  }

  private static @Nullable Message ofAnotherStore(String request) {
    StreamIdentifier stream =
        StreamIdentifier.newBuilder().setStreamName(ByteString.copyFromUtf8("x-1")).build();
    AppendOptions options = AppendOptions.newBuilder().setStreamIdentifier(stream).build();
    Nothing nothing = Nothing.getDefaultInstance();
    AppendRecord record =
        AppendRecord.newBuilder()
            .setStream("x-1")
            .setSchema(
                SchemaInfo.newBuilder().setName("T").setFormat(SchemaFormat.SCHEMA_FORMAT_JSON))
            .setData(ByteString.copyFromUtf8("{}"))
            .build();
    return switch (request.replaceFirst(
        "^(event_store\\.client|kurrentdb\\.protocol\\.v2)\\.", "")) {
      case "streams.ReadRequest" ->
          io.varve.proto.kurrent.streams.ReadRequest.newBuilder()
              .setOptions(
                  ReadOptions.newBuilder()
                      .setCount(1)
                      .setNoFilter(nothing)
                      .setStream(StreamOptions.newBuilder().setStreamIdentifier(stream)))
              .build();
      case "streams.AppendRequest" ->
          io.varve.proto.kurrent.streams.AppendRequest.newBuilder().setOptions(options).build();
      case "streams.BatchAppendRequest" ->
          BatchAppendRequest.newBuilder()
              .setOptions(BatchAppendOptions.newBuilder().setStreamIdentifier(stream))
              .setIsFinal(true)
              .build();
      case "streams.DeleteRequest" ->
          io.varve.proto.kurrent.streams.DeleteRequest.newBuilder().setOptions(options).build();
      case "streams.TombstoneRequest" ->
          // one that is there and is to be none, so that it stays for the others
          io.varve.proto.kurrent.streams.TombstoneRequest.newBuilder()
              .setOptions(options.toBuilder().setRevision(99))
              .build();
      case "streams.AppendSessionRequest" ->
          AppendSessionRequest.newBuilder().setStream("x-1").addRecords(record).build();
      case "streams.AppendRecordsRequest" ->
          AppendRecordsRequest.newBuilder().addRecords(record).build();
      case "persistent_subscriptions.CreateRequest" ->
          CreateRequest.newBuilder()
              .setOptions(
                  GroupOptions.newBuilder()
                      .setGroupName("g")
                      .setStream(SourceStream.newBuilder().setStreamIdentifier(stream)))
              .build();
      case "persistent_subscriptions.UpdateRequest" ->
          UpdateRequest.newBuilder()
              .setOptions(
                  GroupOptions.newBuilder()
                      .setGroupName("g")
                      .setStream(SourceStream.newBuilder().setStreamIdentifier(stream)))
              .build();
      case "persistent_subscriptions.DeleteRequest" ->
          io.varve.proto.kurrent.groups.DeleteRequest.newBuilder()
              .setOptions(DeleteOptions.newBuilder().setGroupName("g").setStreamIdentifier(stream))
              .build();
      case "persistent_subscriptions.GetInfoRequest" ->
          GetInfoRequest.newBuilder()
              .setOptions(GetInfoOptions.newBuilder().setGroupName("g").setStreamIdentifier(stream))
              .build();
      case "persistent_subscriptions.ReplayParkedRequest" ->
          ReplayParkedRequest.newBuilder()
              .setOptions(
                  ReplayParkedOptions.newBuilder().setGroupName("g").setStreamIdentifier(stream))
              .build();
      case "persistent_subscriptions.ReadRequest" ->
          io.varve.proto.kurrent.groups.ReadRequest.newBuilder()
              .setOptions(
                  io.varve.proto.kurrent.groups.ReadOptions.newBuilder()
                      .setGroupName("g")
                      .setBufferSize(1)
                      .setStreamIdentifier(stream))
              .build();
      default -> null;
    };
  }
}

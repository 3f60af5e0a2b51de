package io.varve.server.api.kurrent;

import static io.varve.server.api.grpc.GuardedServer.PASSWORD;
import static io.varve.server.api.kurrent.KurrentCaller.PATIENCE;
import static io.varve.server.api.kurrent.KurrentCaller.all;
import static io.varve.server.api.kurrent.KurrentCaller.any;
import static io.varve.server.api.kurrent.KurrentCaller.event;
import static io.varve.server.api.kurrent.KurrentCaller.forwards;
import static io.varve.server.api.kurrent.KurrentCaller.named;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import io.grpc.Status.Code;
import io.varve.client.VarveClient;
import io.varve.client.streams.AccessDeniedException;
import io.varve.client.streams.AppendCondition;
import io.varve.client.streams.ConsumerGroup;
import io.varve.client.streams.EventReader;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.GroupConsumer;
import io.varve.client.streams.JoinGroup;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.Query;
import io.varve.client.streams.ReadLog;
import io.varve.client.streams.ReadStream;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.Retention;
import io.varve.client.streams.Snapshot;
import io.varve.client.streams.StreamInfo;
import io.varve.client.streams.SubscribeToLog;
import io.varve.client.streams.Subscription;
import io.varve.client.streams.Transaction;
import io.varve.client.streams.UserRole;
import io.varve.proto.kurrent.groups.PersistentSubscriptionsGrpc;
import io.varve.proto.kurrent.groups.ReadResponse;
import io.varve.proto.kurrent.streams.DeleteRequest;
import io.varve.proto.kurrent.streams.ProposedMessage;
import io.varve.proto.kurrent.streams.TombstoneRequest;
import io.varve.proto.umadb.v1.AppendRequest;
import io.varve.proto.umadb.v1.DCBGrpc;
import io.varve.proto.umadb.v1.Event;
import io.varve.proto.umadb.v1.ReadRequest;
import io.varve.server.TestServer;
import io.varve.server.api.grpc.GuardedServer;
import io.varve.server.api.kurrent.KurrentCaller.Following;
import io.varve.server.api.kurrent.KurrentCaller.Refused;
import io.varve.server.config.Settings;
import io.varve.server.security.Role;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.StreamSupport;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A stream's {@code $acl}, which holds by whatever way somebody comes to the stream. */
class KurrentAclTest {
  private static final AtomicInteger NUMBER = new AtomicInteger();

  @TempDir private static Path folder;
  private static GuardedServer server;
  private static KurrentCaller admin;

  /** A manager by role who is on no list. */
  private static KurrentCaller other;

  private static VarveClient otherNative;

  @BeforeAll
  static void start() throws Exception {
    server = GuardedServer.start(folder.resolve("data"));
    server.admin().access().saveUser("ada", UserRole.MANAGER, PASSWORD);
    admin = new KurrentCaller(server.as("administrator"));
    other = new KurrentCaller(server.as("manager"));
    otherNative = server.client().user("manager", PASSWORD).build();
  }

  @AfterAll
  static void stop() {
    otherNative.close();
    server.close();
  }

  private static ProposedMessage.Builder metadata(String json) {
    return event("$metadata").setData(ByteString.copyFromUtf8(json));
  }

  private static void acl(KurrentCaller by, String stream, String list) {
    var _ = by.append(any("$$" + stream), metadata("{\"$acl\":" + list + "}"));
  }

  /** A stream with an event whose type nothing else has. */
  private static String stream(String list) {
    String stream = "vault" + NUMBER.incrementAndGet() + "-1";
    admin.append(stream, type(stream));
    acl(admin, stream, list);
    return stream;
  }

  private static String type(String stream) {
    return "Of" + stream;
  }

  private static void denied(ThrowingCallable call) {
    assertThat(Refused.from(call).code()).isEqualTo(Code.PERMISSION_DENIED);
  }

  private static void deniedNatively(ThrowingCallable call) {
    assertThatThrownBy(call).isInstanceOf(AccessDeniedException.class);
  }

  private static List<String> log(VarveClient store, Query query) {
    try (EventReader events = store.readLog(ReadLog.all().query(query))) {
      return StreamSupport.stream(events.spliterator(), false).map(RecordedEvent::stream).toList();
    }
  }

  private static List<String> streams(KurrentCaller caller) {
    return caller.events(all()).stream().map(e -> KurrentCaller.stream(e.getEvent())).toList();
  }

  private static NewEvent newEvent() {
    return NewEvent.json("T", "{}");
  }

  // ---- reading

  @Test
  void what_may_not_be_read_is_not_read_by_kurrents_protocol() {
    String stream = stream("{\"$r\":\"ada\"}");
    admin.append(
        any("link-" + stream), event("$>").setData(ByteString.copyFromUtf8("0@" + stream)));
    KurrentCaller ada = new KurrentCaller(server.as("ada"));
    String category = stream.substring(0, stream.indexOf('-'));
    for (KurrentCaller may : List.of(admin, ada)) {
      assertThat(may.types(forwards(stream))).containsExactly(type(stream));
      assertThat(streams(may)).contains(stream);
      assertThat(may.events(forwards("$ce-" + category))).hasSize(1);
      assertThat(may.events(forwards("$et-" + type(stream)))).hasSize(1);
      assertThat(may.types(forwards("link-" + stream).setResolveLinks(true)))
          .containsExactly(type(stream));
    }

    denied(() -> other.read(forwards(stream)));
    try (Following following = other.subscribe(forwards(stream))) {
      assertThat(Refused.from(following.end()).code()).isEqualTo(Code.PERMISSION_DENIED);
    }
    assertThat(streams(other)).isNotEmpty().doesNotContain(stream);
    assertThat(other.events(forwards("$ce-" + category))).isEmpty();
    assertThat(other.events(forwards("$et-" + type(stream)))).isEmpty();
    assertThat(other.events(forwards("link-" + stream).setResolveLinks(true)).getFirst().hasEvent())
        .isFalse();
    assertThat(other.events(forwards("$$" + stream))).as("that is another right").hasSize(1);
  }

  @Test
  void nor_by_varves_own() {
    String stream = stream("{\"$r\":\"ada\"}");
    String prefix = stream.substring(0, stream.length() - 1);
    VarveClient root = server.admin();
    root.snapshots().save(Snapshot.builder(stream, 1).json("{}").build());
    RecordedEvent hidden;
    try (EventReader events = root.readStream(ReadStream.of(stream))) {
      hidden = events.iterator().next();
    }
    try (VarveClient ada = server.client().user("ada", PASSWORD).build()) {
      assertThat(log(ada, Query.types(type(stream)))).containsExactly(stream);
      assertThat(ada.getEvent(hidden.id())).isPresent();
      assertThat(ada.streams().withPrefix(prefix).map(StreamInfo::stream)).containsExactly(stream);
    }

    for (Query query :
        List.of(Query.all(), Query.types(type(stream)), Query.streamPrefixes(prefix))) {
      assertThat(log(root, query)).contains(stream);
      assertThat(log(otherNative, query)).doesNotContain(stream);
    }
    assertThat(otherNative.getEvent(hidden.id())).isEmpty();
    assertThat(otherNative.getEvent(hidden.position())).isEmpty();
    deniedNatively(() -> otherNative.getEvent(stream, 1));
    deniedNatively(() -> otherNative.streams().get(stream));
    deniedNatively(() -> otherNative.snapshots().newest(stream));
    deniedNatively(
        () -> {
          try (EventReader events = otherNative.readStream(ReadStream.of(stream))) {
            events.forEach(_ -> {});
          }
        });
    assertThat(otherNative.streams().withPrefix(prefix)).isEmpty();
    deniedNatively(() -> otherNative.streams().categories().toList());
    deniedNatively(() -> otherNative.streams().eventTypes().toList());
    deniedNatively(() -> unless(Query.types(type(stream))));
    deniedNatively(() -> unless(Query.streamPrefixes(prefix)));
    assertThatCode(() -> unless(Query.streamPrefixes("nothing-of-this")))
        .doesNotThrowAnyException();
  }

  private static void unless(Query query) {
    var _ =
        otherNative.transact(
            Transaction.builder()
                .append("free-" + NUMBER.incrementAndGet(), ExpectedVersion.any(), newEvent())
                .condition(AppendCondition.noMatch(query))
                .build());
  }

  @Test
  void nor_by_umadbs() {
    String stream = stream("{\"$r\":[\"nobody\"]}");
    ReadRequest everything = ReadRequest.getDefaultInstance();

    assertThat(types(DCBGrpc.newBlockingStub(server.as("administrator")), everything))
        .contains(type(stream));
    assertThat(types(DCBGrpc.newBlockingStub(server.as("manager")), everything))
        .doesNotContain(type(stream));
  }

  private static List<String> types(DCBGrpc.DCBBlockingStub store, ReadRequest request) {
    List<String> types = new ArrayList<>();
    store
        .read(request)
        .forEachRemaining(
            page -> page.getEventsList().forEach(e -> types.add(e.getEvent().getEventType())));
    return types;
  }

  // ---- writing, deleting, describing

  @Test
  void what_may_not_be_written_is_not_written_by_any_protocol() {
    String stream = stream("{\"$w\":\"ada\"}");

    denied(() -> other.append(stream, "T"));
    deniedNatively(() -> otherNative.append(stream, ExpectedVersion.any(), newEvent()));
    deniedNatively(
        () ->
            otherNative.transact(
                Transaction.builder()
                    .append("free-1", ExpectedVersion.any(), newEvent())
                    .append(stream, ExpectedVersion.any(), newEvent())
                    .build()));
    deniedNatively(
        () -> otherNative.snapshots().save(Snapshot.builder(stream, 1).json("{}").build()));
    assertThat(other.types(forwards(stream))).containsExactly(type(stream));
    assertThat(new KurrentCaller(server.as("ada")).append(stream, "T")).isEqualTo(1);

    acl(admin, "umadb", "{\"$w\":[]}");
    AppendRequest fact =
        AppendRequest.newBuilder().addEvents(Event.newBuilder().setEventType("T")).build();
    denied(() -> DCBGrpc.newBlockingStub(server.as("manager")).append(fact));
    var _ = admin.append(any("$$umadb"), metadata("{}"));
    assertThatCode(() -> DCBGrpc.newBlockingStub(server.as("manager")).append(fact))
        .doesNotThrowAnyException();
  }

  @Test
  void to_delete_and_to_describe_are_rights_of_their_own() {
    String kept = stream("{\"$d\":\"ada\"}");
    DeleteRequest delete = DeleteRequest.newBuilder().setOptions(any(kept)).build();
    TombstoneRequest tombstone = TombstoneRequest.newBuilder().setOptions(any(kept)).build();

    denied(() -> other.streams().delete(delete));
    denied(() -> other.streams().tombstone(tombstone));
    denied(
        () ->
            other.append(
                any("$$" + kept), metadata("{\"$tb\":" + StreamDescriptions.DELETED + "}")));
    deniedNatively(() -> otherNative.streams().delete(kept));
    deniedNatively(() -> otherNative.streams().tombstone(kept));
    assertThatCode(() -> otherNative.streams().setRetention(kept, Retention.newest(10)))
        .doesNotThrowAnyException();
    assertThatCode(() -> new KurrentCaller(server.as("ada")).streams().delete(delete))
        .doesNotThrowAnyException();

    String described = stream("{\"$mr\":\"ada\",\"$mw\":\"ada\"}");
    denied(() -> other.read(forwards("$$" + described)));
    denied(() -> acl(other, described, "{}"));
    deniedNatively(() -> otherNative.streams().setRetention(described, Retention.newest(10)));
    deniedNatively(() -> otherNative.streams().truncate(described, 1));
    KurrentCaller ada = new KurrentCaller(server.as("ada"));
    assertThat(ada.events(forwards("$$" + described))).hasSize(1);
    acl(ada, described, "{}");
    assertThat(other.events(forwards("$$" + described))).hasSize(1);
    assertThatCode(() -> otherNative.streams().delete(described)).doesNotThrowAnyException();
  }

  @Test
  void roles_and_tokens_are_named_as_well_and_permissions_are_still_needed() {
    String stream = stream("{\"$r\":[\"manager\",\"token:test\"],\"$w\":[\"manager\",\"reader\"]}");

    assertThat(other.types(forwards(stream))).hasSize(1);
    denied(() -> new KurrentCaller(server.as("writer")).read(forwards(stream)));
    denied(() -> new KurrentCaller(server.as("reader")).append(stream, "T"));
    String token = "Bearer " + server.token("read", "append").token(); // its name is test
    assertThat(new KurrentCaller(server.with(token)).types(forwards(stream))).hasSize(1);
    denied(() -> new KurrentCaller(server.with(token)).append(stream, "T"));
    String elsewhere = "Bearer " + server.token("read:elsewhere-").token();
    denied(() -> new KurrentCaller(server.with(elsewhere)).read(forwards(stream)));
  }

  @Test
  void a_list_that_is_wrong_is_refused_by_the_name_of_its_field_and_changes_nothing() {
    String stream = stream("{\"$r\":\"ada\"}");
    for (String wrong : List.of("7", "{\"$r\":7}", "{\"$read\":\"ada\"}", "{\"$w\":[\"\"]}")) {
      Refused refused = Refused.from(() -> acl(admin, stream, wrong));
      assertThat(refused.code()).isEqualTo(Code.INVALID_ARGUMENT);
      assertThat(refused.sentence()).contains("$acl");
    }
    denied(() -> other.read(forwards(stream)));
  }

  // ---- while calls are under way

  @Test
  void a_subscription_of_the_stream_ends_and_one_of_the_log_goes_on_without_it() throws Exception {
    String stream = stream("{}");
    String shown = "shown-" + stream;
    List<String> heard = new CopyOnWriteArrayList<>();
    try (Following ofStream = other.subscribe(forwards(stream));
        Following ofMetadata = other.subscribe(forwards("$$" + stream));
        Following ofLog = other.subscribe(all());
        Subscription natively =
            otherNative.subscribeToLog(
                SubscribeToLog.all().query(Query.types("Before", "After")),
                event -> heard.add(event.type() + " " + event.stream()))) {
      admin.append(stream, "Before");
      assertThat(ofStream.types(2)).containsExactly(type(stream), "Before");
      assertThat(ofMetadata.events(1)).hasSize(1);

      acl(admin, stream, "{\"$r\":[],\"$mr\":[]}");
      admin.append(stream, "After");
      admin.append(shown, "After");

      assertThat(Refused.from(ofStream.end()).code()).isEqualTo(Code.UNAUTHENTICATED);
      assertThat(ofStream.types(2)).hasSize(2);
      assertThat(Refused.from(ofMetadata.end()).code()).isEqualTo(Code.UNAUTHENTICATED);
      await().atMost(PATIENCE).until(() -> heard.contains("After " + shown));
      assertThat(heard).contains("Before " + stream).doesNotContain("After " + stream);
      await().atMost(PATIENCE).until(() -> seen(ofLog).contains("After " + shown));
      assertThat(seen(ofLog)).contains("Before " + stream).doesNotContain("After " + stream);
      denied(() -> other.read(forwards(stream)));
      assertThat(natively).isNotNull();
    }
  }

  private static List<String> seen(Following following) {
    return following.received().stream()
        .filter(each -> each.hasEvent())
        .map(each -> each.getEvent().getEvent())
        .map(event -> KurrentCaller.type(event) + " " + KurrentCaller.stream(event))
        .toList();
  }

  // ---- groups

  @Test
  void a_group_gives_nobody_what_they_may_not_read() throws Exception {
    String stream = stream("{\"$r\":\"ada\"}");
    String open = "open-" + stream;
    String group = "of-" + stream;
    server
        .admin()
        .consumerGroups()
        .create(ConsumerGroup.ofLog(group, Query.streamPrefixes(stream, open)));
    server.admin().consumerGroups().create(ConsumerGroup.ofStream(stream + "::g", stream));
    List<String> got = new CopyOnWriteArrayList<>();
    try (GroupConsumer consumer =
        otherNative
            .consumerGroups()
            .consume(
                JoinGroup.of(group).credit(10),
                (delivery, answers) -> {
                  got.add(delivery.event().stream());
                  answers.ack(delivery);
                })) {
      admin.append(open, "T");
      await().atMost(PATIENCE).until(() -> got.contains(open));
      assertThat(consumer).isNotNull();
    }
    assertThat(got).doesNotContain(stream);
    assertThat(server.admin().consumerGroups().listParked(group))
        .extracting(parked -> parked.stream())
        .containsExactly(stream);
    assertThat(otherNative.consumerGroups().listParked(group)).isEmpty();

    assertThat(Refused.from(consume(stream).end()).code()).isEqualTo(Code.PERMISSION_DENIED);
    deniedNatively(
        () ->
            otherNative
                .consumerGroups()
                .consume(JoinGroup.of(stream + "::g").credit(10), (_, _) -> {}));
  }

  private static KurrentCaller.Answers<ReadResponse> consume(String stream) {
    KurrentCaller.Answers<ReadResponse> answers = new KurrentCaller.Answers<>();
    PersistentSubscriptionsGrpc.newStub(server.as("manager"))
        .read(answers)
        .onNext(
            io.varve.proto.kurrent.groups.ReadRequest.newBuilder()
                .setOptions(
                    io.varve.proto.kurrent.groups.ReadOptions.newBuilder()
                        .setStreamIdentifier(named(stream))
                        .setGroupName("g")
                        .setBufferSize(10))
                .build());
    return answers;
  }

  // ---- after a restart

  @Test
  void lists_hold_after_a_restart_and_by_varves_own_changes_too(@TempDir Path own)
      throws Exception {
    Path data = own.resolve("data");
    TestServer.addUser(data, "root", Role.ADMINISTRATOR, PASSWORD);
    TestServer.addUser(data, "eve", Role.MANAGER, PASSWORD);
    var config = TestServer.config(data).with(Settings.ACCESS_CONTROL, true);
    try (TestServer first = TestServer.start(config);
        VarveClient eve = client(first, "eve")) {
      KurrentCaller root = new KurrentCaller(GuardedServer.as(first.connect(), "root"));
      for (String stream : List.of("kept-1", "lifted-1", "kept-2")) {
        root.append(stream, "T");
        acl(root, stream, "{\"$r\":\"root\"}");
      }
      var _ = root.append(any("$$lifted-1"), metadata("{\"own\":1}"));
      eve.streams().setRetention("kept-2", Retention.newest(10));
    }
    try (TestServer second = TestServer.start(config);
        VarveClient eve = client(second, "eve")) {
      assertThat(log(eve, Query.types("T"))).containsExactly("lifted-1");
      deniedNatively(() -> eve.streams().get("kept-1"));
      deniedNatively(() -> eve.streams().get("kept-2"));
    }
    try (TestServer open = TestServer.start(config.with(Settings.ACCESS_CONTROL, false))) {
      assertThat(log(open.client(), Query.types("T"))).as("nobody is asked").hasSize(3);
    }
  }

  private static VarveClient client(TestServer server, String user) {
    return VarveClient.builder()
        .endpoint("127.0.0.1", server.port())
        .deadline(PATIENCE)
        .user(user, PASSWORD)
        .build();
  }
}

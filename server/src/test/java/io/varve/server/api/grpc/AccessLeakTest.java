package io.varve.server.api.grpc;

import static io.varve.server.api.grpc.GuardedServer.PASSWORD;
import static io.varve.server.api.grpc.GuardedServer.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import io.varve.client.VarveClient;
import io.varve.client.streams.AccessDeniedException;
import io.varve.client.streams.AppendCondition;
import io.varve.client.streams.ConditionFailedException;
import io.varve.client.streams.ConsumerGroup;
import io.varve.client.streams.EventIdTakenException;
import io.varve.client.streams.EventReader;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.GroupConsumer;
import io.varve.client.streams.JoinGroup;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.Query;
import io.varve.client.streams.QueryItem;
import io.varve.client.streams.ReadLog;
import io.varve.client.streams.ReadStream;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.Retention;
import io.varve.client.streams.Snapshot;
import io.varve.client.streams.StreamInfo;
import io.varve.client.streams.SubscribeToLog;
import io.varve.client.streams.Subscription;
import io.varve.client.streams.Transaction;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whoever may read a part sees that part by every way there is, and nothing of the rest. */
class AccessLeakTest {
  private static final String[] STREAMS = {
    "account-1", "secret-1", "account", "accounting-7", "secret", "account-2", "orders-5", "-1"
  };

  @TempDir private static Path folder;
  private static GuardedServer server;
  private static VarveClient admin;
  private static RecordedEvent hidden;

  @BeforeAll
  static void start() throws Exception {
    server = GuardedServer.start(folder.resolve("data"));
    admin = server.admin();
    for (int i = 0; i < 400; i++) {
      String stream = STREAMS[(i * 7 + i / 50) % STREAMS.length];
      admin.append(
          stream,
          ExpectedVersion.any(),
          NewEvent.builder(i % 3 == 0 ? "Opened" : "Moved").json("{}").tag("n:" + i % 5).build());
    }
    admin.streams().setRetention("secret-1", Retention.newest(1_000));
    admin.snapshots().save(Snapshot.builder("secret-1", 1).json("{}").build());
    admin.snapshots().save(Snapshot.builder("account-1", 1).json("{}").build());
    hidden = log(admin, ReadLog.all().query(Query.streamPrefixes("secret-1"))).getFirst();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  private static List<RecordedEvent> log(VarveClient store, ReadLog read) {
    try (EventReader events = store.readLog(read)) {
      return StreamSupport.stream(events.spliterator(), false).toList();
    }
  }

  private static List<Long> positions(List<RecordedEvent> events) {
    return events.stream().map(RecordedEvent::position).toList();
  }

  /** Permissions, and which streams they are about. */
  private static Map<String, Predicate<String>> scopes() {
    Map<String, Predicate<String>> scopes = new LinkedHashMap<>();
    scopes.put("read", stream -> !stream.startsWith("$"));
    scopes.put(
        "read:category=account",
        stream -> stream.equals("account") || stream.startsWith("account-"));
    scopes.put("read:account", stream -> stream.startsWith("account"));
    scopes.put("read:account-1,read:category=orders", s -> s.matches("account-1.*|orders(-.*)?"));
    scopes.put("read:nothing-", stream -> false);
    return scopes;
  }

  @Test
  void reads_and_subscriptions_give_exactly_what_of_an_administrators_is_in_the_scope() {
    List<Query> queries =
        List.of(
            Query.all(),
            Query.types("Opened"),
            Query.tags("n:3"),
            Query.tags("stream:secret-1"),
            Query.streamPrefixes("a", "s"),
            Query.categories("secret", "account"),
            Query.of(QueryItem.types("Moved").withTags("n:1"), QueryItem.categories("orders")));
    scopes()
        .forEach(
            (permissions, visible) -> {
              try (VarveClient store = server.allowed(permissions.split(","))) {
                for (Query query : queries) {
                  ReadLog read = ReadLog.all().query(query);
                  String what = permissions + " reads " + query;
                  List<Long> expected =
                      positions(
                          log(admin, read).stream()
                              .filter(event -> visible.test(event.stream()))
                              .toList());
                  assertThat(positions(log(store, read))).as(what).isEqualTo(expected);
                  assertThat(positions(log(store, read.backwards())))
                      .as(what + " backwards")
                      .isEqualTo(expected.reversed());
                  assertThat(positions(log(store, read.limit(3))))
                      .as(what + " limited")
                      .isEqualTo(expected.subList(0, Math.min(3, expected.size())));
                  assertThat(subscribed(store, query)).as(what + " live").isEqualTo(expected);
                }
              }
            });
  }

  /** What a subscription delivers until it has caught up. */
  private static List<Long> subscribed(VarveClient store, Query query) {
    List<Long> seen = new CopyOnWriteArrayList<>();
    var caughtUp = new java.util.concurrent.CompletableFuture<Long>();
    Subscription subscription =
        store.subscribeToLog(
            SubscribeToLog.all().query(query),
            new io.varve.client.streams.SubscriptionListener() {
              @Override
              public void onEvent(RecordedEvent event) {
                seen.add(event.position());
              }

              @Override
              public void onCaughtUp(long position) {
                caughtUp.complete(position);
              }
            });
    caughtUp.orTimeout(PATIENCE.toSeconds(), java.util.concurrent.TimeUnit.SECONDS).join();
    subscription.close();
    return new ArrayList<>(seen);
  }

  @Test
  void a_live_subscription_passes_over_what_is_hidden() {
    try (VarveClient store = server.allowed("read:category=live")) {
      List<String> seen = new CopyOnWriteArrayList<>();
      Subscription live =
          store.subscribeToLog(SubscribeToLog.all(), event -> seen.add(event.stream()));
      for (String stream : List.of("unseen-1", "live-1", "unseen-2", "live-2")) {
        admin.append(stream, ExpectedVersion.any(), NewEvent.json("Happened", "{}"));
      }
      await().atMost(PATIENCE).until(() -> seen.contains("live-2"));
      assertThat(seen).containsExactly("live-1", "live-2");
      live.close();
    }
  }

  @Test
  void what_is_hidden_and_what_is_not_there_are_answered_alike() {
    try (VarveClient store = server.allowed("read:category=account", "append:account-")) {
      assertThat(store.getEvent(hidden.id())).isEmpty();
      assertThat(store.getEvent(hidden.position())).isEmpty();
      assertThat(refused(() -> store.getEvent("secret-1", 1)))
          .isEqualTo(refused(() -> store.getEvent("secret-2", 1)));
      assertThat(refused(() -> store.streams().get("secret-1")))
          .isEqualTo(refused(() -> store.streams().get("secret-2")));
      assertThat(refused(() -> store.snapshots().newest("secret-1")))
          .isEqualTo(refused(() -> store.snapshots().newest("secret-2")));
      assertThat(refused(() -> store.snapshots().list("secret-1").toList()))
          .isEqualTo(refused(() -> store.snapshots().list("secret-2").toList()));
      assertThat(refused(() -> readAll(store, ReadStream.of("secret-1").fromSnapshot())))
          .isEqualTo(refused(() -> readAll(store, ReadStream.of("secret-2").fromSnapshot())));
      assertThat(refused(() -> store.append("secret-1", ExpectedVersion.exactly(9), event())))
          .isEqualTo(refused(() -> store.append("secret-2", ExpectedVersion.exactly(9), event())));
    }
  }

  private static NewEvent event() {
    return NewEvent.json("Happened", "{}");
  }

  private static void readAll(VarveClient store, ReadStream read) {
    try (EventReader events = store.readStream(read)) {
      events.forEach(event -> {});
    }
  }

  /** The sentence of a refusal, without the name that was asked for. */
  private static String refused(org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
    AccessDeniedException denied = catchThrowableOfType(AccessDeniedException.class, call);
    assertThat(denied).isNotNull();
    return String.valueOf(denied.getMessage()).replaceAll("secret-[12]", "NAME");
  }

  @Test
  void listings_are_of_what_may_be_read_or_refused() {
    try (VarveClient part = server.allowed("read:category=account");
        VarveClient reader = server.client().user("reader", PASSWORD).build()) {
      assertThat(part.streams().ofCategory("account").map(StreamInfo::stream))
          .containsExactly("account", "account-1", "account-2");
      assertThat(part.streams().withPrefix("account-").map(StreamInfo::stream))
          .containsExactly("account-1", "account-2");
      for (org.assertj.core.api.ThrowableAssert.ThrowingCallable whole :
          List.<org.assertj.core.api.ThrowableAssert.ThrowingCallable>of(
              () -> part.streams().all().toList(),
              () -> part.streams().withPrefix("acc").toList(),
              () -> part.streams().ofCategory("secret").toList(),
              () -> part.streams().categories().toList(),
              () -> part.streams().eventTypes().toList(),
              () -> part.statistics(),
              () -> part.consumerGroups().list().toList())) {
        assertThatThrownBy(whole).isInstanceOf(AccessDeniedException.class);
      }
      assertThat(reader.streams().all().map(StreamInfo::stream))
          .contains("secret-1", "account")
          .noneMatch(AccessLeakTest::isSystem);
      assertThat(reader.streams().categories())
          .noneMatch(category -> isSystem(category.category()));
      assertThat(reader.streams().eventTypes()).noneMatch(type -> isSystem(type.type()));
      assertThat(admin.streams().all().map(StreamInfo::stream)).contains("$access", "$streams");
    }
  }

  private static boolean isSystem(String name) {
    return name.startsWith("$");
  }

  @Test
  void conditions_tell_nothing_of_what_may_not_be_read() {
    try (VarveClient part = server.allowed("read:category=account", "append:account-");
        VarveClient writer = server.client().user("writer", PASSWORD).build()) {
      for (Query query :
          List.of(Query.all(), Query.types("Opened"), Query.streamPrefixes("secret"))) {
        assertThatThrownBy(() -> part.transact(unless(query, 0)))
            .as(query.toString())
            .isInstanceOf(AccessDeniedException.class);
      }
      assertThatThrownBy(() -> part.transact(unless(Query.categories("account"), 0)))
          .isInstanceOf(ConditionFailedException.class);

      // Events of system streams fail no condition of those who cannot read them.
      long head = admin.statistics().headPosition();
      admin.streams().setRetention("secret-1", Retention.newest(2_000));
      assertThatThrownBy(() -> admin.transact(unless(Query.all(), head)))
          .isInstanceOf(ConditionFailedException.class);
      assertThatCode(() -> writer.transact(unless(Query.all(), head))).doesNotThrowAnyException();
      Query ofChanges = Query.tags("stream:secret-1");
      assertThatThrownBy(() -> admin.transact(unless(ofChanges, 0)))
          .isInstanceOf(ConditionFailedException.class);
      for (Query query : List.of(Query.types("$RetentionSet"), ofChanges)) {
        assertThatCode(() -> writer.transact(unless(query, 0)))
            .as(query.toString())
            .doesNotThrowAnyException();
      }
    }
  }

  private static Transaction unless(Query query, long after) {
    return Transaction.builder()
        .condition(AppendCondition.noMatch(query).after(after))
        .tracking("conditions-" + java.util.UUID.randomUUID(), 1)
        .build();
  }

  @Test
  void an_event_id_that_is_taken_in_a_hidden_stream_does_not_tell_where() {
    NewEvent same = NewEvent.builder("Happened").id(hidden.id()).json("{}").build();
    try (VarveClient part = server.allowed("append:account-")) {
      for (boolean pipelined : new boolean[] {true, false}) {
        EventIdTakenException taken =
            catchThrowableOfType(
                EventIdTakenException.class,
                () -> {
                  if (pipelined) {
                    part.append("account-1", ExpectedVersion.any(), same);
                  } else {
                    part.transact(
                        Transaction.builder()
                            .append("account-1", ExpectedVersion.any(), same)
                            .build());
                  }
                });
        assertThat(taken.position()).isZero();
        assertThat(taken.stream()).isEmpty();
        assertThat(taken).hasMessageNotContainingAny("secret-1", "position");
      }
    }
  }

  @Test
  void a_group_delivers_what_its_maker_could_read_and_no_system_stream() throws Exception {
    try (VarveClient part = server.allowed("read:category=account", "consume:part");
        VarveClient writer = server.client().user("writer", PASSWORD).build()) {
      for (ConsumerGroup group :
          List.of(
              ConsumerGroup.ofLog("part-1", Query.all()),
              ConsumerGroup.ofLog("part-1", Query.types("Opened")),
              ConsumerGroup.ofLog("part-1", Query.categories("account", "secret")),
              ConsumerGroup.ofStream("part-1", "secret-1"),
              ConsumerGroup.ofLog("other", Query.categories("account")))) {
        assertThatThrownBy(() -> part.consumerGroups().create(group))
            .isInstanceOf(AccessDeniedException.class);
      }
      part.consumerGroups().create(ConsumerGroup.ofLog("part-2", Query.categories("account")));
      assertThat(consumed(part, "part-2", 20)).allMatch(s -> s.matches("account(-.*)?"));

      for (Query query :
          List.of(
              Query.all(),
              Query.types("$RetentionSet", "Opened"),
              Query.tags("stream:secret-1"),
              Query.of(QueryItem.types("Opened"), QueryItem.tags("stream:secret-1")))) {
        assertThatThrownBy(() -> writer.consumerGroups().create(ConsumerGroup.ofLog("all", query)))
            .isInstanceOf(AccessDeniedException.class)
            .hasMessageContaining("system");
      }
      writer.consumerGroups().create(ConsumerGroup.ofLog("opened", Query.types("Opened")));
      assertThat(consumed(writer, "opened", 20)).contains("secret-1");
      writer.consumerGroups().create(ConsumerGroup.ofLog("tagged", Query.tags("n:3")));
      assertThat(consumed(writer, "tagged", 20)).noneMatch(stream -> stream.startsWith("$"));
    }
  }

  private static List<String> consumed(VarveClient store, String group, int count) {
    List<String> streams = new CopyOnWriteArrayList<>();
    GroupConsumer consumer =
        store
            .consumerGroups()
            .consume(
                JoinGroup.of(group).credit(count),
                (event, answers) -> streams.add(event.event().stream()));
    try {
      await().atMost(PATIENCE).until(() -> streams.size() >= count);
    } finally {
      consumer.close();
    }
    return new ArrayList<>(streams);
  }
}

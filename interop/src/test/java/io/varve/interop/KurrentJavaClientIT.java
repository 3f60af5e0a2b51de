package io.varve.interop;

import static io.varve.interop.VarveProcess.PATIENCE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.kurrent.dbclient.AppendStreamRequest;
import io.kurrent.dbclient.AppendToStreamOptions;
import io.kurrent.dbclient.CreatePersistentSubscriptionToStreamOptions;
import io.kurrent.dbclient.DeleteStreamOptions;
import io.kurrent.dbclient.EventData;
import io.kurrent.dbclient.EventDataBuilder;
import io.kurrent.dbclient.KurrentDBClient;
import io.kurrent.dbclient.KurrentDBConnectionString;
import io.kurrent.dbclient.KurrentDBPersistentSubscriptionsClient;
import io.kurrent.dbclient.MultiStreamAppendResponse;
import io.kurrent.dbclient.NackAction;
import io.kurrent.dbclient.PersistentSubscription;
import io.kurrent.dbclient.PersistentSubscriptionListener;
import io.kurrent.dbclient.Position;
import io.kurrent.dbclient.ReadAllOptions;
import io.kurrent.dbclient.ReadStreamOptions;
import io.kurrent.dbclient.ResolvedEvent;
import io.kurrent.dbclient.StreamDeletedException;
import io.kurrent.dbclient.StreamMetadata;
import io.kurrent.dbclient.StreamNotFoundException;
import io.kurrent.dbclient.StreamState;
import io.kurrent.dbclient.SubscribeToAllOptions;
import io.kurrent.dbclient.SubscribeToStreamOptions;
import io.kurrent.dbclient.Subscription;
import io.kurrent.dbclient.SubscriptionFilter;
import io.kurrent.dbclient.SubscriptionListener;
import io.kurrent.dbclient.WriteResult;
import io.kurrent.dbclient.WrongExpectedVersionException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The Java client of KurrentDB, as it is published. */
class KurrentJavaClientIT {
  @TempDir static Path folder;

  private static @Nullable VarveProcess server;
  private static KurrentDBClient client;

  @BeforeAll
  static void start() throws Exception {
    VarveProcess started = VarveProcess.start(folder);
    server = started;
    client = connect(started.port());
  }

  @AfterAll
  static void stop() throws Exception {
    VarveProcess started = server;
    if (started != null) {
      try {
        get(client.shutdown());
      } finally {
        started.close();
      }
    }
  }

  private static KurrentDBClient connect(int port) {
    return connect("", port);
  }

  /**
   * Connects.
   *
   * @param login a user and a password, {@code "user:password@"}; empty for none
   */
  private static KurrentDBClient connect(String login, int port) {
    return KurrentDBClient.create(
        KurrentDBConnectionString.parseOrThrow(
            "kurrentdb://"
                + login
                + "127.0.0.1:"
                + port
                + "?tls=false&defaultDeadline=120000" // the machine may be slow
                + "&gossipTimeout=120000&maxDiscoverAttempts=100"
                + "&keepAliveInterval=60000&keepAliveTimeout=120000"));
  }

  private static <T> T get(CompletableFuture<T> future) throws Exception {
    return future.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
  }

  private static String freshStream() {
    return "java" + UUID.randomUUID().toString().replace("-", "") + "-1";
  }

  private static EventData event(String type) {
    return event(UUID.randomUUID(), type);
  }

  private static EventData event(UUID id, String type) {
    return EventDataBuilder.json(id, type, "{\"n\":1}".getBytes(UTF_8)).build();
  }

  private static EventData[] events(String... types) {
    EventData[] events = new EventData[types.length];
    for (int i = 0; i < types.length; i++) {
      events[i] = event(types[i]);
    }
    return events;
  }

  private static AppendToStreamOptions expecting(StreamState state) {
    return AppendToStreamOptions.get().streamState(state);
  }

  private static List<String> types(String stream, ReadStreamOptions options) throws Exception {
    return types(get(client.readStream(stream, options)).getEvents());
  }

  private static List<String> types(List<ResolvedEvent> events) {
    return events.stream().map(event -> event.getOriginalEvent().getEventType()).toList();
  }

  // ---- appends and reads

  @Test
  void appends_under_every_expected_state() throws Exception {
    String stream = freshStream();

    assertThatThrownBy(
            () ->
                get(
                    client.appendToStream(
                        stream, expecting(StreamState.streamExists()), event("0"))))
        .isInstanceOf(ExecutionException.class)
        .cause()
        .isInstanceOf(WrongExpectedVersionException.class);
    WriteResult first =
        get(client.appendToStream(stream, expecting(StreamState.noStream()), events("0", "1")));
    assertThat(first.getNextExpectedRevision()).isEqualTo(StreamState.streamRevision(1));
    assertThatThrownBy(
            () ->
                get(
                    client.appendToStream(
                        stream, expecting(StreamState.streamRevision(0)), event("2"))))
        .cause()
        .isInstanceOfSatisfying(
            WrongExpectedVersionException.class,
            refused -> {
              assertThat(refused.getStreamName()).isEqualTo(stream);
              assertThat(refused.getExpectedState()).isEqualTo(StreamState.streamRevision(0));
              assertThat(refused.getActualState()).isEqualTo(StreamState.streamRevision(1));
            });
    assertThat(
            get(client.appendToStream(
                    stream, expecting(first.getNextExpectedRevision()), event("2")))
                .getNextExpectedRevision())
        .isEqualTo(StreamState.streamRevision(2));
    assertThat(get(client.appendToStream(stream, event("3"))).getNextExpectedRevision())
        .isEqualTo(StreamState.streamRevision(3));
    assertThat(types(stream, ReadStreamOptions.get())).containsExactly("0", "1", "2", "3");
    assertThat(types(stream, ReadStreamOptions.get().backwards().fromEnd().maxCount(2)))
        .containsExactly("3", "2");
    assertThat(types(stream, ReadStreamOptions.get().fromRevision(2))).containsExactly("2", "3");
  }

  @Test
  void an_event_comes_back_as_it_was() throws Exception {
    String stream = freshStream();
    UUID id = UUID.randomUUID();
    byte[] custom = "{ \"$correlationId\": \"c\" }".getBytes(UTF_8);
    get(
        client.appendToStream(
            stream,
            EventDataBuilder.json(id, "Opened", "{\"n\":1}".getBytes(UTF_8))
                .metadataAsBytes(custom)
                .build()));

    var read =
        get(client.readStream(stream, ReadStreamOptions.get())).getEvents().getFirst().getEvent();

    assertThat(read.getEventId()).isEqualTo(id);
    assertThat(read.getEventType()).isEqualTo("Opened");
    assertThat(read.getContentType()).isEqualTo("application/json");
    assertThat(read.getEventData()).isEqualTo("{\"n\":1}".getBytes(UTF_8));
    assertThat(read.getUserMetadata()).isEqualTo(custom);
    assertThat(read.getCreated()).isNotNull();
  }

  @Test
  void a_repeated_append_has_the_same_result() throws Exception {
    String stream = freshStream();
    EventData[] events = events("0", "1");
    AppendToStreamOptions options = expecting(StreamState.noStream());

    WriteResult first = get(client.appendToStream(stream, options, events));

    WriteResult again = get(client.appendToStream(stream, options, events));
    assertThat(again.getNextExpectedRevision()).isEqualTo(first.getNextExpectedRevision());
    assertThat(again.getLogPosition().getCommitUnsigned())
        .isEqualTo(first.getLogPosition().getCommitUnsigned());
    assertThat(types(stream, ReadStreamOptions.get())).containsExactly("0", "1");
  }

  @Test
  void the_log_is_read_both_ways() throws Exception {
    String stream = freshStream();
    get(client.appendToStream(stream, events("0", "1", "2")));

    List<ResolvedEvent> backwards =
        get(client.readAll(ReadAllOptions.get().backwards().fromEnd().maxCount(1_000))).getEvents();
    List<ResolvedEvent> ofStream =
        backwards.stream()
            .filter(event -> event.getOriginalEvent().getStreamId().equals(stream))
            .toList();
    assertThat(types(ofStream)).containsExactly("2", "1", "0");
    Position second = ofStream.get(1).getOriginalEvent().getPosition();
    assertThat(
            types(
                get(client.readAll(ReadAllOptions.get().fromPosition(second).maxCount(2)))
                    .getEvents()))
        .containsExactly("1", "2");
  }

  @Test
  void several_streams_are_appended_to_at_once() throws Exception {
    String one = freshStream();
    String two = freshStream();

    MultiStreamAppendResponse done =
        get(
            client.multiStreamAppend(
                List.of(
                        new AppendStreamRequest(one, all("0", "1"), StreamState.noStream()),
                        new AppendStreamRequest(two, all("2"), StreamState.any()))
                    .iterator()));

    assertThat(done.getResults()).hasSize(2);
    assertThat(types(one, ReadStreamOptions.get())).containsExactly("0", "1");
    assertThatThrownBy(
            () ->
                get(
                    client.multiStreamAppend(
                        List.of(
                                new AppendStreamRequest(one, all("X"), StreamState.any()),
                                new AppendStreamRequest(two, all("Y"), StreamState.noStream()))
                            .iterator())))
        .isInstanceOf(ExecutionException.class);
    assertThat(types(one, ReadStreamOptions.get())).containsExactly("0", "1");
  }

  private static Iterator<EventData> all(String... types) {
    return List.of(events(types)).iterator();
  }

  // ---- deletes and metadata

  @Test
  void a_deleted_stream_comes_back_and_a_closed_one_does_not() throws Exception {
    String stream = freshStream();
    get(client.appendToStream(stream, events("0", "1")));

    assertThatThrownBy(
            () ->
                get(
                    client.deleteStream(
                        stream,
                        DeleteStreamOptions.get().streamState(StreamState.streamRevision(0)))))
        .cause()
        .isInstanceOf(WrongExpectedVersionException.class);
    get(client.deleteStream(stream));
    assertThatThrownBy(() -> get(client.readStream(stream, ReadStreamOptions.get())))
        .cause()
        .isInstanceOf(StreamNotFoundException.class);
    get(client.appendToStream(stream, event("2")));
    assertThat(types(stream, ReadStreamOptions.get())).containsExactly("2");
    get(client.tombstoneStream(stream));
    assertThatThrownBy(() -> get(client.readStream(stream, ReadStreamOptions.get())))
        .cause() // which this client does not translate in a read
        .hasMessageContaining("is deleted");
    assertThatThrownBy(() -> get(client.appendToStream(stream, event("3"))))
        .cause()
        .isInstanceOf(StreamDeletedException.class);
  }

  @Test
  void metadata_takes_effect() throws Exception {
    String stream = freshStream();
    StreamMetadata metadata = new StreamMetadata();
    metadata.setMaxCount(2L);
    get(client.setStreamMetadata(stream, metadata));

    get(client.appendToStream(stream, events("0", "1", "2")));

    assertThat(types(stream, ReadStreamOptions.get())).containsExactly("1", "2");
    assertThat(get(client.getStreamMetadata(stream)).getMaxCount()).isEqualTo(2);
  }

  // ---- subscriptions

  /** Takes in what a subscription delivers. */
  private static final class Heard extends SubscriptionListener {
    final List<ResolvedEvent> events = new CopyOnWriteArrayList<>();
    final CompletableFuture<Boolean> caughtUp = new CompletableFuture<>();
    final CompletableFuture<Boolean> over = new CompletableFuture<>();

    @Override
    public void onEvent(Subscription subscription, ResolvedEvent event) {
      events.add(event);
    }

    @Override
    public void onCaughtUp(
        Subscription subscription,
        java.time.@Nullable Instant at,
        @Nullable Long revision,
        @Nullable Position position) {
      caughtUp.complete(true);
    }

    @Override
    public void onCancelled(Subscription subscription, @Nullable Throwable cause) {
      over.complete(true);
    }

    List<String> types(int count) {
      await().atMost(PATIENCE).until(() -> events.size() >= count);
      return KurrentJavaClientIT.types(events);
    }
  }

  @Test
  void a_subscription_goes_on_after_a_kill_and_a_restart(@TempDir Path own) throws Exception {
    String stream = freshStream();
    Heard before = new Heard();
    Heard after = new Heard();
    int port;
    try (VarveProcess first = VarveProcess.start(own)) {
      port = first.port();
      KurrentDBClient one = connect(port);
      get(one.appendToStream(stream, events("0", "1")));
      get(one.subscribeToStream(stream, before));
      assertThat(before.types(2)).containsExactly("0", "1");
      first.kill();
      get(before.over);
      get(one.shutdown());
    }
    try (VarveProcess second = VarveProcess.start(own)) {
      KurrentDBClient two = connect(second.port());
      long seen = before.events.getLast().getOriginalEvent().getRevision();
      get(two.subscribeToStream(stream, after, SubscribeToStreamOptions.get().fromRevision(seen)));
      get(two.appendToStream(stream, event("2")));
      assertThat(after.types(1)).containsExactly("2");
      get(two.shutdown());
    }
  }

  @Test
  void whoever_goes_on_after_a_filtered_checkpoint_misses_nothing() throws Exception {
    String category = "checkpoint" + UUID.randomUUID().toString().replace("-", "");
    List<Position> checkpoints = new CopyOnWriteArrayList<>();
    Heard heard = new Heard();
    SubscriptionFilter filter =
        SubscriptionFilter.newBuilder()
            .addStreamNamePrefix(category)
            .withMaxWindow(1)
            .withCheckpointer(
                (_, position) -> {
                  checkpoints.add(position);
                  return CompletableFuture.allOf(); // done
                },
                2)
            .build();
    Subscription subscription =
        get(client.subscribeToAll(heard, SubscribeToAllOptions.get().fromEnd().filter(filter)));
    get(heard.caughtUp);
    for (int i = 0; i < 10; i++) {
      get(client.appendToStream(freshStream(), events("other", "other", "other")));
      get(client.appendToStream(category + "-" + i, event("E" + i)));
    }
    heard.types(10);
    await().atMost(PATIENCE).until(() -> checkpoints.size() > 5);
    subscription.stop();

    Position checkpoint = checkpoints.get(3);
    List<String> rest = new ArrayList<>();
    for (ResolvedEvent event : heard.events) {
      if (event.getOriginalEvent().getPosition().compareTo(checkpoint) > 0) {
        rest.add(event.getOriginalEvent().getEventType());
      }
    }
    Heard resumed = new Heard();
    Subscription second =
        get(
            client.subscribeToAll(
                resumed, SubscribeToAllOptions.get().fromPosition(checkpoint).filter(filter)));
    assertThat(resumed.types(rest.size())).isEqualTo(rest);
    second.stop();
  }

  // ---- access control

  @Test
  void whoever_logs_in_may_and_nobody_else(@TempDir Path own) throws Exception {
    try (VarveProcess guarded = VarveProcess.startGuarded(own, "root", "correct-horse")) {
      String stream = freshStream();
      KurrentDBClient root = connect("root:correct-horse@", guarded.port());
      get(root.appendToStream(stream, events("0", "1")));
      assertThat(get(root.readStream(stream, ReadStreamOptions.get())).getEvents()).hasSize(2);
      get(root.shutdown());
      for (String login : List.of("", "root:another-horse@")) {
        KurrentDBClient nobody = connect(login, guarded.port());
        assertThatThrownBy(() -> get(nobody.readStream(stream, ReadStreamOptions.get())))
            .isInstanceOf(ExecutionException.class)
            .cause()
            .hasMessageContaining("UNAUTHENTICATED");
        get(nobody.shutdown());
      }
    }
  }

  // ---- persistent subscriptions

  @Test
  void a_persistent_subscription_takes_every_answer_and_replays_what_is_parked() throws Exception {
    String stream = freshStream();
    var groups = KurrentDBPersistentSubscriptionsClient.from(client);
    get(client.appendToStream(stream, events("retry", "park", "skip", "ack")));
    get(
        done(
            groups.createToStream(
                stream, "g", CreatePersistentSubscriptionToStreamOptions.get().fromStart())));
    List<String> delivered = new CopyOnWriteArrayList<>();
    AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    PersistentSubscription subscription =
        get(
            groups.subscribeToStream(
                stream,
                "g",
                new PersistentSubscriptionListener() {
                  @Override
                  public void onEvent(
                      PersistentSubscription to, int retryCount, ResolvedEvent event) {
                    String type = event.getOriginalEvent().getEventType();
                    boolean again = delivered.contains(type);
                    delivered.add(type);
                    if (again || type.equals("ack")) {
                      to.ack(event);
                    } else {
                      NackAction action =
                          switch (type) {
                            case "retry" -> NackAction.Retry;
                            case "park" -> NackAction.Park;
                            default -> NackAction.Skip;
                          };
                      to.nack(action, "because", event);
                    }
                  }

                  @Override
                  public void onCancelled(PersistentSubscription to, @Nullable Throwable cause) {
                    failure.set(cause);
                  }
                }));

    // Any event may come once more; none comes less often than its answers want.
    await()
        .atMost(PATIENCE)
        .until(
            () ->
                delivered.containsAll(List.of("park", "skip", "ack"))
                    && Collections.frequency(delivered, "retry") >= 2);
    await()
        .atMost(PATIENCE)
        .until(
            () ->
                get(groups.getInfoToStream(stream, "g"))
                        .orElseThrow()
                        .getStats()
                        .getParkedMessageCount()
                    == 1);
    int before = Collections.frequency(delivered, "park");
    get(done(groups.replayParkedMessagesToStream(stream, "g")));
    await().atMost(PATIENCE).until(() -> Collections.frequency(delivered, "park") > before);
    assertThat(get(groups.listToStream(stream))).hasSize(1);
    subscription.stop();
    assertThat(failure.get()).isNull();
    get(done(groups.deleteToStream(stream, "g")));
    assertThat(get(groups.getInfoToStream(stream, "g"))).isEmpty();
  }

  /** The client declares some of its futures without saying of what. */
  @SuppressWarnings("unchecked")
  private static CompletableFuture<Object> done(CompletableFuture<?> future) {
    return (CompletableFuture<Object>) future;
  }
}

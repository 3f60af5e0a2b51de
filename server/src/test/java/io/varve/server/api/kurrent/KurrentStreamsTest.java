package io.varve.server.api.kurrent;

import static io.varve.server.api.kurrent.KurrentCaller.NOTHING;
import static io.varve.server.api.kurrent.KurrentCaller.all;
import static io.varve.server.api.kurrent.KurrentCaller.allBackwards;
import static io.varve.server.api.kurrent.KurrentCaller.any;
import static io.varve.server.api.kurrent.KurrentCaller.at;
import static io.varve.server.api.kurrent.KurrentCaller.backwards;
import static io.varve.server.api.kurrent.KurrentCaller.event;
import static io.varve.server.api.kurrent.KurrentCaller.exists;
import static io.varve.server.api.kurrent.KurrentCaller.filter;
import static io.varve.server.api.kurrent.KurrentCaller.forwards;
import static io.varve.server.api.kurrent.KurrentCaller.freshStream;
import static io.varve.server.api.kurrent.KurrentCaller.named;
import static io.varve.server.api.kurrent.KurrentCaller.noStream;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import io.grpc.Status.Code;
import io.grpc.stub.StreamObserver;
import io.varve.client.VarveClient;
import io.varve.client.streams.Retention;
import io.varve.proto.kurrent.BadRequest;
import io.varve.proto.kurrent.FilterExpression;
import io.varve.proto.kurrent.Uuid;
import io.varve.proto.kurrent.features.GetSupportedMethodsRequest;
import io.varve.proto.kurrent.features.ServerFeaturesGrpc;
import io.varve.proto.kurrent.gossip.GossipGrpc;
import io.varve.proto.kurrent.gossip.MemberInfo;
import io.varve.proto.kurrent.gossip.MemberState;
import io.varve.proto.kurrent.projections.DisableOptions;
import io.varve.proto.kurrent.projections.DisableRequest;
import io.varve.proto.kurrent.projections.EnableOptions;
import io.varve.proto.kurrent.projections.EnableRequest;
import io.varve.proto.kurrent.projections.ProjectionsGrpc;
import io.varve.proto.kurrent.projections.StatisticsOptions;
import io.varve.proto.kurrent.projections.StatisticsRequest;
import io.varve.proto.kurrent.streams.AllOptions;
import io.varve.proto.kurrent.streams.AppendConflict;
import io.varve.proto.kurrent.streams.AppendResponse;
import io.varve.proto.kurrent.streams.BatchAppendOptions;
import io.varve.proto.kurrent.streams.BatchAppendRequest;
import io.varve.proto.kurrent.streams.BatchAppendResponse;
import io.varve.proto.kurrent.streams.ControlOption;
import io.varve.proto.kurrent.streams.DeleteRequest;
import io.varve.proto.kurrent.streams.ProposedMessage;
import io.varve.proto.kurrent.streams.ReadEvent;
import io.varve.proto.kurrent.streams.ReadOptions;
import io.varve.proto.kurrent.streams.ReadResponse;
import io.varve.proto.kurrent.streams.StreamOptions;
import io.varve.proto.kurrent.streams.StreamsGrpc;
import io.varve.proto.kurrent.streams.TombstoneRequest;
import io.varve.server.RunningServer;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Streams and the log through KurrentDB's protocol. */
class KurrentStreamsTest {
  @RegisterExtension static final RunningServer running = new RunningServer();

  private static KurrentCaller caller() {
    return new KurrentCaller(running.channel());
  }

  // ---- connecting

  @Test
  void the_methods_that_are_served_are_listed_in_lower_case() {
    var features =
        ServerFeaturesGrpc.newBlockingStub(running.channel())
            .getSupportedMethods(GetSupportedMethodsRequest.getDefaultInstance());

    assertThat(features.getEventStoreServerVersion()).matches("\\d+\\.\\d+\\.\\d+");
    assertThat(features.getMethodsList())
        .anySatisfy(
            method -> {
              assertThat(method.getServiceName()).isEqualTo("event_store.client.streams.streams");
              assertThat(method.getMethodName()).isEqualTo("batchappend");
              assertThat(method.getFeaturesList()).containsExactly("deadline_duration");
            });
  }

  @Test
  void gossip_names_one_leader_where_the_caller_has_reached_it() {
    List<MemberInfo> members =
        GossipGrpc.newBlockingStub(running.channel())
            .read(io.varve.proto.kurrent.gossip.ReadRequest.getDefaultInstance())
            .getMembersList();

    assertThat(members)
        .singleElement()
        .satisfies(
            member -> {
              assertThat(member.getState()).isEqualTo(MemberState.MEMBER_STATE_LEADER);
              assertThat(member.getIsAlive()).isTrue();
              assertThat(Wire.uuid("id", member.getInstanceId())).isNotEqualTo(storeId());
              assertThat(member.getHttpEndPoint().getAddress()).isEqualTo("127.0.0.1");
              assertThat(member.getHttpEndPoint().getPort()).isEqualTo(running.server().port());
            });
  }

  private static UUID storeId() {
    try (VarveClient client = running.server().client()) {
      return client.serverInfo().storeId();
    }
  }

  // ---- appending

  @Test
  void what_is_appended_is_read_as_it_was() {
    String stream = freshStream();
    UUID id = UUID.randomUUID();
    ByteString custom = ByteString.copyFromUtf8("{ \"$correlationId\" : \"c-1\", \"n\": 7 }");

    AppendResponse appended =
        caller()
            .append(
                noStream(stream), event(id, "Opened").setCustomMetadata(custom), event("Closed"));

    assertThat(appended.getSuccess().getCurrentRevision()).isEqualTo(1);
    List<ReadEvent> events = caller().events(forwards(stream));
    assertThat(events).hasSize(2);
    var first = events.getFirst().getEvent();
    assertThat(first.getId().getString()).isEqualTo(id.toString());
    assertThat(KurrentCaller.stream(first)).isEqualTo(stream);
    assertThat(first.getStreamRevision()).isZero();
    assertThat(first.getMetadataMap()).containsOnlyKeys("type", "content-type", "created");
    assertThat(first.getMetadataOrThrow("content-type")).isEqualTo("application/json");
    assertThat(first.getCustomMetadata()).isEqualTo(custom);
    assertThat(first.getData().toStringUtf8()).isEqualTo("{\"is\":\"Opened\"}");
    var last = events.getLast().getEvent();
    assertThat(last.getCommitPosition())
        .isEqualTo(appended.getSuccess().getPosition().getCommitPosition());
    assertThat(last.getCommitPosition()).isGreaterThan(first.getCommitPosition());
  }

  @Test
  void bytes_that_are_no_text_come_back_as_they_were() {
    String stream = freshStream();
    ByteString bytes = ByteString.copyFrom(new byte[] {0, (byte) 0xff, (byte) 0xc3, 7});

    caller()
        .append(
            any(stream),
            event("Bytes")
                .putMetadata("content-type", "application/octet-stream")
                .setData(bytes)
                .setCustomMetadata(bytes));

    var event = caller().events(forwards(stream)).getFirst().getEvent();
    assertThat(event.getData()).isEqualTo(bytes);
    assertThat(event.getCustomMetadata()).isEqualTo(bytes);
    assertThat(event.getMetadataOrThrow("content-type")).isEqualTo("application/octet-stream");
  }

  @Test
  void every_expected_state_is_checked_and_a_conflict_says_what_was_there() {
    String stream = freshStream();
    KurrentCaller caller = caller();

    AppendConflict missing = caller.append(exists(stream), event("A")).getWrongExpectedVersion();
    assertThat(missing.hasCurrentNoStream()).isTrue();
    assertThat(missing.hasExpectedStreamExists()).isTrue();
    assertThat(caller.append(at(stream, 0), event("A")).hasWrongExpectedVersion()).isTrue();
    assertThat(caller.append(noStream(stream), event("A")).getSuccess().getCurrentRevision())
        .isZero();
    AppendConflict there = caller.append(noStream(stream), event("B")).getWrongExpectedVersion();
    assertThat(there.getCurrentRevision()).isZero();
    assertThat(there.hasExpectedNoStream()).isTrue();
    assertThat(there.getFormerExpectedRevision()).isEqualTo(-1);
    assertThat(caller.append(exists(stream), event("B")).getSuccess().getCurrentRevision())
        .isEqualTo(1);
    AppendConflict stale = caller.append(at(stream, 0), event("C")).getWrongExpectedVersion();
    assertThat(stale.getExpectedRevision()).isZero();
    assertThat(stale.getCurrentRevision()).isEqualTo(1);
    assertThat(caller.append(at(stream, 1), event("C")).getSuccess().getCurrentRevision())
        .isEqualTo(2);
    assertThat(caller.types(forwards(stream))).containsExactly("A", "B", "C");
  }

  @Test
  void an_append_of_nothing_checks_what_is_expected() {
    String stream = freshStream();

    assertThat(caller().append(noStream(stream)).getSuccess().hasNoStream()).isTrue();
    assertThat(caller().append(exists(stream)).hasWrongExpectedVersion()).isTrue();
    caller().append(stream, "A");
    var success = caller().append(at(stream, 0)).getSuccess();
    assertThat(success.getCurrentRevision()).isZero();
    assertThat(success.hasNoPosition()).isTrue();
  }

  @Test
  void an_event_without_type_or_content_type_is_refused() {
    KurrentCaller.Refused refused =
        KurrentCaller.Refused.from(
            () -> caller().append(any(freshStream()), event("A").removeMetadata("content-type")));

    assertThat(refused.code()).isEqualTo(Code.INVALID_ARGUMENT);
    assertThat(refused.trailer("exception")).isEqualTo("missing-required-metadata-property");
    assertThat(refused.trailer("required-metadata-properties")).isEqualTo("type,content-type");
  }

  @Test
  void an_event_that_is_too_large_is_named() {
    UUID id = UUID.randomUUID();
    ByteString large = ByteString.copyFrom(new byte[5 << 20]);

    KurrentCaller.Refused refused =
        KurrentCaller.Refused.from(
            () -> caller().append(any(freshStream()), event(id, "A").setData(large)));

    assertThat(refused.trailer("exception")).isEqualTo("maximum-append-event-size-exceeded");
    assertThat(refused.trailer("event-id")).isEqualTo(id.toString());
    assertThat(refused.trailer("maximum-append-event-size")).isEqualTo("" + (4 << 20));
  }

  @Test
  void an_append_that_is_too_large_is_refused_with_the_limit() {
    ByteString large = ByteString.copyFrom(new byte[4 << 20]);
    ProposedMessage.Builder[] events = new ProposedMessage.Builder[5];
    for (int i = 0; i < events.length; i++) {
      events[i] = event("A").setData(large);
    }

    KurrentCaller.Refused refused =
        KurrentCaller.Refused.from(() -> caller().append(any(freshStream()), events));

    assertThat(refused.trailer("exception")).isEqualTo("maximum-append-size-exceeded");
    assertThat(refused.trailer("maximum-append-size")).isEqualTo("" + (16 << 20));
  }

  @Test
  void nobody_writes_to_the_servers_own_streams() {
    for (String stream : List.of("$streams", "$ce-account", "$settings")) {
      KurrentCaller.Refused refused =
          KurrentCaller.Refused.from(() -> caller().append(any(stream), event("A")));
      assertThat(refused.code()).isEqualTo(Code.PERMISSION_DENIED);
      assertThat(refused.trailer("exception")).isEqualTo("access-denied");
    }
  }

  // ---- idempotency

  @Test
  void a_repeated_append_is_answered_and_not_repeated() {
    String stream = freshStream();
    UUID first = UUID.randomUUID();
    UUID second = UUID.randomUUID();
    KurrentCaller caller = caller();

    AppendResponse original =
        caller.append(noStream(stream), event(first, "A"), event(second, "B"));
    caller.append(stream, "C");

    assertThat(caller.append(noStream(stream), event(first, "A"), event(second, "B")))
        .isEqualTo(original);
    assertThat(caller.append(any(stream), event(first, "A"), event(second, "B")))
        .isEqualTo(original);
    assertThat(caller.append(at(stream, 0), event(second, "B"))).isEqualTo(original);
    assertThat(caller.append(exists(stream), event(second, "B"))).isEqualTo(original);
    assertThat(caller.append(noStream(stream), event(first, "A")).getSuccess().getCurrentRevision())
        .isZero();
    assertThat(caller.types(forwards(stream))).containsExactly("A", "B", "C");
  }

  @Test
  void an_append_of_which_only_a_part_is_there_is_refused() {
    String stream = freshStream();
    UUID first = UUID.randomUUID();
    KurrentCaller caller = caller();
    caller.append(noStream(stream), event(first, "A"));

    assertThat(
            caller
                .append(noStream(stream), event(first, "A"), event("B"))
                .getWrongExpectedVersion()
                .getCurrentRevision())
        .isZero();
    assertThat(caller.append(any(stream), event(first, "A"), event("B")).hasWrongExpectedVersion())
        .isTrue();
    assertThat(caller.types(forwards(stream))).containsExactly("A");
  }

  @Test
  void an_id_at_another_revision_is_another_event_and_its_repeat_is_recognised() {
    String stream = freshStream();
    UUID id = UUID.randomUUID();
    KurrentCaller caller = caller();
    caller.append(noStream(stream), event(id, "A"));

    for (int tries = 0; tries < 2; tries++) {
      assertThat(caller.append(at(stream, 0), event(id, "A")).getSuccess().getCurrentRevision())
          .isEqualTo(1);
    }

    assertThat(caller.events(forwards(stream)))
        .hasSize(2)
        .allSatisfy(
            event -> assertThat(event.getEvent().getId().getString()).isEqualTo(id.toString()));
  }

  @Test
  void an_id_in_another_stream_is_another_event_and_its_repeat_is_recognised() {
    String one = freshStream();
    String other = freshStream();
    UUID id = UUID.randomUUID();
    KurrentCaller caller = caller();
    caller.append(noStream(one), event(id, "A"));

    for (int tries = 0; tries < 2; tries++) {
      assertThat(caller.append(noStream(other), event(id, "A")).getSuccess().getCurrentRevision())
          .isZero();
      assertThat(caller.append(any(other), event(id, "A")).hasSuccess()).isTrue();
    }

    var event = caller.events(forwards(other)).getFirst().getEvent();
    assertThat(event.getId().getString()).isEqualTo(id.toString());
    assertThat(event.getCustomMetadata().isEmpty()).isTrue();
  }

  // ---- reading

  @Test
  void a_stream_is_read_both_ways_from_anywhere() {
    String stream = freshStream();
    KurrentCaller caller = caller();
    caller.append(stream, "0", "1", "2", "3");
    StreamOptions.Builder fromTwo =
        StreamOptions.newBuilder().setStreamIdentifier(named(stream)).setRevision(2);

    assertThat(caller.types(forwards(stream))).containsExactly("0", "1", "2", "3");
    assertThat(caller.types(forwards(stream).setCount(2))).containsExactly("0", "1");
    assertThat(caller.types(forwards(stream).setStream(fromTwo))).containsExactly("2", "3");
    assertThat(caller.types(backwards(stream))).containsExactly("3", "2", "1", "0");
    assertThat(caller.types(backwards(stream).setCount(1))).containsExactly("3");
    assertThat(caller.types(backwards(stream).setStream(fromTwo))).containsExactly("2", "1", "0");
  }

  @Test
  void a_stream_that_is_not_there_is_named() {
    String stream = freshStream();

    assertThat(caller().read(forwards(stream)))
        .singleElement()
        .satisfies(
            answer ->
                assertThat(
                        answer
                            .getStreamNotFound()
                            .getStreamIdentifier()
                            .getStreamName()
                            .toStringUtf8())
                    .isEqualTo(stream));
  }

  @Test
  void callers_that_understand_it_hear_where_a_stream_ends() {
    String stream = freshStream();
    caller().append(stream, "0", "1", "2");
    ControlOption understands = ControlOption.newBuilder().setCompatibility(1).build();

    List<ReadResponse> answers =
        caller().read(forwards(stream).setCount(1).setControlOption(understands));

    assertThat(answers).hasSize(2);
    assertThat(answers.getLast().getLastStreamPosition()).isEqualTo(2);
  }

  @Test
  void the_log_is_read_both_ways_and_backwards_from_before_a_position() {
    String stream = freshStream();
    KurrentCaller caller = caller();
    caller.append(stream, "0", "1", "2");
    long second = caller.events(forwards(stream)).get(1).getCommitPosition();
    AllOptions.Builder from = AllOptions.newBuilder().setPosition(Wire.position(second));

    assertThat(caller.types(all().setAll(from).setCount(2))).containsExactly("1", "2");
    assertThat(caller.types(allBackwards().setAll(from).setCount(1))).containsExactly("0");
    assertThat(caller.types(allBackwards().setCount(1))).containsExactly("2");
    assertThat(caller.events(all().setAll(AllOptions.newBuilder().setEnd(NOTHING)))).isEmpty();
  }

  @Test
  void the_log_is_filtered_by_streams_and_types_and_expressions() {
    String category = "filter" + UUID.randomUUID().toString().replace("-", "");
    KurrentCaller caller = caller();
    caller.append(category + "-1", "RoomBooked", "RoomFreed");
    caller.append("other" + category, "RoomBooked");

    assertThat(
            caller.types(
                all()
                    .setFilter(
                        filter()
                            .setStreamIdentifier(
                                FilterExpression.newBuilder().addPrefix(category + "-")))))
        .containsExactly("RoomBooked", "RoomFreed");
    assertThat(
            caller.types(
                all()
                    .setFilter(
                        filter()
                            .setStreamIdentifier(
                                FilterExpression.newBuilder().setRegex(category + "$")))))
        .containsExactly("RoomBooked");
    assertThat(
            caller.types(
                all()
                    .setFilter(
                        filter().setEventType(FilterExpression.newBuilder().addPrefix("RoomF")))))
        .containsExactly("RoomFreed");
    assertThat(
            caller.types(
                allBackwards()
                    .setCount(2)
                    .setFilter(
                        filter()
                            .setEventType(FilterExpression.newBuilder().setRegex("^Room(B|F)")))))
        .containsExactly("RoomBooked", "RoomFreed");
  }

  @Test
  void an_expression_that_never_ends_is_refused() {
    String stream = freshStream();
    caller().append(stream, "a".repeat(200) + "!");

    KurrentCaller.Refused refused =
        KurrentCaller.Refused.from(
            () ->
                caller()
                    .events(
                        allBackwards()
                            .setFilter(
                                filter()
                                    .setEventType(
                                        FilterExpression.newBuilder()
                                            .setRegex("^(.*a)(.*a)(.*a)(.*a)(.*a)x$")))));

    assertThat(refused.code()).isEqualTo(Code.INVALID_ARGUMENT);
  }

  // ---- appends in one call

  private static BatchAppendRequest.Builder part(String stream) {
    return BatchAppendRequest.newBuilder()
        .setCorrelationId(Uuid.newBuilder().setString(UUID.randomUUID().toString()))
        .setOptions(BatchAppendOptions.newBuilder().setStreamIdentifier(named(stream)));
  }

  @Test
  void an_append_with_too_many_events_is_refused_in_words_about_their_number() throws Exception {
    KurrentCaller.Answers<BatchAppendResponse> answers = new KurrentCaller.Answers<>();
    StreamObserver<BatchAppendRequest> call =
        StreamsGrpc.newStub(running.channel()).batchAppend(answers);
    BatchAppendRequest.Builder request = part(freshStream()).setIsFinal(true);
    for (int i = 0; i < 10_001; i++) {
      request.addProposedMessages(event(new UUID(7, i), "T"));
    }

    call.onNext(request.build());
    call.onCompleted();

    assertThat(answers.end()).isNull();
    BadRequest bad =
        answers.received().getFirst().getError().getDetails(0).unpack(BadRequest.class);
    assertThat(bad.getMessage()).contains("10000");
    KurrentCaller.Refused refused =
        KurrentCaller.Refused.from(
            () ->
                caller()
                    .append(
                        any(freshStream()),
                        request
                            .getProposedMessagesBuilderList()
                            .toArray(ProposedMessage.Builder[]::new)));
    assertThat(refused.sentence()).contains("events must be at most 10000");
  }

  @Test
  void what_a_call_holds_is_bounded_though_its_events_are_empty() {
    KurrentCaller.Answers<BatchAppendResponse> answers = new KurrentCaller.Answers<>();
    StreamObserver<BatchAppendRequest> call =
        StreamsGrpc.newStub(running.channel()).batchAppend(answers);
    BatchAppendRequest.Builder unfinished = part(freshStream());
    for (int i = 0; i < 10_000; i++) {
      unfinished.addProposedMessages(event(new UUID(7, i), "T").clearData());
    }
    for (int i = 0; i < 13; i++) { // 13 times 10,000 times more than 256 bytes are over 32 MiB
      call.onNext(
          unfinished
              .setCorrelationId(Uuid.newBuilder().setString(new UUID(8, i).toString()))
              .build());
    }

    call.onNext(unfinished.clearProposedMessages().setIsFinal(true).build()); // of the last of them

    await().atMost(KurrentCaller.PATIENCE).until(() -> !answers.received().isEmpty());
    assertThat(answers.received().getFirst().getError().getCode())
        .isEqualTo(com.google.rpc.Code.UNAVAILABLE_VALUE);
    call.onError(Status.CANCELLED.asRuntimeException()); // the others stay unfinished
  }

  @Test
  void a_call_keeps_no_options_and_no_id_without_a_bound() {
    ByteString name = ByteString.copyFrom(new byte[100_000]);
    BatchAppendRequest.Builder options = part(freshStream());
    options.getOptionsBuilder().getStreamIdentifierBuilder().setStreamName(name);
    BatchAppendRequest.Builder id =
        part(freshStream()).setCorrelationId(Uuid.newBuilder().setString("x".repeat(100_000)));
    for (BatchAppendRequest.Builder unfinished : List.of(options, id)) {
      KurrentCaller.Answers<BatchAppendResponse> answers = new KurrentCaller.Answers<>();
      StreamsGrpc.newStub(running.channel()).batchAppend(answers).onNext(unfinished.build());

      assertThat(KurrentCaller.Refused.from(answers.end()).code()).isEqualTo(Code.INVALID_ARGUMENT);
    }
  }

  // ---- subscriptions

  @Test
  void a_subscription_confirms_catches_up_and_goes_on() {
    String stream = freshStream();
    KurrentCaller caller = caller();
    caller.append(stream, "0", "1");

    try (KurrentCaller.Following following = caller.subscribe(forwards(stream))) {
      assertThat(following.types(2)).containsExactly("0", "1");
      var caughtUp = following.heard(ReadResponse::hasCaughtUp, ReadResponse::getCaughtUp, 1);
      assertThat(caughtUp.getFirst().getStreamRevision()).isEqualTo(1);
      assertThat(following.received().getFirst().hasConfirmation()).isTrue();
      caller.append(stream, "2");
      assertThat(following.types(3)).containsExactly("0", "1", "2");
    }
  }

  @Test
  void a_subscription_begins_behind_a_revision_and_at_the_end() {
    String stream = freshStream();
    KurrentCaller caller = caller();
    caller.append(stream, "0", "1");
    StreamOptions.Builder where =
        StreamOptions.newBuilder().setStreamIdentifier(named(stream)).setRevision(0);

    try (KurrentCaller.Following behind = caller.subscribe(forwards(stream).setStream(where));
        KurrentCaller.Following end =
            caller.subscribe(forwards(stream).setStream(where.clone().setEnd(NOTHING)))) {
      end.heard(ReadResponse::hasCaughtUp, ReadResponse::getCaughtUp, 1);
      caller.append(stream, "2");
      assertThat(behind.types(2)).containsExactly("1", "2");
      assertThat(end.types(1)).containsExactly("2");
    }
  }

  @Test
  void a_subscription_to_a_stream_that_is_not_there_waits_for_it() {
    String stream = freshStream();

    try (KurrentCaller.Following following = caller().subscribe(forwards(stream))) {
      var caughtUp = following.heard(ReadResponse::hasCaughtUp, ReadResponse::getCaughtUp, 1);
      assertThat(caughtUp.getFirst().hasStreamRevision()).isFalse();
      caller().append(stream, "0");
      assertThat(following.types(1)).containsExactly("0");
    }
  }

  @Test
  void whoever_goes_on_after_a_checkpoint_misses_nothing_and_hears_nothing_twice() {
    String wanted = "wanted" + UUID.randomUUID().toString().replace("-", "");
    KurrentCaller caller = caller();
    for (int i = 0; i < 30; i++) {
      caller.append(freshStream(), "Other", "Other", "Other");
      caller.append(wanted + "-" + i, "Wanted" + i);
    }
    for (FilterExpression expression :
        List.of(
            FilterExpression.newBuilder().addPrefix(wanted).build(),
            FilterExpression.newBuilder().setRegex("^" + wanted).build())) {
      var filter = filter().setMax(1).setStreamIdentifier(expression);
      List<ReadResponse> heard;
      try (KurrentCaller.Following following = caller.subscribe(all().setFilter(filter))) {
        following.heard(ReadResponse::hasCaughtUp, ReadResponse::getCaughtUp, 1);
        heard = following.received();
      }
      assertThat(heard.stream().filter(ReadResponse::hasEvent)).hasSize(30);
      List<Integer> checkpoints = new ArrayList<>();
      for (int i = 0; i < heard.size(); i++) {
        if (heard.get(i).hasCheckpoint()) {
          checkpoints.add(i);
        }
      }
      assertThat(checkpoints).hasSizeGreaterThan(10);
      for (int at : List.of(checkpoints.get(3), checkpoints.get(checkpoints.size() / 2))) {
        long position = heard.get(at).getCheckpoint().getCommitPosition();
        List<String> rest =
            heard.subList(at, heard.size()).stream()
                .filter(ReadResponse::hasEvent)
                .map(answer -> KurrentCaller.type(answer.getEvent().getEvent()))
                .toList();
        try (KurrentCaller.Following resumed =
            caller.subscribe(
                all()
                    .setAll(AllOptions.newBuilder().setPosition(Wire.position(position)))
                    .setFilter(filter))) {
          resumed.heard(ReadResponse::hasCaughtUp, ReadResponse::getCaughtUp, 1);
          assertThat(resumed.types(rest.size())).isEqualTo(rest);
        }
      }
    }
  }

  @Test
  void a_filtered_subscription_hears_checkpoints_though_nothing_matches() {
    KurrentCaller caller = caller();
    var nothing =
        filter()
            .setMax(5)
            .setStreamIdentifier(FilterExpression.newBuilder().addPrefix("nothing-is-called-so"));

    try (KurrentCaller.Following following =
        caller.subscribe(
            all().setAll(AllOptions.newBuilder().setEnd(NOTHING)).setFilter(nothing))) {
      following.heard(ReadResponse::hasCaughtUp, ReadResponse::getCaughtUp, 1);
      caller.append(freshStream(), "A", "B", "C", "D", "E", "F");
      assertThat(following.heard(ReadResponse::hasCheckpoint, ReadResponse::getCheckpoint, 1))
          .isNotEmpty();
    }
  }

  @Test
  void a_filter_that_would_never_have_a_checkpoint_is_refused() {
    try (KurrentCaller.Following following =
        caller()
            .subscribe(
                all()
                    .setFilter(
                        filter()
                            .setCheckpointIntervalMultiplier(0)
                            .setEventType(FilterExpression.newBuilder().addPrefix("A"))))) {
      assertThat(KurrentCaller.Refused.from(following.end()).code())
          .isEqualTo(Code.INVALID_ARGUMENT);
    }
  }

  // ---- deleting

  private static DeleteRequest deleting(io.varve.proto.kurrent.streams.AppendOptions.Builder o) {
    return DeleteRequest.newBuilder().setOptions(o).build();
  }

  private static TombstoneRequest closing(
      io.varve.proto.kurrent.streams.AppendOptions.Builder options) {
    return TombstoneRequest.newBuilder().setOptions(options).build();
  }

  @Test
  void a_deleted_stream_is_not_there_until_it_is_appended_to_and_its_numbers_go_on() {
    String stream = freshStream();
    KurrentCaller caller = caller();
    caller.append(stream, "0", "1");

    assertThat(caller.streams().delete(deleting(at(stream, 1))).hasPosition()).isTrue();

    assertThat(caller.read(forwards(stream)).getFirst().hasStreamNotFound()).isTrue();
    assertThat(caller.append(exists(stream), event("X")).hasWrongExpectedVersion()).isTrue();
    assertThat(caller.append(noStream(stream), event("2")).getSuccess().getCurrentRevision())
        .isEqualTo(2);
    assertThat(caller.types(forwards(stream))).containsExactly("2");
    assertThat(metadata(stream)).contains("\"$tb\":2");
  }

  @Test
  void a_deletion_under_a_wrong_expectation_is_refused_in_the_words_that_clients_look_for() {
    String stream = freshStream();
    caller().append(stream, "0", "1");

    KurrentCaller.Refused refused =
        KurrentCaller.Refused.from(() -> caller().streams().delete(deleting(at(stream, 0))));

    assertThat(refused.code()).isEqualTo(Code.FAILED_PRECONDITION);
    assertThat(refused.trailer("exception")).isEqualTo("wrong-expected-version");
    assertThat(refused.trailer("stream-name")).isEqualTo(stream);
    assertThat(refused.trailer("expected-version")).isEqualTo("0");
    assertThat(refused.trailer("actual-version")).isEqualTo("1");
    KurrentCaller.Refused missing =
        KurrentCaller.Refused.from(
            () -> caller().streams().delete(deleting(exists(freshStream()))));
    assertThat(missing.sentence()).contains("WrongExpectedVersion", "Actual version: -1");
  }

  @Test
  void a_stream_that_is_closed_for_ever_says_so_to_everybody() {
    String stream = freshStream();
    KurrentCaller caller = caller();
    caller.append(stream, "0");

    try (KurrentCaller.Following following = caller.subscribe(forwards(stream))) {
      following.heard(ReadResponse::hasCaughtUp, ReadResponse::getCaughtUp, 1);
      caller.streams().tombstone(closing(any(stream)));
      assertThat(KurrentCaller.Refused.from(following.end()).trailer("exception"))
          .isEqualTo("stream-deleted");
      assertThat(following.types(2)).containsExactly("0", "$streamDeleted");
    }
    for (KurrentCaller.Refused refused :
        List.of(
            KurrentCaller.Refused.from(() -> caller.read(forwards(stream))),
            KurrentCaller.Refused.from(() -> caller.append(any(stream), event("A"))),
            KurrentCaller.Refused.from(() -> caller.streams().delete(deleting(any(stream)))),
            KurrentCaller.Refused.from(caller.subscribe(forwards(stream)).end()))) {
      assertThat(refused.code()).isEqualTo(Code.FAILED_PRECONDITION);
      assertThat(refused.trailer("exception")).isEqualTo("stream-deleted");
      assertThat(refused.trailer("stream-name")).isEqualTo(stream);
      assertThat(refused.sentence()).contains("is deleted");
    }
  }

  // ---- metadata streams

  private static ProposedMessage.Builder says(String json) {
    return event("$metadata").setData(ByteString.copyFromUtf8(json));
  }

  private static String metadata(String stream) {
    return caller()
        .events(backwards("$$" + stream).setCount(1))
        .getFirst()
        .getEvent()
        .getData()
        .toStringUtf8();
  }

  @Test
  void what_a_metadata_stream_says_takes_effect_and_is_read_as_it_was_written() {
    String stream = freshStream();
    KurrentCaller caller = caller();
    String json = "{ \"$maxCount\": 2, \"$acl\": {\"$r\": [\"$all\"]}, \"owner\": \"us\" }";

    AppendResponse said = caller.append(noStream("$$" + stream), says(json));

    caller.append(stream, "0", "1", "2");
    assertThat(caller.types(forwards(stream))).containsExactly("1", "2");
    assertThat(metadata(stream)).isEqualTo(json);
    long revision = said.getSuccess().getCurrentRevision();
    assertThat(caller.append(noStream("$$" + stream), says("{}")).hasWrongExpectedVersion())
        .isTrue();
    assertThat(caller.append(at("$$" + stream, revision), says("{\"$tb\":2}")).hasSuccess())
        .isTrue();
    assertThat(caller.append(at("$$" + stream, revision), says("{}")).hasWrongExpectedVersion())
        .isTrue();
    assertThat(caller.types(forwards(stream))).containsExactly("2");
  }

  @Test
  void a_stream_of_which_nothing_was_said_has_no_metadata_stream() {
    String stream = freshStream();
    caller().append(stream, "0");

    assertThat(caller().read(backwards("$$" + stream)).getFirst().hasStreamNotFound()).isTrue();
  }

  @Test
  void metadata_that_is_repeated_is_recorded_once() {
    String stream = freshStream();
    ProposedMessage.Builder says = says("{\"$maxAge\":3600}");

    AppendResponse first = caller().append(any("$$" + stream), says);

    assertThat(caller().append(any("$$" + stream), says)).isEqualTo(first);
  }

  @Test
  void one_id_says_something_about_each_of_many_streams_and_keeps_being_shown() {
    String ordinary = freshStream();
    String one = freshStream();
    String two = freshStream();
    ProposedMessage.Builder says = says("{\"$maxCount\":1}");
    UUID id = UUID.fromString(says.getId().getString());
    KurrentCaller caller = caller();
    var _ = caller.append(any(ordinary), event(id, "an ordinary event"));
    for (String stream : List.of(one, two)) {
      caller.append(stream, "0", "1");

      AppendResponse said = caller.append(any("$$" + stream), says);

      assertThat(caller.append(any("$$" + stream), says)).isEqualTo(said);
      assertThat(caller.types(forwards(stream))).containsExactly("1");
      var shown = caller.events(backwards("$$" + stream)).getFirst().getEvent();
      assertThat(shown.getId().getString()).isEqualTo(id.toString());
      assertThat(shown.getStreamRevision()).isEqualTo(said.getSuccess().getCurrentRevision());
    }
  }

  @Test
  void other_words_or_another_expectation_under_one_id_are_no_repeat() {
    String stream = freshStream();
    ProposedMessage.Builder first = says("{\"$maxCount\":3}");
    ProposedMessage.Builder other = says("{\"$maxCount\":1}").setId(first.getId());
    KurrentCaller caller = caller();
    caller.append(stream, "0", "1", "2", "3");

    AppendResponse said = caller.append(any("$$" + stream), first);
    var _ = caller.append(any("$$" + stream), other);

    assertThat(caller.types(forwards(stream))).containsExactly("3");
    long revision = said.getSuccess().getCurrentRevision();
    assertThat(caller.append(at("$$" + stream, revision), first).hasWrongExpectedVersion())
        .isTrue();
  }

  @Test
  void metadata_that_is_no_object_is_refused() {
    for (String bad : List.of("[]", "no", "{\"$maxCount\":-1}", "{\"$maxAge\":\"long\"}")) {
      assertThat(
              KurrentCaller.Refused.from(
                      () -> caller().append(any("$$" + freshStream()), says(bad)))
                  .code())
          .isEqualTo(Code.INVALID_ARGUMENT);
    }
  }

  @Test
  void a_retention_set_through_varves_own_api_shows_in_the_metadata_stream() {
    String stream = freshStream();
    caller().append(any("$$" + stream), says("{\"$maxCount\":9,\"owner\":\"us\"}"));
    VarveClient client = running.server().ownClient();

    client.streams().setRetention(stream, Retention.newest(5));

    assertThat(metadata(stream)).contains("\"$maxCount\":5", "\"owner\":\"us\"");
  }

  @Test
  void the_log_shows_what_was_said_and_that_a_stream_was_closed() {
    String stream = freshStream();
    KurrentCaller caller = caller();
    caller.append(stream, "0");
    caller.append(any("$$" + stream), says("{\"$maxCount\":7}"));
    caller.streams().tombstone(closing(any(stream)));
    var ofThisStream =
        filter()
            .setStreamIdentifier(
                FilterExpression.newBuilder().addPrefix(stream).addPrefix("$$" + stream));

    assertThat(
            caller.events(all().setFilter(ofThisStream)).stream()
                .map(
                    event ->
                        KurrentCaller.stream(event.getEvent())
                            + " "
                            + KurrentCaller.type(event.getEvent())))
        .containsExactly(stream + " 0", "$$" + stream + " $metadata", stream + " $streamDeleted");
  }

  // ---- links and views

  @Test
  void a_link_leads_to_its_event_or_nowhere() {
    String target = freshStream();
    String links = freshStream();
    KurrentCaller caller = caller();
    caller.append(target, "0", "1");
    caller.append(
        any(links),
        event("$>").setData(ByteString.copyFromUtf8("1@" + target)),
        event("$>").setData(ByteString.copyFromUtf8("9@" + target)));

    List<ReadEvent> resolved = caller.events(forwards(links).setResolveLinks(true));

    assertThat(KurrentCaller.type(resolved.getFirst().getEvent())).isEqualTo("1");
    assertThat(KurrentCaller.stream(resolved.getFirst().getLink())).isEqualTo(links);
    assertThat(resolved.getFirst().getCommitPosition())
        .isEqualTo(resolved.getFirst().getLink().getCommitPosition());
    assertThat(resolved.getLast().hasEvent()).isFalse();
    assertThat(resolved.getLast().hasLink()).isTrue();
    assertThat(caller.types(forwards(links))).containsExactly("$>", "$>");
  }

  @Test
  void a_category_and_a_type_are_streams_of_links() {
    String category = "cat" + UUID.randomUUID().toString().replace("-", "");
    String type = "Type" + UUID.randomUUID();
    KurrentCaller caller = caller();
    caller.append(category + "-1", type, "Other");
    caller.append(category + "-2", type);

    assertThat(caller.types(forwards("$ce-" + category).setResolveLinks(true)))
        .containsExactly(type, "Other", type);
    List<ReadEvent> links = caller.events(forwards("$et-" + type));
    assertThat(links.stream().map(link -> link.getEvent().getData().toStringUtf8()))
        .containsExactly("0@" + category + "-1", "0@" + category + "-2");
    long first = links.getFirst().getEvent().getStreamRevision();
    StreamOptions.Builder behindFirst =
        StreamOptions.newBuilder().setStreamIdentifier(named("$et-" + type)).setRevision(first);
    try (KurrentCaller.Following following =
        caller.subscribe(forwards("$et-" + type).setStream(behindFirst).setResolveLinks(true))) {
      caller.append(category + "-3", type);
      assertThat(following.events(2).stream().map(event -> KurrentCaller.stream(event.getEvent())))
          .containsExactly(category + "-2", category + "-3");
    }
    assertThat(caller.types(backwards("$ce-" + category).setResolveLinks(true).setCount(1)))
        .containsExactly(type);
    for (ReadOptions.Builder nothing :
        List.of(forwards("$ce-" + freshStream()), backwards("$ce-" + freshStream()))) {
      assertThat(caller.read(nothing).getFirst().hasStreamNotFound()).isTrue();
    }
  }

  @Test
  void links_of_a_view_lead_to_nothing_that_is_hidden_in_its_stream() {
    String category = "hid" + UUID.randomUUID().toString().replace("-", "");
    KurrentCaller caller = caller();
    caller.append(category + "-1", "hidden", "kept");
    caller.append(category + "-2", "deleted");
    var _ = caller.append(any("$$" + category + "-1"), says("{\"$tb\":1}"));
    var _ =
        caller
            .streams()
            .delete(DeleteRequest.newBuilder().setOptions(any(category + "-2")).build());

    List<ReadEvent> links = caller.events(forwards("$ce-" + category).setResolveLinks(true));

    assertThat(links).hasSize(3).allMatch(ReadEvent::hasLink);
    assertThat(links.stream().filter(ReadEvent::hasEvent))
        .singleElement()
        .satisfies(link -> assertThat(KurrentCaller.type(link.getEvent())).isEqualTo("kept"));
  }

  @Test
  void the_standard_projections_run_and_others_are_not_there() {
    var projections = ProjectionsGrpc.newBlockingStub(running.channel());

    var _ =
        projections.enable(
            EnableRequest.newBuilder()
                .setOptions(EnableOptions.newBuilder().setName("$by_category"))
                .build());
    List<String> found = new ArrayList<>();
    projections
        .statistics(
            StatisticsRequest.newBuilder()
                .setOptions(StatisticsOptions.newBuilder().setAll(NOTHING))
                .build())
        .forEachRemaining(
            answer ->
                found.add(answer.getDetails().getName() + " " + answer.getDetails().getStatus()));
    assertThat(found).contains("$by_category Running", "$by_event_type Running");
    KurrentCaller.Refused missing =
        KurrentCaller.Refused.from(
            () ->
                projections.enable(
                    EnableRequest.newBuilder()
                        .setOptions(EnableOptions.newBuilder().setName("mine"))
                        .build()));
    assertThat(missing.code()).isEqualTo(Code.NOT_FOUND);
    assertThat(missing.sentence()).isEqualTo("Projection 'mine' not found");
    KurrentCaller.Refused view =
        KurrentCaller.Refused.from(
            () ->
                projections.disable(
                    DisableRequest.newBuilder()
                        .setOptions(DisableOptions.newBuilder().setName("$streams"))
                        .build()));
    assertThat(view.code()).isEqualTo(Code.FAILED_PRECONDITION);
  }
}

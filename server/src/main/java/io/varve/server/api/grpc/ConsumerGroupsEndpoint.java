package io.varve.server.api.grpc;

import io.grpc.MethodDescriptor;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import io.varve.proto.v1.ConsumeRequest;
import io.varve.proto.v1.ConsumerGroupsCreateRequest;
import io.varve.proto.v1.ConsumerGroupsCreateResponse;
import io.varve.proto.v1.ConsumerGroupsDeleteRequest;
import io.varve.proto.v1.ConsumerGroupsDeleteResponse;
import io.varve.proto.v1.ConsumerGroupsGetRequest;
import io.varve.proto.v1.ConsumerGroupsGetResponse;
import io.varve.proto.v1.ConsumerGroupsGrpc;
import io.varve.proto.v1.ConsumerGroupsListRequest;
import io.varve.proto.v1.ConsumerGroupsListResponse;
import io.varve.proto.v1.ConsumerGroupsUpdateRequest;
import io.varve.proto.v1.ConsumerGroupsUpdateResponse;
import io.varve.proto.v1.DiscardParkedRequest;
import io.varve.proto.v1.DiscardParkedResponse;
import io.varve.proto.v1.ListParkedRequest;
import io.varve.proto.v1.ListParkedResponse;
import io.varve.proto.v1.ReplayParkedRequest;
import io.varve.proto.v1.ReplayParkedResponse;
import io.varve.server.config.Limits;
import io.varve.server.group.ConsumerGroups;
import io.varve.server.group.GroupInfo;
import io.varve.server.group.GroupSettings;
import io.varve.server.group.Parked;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.function.Function;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The service {@code varve.v1.ConsumerGroups}: takes requests apart, asks the groups, answers.
 * Thread-safe.
 *
 * <p>Exceptions that leave a method become the call's status in {@link RequestGuard}.
 */
public final class ConsumerGroupsEndpoint {
  /** A page of parked events stops once it has so many bytes, but has its first event. */
  private static final int PARKED_PAGE_BYTES = 1024 * 1024;

  private static final String GROUPS = "consumer groups";
  private static final String PARKED = "parked events";

  private final ConsumerGroups groups;
  private final GroupRequests requests;
  private final Executor reads;
  private final InstantSource clock;
  private final IntConsumer sent;
  private final Set<ConsumeCall> calls = ConcurrentHashMap.newKeySet();
  private volatile boolean stopping;

  /**
   * @param reads runs what looks at the disk
   * @param clock tells when a group is created
   * @param sent hears how many events have been handed to the transport
   */
  public ConsumerGroupsEndpoint(
      ConsumerGroups groups, Limits limits, Executor reads, InstantSource clock, IntConsumer sent) {
    this.groups = groups;
    this.requests = new GroupRequests(new Checks(limits));
    this.reads = reads;
    this.clock = clock;
    this.sent = sent;
  }

  /**
   * The service as gRPC serves it; those of its responses that carry events are sent as they are
   * stored.
   */
  ServerServiceDefinition service() {
    MethodDescriptor<ConsumerGroupsCreateRequest, ConsumerGroupsCreateResponse> create =
        ConsumerGroupsGrpc.getCreateMethod();
    MethodDescriptor<ConsumerGroupsUpdateRequest, ConsumerGroupsUpdateResponse> update =
        ConsumerGroupsGrpc.getUpdateMethod();
    MethodDescriptor<ConsumerGroupsDeleteRequest, ConsumerGroupsDeleteResponse> delete =
        ConsumerGroupsGrpc.getDeleteMethod();
    MethodDescriptor<ConsumerGroupsGetRequest, ConsumerGroupsGetResponse> get =
        ConsumerGroupsGrpc.getGetMethod();
    MethodDescriptor<ConsumerGroupsListRequest, ConsumerGroupsListResponse> list =
        ConsumerGroupsGrpc.getListMethod();
    var consume = EncodedResponse.answering(ConsumerGroupsGrpc.getConsumeMethod());
    var listParked = EncodedResponse.answering(ConsumerGroupsGrpc.getListParkedMethod());
    MethodDescriptor<ReplayParkedRequest, ReplayParkedResponse> replay =
        ConsumerGroupsGrpc.getReplayParkedMethod();
    MethodDescriptor<DiscardParkedRequest, DiscardParkedResponse> discard =
        ConsumerGroupsGrpc.getDiscardParkedMethod();
    ServiceDescriptor original = ConsumerGroupsGrpc.getServiceDescriptor();
    ServiceDescriptor descriptor =
        ServiceDescriptor.newBuilder(original.getName())
            .setSchemaDescriptor(original.getSchemaDescriptor())
            .addMethod(create)
            .addMethod(update)
            .addMethod(delete)
            .addMethod(get)
            .addMethod(list)
            .addMethod(consume)
            .addMethod(listParked)
            .addMethod(replay)
            .addMethod(discard)
            .build();
    return ServerServiceDefinition.builder(descriptor)
        .addMethod(create, ServerCalls.asyncUnaryCall(this::create))
        .addMethod(update, ServerCalls.asyncUnaryCall(this::update))
        .addMethod(delete, ServerCalls.asyncUnaryCall(this::delete))
        .addMethod(get, ServerCalls.asyncUnaryCall(this::get))
        .addMethod(list, ServerCalls.asyncUnaryCall(this::list))
        .addMethod(consume, ServerCalls.asyncBidiStreamingCall(this::consume))
        .addMethod(listParked, ServerCalls.asyncUnaryCall(this::listParked))
        .addMethod(replay, ServerCalls.asyncUnaryCall(this::replay))
        .addMethod(discard, ServerCalls.asyncUnaryCall(this::discard))
        .build();
  }

  // ---- groups

  private void create(
      ConsumerGroupsCreateRequest request, StreamObserver<ConsumerGroupsCreateResponse> observer) {
    if (!request.hasGroup()) {
      throw Errors.invalid("group", "must be set");
    }
    String name = request.getGroup().getName();
    answer(
        observer,
        groups.create(requests.definition(request.getGroup(), clock.instant())),
        created -> {
          if (!created) {
            throw Errors.groupExists(name);
          }
          return ConsumerGroupsCreateResponse.getDefaultInstance();
        });
  }

  private void update(
      ConsumerGroupsUpdateRequest request, StreamObserver<ConsumerGroupsUpdateResponse> observer) {
    String name = requests.name("name", request.getName());
    if (!request.hasSettings()) {
      throw Errors.invalid("settings", "must be set");
    }
    GroupSettings settings = requests.settings("settings.", request.getSettings());
    answer(
        observer,
        groups.update(name, settings),
        updated -> {
          if (!updated) {
            throw Errors.groupNotFound(name);
          }
          return ConsumerGroupsUpdateResponse.getDefaultInstance();
        });
  }

  private void delete(
      ConsumerGroupsDeleteRequest request, StreamObserver<ConsumerGroupsDeleteResponse> observer) {
    String name = requests.name("name", request.getName());
    answer(
        observer,
        groups.delete(name),
        deleted -> {
          if (!deleted) {
            throw Errors.groupNotFound(name);
          }
          return ConsumerGroupsDeleteResponse.getDefaultInstance();
        });
  }

  private void get(
      ConsumerGroupsGetRequest request, StreamObserver<ConsumerGroupsGetResponse> observer) {
    String name = requests.name("name", request.getName());
    answer(
        observer,
        groups.info(name),
        info ->
            ConsumerGroupsGetResponse.newBuilder()
                .setGroup(GroupMessages.of(found(name, info)))
                .build());
  }

  private static <T> T found(String name, @Nullable T answer) {
    if (answer == null) {
      throw Errors.groupNotFound(name);
    }
    return answer;
  }

  private void list(
      ConsumerGroupsListRequest request, StreamObserver<ConsumerGroupsListResponse> observer) {
    int pageSize = Checks.pageSize(request.getPageSize());
    byte[] key = PageToken.key(request.getPageToken(), GROUPS);
    String after = key == null ? "" : new String(key, StandardCharsets.UTF_8);
    answer(
        observer,
        groups.list(after, pageSize + 1),
        found -> {
          List<GroupInfo> page = found.subList(0, Math.min(pageSize, found.size()));
          ConsumerGroupsListResponse.Builder response = ConsumerGroupsListResponse.newBuilder();
          page.forEach(info -> response.addGroups(GroupMessages.of(info)));
          if (found.size() > pageSize) {
            String last = page.getLast().definition().name();
            response.setNextPageToken(
                PageToken.after(last.getBytes(StandardCharsets.UTF_8), GROUPS));
          }
          return response.build();
        });
  }

  // ---- consuming

  private StreamObserver<ConsumeRequest> consume(StreamObserver<EncodedResponse> observer) {
    ConsumeCall call =
        new ConsumeCall(
            (ServerCallStreamObserver<EncodedResponse>) observer,
            groups,
            requests,
            sent,
            calls::remove);
    calls.add(call);
    call.start();
    if (stopping) {
      call.stop();
    }
    return call;
  }

  // ---- parked events

  private void listParked(ListParkedRequest request, StreamObserver<EncodedResponse> observer) {
    String name = requests.name("group", request.getGroup());
    int pageSize = Checks.pageSize(request.getPageSize());
    boolean json = ReadRequests.wantsJson(request.getPayloadView(), request.getPayloadViewValue());
    byte[] key = PageToken.key(request.getPageToken(), PARKED, name);
    if (key != null && key.length != Long.BYTES) {
      throw PageToken.wrong();
    }
    long after = key == null ? 0 : ByteBuffer.wrap(key).getLong();
    Caller asking = Caller.ofThisCall();
    answer(
        observer,
        groups.parked(name, after, pageSize + 1, reads),
        page -> parkedPage(name, found(name, page), pageSize, json, asking));
  }

  /**
   * Those that may not be given to whoever asks are left out, so a page may have fewer, or none.
   */
  private EncodedResponse parkedPage(
      String name, ConsumerGroups.ParkedPage page, int pageSize, boolean json, Caller asking) {
    EncodedResponse response = new EncodedResponse();
    int count = 0;
    for (Parked parked : page.events()) {
      if (count == pageSize || response.length() >= PARKED_PAGE_BYTES) {
        Parked last = page.events().get(count - 1);
        byte[] key = ByteBuffer.allocate(Long.BYTES).putLong(0, last.position()).array();
        return response.append(
            ListParkedResponse.newBuilder()
                .setNextPageToken(PageToken.after(key, PARKED, name))
                .build()
                .toByteArray());
      }
      if (asking.mayBeGiven(parked.stream().value())) {
        response.append(
            GroupMessages.parked(parked, page.isReplaying(parked), groups.event(parked), json));
      }
      count++;
    }
    return response;
  }

  private void replay(ReplayParkedRequest request, StreamObserver<ReplayParkedResponse> observer) {
    String name = requests.name("group", request.getGroup());
    answer(
        observer,
        groups.replay(name, requests.positions("positions", request.getPositionsList())),
        replayed -> ReplayParkedResponse.newBuilder().setReplayed(found(name, replayed)).build());
  }

  private void discard(
      DiscardParkedRequest request, StreamObserver<DiscardParkedResponse> observer) {
    String name = requests.name("group", request.getGroup());
    answer(
        observer,
        groups.discard(name, requests.positions("positions", request.getPositionsList())),
        discarded ->
            DiscardParkedResponse.newBuilder().setDiscarded(found(name, discarded)).build());
  }

  // ---- answering

  /** Answers once a future has completed, with what it is turned into, or with the refusal. */
  private static <T extends @Nullable Object, R> void answer(
      StreamObserver<R> observer, CompletableFuture<T> future, Function<T, R> toResponse) {
    ServerCallStreamObserver<R> caller = (ServerCallStreamObserver<R>) observer;
    // With a handler in place, answering a caller that has gone does nothing instead of throwing.
    caller.setOnCancelHandler(() -> {});
    var _ =
        future
            .thenApply(toResponse)
            .whenComplete(
                (response, failure) -> {
                  if (failure == null) {
                    caller.onNext(response);
                    caller.onCompleted();
                  } else {
                    Throwable cause =
                        failure instanceof CompletionException && failure.getCause() != null
                            ? failure.getCause()
                            : failure;
                    caller.onError(Errors.exception(Errors.fault(cause)));
                  }
                });
  }

  /** Ends all calls that consume. */
  void stop() {
    stopping = true;
    calls.forEach(ConsumeCall::stop);
    groups.stop();
  }
}

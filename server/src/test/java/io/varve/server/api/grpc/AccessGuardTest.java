package io.varve.server.api.grpc;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.Message;
import com.google.rpc.ErrorInfo;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.Status;
import io.grpc.protobuf.StatusProto;
import io.varve.proto.v1.AccessGrpc;
import io.varve.proto.v1.AdminGrpc;
import io.varve.proto.v1.AppendPipelineRequest;
import io.varve.proto.v1.AppendRequest;
import io.varve.proto.v1.CreateBackupRequest;
import io.varve.proto.v1.EventStoreGrpc;
import io.varve.proto.v1.RevokeTokenRequest;
import io.varve.proto.v1.StreamAppend;
import io.varve.proto.v1.StreamsDeleteRequest;
import io.varve.proto.v1.StreamsGrpc;
import io.varve.proto.v1.TransactRequest;
import io.varve.server.security.AccessChange;
import io.varve.server.security.AccessControl;
import io.varve.server.security.AccessState;
import io.varve.server.security.AuditTrail;
import io.varve.server.security.Permission;
import io.varve.server.security.Secrets;
import java.security.SecureRandom;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Calls that end, event by event, as gRPC brings them. */
class AccessGuardTest {
  private static final Instant NOON = Instant.parse("2026-11-27T12:00:00Z");
  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);
  private static final AppendRequest APPEND =
      AppendRequest.newBuilder().setStream("account-1").build();

  private final Secrets secrets = new Secrets(new SecureRandom(), 1);
  private final Secrets.NewToken token = secrets.newToken();
  private final AccessControl access =
      new AccessControl(true, AccessState.NONE, () -> NOON, new byte[0], secrets);
  private final AuditTrail audit = new AuditTrail(() -> 0);
  private final AccessGuard guard = new AccessGuard(access, audit);

  /** What the service hears, and what it says. */
  private final List<String> heard = new CopyOnWriteArrayList<>();

  /** A call as gRPC sees it. */
  private static final class WireCall<Q, R> extends ServerCall<Q, R> {
    private final MethodDescriptor<Q, R> method;
    private final List<Status> ends = new CopyOnWriteArrayList<>();
    private final List<Metadata> trailers = new CopyOnWriteArrayList<>();

    WireCall(MethodDescriptor<Q, R> method) {
      this.method = method;
    }

    @Override
    public void request(int messages) {}

    @Override
    public void sendHeaders(Metadata headers) {}

    @Override
    public void sendMessage(R message) {}

    @Override
    public void close(Status status, Metadata sent) {
      ends.add(status);
      trailers.add(sent);
    }

    @Override
    public boolean isCancelled() {
      return false;
    }

    @Override
    public MethodDescriptor<Q, R> getMethodDescriptor() {
      return method;
    }

    String reason() throws Exception {
      com.google.rpc.Status rich =
          requireNonNull(StatusProto.fromStatusAndTrailers(ends.getFirst(), trailers.getFirst()));
      return rich.getDetails(0).unpack(ErrorInfo.class).getReason();
    }
  }

  /** A service that tells what it hears, and otherwise does what a test says. */
  private class Service<Q> extends ServerCall.Listener<Q> {
    @Override
    public void onMessage(Q message) {
      heard.add("message");
    }

    @Override
    public void onHalfClose() {
      heard.add("half close");
    }

    @Override
    public void onCancel() {
      heard.add("cancel");
    }

    @Override
    public void onComplete() {
      heard.add("complete");
    }

    @Override
    public void onReady() {
      heard.add("ready");
    }
  }

  private void allow(String permission) {
    access.apply(created(permission, null));
  }

  private AccessChange.TokenCreated created(
      String permission, @org.jspecify.annotations.Nullable Instant expiresAt) {
    return new AccessChange.TokenCreated(
        token.id(),
        "test",
        Secrets.hashOfToken(token.text()),
        List.of(Permission.parse(permission)),
        expiresAt);
  }

  private void revoke() {
    access.apply(new AccessChange.TokenRevoked(token.id()));
  }

  private Metadata credentials() {
    Metadata headers = new Metadata();
    headers.put(AUTHORIZATION, "Bearer " + token.text());
    return headers;
  }

  /** The guard's side of a call. */
  private record Open<Q, R>(
      WireCall<Q, R> wire, ServerCall<Q, R> seen, ServerCall.Listener<Q> listener, Caller caller) {}

  private <Q, R> Open<Q, R> open(MethodDescriptor<Q, R> method, ServerCall.Listener<Q> service) {
    WireCall<Q, R> wire = new WireCall<>(method);
    List<ServerCall<Q, R>> seen = new ArrayList<>();
    List<Caller> callers = new ArrayList<>();
    ServerCall.Listener<Q> listener =
        guard.interceptCall(
            wire,
            credentials(),
            (call, _) -> {
              seen.add(call);
              callers.add(Caller.ofThisCall());
              return service;
            });
    return new Open<>(wire, seen.getFirst(), listener, callers.getFirst());
  }

  private List<String> told() {
    return audit.takeAll().stream()
        .map(AuditTrail.Counted::entry)
        .map(entry -> entry.kind() + " " + entry.about() + " " + entry.outcome())
        .toList();
  }

  // ---- calls that are ended

  @Test
  void what_comes_after_the_end_does_not_reach_the_service_which_hears_of_the_end_at_once()
      throws Exception {
    allow("append");
    var call = open(EventStoreGrpc.getAppendMethod(), new Service<AppendRequest>());
    call.listener().onMessage(APPEND);
    assertThat(call.seen().isCancelled()).isFalse();

    revoke();

    assertThat(heard).containsExactly("message", "cancel");
    assertThat(call.seen().isCancelled()).isTrue();
    assertThat(call.wire().ends)
        .extracting(Status::getCode)
        .containsExactly(Status.Code.UNAUTHENTICATED);
    assertThat(call.wire().reason()).isEqualTo("ACCESS_ENDED");
    call.listener().onHalfClose();
    call.listener().onReady();
    call.listener().onComplete();
    assertThat(heard).containsExactly("message", "cancel");
  }

  @Test
  void an_end_does_not_wait_for_what_the_service_is_doing_which_hears_of_it_afterwards()
      throws Exception {
    allow("append");
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch mayEnd = new CountDownLatch(1);
    var call =
        open(
            EventStoreGrpc.getAppendPipelineMethod(),
            new Service<AppendPipelineRequest>() {
              @Override
              public void onMessage(AppendPipelineRequest message) {
                heard.add("begins " + message.getRequestId());
                begun.countDown();
                awaits(mayEnd);
                heard.add("ends " + message.getRequestId());
              }
            });
    Thread wire =
        Thread.ofPlatform()
            .start(
                () -> {
                  call.listener().onMessage(numbered(1));
                  call.listener().onMessage(numbered(2));
                  call.listener().onHalfClose();
                  call.listener().onComplete();
                });
    try {
      awaits(begun);

      revoke(); // and comes back

      assertThat(call.wire().ends).hasSize(1);
      assertThat(heard).containsExactly("begins 1");
    } finally {
      mayEnd.countDown();
      wire.join();
    }
    assertThat(heard).containsExactly("begins 1", "ends 1", "cancel");
  }

  private static AppendPipelineRequest numbered(long id) {
    return AppendPipelineRequest.newBuilder().setRequestId(id).setAppend(APPEND).build();
  }

  private static void awaits(CountDownLatch latch) {
    try {
      assertThat(latch.await(60, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void a_call_whose_credentials_go_while_it_comes_in_never_reaches_the_service() {
    Instant expiry = NOON.plusSeconds(1);
    List<Instant> times = new ArrayList<>(List.of(NOON, NOON, expiry));
    InstantSource passing = () -> times.size() == 1 ? times.getFirst() : times.removeFirst();
    AccessControl expiring =
        new AccessControl(true, AccessState.NONE, passing, new byte[0], secrets);
    AccessGuard before = new AccessGuard(expiring, audit);
    expiring.apply(created("append", expiry)); // the first time, the second is for the login

    assertThatThrownBy(
            () ->
                before.interceptCall(
                    new WireCall<>(EventStoreGrpc.getAppendMethod()),
                    credentials(),
                    (call, headers) -> {
                      heard.add("started");
                      return new Service<>();
                    }))
        .isInstanceOfSatisfying(
            Refusal.class,
            refusal ->
                assertThat(refusal.status().getCode())
                    .isEqualTo(Status.Code.UNAUTHENTICATED.value()));
    assertThat(heard).isEmpty();
    assertThat(told()).containsExactly("Refused  UNAUTHENTICATED");
  }

  @Test
  void a_call_that_takes_away_its_own_credentials_is_answered_and_told_once() {
    allow("administer");
    var call = open(AccessGrpc.getRevokeTokenMethod(), new Service<RevokeTokenRequest>());
    var other = open(EventStoreGrpc.getAppendMethod(), new Service<AppendRequest>());
    call.listener().onMessage(RevokeTokenRequest.newBuilder().setTokenId(token.id()).build());

    call.caller().isBeingAnswered();
    revoke();
    guard.sweep();
    call.seen().close(Status.OK, new Metadata());
    call.listener().onComplete();

    assertThat(call.wire().ends).containsExactly(Status.OK);
    assertThat(heard).containsExactly("message", "cancel", "complete"); // the other one's cancel
    assertThat(other.wire().ends).hasSize(1);
    assertThat(told()).containsExactly("Done " + token.id() + " OK");
  }

  // ---- what the trail is told

  @Test
  void an_act_that_fails_is_in_the_trail_however_it_fails() {
    allow("manage");
    StreamsDeleteRequest request = StreamsDeleteRequest.newBuilder().setStream("gone-1").build();
    for (RuntimeException failure :
        List.of(
            Errors.streamNotFound("gone-1", false),
            new IllegalStateException("a fault"),
            Errors.permissionDenied("manage", "gone-1"))) {
      var call =
          open(
              StreamsGrpc.getDeleteMethod(),
              new Service<StreamsDeleteRequest>() {
                @Override
                public void onHalfClose() {
                  throw failure;
                }
              });
      call.listener().onMessage(request);
      assertThatThrownBy(() -> call.listener().onHalfClose()).isInstanceOf(Refusal.class);
      call.listener().onCancel(); // as RequestGuard does
    }
    assertThat(told())
        .containsExactly(
            "Done gone-1 NOT_FOUND",
            "Done gone-1 INTERNAL",
            "Refused gone-1 the caller lacks the permission manage on gone-1");
  }

  @Test
  void an_act_that_is_ended_or_left_may_have_been_done_and_the_trail_says_so() {
    allow("administer");
    var left = open(AdminGrpc.getCreateBackupMethod(), new Service<CreateBackupRequest>());
    var ended = open(StreamsGrpc.getDeleteMethod(), new Service<StreamsDeleteRequest>());
    left.listener().onMessage(CreateBackupRequest.newBuilder().setFolder("b").build());
    ended.listener().onMessage(StreamsDeleteRequest.newBuilder().setStream("s").build());

    left.listener().onCancel();
    revoke();
    ended.seen().close(Status.OK, new Metadata()); // what had been proposed is committed

    assertThat(told())
        .containsExactly(
            "Done b CANCELLED: the caller has gone; it may have been done",
            "Done s UNAUTHENTICATED: ended while it was under way; it may have been done",
            "Done s OK");
  }

  @Test
  void what_is_not_an_act_is_not_told_unless_it_is_refused() {
    allow("append:account-");
    var call = open(EventStoreGrpc.getTransactMethod(), new Service<TransactRequest>());
    Message elsewhere =
        TransactRequest.newBuilder()
            .addStreams(StreamAppend.newBuilder().setStream("secret-1"))
            .build();
    assertThatThrownBy(() -> call.listener().onMessage((TransactRequest) elsewhere))
        .isInstanceOf(Refusal.class);
    var append = open(EventStoreGrpc.getAppendMethod(), new Service<AppendRequest>());
    append.listener().onMessage(APPEND);
    revoke();

    assertThat(told())
        .containsExactly("Refused  the caller lacks the permission append on secret-1");
  }
}

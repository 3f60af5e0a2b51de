package io.varve.server.api.grpc;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.rpc.ErrorInfo;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import io.varve.proto.v1.AccessGrpc;
import io.varve.proto.v1.RemoveUserRequest;
import io.varve.proto.v1.RemoveUserResponse;
import io.varve.proto.v1.SaveUserRequest;
import io.varve.proto.v1.SaveUserResponse;
import io.varve.proto.v1.User;
import io.varve.server.append.Outcome;
import io.varve.server.config.ServerConfig;
import io.varve.server.event.Position;
import io.varve.server.event.StreamVersion;
import io.varve.server.security.AccessChange;
import io.varve.server.security.AccessChanges;
import io.varve.server.security.AccessControl;
import io.varve.server.security.AccessState;
import io.varve.server.security.AuditTrail;
import io.varve.server.security.Role;
import io.varve.server.security.Secrets;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Changes of users that meet one another, and a disk that fails under them. */
class AccessEndpointTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Instant NOON = Instant.parse("2026-11-27T12:00:00Z");
  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

  /** Randomness that is there only when a test lets it: so hashing takes as long as it is to. */
  private static final class SlowRandom extends SecureRandom {
    private static final long serialVersionUID = 1L;

    private transient volatile CountDownLatch asked = new CountDownLatch(0);
    private transient volatile CountDownLatch given = new CountDownLatch(0);

    void holdBack() {
      asked = new CountDownLatch(1);
      given = new CountDownLatch(1);
    }

    void awaitAsked() throws InterruptedException {
      assertThat(asked.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
    }

    void give() {
      given.countDown();
    }

    @Override
    public void nextBytes(byte[] bytes) {
      asked.countDown();
      try {
        assertThat(given.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
      super.nextBytes(bytes);
    }
  }

  private final SlowRandom random = new SlowRandom();
  private final Secrets secrets = new Secrets(random, 1);
  private final AccessControl access =
      new AccessControl(true, AccessState.NONE, () -> NOON, new byte[0], secrets);
  private final List<AccessChange> journalled = new CopyOnWriteArrayList<>();
  private volatile Outcome outcome =
      new Outcome.Appended(new StreamVersion(1), new Position(1), NOON, false);

  private Server server;
  private ManagedChannel channel;

  @BeforeEach
  void start() throws Exception {
    String name = InProcessServerBuilder.generateName();
    AccessChanges changes =
        new AccessChanges(
            access,
            (change, by, done) -> {
              journalled.add(change);
              done.accept(outcome);
            });
    ServerServiceDefinition service =
        new AccessEndpoint(access, changes, secrets, ServerConfig.defaults().limits()).service();
    server =
        InProcessServerBuilder.forName(name)
            .addService(
                RequestGuard.around(
                    ServerInterceptors.intercept(
                        service, new AccessGuard(access, new AuditTrail(() -> 0)))))
            .build()
            .start();
    channel = InProcessChannelBuilder.forName(name).build();
    administrator("root");
    administrator("ada");
  }

  @AfterEach
  void stop() throws Exception {
    channel.shutdownNow();
    server.shutdownNow();
    assertThat(server.awaitTermination(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
  }

  /** Somebody who may do everything. */
  private AccessGrpc.AccessStub as(String user) {
    return AccessGrpc.newStub(channel)
        .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(credentials(user)));
  }

  private Metadata credentials(String user) {
    Metadata headers = new Metadata();
    headers.put(
        AUTHORIZATION,
        "Basic "
            + Base64.getEncoder().encodeToString((user + ":password of " + user).getBytes(UTF_8)));
    return headers;
  }

  private void administrator(String user) {
    access.apply(
        new AccessChange.UserSaved(
            user, Role.ADMINISTRATOR, secrets.hashOfPassword("password of " + user)));
  }

  private AccessChange.UserSaved saved(String user) {
    return requireNonNull(access.state().users().get(user)).saved();
  }

  private static SaveUserRequest save(String user, String role, String password) {
    return SaveUserRequest.newBuilder()
        .setUser(User.newBuilder().setName(user).setRole(role))
        .setPassword(password)
        .build();
  }

  /** A call whose answer is waited for later. */
  private static final class Answer<R> implements StreamObserver<R> {
    private final CompletableFuture<Status> end = new CompletableFuture<>();

    @Override
    public void onNext(R answer) {}

    @Override
    public void onError(Throwable failure) {
      end.complete(Status.fromThrowable(failure).withCause(failure));
    }

    @Override
    public void onCompleted() {
      end.complete(Status.OK);
    }

    Status.Code code() {
      return end.orTimeout(PATIENCE.toSeconds(), TimeUnit.SECONDS).join().getCode();
    }
  }

  private static String reason(Status status) throws Exception {
    return requireNonNull(StatusProto.fromThrowable(requireNonNull(status.getCause())))
        .getDetails(0)
        .unpack(ErrorInfo.class)
        .getReason();
  }

  @Test
  void who_is_removed_while_their_own_change_is_prepared_does_not_come_back() throws Exception {
    random.holdBack();
    Answer<SaveUserResponse> own = new Answer<>();
    as("ada").saveUser(save("ada", "administrator", "another password"), own);
    random.awaitAsked(); // the call was let in, and the password is being hashed

    Answer<RemoveUserResponse> removal = new Answer<>();
    as("root").removeUser(RemoveUserRequest.newBuilder().setName("ada").build(), removal);
    assertThat(removal.code()).isEqualTo(Status.Code.OK);
    random.give();

    assertThat(own.code()).isEqualTo(Status.Code.UNAUTHENTICATED);
    // What comes after it has come after what it would have done.
    Answer<SaveUserResponse> later = new Answer<>();
    as("root").saveUser(save("bob", "reader", "password of bob"), later);
    assertThat(later.code()).isEqualTo(Status.Code.OK);
    assertThat(access.state().users()).containsOnlyKeys("bob", "root");
    assertThat(journalled).hasSize(2);
  }

  @Test
  void a_new_password_and_a_new_role_at_once_are_both_in_force() throws Exception {
    administrator("eve");
    String leaked = saved("eve").passwordHash();
    random.holdBack();
    Answer<SaveUserResponse> password = new Answer<>();
    as("ada").saveUser(save("eve", "", "another password"), password);
    random.awaitAsked();

    Answer<SaveUserResponse> role = new Answer<>();
    as("root").saveUser(save("eve", "reader", ""), role);
    assertThat(role.code()).isEqualTo(Status.Code.OK);
    random.give();
    assertThat(password.code()).isEqualTo(Status.Code.OK);

    assertThat(saved("eve").role()).isEqualTo(Role.READER);
    assertThat(saved("eve").passwordHash()).isNotEqualTo(leaked);
  }

  @Test
  void of_a_user_who_is_not_there_nothing_can_stay_as_it_is() throws Exception {
    for (SaveUserRequest half :
        List.of(save("new", "", "password of new"), save("new", "reader", ""))) {
      Answer<SaveUserResponse> answer = new Answer<>();
      as("root").saveUser(half, answer);
      assertThat(answer.code()).isEqualTo(Status.Code.INVALID_ARGUMENT);
    }
    assertThat(journalled).isEmpty();
  }

  @Test
  void after_a_failure_of_the_disk_nobody_is_told_that_nothing_was_changed() throws Exception {
    outcome = new Outcome.StoreStopped("the disk is full");
    Answer<RemoveUserResponse> removal = new Answer<>();
    as("root").removeUser(RemoveUserRequest.newBuilder().setName("ada").build(), removal);

    assertThat(removal.code()).isEqualTo(Status.Code.UNAVAILABLE);
    Status status = removal.end.join();
    assertThat(reason(status)).isEqualTo("STORE_STOPPED");
    assertThat(status.getDescription()).doesNotContain("nothing was changed");
    assertThat(access.state().users()).containsKey("ada");
  }
}

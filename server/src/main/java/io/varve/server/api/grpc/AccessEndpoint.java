package io.varve.server.api.grpc;

import com.google.protobuf.util.Timestamps;
import io.grpc.ServerServiceDefinition;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.varve.proto.v1.AccessGrpc;
import io.varve.proto.v1.CreateTokenRequest;
import io.varve.proto.v1.CreateTokenResponse;
import io.varve.proto.v1.ListTokensRequest;
import io.varve.proto.v1.ListTokensResponse;
import io.varve.proto.v1.ListUsersRequest;
import io.varve.proto.v1.ListUsersResponse;
import io.varve.proto.v1.RemoveUserRequest;
import io.varve.proto.v1.RemoveUserResponse;
import io.varve.proto.v1.RevokeTokenRequest;
import io.varve.proto.v1.RevokeTokenResponse;
import io.varve.proto.v1.SaveUserRequest;
import io.varve.proto.v1.SaveUserResponse;
import io.varve.proto.v1.TokenInfo;
import io.varve.proto.v1.User;
import io.varve.proto.v1.WhoAmIRequest;
import io.varve.proto.v1.WhoAmIResponse;
import io.varve.server.append.Outcome;
import io.varve.server.config.Limits;
import io.varve.server.security.AccessChange;
import io.varve.server.security.AccessChanges;
import io.varve.server.security.AccessControl;
import io.varve.server.security.AccessState;
import io.varve.server.security.Permission;
import io.varve.server.security.Principal;
import io.varve.server.security.Role;
import io.varve.server.security.Secrets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The service {@code varve.v1.Access}: users and tokens. Thread-safe. */
public final class AccessEndpoint {
  private static final int MAX_NAME_BYTES = 128;
  private static final int MAX_PERMISSIONS = 100;
  private static final int MAX_PERMISSION_BYTES = 512;

  private final AccessControl access;
  private final AccessChanges changes;
  private final Secrets secrets;
  private final Checks checks;

  public AccessEndpoint(
      AccessControl access, AccessChanges changes, Secrets secrets, Limits limits) {
    this.access = access;
    this.changes = changes;
    this.secrets = secrets;
    this.checks = new Checks(limits);
  }

  /** The service as gRPC serves it. */
  ServerServiceDefinition service() {
    return new Service().bindService();
  }

  private final class Service extends AccessGrpc.AccessImplBase {
    @Override
    public void whoAmI(WhoAmIRequest request, StreamObserver<WhoAmIResponse> observer) {
      Principal principal = Caller.ofThisCall().principal();
      WhoAmIResponse.Builder response = WhoAmIResponse.newBuilder().setName(principal.name());
      principal.permissions().forEach(held -> response.addPermissions(held.text()));
      UnaryAnswer.send(observer, response.build());
    }

    @Override
    public void saveUser(SaveUserRequest request, StreamObserver<SaveUserResponse> observer) {
      String name = checks.userName("user.name", request.getUser().getName());
      Errors.requireOn(access);
      String roleWord = request.getUser().getRole();
      Role role = roleWord.isEmpty() ? null : role(roleWord);
      String password = request.getPassword();
      String hash =
          password.isEmpty() ? null : secrets.hashOfPassword(Checks.password("password", password));
      change(
          state -> {
            AccessState.User before = state.users().get(name);
            return new AccessChange.UserSaved(
                name,
                role == null ? kept("user.role", before).role() : role,
                hash == null ? kept("password", before).passwordHash() : hash);
          },
          observer,
          SaveUserResponse.getDefaultInstance());
    }

    @Override
    public void removeUser(RemoveUserRequest request, StreamObserver<RemoveUserResponse> observer) {
      change(
          state -> {
            if (!state.users().containsKey(request.getName())) {
              throw Errors.accessNotFound("user", request.getName());
            }
            return new AccessChange.UserRemoved(request.getName());
          },
          observer,
          RemoveUserResponse.getDefaultInstance());
    }

    @Override
    public void listUsers(ListUsersRequest request, StreamObserver<ListUsersResponse> observer) {
      ListUsersResponse.Builder response = ListUsersResponse.newBuilder();
      access
          .state()
          .users()
          .values()
          .forEach(
              user ->
                  response.addUsers(
                      User.newBuilder()
                          .setName(user.saved().name())
                          .setRole(user.saved().role().word())));
      UnaryAnswer.send(observer, response.build());
    }

    @Override
    public void createToken(
        CreateTokenRequest request, StreamObserver<CreateTokenResponse> observer) {
      String name = checks.text("name", request.getName(), MAX_NAME_BYTES);
      List<Permission> permissions = permissions(request.getPermissionsList());
      Instant expires =
          request.hasExpiresAt() ? Checks.time("expires_at", request.getExpiresAt()) : null;
      Secrets.NewToken made = secrets.newToken();
      AccessChange.TokenCreated token =
          new AccessChange.TokenCreated(
              made.id(), name, Secrets.hashOfToken(made.text()), permissions, expires);
      change(
          _ -> token,
          observer,
          CreateTokenResponse.newBuilder().setToken(made.text()).setInfo(info(token)).build());
    }

    @Override
    public void revokeToken(
        RevokeTokenRequest request, StreamObserver<RevokeTokenResponse> observer) {
      change(
          state -> {
            if (!state.tokens().containsKey(request.getTokenId())) {
              throw Errors.accessNotFound("token", request.getTokenId());
            }
            return new AccessChange.TokenRevoked(request.getTokenId());
          },
          observer,
          RevokeTokenResponse.getDefaultInstance());
    }

    @Override
    public void listTokens(ListTokensRequest request, StreamObserver<ListTokensResponse> observer) {
      ListTokensResponse.Builder response = ListTokensResponse.newBuilder();
      access.state().tokens().values().forEach(token -> response.addTokens(info(token.created())));
      UnaryAnswer.send(observer, response.build());
    }
  }

  /** The user whose field stays as it is, since the request leaves it empty. */
  private static AccessChange.UserSaved kept(String field, AccessState.@Nullable User before) {
    if (before == null) {
      throw Errors.invalid(field, "must not be empty for a user who is not there yet");
    }
    return before.saved();
  }

  private static Role role(String word) {
    try {
      return Role.of(word);
    } catch (IllegalArgumentException e) {
      throw Errors.invalid("user.role", "is not known: " + e.getMessage());
    }
  }

  private List<Permission> permissions(List<String> texts) {
    if (texts.isEmpty()) {
      throw Errors.invalid("permissions", "must not be empty");
    }
    checks.count("permissions", texts.size(), MAX_PERMISSIONS);
    List<Permission> permissions = new ArrayList<>();
    for (int i = 0; i < texts.size(); i++) {
      String field = "permissions[" + i + "]";
      try {
        permissions.add(Permission.parse(checks.text(field, texts.get(i), MAX_PERMISSION_BYTES)));
      } catch (IllegalArgumentException e) {
        throw Errors.invalid(field, "is no permission: " + e.getMessage());
      }
    }
    return permissions;
  }

  private static TokenInfo info(AccessChange.TokenCreated token) {
    TokenInfo.Builder info = TokenInfo.newBuilder().setId(token.id()).setName(token.name());
    token.permissions().forEach(permission -> info.addPermissions(permission.text()));
    Instant expires = token.expiresAt();
    if (expires != null) {
      info.setExpiresAt(Timestamps.fromMillis(expires.toEpochMilli()));
    }
    return info.build();
  }

  /**
   * Has a change made, and answers once it is kept and in effect.
   *
   * @param decision what is to be changed, as things are then; throws a {@link Refusal}
   */
  private <R> void change(
      Function<AccessState, AccessChange> decision, StreamObserver<R> observer, R answer) {
    Errors.requireOn(access);
    // With a handler in place, answering a caller that has gone does nothing instead of throwing.
    ((ServerCallStreamObserver<R>) observer).setOnCancelHandler(() -> {});
    changes.make(new Change<>(Caller.ofThisCall(), decision, observer, answer));
  }

  /**
   * A change that somebody has asked for. When it is its turn, it may be that somebody no longer
   * may ask.
   */
  private record Change<R>(
      Caller caller,
      Function<AccessState, AccessChange> decision,
      StreamObserver<R> observer,
      R answer)
      implements AccessChanges.Request {
    @Override
    public String by() {
      return caller.principal().name();
    }

    @Override
    public AccessChange decide(AccessState state) {
      caller.requireStillGood();
      return decision.apply(state);
    }

    @Override
    public void isKept() {
      caller.isBeingAnswered();
    }

    @Override
    public void done() {
      observer.onNext(answer);
      observer.onCompleted();
    }

    @Override
    public void notKept(Outcome outcome) {
      observer.onError(Errors.exception(Errors.refusal(outcome, _ -> true)));
    }

    @Override
    public void failed(RuntimeException cause) {
      observer.onError(Errors.exception(Errors.fault(cause)));
    }
  }
}

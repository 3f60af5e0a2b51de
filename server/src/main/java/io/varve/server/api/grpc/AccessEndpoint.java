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
import io.varve.server.config.Limits;
import io.varve.server.security.AccessChange;
import io.varve.server.security.AccessControl;
import io.varve.server.security.AccessJournal;
import io.varve.server.security.AccessState;
import io.varve.server.security.Permission;
import io.varve.server.security.Principal;
import io.varve.server.security.Role;
import io.varve.server.security.Secrets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The service {@code varve.v1.Access}: users and tokens. Thread-safe. */
public final class AccessEndpoint {
  private static final int MAX_NAME_BYTES = 128;
  private static final int MIN_PASSWORD_BYTES = 8;
  private static final int MAX_PASSWORD_BYTES = 256;
  private static final int MAX_PERMISSIONS = 100;
  private static final int MAX_PERMISSION_BYTES = 512;

  private final AccessControl access;
  private final AccessJournal journal;
  private final Secrets secrets;
  private final Checks checks;

  public AccessEndpoint(
      AccessControl access, AccessJournal journal, Secrets secrets, Limits limits) {
    this.access = access;
    this.journal = journal;
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
      String name = checks.text("user.name", request.getUser().getName(), MAX_NAME_BYTES);
      if (name.indexOf(':') >= 0) {
        throw Errors.invalid("user.name", "must not contain \":\"");
      }
      AccessState.User known = access.state().users().get(name);
      AccessChange.UserSaved before = known == null ? null : known.saved();
      String roleWord = request.getUser().getRole();
      Role role = before != null && roleWord.isEmpty() ? before.role() : role(roleWord);
      change(
          new AccessChange.UserSaved(name, role, passwordHash(request.getPassword(), before)),
          observer,
          SaveUserResponse.getDefaultInstance());
    }

    private String passwordHash(String password, AccessChange.@Nullable UserSaved before) {
      if (before != null && password.isEmpty()) {
        return before.passwordHash();
      }
      int length = Checks.utf8Length(password);
      if (length < MIN_PASSWORD_BYTES || length > MAX_PASSWORD_BYTES) {
        throw Errors.invalid(
            "password",
            "must have from " + MIN_PASSWORD_BYTES + " to " + MAX_PASSWORD_BYTES + " bytes");
      }
      return secrets.hashOfPassword(password);
    }

    @Override
    public void removeUser(RemoveUserRequest request, StreamObserver<RemoveUserResponse> observer) {
      if (!access.state().users().containsKey(request.getName())) {
        throw Errors.accessNotFound("user", request.getName());
      }
      change(
          new AccessChange.UserRemoved(request.getName()),
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
          token,
          observer,
          CreateTokenResponse.newBuilder().setToken(made.text()).setInfo(info(token)).build());
    }

    @Override
    public void revokeToken(
        RevokeTokenRequest request, StreamObserver<RevokeTokenResponse> observer) {
      if (!access.state().tokens().containsKey(request.getTokenId())) {
        throw Errors.accessNotFound("token", request.getTokenId());
      }
      change(
          new AccessChange.TokenRevoked(request.getTokenId()),
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

  /** Keeps a change, then has it take effect, then answers. */
  private <R> void change(AccessChange change, StreamObserver<R> observer, R answer) {
    if (!access.isOn()) {
      throw Errors.accessOff(); // whoever is about now may not stay when it is on
    }
    ServerCallStreamObserver<R> caller = (ServerCallStreamObserver<R>) observer;
    caller.setOnCancelHandler(() -> {});
    journal.append(
        change,
        Caller.ofThisCall().principal().name(),
        problem -> {
          if (problem == null) {
            access.apply(change);
            caller.onNext(answer);
            caller.onCompleted();
          } else {
            caller.onError(Errors.exception(Errors.accessNotKept(problem)));
          }
        });
  }
}

package io.varve.client.connection;

import io.grpc.MethodDescriptor;
import io.varve.client.streams.Access;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.Identity;
import io.varve.client.streams.NewToken;
import io.varve.client.streams.StoreFailedException;
import io.varve.client.streams.TokenInfo;
import io.varve.client.streams.UserInfo;
import io.varve.client.streams.UserRole;
import io.varve.proto.v1.AccessGrpc;
import io.varve.proto.v1.CreateTokenRequest;
import io.varve.proto.v1.CreateTokenResponse;
import io.varve.proto.v1.ListTokensRequest;
import io.varve.proto.v1.ListUsersRequest;
import io.varve.proto.v1.RemoveUserRequest;
import io.varve.proto.v1.RevokeTokenRequest;
import io.varve.proto.v1.SaveUserRequest;
import io.varve.proto.v1.SaveUserResponse;
import io.varve.proto.v1.User;
import io.varve.proto.v1.WhoAmIRequest;
import io.varve.proto.v1.WhoAmIResponse;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** {@link Access} over the wire. */
final class RemoteAccess implements Access {
  private final String server;
  private final UnaryCalls calls;

  RemoteAccess(String server, UnaryCalls calls) {
    this.server = server;
    this.calls = calls;
  }

  @Override
  public Identity whoAmI() {
    WhoAmIResponse response =
        calls.ask(AccessGrpc.getWhoAmIMethod(), WhoAmIRequest.getDefaultInstance());
    return new Identity(response.getName(), response.getPermissionsList());
  }

  @Override
  public void saveUser(String name, @Nullable UserRole role, @Nullable String password) {
    User user =
        User.newBuilder()
            .setName(ProtoMapping.wellFormed("user.name", name))
            .setRole(role == null ? "" : role.name().toLowerCase(Locale.ROOT))
            .build();
    SaveUserRequest request =
        SaveUserRequest.newBuilder()
            .setUser(user)
            .setPassword(password == null ? "" : ProtoMapping.wellFormed("password", password))
            .build();
    // Saved twice it is the same.
    SaveUserResponse unused = calls.ask(AccessGrpc.getSaveUserMethod(), request);
  }

  @Override
  public boolean removeUser(String name) {
    return unlessAbsent(
        AccessGrpc.getRemoveUserMethod(),
        RemoveUserRequest.newBuilder().setName(ProtoMapping.wellFormed("name", name)).build());
  }

  @Override
  public List<UserInfo> users() {
    return calls
        .ask(AccessGrpc.getListUsersMethod(), ListUsersRequest.getDefaultInstance())
        .getUsersList()
        .stream()
        .map(user -> new UserInfo(user.getName(), role(user.getRole())))
        .toList();
  }

  private UserRole role(String word) {
    return Arrays.stream(UserRole.values())
        .filter(role -> role.name().toLowerCase(Locale.ROOT).equals(word))
        .findFirst()
        .orElseThrow(
            () ->
                new StoreFailedException(
                    "the server at "
                        + server
                        + " has a role \""
                        + word
                        + "\", which this client does not know; use one of the server's release",
                    null));
  }

  @Override
  public NewToken createToken(String name, List<String> permissions, @Nullable Instant expiresAt) {
    CreateTokenRequest.Builder request =
        CreateTokenRequest.newBuilder().setName(ProtoMapping.wellFormed("name", name));
    permissions.forEach(
        permission -> request.addPermissions(ProtoMapping.wellFormed("permissions", permission)));
    if (expiresAt != null) {
      request.setExpiresAt(ProtoMapping.wireTime("expires_at", expiresAt));
    }
    CreateTokenResponse response =
        calls.once(
            AccessGrpc.getCreateTokenMethod(),
            request.build(),
            "making the token \"" + name + "\"",
            ExpectedVersion.any());
    return new NewToken(response.getToken(), info(response.getInfo()));
  }

  @Override
  public boolean revokeToken(String id) {
    return unlessAbsent(
        AccessGrpc.getRevokeTokenMethod(),
        RevokeTokenRequest.newBuilder()
            .setTokenId(ProtoMapping.wellFormed("token_id", id))
            .build());
  }

  /** False: what was to be taken away is not there; after a lost answer it may have been. */
  private <A, B> boolean unlessAbsent(MethodDescriptor<A, B> method, A request) {
    return calls.look(method, request, StoreError::isNoSuchAccess).isPresent();
  }

  @Override
  public List<TokenInfo> tokens() {
    return calls
        .ask(AccessGrpc.getListTokensMethod(), ListTokensRequest.getDefaultInstance())
        .getTokensList()
        .stream()
        .map(RemoteAccess::info)
        .toList();
  }

  private static TokenInfo info(io.varve.proto.v1.TokenInfo info) {
    return new TokenInfo(
        info.getId(),
        info.getName(),
        info.getPermissionsList(),
        info.hasExpiresAt() ? ProtoMapping.instant(info.getExpiresAt()) : null);
  }
}

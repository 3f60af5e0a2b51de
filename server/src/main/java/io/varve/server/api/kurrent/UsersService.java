package io.varve.server.api.kurrent;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.varve.proto.kurrent.users.ChangePasswordOptions;
import io.varve.proto.kurrent.users.ChangePasswordRequest;
import io.varve.proto.kurrent.users.ChangePasswordResponse;
import io.varve.proto.kurrent.users.CreateOptions;
import io.varve.proto.kurrent.users.CreateRequest;
import io.varve.proto.kurrent.users.CreateResponse;
import io.varve.proto.kurrent.users.DeleteRequest;
import io.varve.proto.kurrent.users.DeleteResponse;
import io.varve.proto.kurrent.users.DetailsRequest;
import io.varve.proto.kurrent.users.DetailsResponse;
import io.varve.proto.kurrent.users.ResetPasswordOptions;
import io.varve.proto.kurrent.users.ResetPasswordRequest;
import io.varve.proto.kurrent.users.ResetPasswordResponse;
import io.varve.proto.kurrent.users.UpdateOptions;
import io.varve.proto.kurrent.users.UpdateRequest;
import io.varve.proto.kurrent.users.UpdateResponse;
import io.varve.proto.kurrent.users.UserDetails;
import io.varve.proto.kurrent.users.UsersGrpc;
import io.varve.server.api.grpc.Caller;
import io.varve.server.api.grpc.Checks;
import io.varve.server.api.grpc.Errors;
import io.varve.server.append.Outcome;
import io.varve.server.security.AccessChange;
import io.varve.server.security.AccessChanges;
import io.varve.server.security.AccessControl;
import io.varve.server.security.AccessState;
import io.varve.server.security.Login;
import io.varve.server.security.Role;
import io.varve.server.security.Secrets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The service {@code event_store.client.users.Users}, over Varve's users, whose role stands for
 * their groups. Thread-safe.
 */
final class UsersService extends UsersGrpc.UsersImplBase {
  private static final String ADMINS = "$admins";

  private final AccessControl access;
  private final AccessChanges changes;
  private final Secrets secrets;
  private final Checks checks;

  UsersService(AccessControl access, AccessChanges changes, Secrets secrets, Checks checks) {
    this.access = access;
    this.changes = changes;
    this.secrets = secrets;
    this.checks = checks;
  }

  // ---- users

  @Override
  public void create(CreateRequest request, StreamObserver<CreateResponse> observer) {
    CreateOptions options = request.getOptions();
    String name = checks.userName("login_name", options.getLoginName());
    Role asked = role(options.getGroupsList());
    Role role = asked == null ? Role.WRITER : asked;
    Errors.requireOn(access);
    String hash = secrets.hashOfPassword(Checks.password("password", options.getPassword()));
    change(
        state -> {
          if (state.users().containsKey(name)) {
            throw KurrentErrors.userExists(name);
          }
          return new AccessChange.UserSaved(name, role, hash);
        },
        observer,
        CreateResponse.getDefaultInstance());
  }

  @Override
  public void update(UpdateRequest request, StreamObserver<UpdateResponse> observer) {
    UpdateOptions options = request.getOptions();
    String name = options.getLoginName();
    Role role = role(options.getGroupsList());
    Errors.requireOn(access);
    String password = options.getPassword();
    String hash =
        password.isEmpty() ? null : secrets.hashOfPassword(Checks.password("password", password));
    change(
        state -> {
          AccessChange.UserSaved before = found(state, name).saved();
          return new AccessChange.UserSaved(
              name,
              role == null ? before.role() : role,
              hash == null ? before.passwordHash() : hash);
        },
        observer,
        UpdateResponse.getDefaultInstance());
  }

  @Override
  public void delete(DeleteRequest request, StreamObserver<DeleteResponse> observer) {
    String name = request.getOptions().getLoginName();
    Errors.requireOn(access);
    change(
        state -> new AccessChange.UserRemoved(found(state, name).saved().name()),
        observer,
        DeleteResponse.getDefaultInstance());
  }

  @Override
  public void details(DetailsRequest request, StreamObserver<DetailsResponse> observer) {
    String name = request.getOptions().getLoginName();
    if (!isSelf(name)) {
      Caller.ofThisCall().requireAdministrator();
    }
    AccessState state = access.state();
    List<AccessState.User> asked =
        name.isBlank() ? List.copyOf(state.users().values()) : List.of(found(state, name));
    ((ServerCallStreamObserver<DetailsResponse>) observer).setOnCancelHandler(() -> {});
    for (AccessState.User user : asked) {
      observer.onNext(
          DetailsResponse.newBuilder()
              .setUserDetails(
                  UserDetails.newBuilder()
                      .setLoginName(user.saved().name())
                      .setFullName(user.saved().name())
                      .addGroups(group(user.saved().role())))
              .build());
    }
    observer.onCompleted();
  }

  private boolean isSelf(String name) {
    AccessState.User user = access.state().users().get(name);
    return user != null && user.principal().name().equals(Caller.ofThisCall().principal().name());
  }

  private static AccessState.User found(AccessState state, String name) {
    AccessState.User user = state.users().get(name);
    if (user == null) {
      throw KurrentErrors.userMissing(name);
    }
    return user;
  }

  // ---- roles

  private static String group(Role role) {
    return role == Role.ADMINISTRATOR ? ADMINS : role.word();
  }

  /** The role that groups stand for; null for none. What stands for nothing is not passed over. */
  private static @Nullable Role role(List<String> groups) {
    List<Role> roles = new ArrayList<>();
    for (String group : groups) {
      try {
        roles.add(group.equals(ADMINS) ? Role.ADMINISTRATOR : Role.of(group));
      } catch (IllegalArgumentException e) {
        throw KurrentErrors.invalid("groups", "must be a role, or $admins: " + e.getMessage());
      }
    }
    if (roles.size() > 1) {
      throw KurrentErrors.invalid("groups", "must name one role at most");
    }
    return roles.isEmpty() ? null : roles.getFirst();
  }

  // ---- passwords

  @Override
  public void changePassword(
      ChangePasswordRequest request, StreamObserver<ChangePasswordResponse> observer) {
    ChangePasswordOptions options = request.getOptions();
    String name = options.getLoginName();
    if (!isSelf(name)) {
      Caller.ofThisCall().requireAdministrator();
    }
    Errors.requireOn(access);
    AccessChange.UserSaved known = found(access.state(), name).saved();
    requirePassword(name, options.getCurrentPassword());
    String hash = hash(options.getNewPassword());
    Caller caller = Caller.ofThisCall();
    change(
        state -> {
          AccessChange.UserSaved before = found(state, name).saved();
          if (!before.passwordHash().equals(known.passwordHash())) {
            throw notThePassword(); // somebody has changed it meanwhile
          }
          return new AccessChange.UserSaved(name, before.role(), hash);
        },
        observer,
        ChangePasswordResponse.getDefaultInstance(),
        () -> caller.did(name, Status.Code.OK));
  }

  @Override
  public void resetPassword(
      ResetPasswordRequest request, StreamObserver<ResetPasswordResponse> observer) {
    ResetPasswordOptions options = request.getOptions();
    String name = options.getLoginName();
    Errors.requireOn(access);
    var _ = found(access.state(), name); // asked before the password is hashed, which takes long
    String hash = hash(options.getNewPassword());
    change(
        state -> new AccessChange.UserSaved(name, found(state, name).saved().role(), hash),
        observer,
        ResetPasswordResponse.getDefaultInstance());
  }

  private String hash(String newPassword) {
    String password = Checks.password("new_password", newPassword);
    String hash = access.hashed(() -> secrets.hashOfPassword(password));
    if (hash == null) {
      throw tooBusy();
    }
    return hash;
  }

  /** Asked as a login is, so that guessing here is no cheaper. */
  private void requirePassword(String name, String password) {
    String pair = Base64.getEncoder().encodeToString((name + ":" + password).getBytes(UTF_8));
    switch (access.login("Basic " + pair)) {
      case Login.Known _ -> {}
      case Login.Unknown _ -> throw notThePassword();
      case Login.Busy _ -> throw tooBusy();
    }
  }

  private static RuntimeException tooBusy() {
    return Status.UNAVAILABLE.withDescription("Server Is Too Busy").asRuntimeException();
  }

  private static RuntimeException notThePassword() {
    return KurrentErrors.invalid("current_password", "is not the user's password");
  }

  // ---- changing

  /**
   * Has a change made, and answers once it is kept and in effect.
   *
   * @param decision what is to be changed, as things are then
   */
  private <R> void change(
      Function<AccessState, AccessChange> decision, StreamObserver<R> observer, R answer) {
    change(decision, observer, answer, () -> {});
  }

  /**
   * The same.
   *
   * @param done is run before the answer
   */
  private <R> void change(
      Function<AccessState, AccessChange> decision,
      StreamObserver<R> observer,
      R answer,
      Runnable done) {
    ((ServerCallStreamObserver<R>) observer).setOnCancelHandler(() -> {});
    changes.make(new Change<>(Caller.ofThisCall(), decision, observer, answer, done));
  }

  private record Change<R>(
      Caller caller,
      Function<AccessState, AccessChange> decision,
      StreamObserver<R> observer,
      R answer,
      Runnable whenDone)
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
      whenDone.run();
      observer.onNext(answer);
      observer.onCompleted();
    }

    @Override
    public void notKept(Outcome outcome) {
      observer.onError(KurrentErrors.of(outcome));
    }

    @Override
    public void failed(RuntimeException cause) {
      observer.onError(KurrentErrors.fault(cause));
    }
  }
}

package io.varve.server.api.grpc;

import io.grpc.Context;
import io.varve.server.event.Query;
import io.varve.server.event.StreamScope;
import io.varve.server.security.Action;
import io.varve.server.security.Principal;

/** Who makes the call on whose behalf this thread runs, and what they may do. */
final class Caller {
  private static final Context.Key<Principal> PRINCIPAL =
      Context.keyWithDefault("principal", Principal.EVERYBODY);

  private final Principal principal;

  private Caller(Principal principal) {
    this.principal = principal;
  }

  static Caller ofThisCall() {
    return new Caller(PRINCIPAL.get());
  }

  static Caller of(Principal principal) {
    return new Caller(principal);
  }

  static Context with(Context context, Principal principal) {
    return context.withValue(PRINCIPAL, principal);
  }

  Principal principal() {
    return principal;
  }

  /** Refuses unless an action is allowed on a stream, or on the name of a consumer group. */
  void require(Action action, String name) {
    if (!principal.may(action, name)) {
      throw Errors.permissionDenied(action.word(), name);
    }
  }

  /** Refuses unless an action is allowed on anything at all. */
  void requireSome(Action action) {
    if (principal.scopeOf(action).isEmpty()) {
      throw Errors.permissionDenied(action.word(), "");
    }
  }

  /** Refuses unless an action is allowed on every stream but the server's own. */
  void requireAll(Action action) {
    StreamScope scope = principal.scopeOf(action);
    if (!scope.everything() && !scope.allButSystem()) {
      throw Errors.permissionDenied(action.word(), "all streams");
    }
  }

  void requireAdministrator() {
    if (!principal.isAdministrator()) {
      throw Errors.permissionDenied(Action.ADMINISTER.word(), "");
    }
  }

  boolean mayRead(String stream) {
    return principal.may(Action.READ, stream);
  }

  /** The query about what the caller may read. */
  Query visible(Query query) {
    StreamScope scope = principal.scopeOf(Action.READ);
    if (scope.isEmpty()) {
      throw Errors.permissionDenied(Action.READ.word(), "");
    }
    return scope.everything() ? query : query.within(scope);
  }

  /** Refuses unless the caller may read whatever can match. */
  void requireToReadAll(Query query) {
    StreamScope scope = principal.scopeOf(Action.READ);
    if (!scope.covers(query) && !scope.allButSystem()) {
      throw Errors.permissionDenied(Action.READ.word(), "all that the condition's query can match");
    }
  }

  /** The same, with system streams: what is delivered later is not looked at again. */
  void requireToReadAllForOthers(Query query) {
    if (!principal.scopeOf(Action.READ).covers(query)) {
      throw Errors.permissionDenied(
          Action.READ.word(),
          "all that the query can match, system streams included; name prefixes or categories");
    }
  }
}

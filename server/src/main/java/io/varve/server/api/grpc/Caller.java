package io.varve.server.api.grpc;

import io.grpc.Context;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.varve.server.event.Query;
import io.varve.server.event.StreamScope;
import io.varve.server.security.Action;
import io.varve.server.security.Principal;
import io.varve.server.security.StreamRight;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Who makes the call on whose behalf this thread runs, and what they may do. */
public final class Caller {
  private static final Context.Key<Caller> CALLER =
      Context.keyWithDefault("caller", new Caller(Principal.EVERYBODY, new UnguardedCall()));

  /** The call that somebody makes, as the guard before it knows it. */
  interface Call {
    /** Hears of what the caller was refused within a call that goes on. */
    void refused(Refusal refusal);

    /** Hears of an administrative act within a call that is no such act as a whole. */
    void did(String about, String outcome);

    /** Whether what the caller came with is still good. */
    boolean holds();

    /** From now on the call is not ended for want of what it came with: it is being answered. */
    void isBeingAnswered();
  }

  /** Without access control. */
  private record UnguardedCall() implements Call {
    @Override
    public void refused(Refusal refusal) {
      // There is no trail of it.
    }

    @Override
    public void did(String about, String outcome) {
      // Nor of this.
    }

    @Override
    public boolean holds() {
      return true;
    }

    @Override
    public void isBeingAnswered() {
      // Nobody would end it.
    }
  }

  private final Principal principal;
  private final Call call;

  /** What the call goes on to show, since it was allowed when it began. */
  private final Set<Shown> shown = ConcurrentHashMap.newKeySet(1);

  /** A stream that is read, or what is said about it. */
  private record Shown(StreamRight right, String stream) {}

  Caller(Principal principal, Call call) {
    this.principal = principal;
    this.call = call;
  }

  /** The caller on whose behalf this thread runs. */
  public static Caller ofThisCall() {
    return CALLER.get();
  }

  /** The context of a call that this caller makes. */
  Context in(Context context) {
    return context.withValue(CALLER, this);
  }

  /** Who calls, and what they may do. */
  public Principal principal() {
    return principal;
  }

  /** Something was refused, and the call goes on: for the audit trail. */
  public void wasRefused(Refusal refusal) {
    call.refused(refusal);
  }

  /** The same of a refusal in a guest's own words. */
  public void wasRefused(StatusRuntimeException refusal) {
    call.refused(
        new Refusal(
            com.google.rpc.Status.newBuilder()
                .setCode(refusal.getStatus().getCode().value())
                .setMessage(String.valueOf(refusal.getStatus().getDescription()))
                .build()));
  }

  /**
   * An administrative act within a call that is none as a whole: for the audit trail.
   *
   * @param about what it is about
   * @param outcome the status that it ended with
   */
  public void did(String about, Status.Code outcome) {
    call.did(about, outcome.name());
  }

  /** Refuses unless what the caller came with is still good. */
  public void requireStillGood() {
    if (!call.holds()) {
      throw new Refusal(Errors.accessEnded());
    }
  }

  /**
   * The call is about to be answered, by a change that may take away what it came with: that is not
   * to end it.
   */
  public void isBeingAnswered() {
    call.isBeingAnswered();
  }

  /** Refuses unless an action is allowed on a stream, or on the name of a consumer group. */
  public void require(Action action, String name) {
    if (action == Action.READ) {
      goesOnToShow(StreamRight.READ, name);
    }
    if (!principal.may(action, name)) {
      throw Errors.permissionDenied(action.word(), name);
    }
  }

  /**
   * The same where the stream's own list is asked for another right than the one that the action
   * usually needs.
   */
  public void require(Action action, StreamRight right, String stream) {
    goesOnToShow(right, stream);
    if (!principal.may(action, right, stream)) {
      throw Errors.permissionDenied(action.word(), stream);
    }
  }

  /**
   * Refuses if the stream's own list denies a right, whatever permissions say.
   *
   * @param action what the caller wishes to do
   */
  public void requireNotDenied(Action action, StreamRight right, String stream) {
    goesOnToShow(right, stream);
    if (principal.isDenied(right, stream)) {
      throw Errors.permissionDenied(action.word(), stream);
    }
  }

  /**
   * Noted before it is looked at: a list that changes meanwhile either is seen, or finds the note.
   */
  private void goesOnToShow(StreamRight right, String stream) {
    boolean shows = right == StreamRight.READ || right == StreamRight.READ_METADATA;
    if (shows && !principal.isAdministrator()) {
      shown.add(new Shown(right, stream));
    }
  }

  /** Whether no list has come to deny what the call goes on to show. */
  boolean mayGoOn() {
    for (Shown each : shown) {
      if (principal.isDenied(each.right(), each.stream())) {
        return false;
      }
    }
    return true;
  }

  /** Refuses unless an action is allowed on anything at all. */
  public void requireSome(Action action) {
    if (principal.scopeOf(action).isEmpty()) {
      throw Errors.permissionDenied(action.word(), "");
    }
  }

  /** Refuses unless one of two actions is allowed on anything at all. */
  void requireSome(Action one, Action other) {
    if (principal.scopeOf(other).isEmpty()) {
      requireSome(one);
    }
  }

  /** Refuses unless an action is allowed on every stream but the server's own. */
  void requireAll(Action action) {
    StreamScope scope = principal.scopeOf(action);
    if (!scope.everything() && !scope.allButSystem()) {
      throw Errors.permissionDenied(action.word(), "all streams");
    }
  }

  /**
   * The same, and no list of a stream may deny it: what is told is about all streams together, and
   * cannot be told without one of them.
   */
  void requireAllWithoutException(Action action) {
    requireAll(action);
    if (!principal.scopeOf(action).except().isEmpty()) {
      throw Errors.permissionDenied(action.word(), "all streams; lists of some deny it");
    }
  }

  /** Refuses everybody else. */
  public void requireAdministrator() {
    if (!principal.isAdministrator()) {
      throw Errors.permissionDenied(Action.ADMINISTER.word(), "");
    }
  }

  /** Whether the caller may read a stream. */
  public boolean mayRead(String stream) {
    return principal.may(Action.READ, stream);
  }

  /**
   * Whether an event of this stream may be handed to the caller, who may have it by other ways than
   * a permission to read: as far as the stream's own list goes.
   */
  public boolean mayBeGiven(String stream) {
    return !principal.isDenied(StreamRight.READ, stream);
  }

  /** The query about what the caller may read. */
  public Query visible(Query query) {
    StreamScope scope = principal.scopeOf(Action.READ);
    if (scope.isEmpty()) {
      throw Errors.permissionDenied(Action.READ.word(), "");
    }
    return scope.everything() ? query : query.within(scope);
  }

  /**
   * The query of a condition, which its answer tells about: refused unless the caller may read
   * whatever can match. System streams are left out of it, as they are of what such a caller reads.
   */
  public Query readable(Query query) {
    StreamScope scope = principal.scopeOf(Action.READ);
    if (scope.covers(query)) {
      return query;
    }
    if (scope.allButSystem() && !scope.except().mayConcern(query)) {
      return query.within(StreamScope.ALL_BUT_SYSTEM);
    }
    throw Errors.permissionDenied(Action.READ.word(), "all that the condition's query can match");
  }

  /**
   * The same, with system streams: of what is delivered later only lists of streams are asked
   * again, for whoever it is delivered to.
   */
  public void requireToReadAllForOthers(Query query) {
    if (!principal.permitted(Action.READ).covers(query)) {
      throw Errors.permissionDenied(
          Action.READ.word(),
          "all that the query can match; name types, prefixes, categories, or tags that do not"
              + " begin with stream:, so that no event of a system stream is among it");
    }
  }
}

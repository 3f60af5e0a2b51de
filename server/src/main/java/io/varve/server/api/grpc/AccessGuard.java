package io.varve.server.api.grpc;

import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.varve.server.security.AccessControl;
import io.varve.server.security.AuditTrail;
import io.varve.server.security.Login;
import java.net.SocketAddress;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stands before every service: asks who is calling, looks at each message by {@link AccessRules},
 * ends calls whose credentials are no longer good, and tells the audit trail.
 */
public final class AccessGuard implements ServerInterceptor {
  private static final Logger log = LoggerFactory.getLogger(AccessGuard.class);

  static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

  private final AccessControl access;
  private final AuditTrail audit;
  private final Set<OpenCall<?, ?>> open = ConcurrentHashMap.newKeySet();

  public AccessGuard(AccessControl access, AuditTrail audit) {
    this.access = access;
    this.audit = audit;
    access.onChange(this::sweep);
  }

  /** Ends the calls of whoever has lost what they came with. Called often: tokens expire. */
  public void sweep() {
    for (OpenCall<?, ?> call : open) {
      if (!call.holds()) {
        call.end();
      }
    }
  }

  /** Whether anybody is asked who they are; if not, this need not stand before anything. */
  boolean isOn() {
    return access.isOn();
  }

  @Override
  public <Q, R> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
    return interceptCall(call, headers, next, Errors::exception);
  }

  /** The same guard, before the services of a protocol that tells an error in its own words. */
  ServerInterceptor telling(Function<com.google.rpc.Status, StatusRuntimeException> inItsWords) {
    return new ServerInterceptor() {
      @Override
      public <Q, R> ServerCall.Listener<Q> interceptCall(
          ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
        return AccessGuard.this.interceptCall(call, headers, next, inItsWords);
      }
    };
  }

  private <Q, R> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, R> call,
      Metadata headers,
      ServerCallHandler<Q, R> next,
      Function<com.google.rpc.Status, StatusRuntimeException> inItsWords) {
    String method = call.getMethodDescriptor().getFullMethodName();
    switch (access.login(headers.get(AUTHORIZATION))) {
      case Login.Unknown(String sentence) -> throw unknown("nobody", method, sentence);
      case Login.Busy _ -> throw new Refusal(Errors.busyWithPasswords());
      case Login.Known login -> {
        OpenCall<Q, R> opened =
            new OpenCall<>(call, login, method, AccessRules.of(method), inItsWords);
        open.add(opened);
        // Looked at again now that a sweep would find it: it may have been taken away meanwhile.
        if (!opened.holds()) {
          open.remove(opened);
          throw unknown(
              login.principal().name(),
              method,
              "the credentials of this call were taken away or have expired");
        }
        Context context = opened.caller.in(Context.current());
        ServerCall.Listener<Q> listener;
        try {
          listener = Contexts.interceptCall(context, opened, headers, next);
        } catch (RuntimeException e) {
          open.remove(opened);
          throw e;
        }
        return opened.heardBy(listener);
      }
    }
  }

  /** What {@link RequestGuard} answers with. */
  private Refusal unknown(String who, String method, String sentence) {
    String from = CallerAddress.host(CallerAddress.socketOfThisCall());
    audit.refused(new AuditTrail.Entry("Refused", who, from, method, "", "UNAUTHENTICATED"));
    return new Refusal(Errors.unauthenticated(sentence));
  }

  /** A call that was let in. */
  private final class OpenCall<Q, R> extends SimpleForwardingServerCall<Q, R>
      implements Caller.Call {
    private enum Stage {
      OPEN,
      /** Its answer is on its way, and nothing keeps it back. */
      ANSWERED,
      /** It was ended here. */
      ENDED
    }

    private final Login.Known login;
    private final String method;
    private final AccessRules.Rule rule;
    private final Caller caller;
    private final @Nullable SocketAddress from = CallerAddress.socketOfThisCall();
    private final AtomicReference<Stage> stage = new AtomicReference<>(Stage.OPEN);
    private final AtomicBoolean outcomeTold = new AtomicBoolean();
    private final Function<com.google.rpc.Status, StatusRuntimeException> inItsWords;
    private volatile @Nullable Object first;
    private volatile @Nullable EndedByTurns<Q> listener;

    OpenCall(
        ServerCall<Q, R> call,
        Login.Known login,
        String method,
        AccessRules.Rule rule,
        Function<com.google.rpc.Status, StatusRuntimeException> inItsWords) {
      super(call);
      this.inItsWords = inItsWords;
      this.login = login;
      this.method = method;
      this.rule = rule;
      this.caller = new Caller(login.principal(), this);
    }

    /** Puts what looks at messages before the service. */
    ServerCall.Listener<Q> heardBy(ServerCall.Listener<Q> service) {
      EndedByTurns<Q> turns = new EndedByTurns<>(new Looking<>(service, this));
      listener = turns;
      if (isEnded()) {
        turns.end(); // while the service was being made
      }
      return turns;
    }

    /** Throws a {@link Refusal} if the caller may not send this. */
    void look(Q message) {
      if (first == null) {
        first = message;
      }
      rule.check(caller, message);
    }

    // ---- how it ends

    @Override
    public boolean holds() {
      return access.holds(login) && caller.mayGoOn();
    }

    @Override
    public void isBeingAnswered() {
      stage.compareAndSet(Stage.OPEN, Stage.ANSWERED);
    }

    boolean isEnded() {
      return stage.get() == Stage.ENDED;
    }

    /** Ends it, unless it is being answered; the service hears of that as of a caller who left. */
    void end() {
      if (!stage.compareAndSet(Stage.OPEN, Stage.ENDED)) {
        return;
      }
      open.remove(this);
      if (rule.audited() && first != null) {
        told("Done", "UNAUTHENTICATED: ended while it was under way; it may have been done");
      }
      StatusRuntimeException failure = inItsWords.apply(Errors.accessEnded());
      Metadata trailers = failure.getTrailers();
      try {
        super.close(failure.getStatus(), trailers == null ? new Metadata() : trailers);
        EndedByTurns<Q> heard = listener;
        if (heard != null) {
          heard.end();
        }
      } catch (RuntimeException e) {
        log.error("a call of {} was not ended cleanly", login.principal().name(), e);
      }
    }

    /** Its caller has gone. */
    void left() {
      open.remove(this);
      if (rule.audited() && first != null && !isEnded() && !outcomeTold.get()) {
        told("Done", "CANCELLED: the caller has gone; it may have been done");
      }
    }

    void completed() {
      open.remove(this);
    }

    /** The services stop what they do for a caller that is not there. */
    @Override
    public boolean isCancelled() {
      return isEnded() || super.isCancelled();
    }

    @Override
    public void close(Status status, Metadata trailers) {
      open.remove(this);
      outcome(status.getCode());
      super.close(status, trailers);
    }

    // ---- what the trail is told

    /** The service answers with this instead. */
    void thrown(Refusal refusal) {
      Status.Code code = Status.fromCodeValue(refusal.status().getCode()).getCode();
      refused(refusal);
      outcome(code);
    }

    /** The service answers with this instead, which is worded for its protocol. */
    void thrown(StatusRuntimeException answer) {
      Status status = answer.getStatus();
      if (status.getCode() == Status.Code.PERMISSION_DENIED) {
        told("Refused", String.valueOf(status.getDescription()));
      }
      outcome(status.getCode());
    }

    /** Tells the trail if it is for want of a permission; other mistakes are the caller's own. */
    @Override
    public void refused(Refusal refusal) {
      if (refusal.status().getCode() == Status.Code.PERMISSION_DENIED.value()) {
        told("Refused", refusal.status().getMessage());
      }
    }

    @Override
    public void did(String about, String outcome) {
      audit.done(
          new AuditTrail.Entry(
              "Done", login.principal().name(), CallerAddress.host(from), method, about, outcome));
    }

    /** Tells the trail what became of an act, once. Of one that was refused it knows already. */
    private void outcome(Status.Code code) {
      if (rule.audited()
          && outcomeTold.compareAndSet(false, true)
          && code != Status.Code.PERMISSION_DENIED) {
        told("Done", code.name());
      }
    }

    private void told(String kind, String outcome) {
      Object request = first;
      AuditTrail.Entry entry =
          new AuditTrail.Entry(
              kind,
              login.principal().name(),
              CallerAddress.host(from),
              method,
              request == null ? "" : AccessRules.about(request),
              outcome);
      if (kind.equals("Done")) {
        audit.done(entry);
      } else {
        audit.refused(entry);
      }
    }
  }

  /** Looks at each message before the service sees it. */
  private static final class Looking<Q> extends ServerCall.Listener<Q> {
    private final ServerCall.Listener<Q> service;
    private final OpenCall<Q, ?> call;

    Looking(ServerCall.Listener<Q> service, OpenCall<Q, ?> call) {
      this.service = service;
      this.call = call;
    }

    @Override
    public void onMessage(Q message) {
      watched(
          () -> {
            call.look(message);
            service.onMessage(message);
          });
    }

    @Override
    public void onHalfClose() {
      watched(service::onHalfClose); // a call with one request runs here
    }

    @Override
    public void onReady() {
      watched(service::onReady);
    }

    /** What is thrown is the answer, which {@link RequestGuard} gives. */
    private void watched(Runnable event) {
      try {
        event.run();
      } catch (Refusal e) {
        call.thrown(e);
        throw e;
      } catch (StatusRuntimeException e) { // a guest's refusal, in its own words already
        call.thrown(e);
        throw e;
      } catch (RuntimeException | Error e) {
        Refusal answer = new Refusal(Errors.fault(e));
        call.thrown(answer);
        throw answer;
      }
    }

    @Override
    public void onCancel() {
      call.left();
      service.onCancel();
    }

    @Override
    public void onComplete() {
      call.completed();
      service.onComplete();
    }
  }
}

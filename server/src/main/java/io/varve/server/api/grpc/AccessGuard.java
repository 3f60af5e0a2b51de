package io.varve.server.api.grpc;

import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.varve.server.security.AccessControl;
import io.varve.server.security.AuditTrail;
import io.varve.server.security.Login;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Stands before every service: asks who is calling, looks at each message by {@link AccessRules},
 * ends calls whose credentials are no longer good, and tells the audit trail.
 */
public final class AccessGuard implements ServerInterceptor {
  private static final Metadata.Key<String> AUTHORIZATION =
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
      if (!access.holds(call.login)) {
        call.end(
            Errors.unauthenticated("the credentials of this call were taken away or have expired"));
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
    String method = call.getMethodDescriptor().getFullMethodName();
    switch (access.login(headers.get(AUTHORIZATION))) {
      case Login.Unknown(String sentence) -> {
        audit.refused(entry("Refused", "nobody", method, "", "UNAUTHENTICATED"));
        throw new Refusal(Errors.unauthenticated(sentence)); // which RequestGuard answers
      }
      case Login.Busy _ -> throw new Refusal(Errors.busyWithPasswords());
      case Login.Known login -> {
        OpenCall<Q, R> opened = new OpenCall<>(call, login, method, AccessRules.of(method));
        open.add(opened);
        if (!access.holds(login)) {
          sweep(); // it was taken away while the call came in
        }
        Context context = opened.caller.in(Context.current());
        ServerCall.Listener<Q> listener;
        try {
          listener = Contexts.interceptCall(context, opened, headers, next);
        } catch (RuntimeException e) {
          open.remove(opened);
          throw e;
        }
        return new Looking<>(listener, opened);
      }
    }
  }

  private static AuditTrail.Entry entry(
      String kind, String who, String method, String about, String outcome) {
    String address = CallerAddress.ofThisCall();
    int port = address.lastIndexOf(':');
    return new AuditTrail.Entry(
        kind, who, port < 0 ? address : address.substring(0, port), method, about, outcome);
  }

  /** A call that was let in. */
  private final class OpenCall<Q, R> extends SimpleForwardingServerCall<Q, R> {
    private final Login.Known login;
    private final String method;
    private final AccessRules.Rule rule;
    private final Caller caller;
    private final AuditTrail.Entry prepared;
    private volatile @Nullable Object first;

    OpenCall(ServerCall<Q, R> call, Login.Known login, String method, AccessRules.Rule rule) {
      super(call);
      this.login = login;
      this.method = method;
      this.rule = rule;
      this.caller = new Caller(login.principal(), this::refused);
      this.prepared = entry("Done", login.principal().name(), method, "", "");
    }

    /** Throws a {@link Refusal} if the caller may not send this. */
    void look(Q message) {
      if (first == null) {
        first = message;
      }
      rule.check(caller, message);
    }

    void end(com.google.rpc.Status status) {
      open.remove(this);
      var failure = Errors.exception(status);
      Metadata trailers = failure.getTrailers();
      close(failure.getStatus(), trailers == null ? new Metadata() : trailers);
    }

    @Override
    public void close(Status status, Metadata trailers) {
      open.remove(this);
      if (status.getCode() != Status.Code.PERMISSION_DENIED && rule.audited()) {
        told("Done", status.getCode().name());
      }
      super.close(status, trailers);
    }

    /** Tells the trail if it is for want of a permission; other mistakes are the caller's own. */
    void refused(Refusal refusal) {
      if (refusal.status().getCode() == Status.Code.PERMISSION_DENIED.value()) {
        told("Refused", refusal.status().getMessage());
      }
    }

    private void told(String kind, String outcome) {
      Object request = first;
      AuditTrail.Entry entry =
          new AuditTrail.Entry(
              kind,
              prepared.who(),
              prepared.from(),
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
  private final class Looking<Q> extends SimpleForwardingServerCallListener<Q> {
    private final OpenCall<Q, ?> call;

    Looking(ServerCall.Listener<Q> listener, OpenCall<Q, ?> call) {
      super(listener);
      this.call = call;
    }

    @Override
    public void onMessage(Q message) {
      try {
        call.look(message);
        super.onMessage(message);
      } catch (Refusal e) {
        call.refused(e);
        throw e;
      }
    }

    @Override
    public void onHalfClose() {
      try {
        super.onHalfClose(); // a call with one request runs here
      } catch (Refusal e) {
        call.refused(e);
        throw e;
      }
    }

    @Override
    public void onCancel() {
      open.remove(call);
      super.onCancel();
    }

    @Override
    public void onComplete() {
      open.remove(call);
      super.onComplete();
    }
  }
}

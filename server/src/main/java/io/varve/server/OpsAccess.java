package io.varve.server;

import io.varve.server.event.StreamScope;
import io.varve.server.ops.http.Authenticator;
import io.varve.server.ops.http.Caller;
import io.varve.server.security.AccessControl;
import io.varve.server.security.Action;
import io.varve.server.security.AuditTrail;
import io.varve.server.security.Login;
import io.varve.server.security.Principal;

/** The store's access control, at the operations port: the same users, tokens and audit trail. */
final class OpsAccess implements Authenticator {
  /** What a browser asks its user for. Programs send a token instead. */
  private static final String CHALLENGE = "Basic realm=\"varve\", charset=\"UTF-8\"";

  private final AccessControl access;
  private final AuditTrail audit;

  OpsAccess(AccessControl access, AuditTrail audit) {
    this.access = access;
    this.audit = audit;
  }

  @Override
  public Verdict check(Asked asked) {
    return switch (access.login(asked.authorization())) {
      case Login.Unknown(String sentence) -> {
        refused(asked, "nobody", "UNAUTHENTICATED");
        yield new Verdict.Unknown(CHALLENGE, sentence);
      }
      case Login.Busy _ -> new Verdict.Later("other passwords are being checked; come again");
      case Login.Known login -> {
        Principal principal = login.principal();
        Caller caller =
            new Caller(
                principal.name(),
                principal.scopeOf(Action.READ),
                principal.scopeOf(Action.CONSUME),
                principal.isAdministrator(),
                () -> access.holds(login));
        String missing = missing(asked.need(), caller);
        if (missing.isEmpty()) {
          yield new Verdict.Granted(caller);
        }
        refused(asked, caller.name(), missing);
        yield new Verdict.Refused(missing);
      }
    };
  }

  /** The permission that is missing, in a sentence; "" for none. */
  private static String missing(Need need, Caller caller) {
    StreamScope readable = caller.readable();
    return switch (need) {
      case NOTHING -> "";
      case METRICS ->
          readable.allButSystem() ? "" : "metrics need the permission read on all streams";
      case BROWSE ->
          readable.isEmpty() && caller.groups().isEmpty()
              ? "the console needs the permission read, or consume"
              : "";
      case ADMINISTER -> caller.administrator() ? "" : "this needs the permission administer";
    };
  }

  @Override
  public void refused(Asked asked, String who, String reason) {
    if (access.isOn()) {
      audit.refused(new AuditTrail.Entry("Refused", who, asked.from(), asked.what(), "", reason));
    }
  }

  @Override
  public void done(Asked asked, String who, String about, int status) {
    if (access.isOn()) {
      audit.done(
          new AuditTrail.Entry("Done", who, asked.from(), asked.what(), about, "HTTP " + status));
    }
  }
}

package io.varve.server.ops.http;

import org.jspecify.annotations.Nullable;

/**
 * Decides whether a request to the operations port may be answered, and hears what became of those
 * that somebody may have to account for. Thread-safe; may block for a moment.
 */
public interface Authenticator {

  /** Everybody may do everything: there is no access control. */
  Authenticator EVERYBODY = _ -> new Verdict.Granted(Caller.ANYBODY);

  /** Nobody can tell yet who may do what: the server is starting. */
  Authenticator NOT_YET = _ -> new Verdict.Later("the server is starting");

  /** What a request wants. */
  enum Need {
    /** To know whether the server is alive and ready, which is told to everybody. */
    NOTHING,
    /** To fetch metrics. */
    METRICS,
    /** To look at the console, which shows what its caller may read. */
    BROWSE,
    /** To change something. */
    ADMINISTER
  }

  /**
   * A request as far as access goes. Its need is never {@link Need#NOTHING}.
   *
   * @param from the caller's address, without the port
   * @param what the method and the path
   * @param authorization the header {@code Authorization}; null if there is none
   */
  record Asked(Need need, String from, String what, @Nullable String authorization) {}

  /** What becomes of a request. */
  sealed interface Verdict {
    /** It is answered, as far as its caller may see what it asks for. */
    record Granted(Caller caller) implements Verdict {}

    /**
     * Nobody knows whose it is: 401.
     *
     * @param challenge what the caller is asked for, as {@code WWW-Authenticate} has it: {@code
     *     Basic realm="varve"}
     */
    record Unknown(String challenge, String sentence) implements Verdict {}

    /** Its caller is known, and may not: 403. */
    record Refused(String reason) implements Verdict {}

    /** It cannot be told now: 503. */
    record Later(String reason) implements Verdict {}
  }

  /** Decides about one request. */
  Verdict check(Asked asked);

  /**
   * A request was refused in the end, by what it asked for.
   *
   * @param who the caller's name
   */
  default void refused(Asked asked, String who, String reason) {}

  /**
   * A request that changes something was answered.
   *
   * @param who the caller's name
   * @param about the group that it was about; "" for none
   * @param status with which status it was answered
   */
  default void done(Asked asked, String who, String about, int status) {}
}

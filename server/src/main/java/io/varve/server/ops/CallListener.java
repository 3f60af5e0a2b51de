package io.varve.server.ops;

import java.time.Duration;

/**
 * Hears of the calls that a server takes. Called on the transport's threads: must be short and must
 * not throw.
 */
public interface CallListener {

  /** A call has come in. */
  void begun(String service, String method);

  /**
   * A call has ended, for whatever reason.
   *
   * @param service its service's full name
   * @param method its method's name
   * @param code the name of its status, {@code OK} if all went well
   * @param took from its coming in to its end; of a subscription its whole life
   */
  void ended(String service, String method, String code, Duration took);
}

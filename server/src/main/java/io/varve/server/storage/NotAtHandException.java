package io.varve.server.storage;

/**
 * What a read that must not wait has come to is not in memory. It is no failure: whoever gets it
 * reads again where it may wait. See {@link EventStorage#atHand}.
 */
public final class NotAtHandException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public NotAtHandException() {
    super("not in memory", null, false, false);
  }
}

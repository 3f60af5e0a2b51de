package io.varve.client.eventsourcing.projection;

/** Somebody else feeds the projection now; what was about to be written was not. */
public final class TenureLostException extends Exception {

  private static final long serialVersionUID = 1;

  /** Says what shows it. */
  public TenureLostException(String message) {
    super(message);
  }
}

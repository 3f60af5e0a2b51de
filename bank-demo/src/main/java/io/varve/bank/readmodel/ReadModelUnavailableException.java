package io.varve.bank.readmodel;

/**
 * The rows cannot be asked at the moment: the database is away, or what is asked for has no rows
 * yet. Nothing is lost; the projections go on as soon as it is there.
 */
public final class ReadModelUnavailableException extends RuntimeException {

  private static final long serialVersionUID = 1;

  ReadModelUnavailableException(String message, Exception cause) {
    super(message, cause);
  }
}

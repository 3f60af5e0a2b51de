package io.varve.server.ops.http;

/** A request asks for what is not possible or not there; its message says so to the caller. */
public final class BadRequest extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final int status;

  /** A mistake in the request: 400. */
  public BadRequest(String sentence) {
    this(400, sentence);
  }

  /** The same with another status, 404 say. */
  public BadRequest(int status, String sentence) {
    super(sentence);
    this.status = status;
  }

  public int status() {
    return status;
  }
}

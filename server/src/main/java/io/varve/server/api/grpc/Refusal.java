package io.varve.server.api.grpc;

import com.google.rpc.Status;

/**
 * A request that is answered with a status. Thrown on the way through a request, and no fault: it
 * has no stack trace.
 */
public final class Refusal extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final Status status;

  Refusal(Status status) {
    super(status.getMessage(), null, false, false);
    this.status = status;
  }

  /** What is wrong, in Varve's words. */
  public Status status() {
    return status;
  }
}

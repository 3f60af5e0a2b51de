package io.varve.client.connection;

/**
 * A call ended with an error; whoever made it decides whether to try again. Never leaves this
 * package.
 */
final class CallFailedException extends Exception {

  private static final long serialVersionUID = 1;

  private final transient StoreError error;

  CallFailedException(StoreError error) {
    super(error.toString());
    this.error = error;
  }

  StoreError error() {
    return error;
  }
}

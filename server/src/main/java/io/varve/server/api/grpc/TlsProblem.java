package io.varve.server.api.grpc;

import org.jspecify.annotations.Nullable;

/** Why files of TLS cannot be used, in a sentence that names the file. */
public final class TlsProblem extends Exception {
  private static final long serialVersionUID = 1L;

  TlsProblem(String sentence, @Nullable Throwable cause) {
    super(sentence, cause);
  }
}

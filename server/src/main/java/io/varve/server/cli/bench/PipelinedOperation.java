package io.varve.server.cli.bench;

import java.util.concurrent.CompletableFuture;

/** One client's request, made again and again without waiting for the answers. */
@FunctionalInterface
public interface PipelinedOperation {
  /**
   * Makes the request.
   *
   * @return completes with how many events were appended
   */
  CompletableFuture<Long> begin();
}

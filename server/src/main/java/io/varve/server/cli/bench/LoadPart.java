package io.varve.server.cli.bench;

import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Clients of one kind. Several parts may load a store at the same time.
 *
 * @param clients how many
 * @param rate requests a second of all of them; null: a closed loop
 * @param making makes a client's work, given its number from 0
 */
record LoadPart(int clients, @Nullable Double rate, IntFunction<Client> making) {

  /** A client that is given its time and loads until it is over. */
  interface Client {
    /** Loads until the time is over; may throw what the store throws. */
    void load(LoadTime time, ClientTally tally);

    /** Where it counts. */
    default ClientTally newTally() {
      return ClientTally.ofOneThread();
    }
  }

  /** Clients that make one request at a time. */
  static LoadPart of(int clients, @Nullable Double rate, IntFunction<LoadOperation> operations) {
    return new LoadPart(
        clients,
        rate,
        number -> {
          LoadOperation operation = operations.apply(number);
          return (time, tally) -> {
            for (long due = time.awaitNext(); due < time.until(); due = time.awaitNext()) {
              long events = operation.run(due);
              if (time.counts(due)) {
                tally.add(System.nanoTime() - due, events, operation.retriesOfLast());
              }
            }
          };
        });
  }

  /** Clients that have up to so many requests unanswered. */
  static LoadPart pipelined(
      int clients, @Nullable Double rate, int window, IntFunction<PipelinedOperation> operations) {
    return new LoadPart(
        clients, rate, number -> new PipelinedClient(operations.apply(number), window));
  }
}

package io.varve.server;

import io.varve.client.VarveClient;
import io.varve.client.eventsourcing.bank.Bank;
import io.varve.client.eventsourcing.bank.TransferProcess;
import io.varve.client.eventsourcing.bank.TransferSaga;
import io.varve.client.eventsourcing.process.ProcessRunner;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;

/** A program of its own that carries out the transfers of the small bank, until it is killed. */
final class TransferRunner {

  private TransferRunner() {}

  /**
   * Runs.
   *
   * @param arguments the server's port
   */
  public static void main(String[] arguments) throws InterruptedException {
    try (VarveClient store =
            VarveClient.builder().endpoint("127.0.0.1", Integer.parseInt(arguments[0])).build();
        ProcessRunner<?, ?> runner =
            ProcessRunner.builder(store, TransferSaga.saga(), Bank.TRANSFER_EVENTS)
                .handler(TransferProcess.ACCOUNTS, new Bank(store).handler())
                .pauses(Duration.ofMillis(50), Duration.ofSeconds(1))
                .grace(Duration.ofSeconds(1))
                .start()) {
      System.out.println(runner.status().process());
      new CountDownLatch(1).await();
    }
  }
}

package io.varve.bank.web;

import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import io.varve.bank.application.CommandId;
import io.varve.bank.application.TransferReport;
import io.varve.bank.application.Transfers;
import io.varve.bank.application.Transfers.Start;
import io.varve.bank.domain.Money;
import io.varve.bank.domain.Transfer;
import io.varve.bank.readmodel.TransferQueries.TransferStepTaken;
import io.varve.bank.readmodel.TransferQueries.TransferView;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The command to transfer money. It waits for the outcome up to a bound: 200 when the transfer is
 * complete, 409 when the money is (or stayed) back on the source, 202 when it is still on its way.
 */
final class TransferRoutes {

  private final Transfers transfers;
  private final ReadYourWrites writes;
  private final Duration patience;

  TransferRoutes(Transfers transfers, ReadYourWrites writes, Duration patience) {
    this.transfers = transfers;
    this.writes = writes;
    this.patience = patience;
  }

  void register(RoutesConfig routes) {
    routes.post("/api/commands/transfers", this::transfer);
  }

  private void transfer(Context context) throws InterruptedException {
    CommandBody body = CommandBody.of(context, Set.of("from_account", "to_account", "amount"));
    String from = body.accountId("from_account");
    String to = body.accountId("to_account");
    Money amount = body.amount("amount");
    if (from.equals(to)) {
      throw ApiException.badField("to_account", "to_account must be another than from_account");
    }
    CommandId id = CommandId.of(RequestHeaders.idempotencyKey(context), "Transfer", "");
    String correlationId = RequestHeaders.correlationId(context);
    switch (transfers.start(from, to, amount, id, correlationId)) {
      case Start.Started started -> answer(context, outcome(started));
      case Start.AccountUnknown unknown ->
          throw ApiException.notFound("there is no account " + unknown.accountId());
      case Start.KeyReused reused ->
          throw ApiException.conflict(
              "idempotency_key_reused",
              RequestHeaders.IDEMPOTENCY_KEY + " was used for another transfer");
      case Start.TooMany tooMany ->
          throw ApiException.unavailable(
              tooMany.onTheirWay() + " transfers are on their way; nothing was done, try later");
    }
  }

  /** The transfer's end, or its beginning when the end is too long in coming. */
  private TransferReport outcome(Start.Started started) throws InterruptedException {
    CompletableFuture<TransferReport> end = started.end();
    try {
      return end.get(patience.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      return started.report();
    } catch (ExecutionException e) {
      throw new IllegalStateException("a transfer's end never fails", e);
    }
  }

  private void answer(Context context, TransferReport report) {
    Transfer transfer = report.transfer();
    int status =
        switch (transfer.status()) {
          case COMPLETED -> 200;
          case FAILED, COMPENSATED, NEEDS_ATTENTION -> 409;
          default -> 202;
        };
    writes.wrote(context, report.position());
    context.header("Location", QueryRoutes.SAGAS + "/" + transfer.id());
    Json.answer(context, status, view(report));
  }

  private static TransferView view(TransferReport report) {
    Transfer transfer = report.transfer();
    Instant updated = report.steps().getLast().at();
    return new TransferView(
        transfer.id(),
        transfer.status().label(),
        transfer.fromAccount(),
        transfer.toAccount(),
        transfer.amount().toBigDecimal(),
        transfer.error(),
        transfer.held().toBigDecimal(),
        report.steps().getFirst().at(),
        updated,
        transfer.status().isFinal() ? updated : null,
        report.steps().stream()
            .map(step -> new TransferStepTaken(step.event(), step.at()))
            .toList());
  }
}

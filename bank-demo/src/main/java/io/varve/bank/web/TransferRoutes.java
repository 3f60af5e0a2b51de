package io.varve.bank.web;

import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import io.varve.bank.application.CommandId;
import io.varve.bank.application.Transfers;
import io.varve.bank.application.Transfers.Report;
import io.varve.bank.application.Transfers.Start;
import io.varve.bank.domain.Money;
import io.varve.bank.domain.Transfer;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;

/**
 * The command to transfer money. It waits for the outcome up to a bound: 200 when the transfer is
 * complete, 409 when the money is (or stayed) back on the source, 202 when it is still on its way.
 */
final class TransferRoutes {

  private static final String TRANSFERS = "/api/commands/transfers";

  private final Transfers transfers;
  private final ReadYourWrites writes;
  private final Duration patience;

  TransferRoutes(Transfers transfers, ReadYourWrites writes, Duration patience) {
    this.transfers = transfers;
    this.writes = writes;
    this.patience = patience;
  }

  void register(RoutesConfig routes) {
    routes.post(TRANSFERS, this::transfer);
    routes.post(TRANSFERS + "/{id}/retry", this::retry);
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
      case Start.Started started -> answer(context, outcome(started.transferId()));
      case Start.AccountUnknown unknown ->
          throw ApiException.notFound("there is no account " + unknown.accountId());
      case Start.KeyReused _ ->
          throw ApiException.conflict(
              "idempotency_key_reused",
              RequestHeaders.IDEMPOTENCY_KEY + " was used for another transfer");
    }
  }

  private void retry(Context context) throws InterruptedException {
    CommandBody.expectNone(context);
    String transferId = context.pathParam("id");
    boolean retried = Ids.isWellFormed(transferId) && transfers.retry(transferId);
    Report report = outcome(transferId);
    if (!retried) {
      throw ApiException.conflict(
          "needs_no_attention", "transfer " + transferId + " does not need another try");
    }
    answer(context, report);
  }

  /** The transfer's end, or how far it is when the end is too long in coming. */
  private Report outcome(String transferId) throws InterruptedException {
    Optional<Report> report =
        Ids.isWellFormed(transferId) ? transfers.await(transferId, patience) : Optional.empty();
    return report.orElseThrow(() -> ApiException.notFound("there is no transfer " + transferId));
  }

  private void answer(Context context, Report report) {
    Transfer transfer = report.transfer();
    int status =
        switch (transfer.status()) {
          case COMPLETED -> 200;
          case FAILED, COMPENSATED, NEEDS_ATTENTION -> 409;
          case STARTED, SOURCE_DEBITED, DESTINATION_CREDITED, COMPENSATING -> 202;
        };
    writes.wrote(context, report.position());
    context.header("Location", QueryRoutes.SAGAS + "/" + transfer.id());
    Json.answer(context, status, TransferView.of(transfer));
  }
}

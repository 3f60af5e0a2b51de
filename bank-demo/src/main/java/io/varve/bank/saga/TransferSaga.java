package io.varve.bank.saga;

import static io.varve.bank.domain.Transfer.Action.CONFIRM_DESTINATION;
import static io.varve.bank.domain.Transfer.Action.CONFIRM_SOURCE;
import static io.varve.bank.domain.Transfer.Action.CREDIT_DESTINATION;
import static io.varve.bank.domain.Transfer.Action.DEBIT_SOURCE;
import static io.varve.bank.store.TransferFold.stepName;
import static io.varve.bank.store.TransferFold.undoName;

import io.varve.bank.domain.AccountCommand;
import io.varve.bank.domain.AccountCommand.ConfirmTransfer;
import io.varve.bank.domain.AccountCommand.CreditTransfer;
import io.varve.bank.domain.AccountCommand.DebitTransfer;
import io.varve.bank.domain.AccountCommand.RefundTransfer;
import io.varve.bank.domain.AccountCommand.ReverseTransfer;
import io.varve.bank.domain.TransferRequested;
import io.varve.bank.store.BankEvents;
import io.varve.bank.store.Facts;
import io.varve.client.eventsourcing.EventContext;
import io.varve.client.eventsourcing.process.CommandHandler;
import io.varve.client.eventsourcing.process.CommandTarget;
import io.varve.client.eventsourcing.process.Effect;
import io.varve.client.eventsourcing.process.Saga;

/**
 * A transfer of money as a saga, in its own stream {@code transfer-<id>}. Each step is one command
 * to one account. When an account refuses, the steps before it are undone, the last one first:
 *
 * <pre>
 * debit source -> credit destination -> confirm destination -> confirm source     completed
 *    | refused        | refused              | refused              | refused
 *  failed             |                      +---- undo credit -----+
 *                     +------ undo debit ---------------+                         compensated
 * </pre>
 *
 * <p>The debit and the mark "transfer pending" are one append, and an account with a transfer
 * pending cannot close, so its money can always come back. A credit can be undone unless it has
 * been spent; then the saga asks for help, and the money stays in sight.
 */
final class TransferSaga {

  /** The category of the sagas' streams; see {@link io.varve.bank.store.Streams#transfer}. */
  static final String NAME = "transfer";

  static final CommandTarget<AccountCommand> ACCOUNT =
      CommandTarget.of("account", BankEvents.COMMANDS);

  static final Saga<TransferRequested, TransferRequested> SAGA =
      Saga.<TransferRequested>named(NAME)
          .startedBy(TransferRequested.class, TransferRequested::transferId)
          .step(
              stepName(DEBIT_SOURCE),
              t -> toSource(t, new DebitTransfer(t.transferId(), t.toAccount(), t.amount())))
          .undoneBy(
              (t, why) ->
                  toSource(t, new RefundTransfer(t.transferId(), t.amount(), why.message())))
          .step(
              stepName(CREDIT_DESTINATION),
              t ->
                  toDestination(t, new CreditTransfer(t.transferId(), t.fromAccount(), t.amount())))
          .undoneBy(
              (t, why) ->
                  toDestination(t, new ReverseTransfer(t.transferId(), t.amount(), why.message())))
          .step(
              stepName(CONFIRM_DESTINATION),
              t -> toDestination(t, new ConfirmTransfer(t.transferId())))
          .step(stepName(CONFIRM_SOURCE), t -> toSource(t, new ConfirmTransfer(t.transferId())))
          .build();

  private TransferSaga() {}

  private static Effect.Send toSource(TransferRequested transfer, AccountCommand command) {
    return Effect.send(ACCOUNT, transfer.fromAccount(), command);
  }

  private static Effect.Send toDestination(TransferRequested transfer, AccountCommand command) {
    return Effect.send(ACCOUNT, transfer.toAccount(), command);
  }

  /** Has the movements of money say in their metadata which transfer they belong to. */
  static CommandHandler<AccountCommand> noting(CommandHandler<AccountCommand> accounts) {
    return (id, command, commandId, context) ->
        accounts.handle(id, command, commandId, noted(command, context));
  }

  private static EventContext noted(AccountCommand command, EventContext context) {
    return switch (command) {
      case DebitTransfer c -> noted(context, c.transferId(), stepName(DEBIT_SOURCE));
      case CreditTransfer c -> noted(context, c.transferId(), stepName(CREDIT_DESTINATION));
      case ReverseTransfer c -> noted(context, c.transferId(), undoName(CREDIT_DESTINATION));
      case RefundTransfer c -> noted(context, c.transferId(), undoName(DEBIT_SOURCE));
      case ConfirmTransfer c -> context.with(Facts.TRANSFER_ID, c.transferId());
      default -> context;
    };
  }

  private static EventContext noted(EventContext context, String transferId, String step) {
    return context.with(Facts.TRANSFER_ID, transferId).with(Facts.TRANSFER_STEP, step);
  }
}

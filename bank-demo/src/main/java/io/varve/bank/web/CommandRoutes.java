package io.varve.bank.web;

import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import io.varve.bank.application.AccountCommands;
import io.varve.bank.application.CommandId;
import io.varve.bank.application.CommandOutcome;
import io.varve.bank.application.CommandOutcome.Done;
import io.varve.bank.domain.AccountCommand;
import io.varve.bank.domain.AccountCommand.AddInterest;
import io.varve.bank.domain.AccountCommand.CloseAccount;
import io.varve.bank.domain.AccountCommand.DepositMoney;
import io.varve.bank.domain.AccountCommand.OpenAccount;
import io.varve.bank.domain.AccountCommand.WithdrawMoney;
import io.varve.bank.domain.Money;
import io.varve.bank.domain.Rule;
import java.util.Set;

/** Commands to accounts. */
final class CommandRoutes {

  /** The answer to a command: its event, and what is on the account now. */
  record CommandAnswer(String accountId, EventView event, Money newBalance) {}

  private static final String ACCOUNTS = "/api/commands/accounts";
  private static final Set<String> MOVEMENT = Set.of("amount", "description");

  private final AccountCommands commands;
  private final ReadYourWrites writes;

  CommandRoutes(AccountCommands commands, ReadYourWrites writes) {
    this.commands = commands;
    this.writes = writes;
  }

  void register(RoutesConfig routes) {
    routes.post(ACCOUNTS, this::open);
    routes.post(
        ACCOUNTS + "/{id}/deposit",
        context -> {
          CommandBody body = CommandBody.of(context, MOVEMENT);
          handle(context, new DepositMoney(body.amount("amount"), body.description("description")));
        });
    routes.post(
        ACCOUNTS + "/{id}/withdraw",
        context -> {
          CommandBody body = CommandBody.of(context, MOVEMENT);
          handle(
              context, new WithdrawMoney(body.amount("amount"), body.description("description")));
        });
    routes.post(
        ACCOUNTS + "/{id}/interest",
        context ->
            handle(context, new AddInterest(CommandBody.of(context, Set.of("rate")).rate("rate"))));
    routes.post(
        ACCOUNTS + "/{id}/close",
        context -> {
          CommandBody.expectNone(context);
          handle(context, new CloseAccount());
        });
  }

  private void open(Context context) {
    CommandBody body = CommandBody.of(context, Set.of("owner", "initial_balance"));
    OpenAccount command = new OpenAccount(body.name("owner"), body.amountOrZero("initial_balance"));
    CommandId id = CommandId.of(RequestHeaders.idempotencyKey(context), "OpenAccount", "");
    Done done = carryOut(context, id.newSubject("acc-"), command, id);
    context.header("Location", QueryRoutes.ACCOUNTS + "/" + done.accountId());
    answer(context, 201, done);
  }

  private void handle(Context context, AccountCommand command) {
    String accountId = context.pathParam("id");
    if (!Ids.isWellFormed(accountId)) {
      throw ApiException.notFound("there is no account " + accountId);
    }
    String kind = command.getClass().getSimpleName();
    CommandId id = CommandId.of(RequestHeaders.idempotencyKey(context), kind, accountId);
    answer(context, 200, carryOut(context, accountId, command, id));
  }

  private Done carryOut(Context context, String accountId, AccountCommand command, CommandId id) {
    String correlationId = RequestHeaders.correlationId(context);
    CommandOutcome outcome = commands.handle(accountId, command, id, correlationId);
    return switch (outcome) {
      case Done done -> done;
      case CommandOutcome.Refused refused ->
          throw Rule.ACCOUNT_UNKNOWN.isBehind(refused.refusal())
              ? ApiException.notFound("there is no account " + accountId)
              : ApiException.conflict(
                  ErrorBody.code(refused.refusal()), refused.refusal().message());
      case CommandOutcome.Conflicted conflicted ->
          throw ApiException.conflict(
              "conflict",
              "others changed the account at each of "
                  + conflicted.attempts()
                  + " attempts; nothing was done, try again");
      case CommandOutcome.KeyReused reused ->
          throw ApiException.conflict(
              "idempotency_key_reused",
              RequestHeaders.IDEMPOTENCY_KEY + " was used for another command");
    };
  }

  private void answer(Context context, int status, Done done) {
    writes.wrote(context, done.event().position());
    Json.answer(
        context,
        status,
        new CommandAnswer(done.accountId(), EventView.of(done.event()), done.balance()));
  }
}

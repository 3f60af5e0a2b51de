package io.varve.client.eventsourcing.bank;

import io.varve.client.eventsourcing.bank.AccountCommand.Deposit;
import io.varve.client.eventsourcing.bank.AccountCommand.Withdraw;
import io.varve.client.eventsourcing.bank.TransferEvent.TransferNoted;
import io.varve.client.eventsourcing.bank.TransferEvent.TransferRequested;
import io.varve.client.eventsourcing.json.JsonEvents;
import io.varve.client.eventsourcing.process.CommandTarget;
import io.varve.client.eventsourcing.process.Effect;
import io.varve.client.eventsourcing.process.Input;
import io.varve.client.eventsourcing.process.Origin;
import io.varve.client.eventsourcing.process.ProcessManager;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A transfer as a process manager written by hand: it withdraws, deposits, refunds when the deposit
 * is refused, and asks for help when even that is refused.
 */
public class TransferProcess implements ProcessManager<TransferProcess.Transfer, TransferEvent> {

  public static final CommandTarget<AccountCommand> ACCOUNTS =
      CommandTarget.of("account", JsonEvents.of(AccountCommand.class));

  public static final String NAME = "transferProcess";

  /** How long a transfer may take before it is said to be late. */
  public static final Duration PATIENCE = Duration.ofMinutes(5);

  /** Where a transfer stands. */
  public enum Step {
    NEW,
    WITHDRAWING,
    DEPOSITING,
    REFUNDING,
    DONE,
    FAILED,
    REFUNDED,
    NEEDS_HELP
  }

  /** What is known of a transfer. */
  public record Transfer(Step step, @Nullable TransferRequested request, boolean late, int notes) {

    TransferRequested requested() {
      if (request == null) {
        throw new IllegalStateException("not requested yet");
      }
      return request;
    }

    Transfer to(Step next) {
      return new Transfer(next, request, late, notes);
    }
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Transfer initial() {
    return new Transfer(Step.NEW, null, false, 0);
  }

  @Override
  public Optional<String> correlate(TransferEvent event, Origin origin) {
    return Optional.of(event.transferId());
  }

  @Override
  public boolean starts(TransferEvent event) {
    return event instanceof TransferRequested;
  }

  @Override
  public Transfer evolve(Transfer t, Input<TransferEvent> input) {
    return switch (input) {
      case Input.Happened<TransferEvent>(TransferRequested request, _) ->
          new Transfer(Step.WITHDRAWING, request, false, t.notes());
      case Input.Happened<TransferEvent>(TransferNoted _, _) ->
          new Transfer(t.step(), t.request(), t.late(), t.notes() + 1);
      case Input.CommandAccepted<TransferEvent> _ ->
          t.to(
              switch (t.step()) {
                case WITHDRAWING -> Step.DEPOSITING;
                case DEPOSITING -> Step.DONE;
                case REFUNDING -> Step.REFUNDED;
                default -> t.step();
              });
      case Input.CommandRefused<TransferEvent> _ ->
          t.to(
              switch (t.step()) {
                case WITHDRAWING -> Step.FAILED;
                case DEPOSITING -> Step.REFUNDING;
                case REFUNDING -> Step.NEEDS_HELP;
                default -> t.step();
              });
      case Input.TimerFired<TransferEvent> _ ->
          new Transfer(t.step(), t.request(), true, t.notes());
      case Input.RetryRequested<TransferEvent> _ -> t.to(Step.REFUNDING);
    };
  }

  @Override
  public List<Effect> react(Transfer t, Input<TransferEvent> input) {
    TransferRequested r = t.requested();
    return switch (input) {
      case Input.Happened<TransferEvent>(TransferNoted _, _) -> List.of();
      case Input.TimerFired<TransferEvent> _ -> List.of(); // it is late, and that is all we know
      default ->
          switch (t.step()) {
            case NEW -> List.of();
            case WITHDRAWING ->
                List.of(
                    Effect.send(ACCOUNTS, r.from(), new Withdraw(r.amount(), r.transferId())),
                    Effect.schedule("late", PATIENCE));
            case DEPOSITING ->
                List.of(Effect.send(ACCOUNTS, r.to(), new Deposit(r.amount(), r.transferId())));
            case REFUNDING ->
                List.of(
                    Effect.send(
                        ACCOUNTS, r.from(), new Deposit(r.amount(), r.transferId() + "/refund")));
            case DONE -> List.of(Effect.cancel("late"), Effect.complete());
            case FAILED -> List.of(Effect.complete("failed"));
            case REFUNDED -> List.of(Effect.complete("compensated"));
            case NEEDS_HELP -> List.of(Effect.help("the refund was refused"));
          };
    };
  }
}

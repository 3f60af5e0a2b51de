package io.varve.bank.store;

import io.varve.bank.domain.Transfer;
import io.varve.bank.domain.Transfer.Action;
import io.varve.bank.domain.Transfer.Status;
import io.varve.client.eventsourcing.process.ProcessEvent;
import io.varve.client.eventsourcing.process.ProcessEvent.CommandAccepted;
import io.varve.client.eventsourcing.process.ProcessEvent.CommandIssued;
import io.varve.client.eventsourcing.process.ProcessEvent.CommandRefused;
import io.varve.client.eventsourcing.process.ProcessEvent.Completed;
import io.varve.client.eventsourcing.process.ProcessEvent.HelpNeeded;
import io.varve.client.eventsourcing.process.ProcessEvent.RetryRequested;
import java.time.Instant;
import java.util.List;
import java.util.Locale;

/**
 * Tells a {@link Transfer} from the events of its saga. The saga calls its commands by the action,
 * such as {@code debit_source}; what undoes one is called {@code debit_source/undo}, and a further
 * try of that {@code debit_source/undo/2}.
 */
public final class TransferFold {

  private static final String UNDO = "undo";

  private TransferFold() {}

  /** What the saga calls the step that takes an action. */
  public static String stepName(Action action) {
    return action.name().toLowerCase(Locale.ROOT);
  }

  /** What the saga calls the command that undoes an action. */
  public static String undoName(Action action) {
    return stepName(action) + "/" + UNDO;
  }

  /** Whether what the saga calls so undoes an action. */
  public static boolean isUndo(String command) {
    return parts(command).contains(UNDO);
  }

  private static List<String> parts(String command) {
    return List.of(command.split("/", -1));
  }

  /** The transfer after an event of its saga. */
  public static Transfer evolve(Transfer transfer, ProcessEvent event, Instant at) {
    return switch (event) {
      case CommandIssued e -> {
        String key = String.valueOf(e.key());
        Action action = Action.valueOf(parts(key).getFirst().toUpperCase(Locale.ROOT));
        yield transfer.sent(e.commandId().toString(), action, isUndo(key), at);
      }
      case CommandAccepted e -> transfer.done(e.commandId().toString(), at);
      case CommandRefused e ->
          transfer.refused(e.commandId().toString(), e.refusal().message(), at);
      case HelpNeeded _ -> transfer.to(Status.NEEDS_ATTENTION, at);
      case RetryRequested _ -> transfer.to(Status.COMPENSATING, at);
      case Completed e -> transfer.to(Status.valueOf(e.outcome().toUpperCase(Locale.ROOT)), at);
      default -> transfer;
    };
  }
}

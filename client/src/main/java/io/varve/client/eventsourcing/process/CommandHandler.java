package io.varve.client.eventsourcing.process;

import io.varve.client.eventsourcing.CommandEvents;
import io.varve.client.eventsourcing.CommandOptions;
import io.varve.client.eventsourcing.EventContext;
import io.varve.client.eventsourcing.Refusal;
import io.varve.client.eventsourcing.UndecodableEventException;
import io.varve.client.eventsourcing.aggregate.CommandResult;
import io.varve.client.eventsourcing.aggregate.Repository;
import io.varve.client.streams.StreamTombstonedException;
import java.util.UUID;

/**
 * Carries out the commands of processes.
 *
 * <p>A command may come several times under the same command id: after a crash, after an exception,
 * and from two runners at the same time. It must take effect once, and all its answers must be the
 * same: either it is accepted, or it is refused. {@link CommandOutcome#refused(
 * io.varve.client.eventsourcing.Refusal, UUID)} says how a refusal is kept from becoming an
 * acceptance later.
 *
 * @param <C> the commands
 */
@FunctionalInterface
public interface CommandHandler<C> {

  /**
   * Carries the command out, or refuses it.
   *
   * @param id which aggregate it is for
   * @param commandId the same at each try
   * @param context what events that follow from it are to be written with
   * @throws Exception nobody knows what has become of it; it will come again
   */
  CommandOutcome handle(String id, C command, UUID commandId, EventContext context)
      throws Exception;

  /**
   * Has a repository carry the commands out. An aggregate whose stream is closed for ever refuses
   * every command, with the code {@code STREAM_CLOSED}.
   */
  static <C, S, E> CommandHandler<C> of(Repository<C, S, E> repository) {
    return (id, command, commandId, context) -> {
      CommandOptions options = CommandOptions.withId(commandId.toString()).context(context);
      UUID claim = CommandEvents.of(repository.streamOf(id), commandId.toString()).id(0);
      try {
        return switch (repository.execute(id, command, options)) {
          case CommandResult.Executed<S, E> done -> CommandOutcome.accepted();
          case CommandResult.Refused<S, E> refused ->
              CommandOutcome.refused(refused.refusal(), claim);
        };
      } catch (UndecodableEventException e) {
        if (!e.event().id().equals(claim)) {
          throw e;
        }
        return CommandOutcome.refused(
            ProcessEventReader.refusal(e.event()), claim); // by another runner
      } catch (StreamTombstonedException e) {
        return CommandOutcome.refused(
            new Refusal("STREAM_CLOSED", String.valueOf(e.getMessage())), claim);
      }
    };
  }
}

package io.varve.server.append;

import io.varve.server.event.AppendCondition;
import io.varve.server.event.NewEvent;
import io.varve.server.event.Query;
import io.varve.server.event.StreamId;
import io.varve.server.history.Answer;
import io.varve.server.history.Call;
import io.varve.server.history.Selection;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What the calls of a history are to the commit path, and what its outcomes are to a history. */
final class CallCommands {
  private CallCommands() {}

  static Command command(Call.Write write, Instant now) {
    if (write.isAppend()) {
      Call.Part part = write.parts().getFirst();
      return AppendCommand.of(
          new StreamId(part.stream()), part.expected(), newEvents(part), write.tracking(), now);
    }
    return TransactCommand.of(
        write.parts().stream()
            .map(
                part ->
                    TransactCommand.Part.of(
                        new StreamId(part.stream()),
                        part.expected(),
                        newEvents(part),
                        write.tracking()))
            .toList(),
        write.conditions().stream()
            .map(
                condition ->
                    new AppendCondition(query(condition.selection()), condition.after(), null))
            .toList(),
        write.tracking(),
        now);
  }

  private static List<NewEvent> newEvents(Call.Part part) {
    return part.events().stream().map(CallCommands::newEvent).toList();
  }

  private static NewEvent newEvent(Call.Draft draft) {
    int bytes = (int) Math.floorMod(draft.id().getLeastSignificantBits(), 300L);
    List<String> tags = draft.tags().stream().sorted().toList();
    return new NewEvent(draft.id(), false, draft.type(), new byte[bytes], "", Map.of(), tags, null);
  }

  static Query query(Selection selection) {
    return selection.equals(Selection.EVERYTHING)
        ? Query.everything()
        : new Query(
            List.of(new Query.Item(selection.types(), selection.tags(), List.of(), Set.of())));
  }

  static Answer answer(Outcome outcome) {
    return switch (outcome) {
      case Outcome.Appended appended ->
          new Answer.Written(
              List.of(appended.last().value()),
              appended.position().value(),
              appended.deduplicated());
      case Outcome.Transacted transacted -> {
        Outcome.Transacted.LastEvent last = transacted.last();
        yield new Answer.Written(
            transacted.written().stream().map(written -> written.last().value()).toList(),
            last == null ? 0 : last.position().value(),
            transacted.deduplicated());
      }
      case Outcome.Conflict conflict ->
          new Answer.Conflict(conflict.stream().value(), conflict.actualVersion());
      case Outcome.ConditionFailed failed ->
          new Answer.ConditionFailed(failed.condition(), failed.position().value());
      case Outcome.TrackingNotRising tracking -> new Answer.NotRising(tracking.stored());
      case Outcome.EventIdTaken taken -> new Answer.IdTaken(taken.eventId());
      case Outcome.QueueFull _, Outcome.Stopping _ -> new Answer.NotDecided();
      case Outcome.StoreStopped _ -> new Answer.Unknown();
      default -> throw new AssertionError("nobody asked for " + outcome);
    };
  }
}

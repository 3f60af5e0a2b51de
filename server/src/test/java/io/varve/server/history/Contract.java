package io.varve.server.history;

import io.varve.server.event.ExpectedVersion;
import io.varve.server.event.Tracking;
import io.varve.server.history.Call.Placed;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** In which states of a log an answer is right, for every call and every answer. */
final class Contract {
  private final States states;

  Contract(States states) {
    this.states = states;
  }

  /** When this is the answer. */
  Span whenRight(Call call, Answer answer) {
    return switch (call) {
      case Call.Write write -> whenRight(write, answer);
      case Call.ReadLog read ->
          answer instanceof Answer.Events events
                  && events.head() <= states.head()
                  && events.events().equals(states.read(read, events.head()))
              ? states.whileHeadIs(events.head())
              : Span.NEVER;
      case Call.ReadStream read ->
          switch (answer) {
            case Answer.NotFound _ -> states.whileVersionIs(read.stream(), 0);
            case Answer.Events events ->
                events.head() <= states.head()
                        && events.events().equals(states.read(read, events.head()))
                    ? states
                        .whileHeadIs(events.head())
                        .and(
                            states.whileExpected(read.stream(), new ExpectedVersion.StreamExists()))
                    : Span.NEVER;
            default -> Span.NEVER;
          };
      case Call.VersionOf(String stream) ->
          switch (answer) {
            case Answer.NotFound _ -> states.whileVersionIs(stream, 0);
            case Answer.Value(long version) ->
                version > 0 ? states.whileVersionIs(stream, version) : Span.NEVER;
            default -> Span.NEVER;
          };
      case Call.EventAt(long position) ->
          switch (answer) {
            case Answer.NotFound _ -> states.before(position);
            case Answer.Found(LoggedEvent event) ->
                event.position() == position ? whenThere(event) : Span.NEVER;
            default -> Span.NEVER;
          };
      case Call.EventWith(var id) -> {
        LoggedEvent there = states.with(id);
        yield switch (answer) {
          case Answer.NotFound _ ->
              there == null ? states.always() : states.before(there.position());
          case Answer.Found(LoggedEvent event) ->
              event.id().equals(id) ? whenThere(event) : Span.NEVER;
          default -> Span.NEVER;
        };
      }
      case Call.ProgressOf(String source) ->
          answer instanceof Answer.Value(long progress)
              ? states.whileProgressIs(source, progress)
              : Span.NEVER;
      case Call.Delivery _ ->
          answer instanceof Answer.Found(LoggedEvent event) ? whenThere(event) : Span.NEVER;
    };
  }

  private Span whenThere(LoggedEvent event) {
    boolean there =
        event.position() >= 1
            && event.position() <= states.head()
            && states.at(event.position()).equals(event);
    return there ? states.since(event.position()) : Span.NEVER;
  }

  // ---- writes

  /** When a write is carried out. */
  Span whenAccepted(Call.Write write) {
    return whileIdsAreNew(write)
        .and(whilePartsHold(write, write.parts().size()))
        .and(whileConditionsHold(write, write.conditions().size()))
        .and(write.tracking() == null ? states.always() : states.whileBelow(write.tracking()));
  }

  private Span whenRight(Call.Write write, Answer answer) {
    return switch (answer) {
      case Answer.Written written -> whenWritten(write, written);
      case Answer.Conflict(String stream, long actual) -> whenConflict(write, stream, actual);
      case Answer.ConditionFailed(int index, long position) ->
          index < write.conditions().size()
                  && position != 0
                  && states.firstMatch(write.conditions().get(index)) == position
              ? whileIdsAreNew(write)
                  .and(whilePartsHold(write, write.parts().size()))
                  .and(whileConditionsHold(write, index))
                  .and(states.since(position))
              : Span.NEVER;
      case Answer.NotRising(long stored) -> {
        Tracking tracking = write.tracking();
        yield tracking == null || stored < tracking.position()
            ? Span.NEVER
            : whileIdsAreNew(write)
                .and(whilePartsHold(write, write.parts().size()))
                .and(whileConditionsHold(write, write.conditions().size()))
                .and(states.whileProgressIs(tracking.source(), stored));
      }
      case Answer.IdTaken taken -> whenTaken(write, taken);
      default -> Span.NEVER;
    };
  }

  private Span whenWritten(Call.Write write, Answer.Written written) {
    List<@Nullable LoggedEvent> places = places(write);
    if (places.isEmpty()) {
      return written.equals(new Answer.Written(List.of(), 0, false))
          ? whenAccepted(write)
          : Span.NEVER;
    }
    LoggedEvent last = places.getLast();
    if (last == null
        || !isThereAsAskedFor(write, places)
        || written.position() != last.position()
        || !written.versions().equals(lastVersions(write, places))) {
      return Span.NEVER;
    }
    // Whether it was accepted in the state before it is looked at when its moment is sought.
    return states.since(last.position());
  }

  private static List<Long> lastVersions(Call.Write write, List<@Nullable LoggedEvent> places) {
    List<Long> versions = new ArrayList<>();
    int next = 0;
    for (Call.Part part : write.parts()) {
      next += part.events().size();
      LoggedEvent last = part.events().isEmpty() ? null : places.get(next - 1);
      if (last != null) {
        versions.add(last.version());
      }
    }
    return versions;
  }

  private Span whenConflict(Call.Write write, String stream, long actual) {
    int index = 0;
    for (Call.Part part : write.parts()) {
      if (part.stream().equals(stream)) {
        return part.expected().holdsAt(actual)
            ? Span.NEVER
            : whileIdsAreNew(write)
                .and(whilePartsHold(write, index))
                .and(states.whileVersionIs(stream, actual));
      }
      index++;
    }
    return Span.NEVER;
  }

  /** Some of the events are there, this one first, and not as this write. */
  private Span whenTaken(Call.Write write, Answer.IdTaken taken) {
    List<@Nullable LoggedEvent> places = places(write);
    Span span = states.always();
    int last = 0;
    boolean met = false;
    for (int i = 0; i < places.size(); i++) {
      LoggedEvent event = places.get(i);
      boolean named = write.events().get(i).id().equals(taken.id());
      if (event == null) {
        if (named) {
          return Span.NEVER;
        }
        continue;
      }
      last = Math.max(last, states.writeOf(event.position()));
      if (named) {
        met = true;
        span = span.and(states.since(event.position()));
      } else if (!met) {
        span = span.and(states.before(event.position()));
      }
    }
    if (!met) {
      return Span.NEVER;
    }
    return isThereAsAskedFor(write, places) ? span.and(new Span(0, last - 1)) : span;
  }

  /** Where the events are in the end, null for those that are not. */
  private List<@Nullable LoggedEvent> places(Call.Write write) {
    List<@Nullable LoggedEvent> places = new ArrayList<>();
    for (Placed event : write.events()) {
      places.add(states.with(event.id()));
    }
    return places;
  }

  /** Whether a repeat is answered with the original result. */
  private static boolean isThereAsAskedFor(Call.Write write, List<@Nullable LoggedEvent> places) {
    LoggedEvent previous = null;
    for (int i = 0; i < places.size(); i++) {
      LoggedEvent event = places.get(i);
      if (event == null || !event.stream().equals(write.events().get(i).stream())) {
        return false;
      }
      if (previous != null
          && (write.isAppend()
              ? event.version() != previous.version() + 1
              : event.position() != previous.position() + 1)) {
        return false;
      }
      previous = event;
    }
    return true;
  }

  private Span whileIdsAreNew(Call.Write write) {
    Span span = states.always();
    for (LoggedEvent event : places(write)) {
      if (event != null) {
        span = span.and(states.before(event.position()));
      }
    }
    return span;
  }

  private Span whilePartsHold(Call.Write write, int parts) {
    Span span = states.always();
    for (Call.Part part : write.parts().subList(0, parts)) {
      span = span.and(states.whileExpected(part.stream(), part.expected()));
    }
    return span;
  }

  private Span whileConditionsHold(Call.Write write, int conditions) {
    Span span = states.always();
    for (Call.Condition condition : write.conditions().subList(0, conditions)) {
      span = span.and(states.whileHolds(condition));
    }
    return span;
  }
}

package io.varve.server.append;

import io.varve.server.event.StreamId;
import io.varve.server.fixture.Pages;
import io.varve.server.history.Answer;
import io.varve.server.history.Call;
import io.varve.server.history.LoggedEvent;
import io.varve.server.history.RandomCalls;
import io.varve.server.read.EventCursor;
import io.varve.server.read.LogRead;
import io.varve.server.read.StreamLookUp;
import io.varve.server.read.StreamRead;
import io.varve.server.read.StreamView;
import io.varve.server.storage.EncodedEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One who asks, and waits for the answer, mostly. A read of several pages takes them one at a time,
 * with whatever happens in between.
 */
final class SimulatedCaller {
  private final String name;
  private final RandomCalls calls;
  private final boolean onlyReads;
  private final CommitSimulation simulation;

  private @Nullable Call asked;
  private @Nullable EventCursor rest;
  private final List<LoggedEvent> soFar = new ArrayList<>();
  private long invoked;

  /** Answers to older questions are nobody's. */
  private int question;

  SimulatedCaller(String name, RandomCalls calls, boolean onlyReads, CommitSimulation simulation) {
    this.name = name;
    this.calls = calls;
    this.onlyReads = onlyReads;
    this.simulation = simulation;
  }

  private SimulatedServer server() {
    return simulation.server();
  }

  /** Whether everything that it has asked for has its answer. */
  boolean isAnswered() {
    return asked == null && calls.unanswered() == 0;
  }

  /** Does what comes next: asks, reads on, or loses its patience. */
  void turn() {
    Call waitingFor = asked;
    EventCursor reading = rest;
    if (waitingFor == null) {
      ask(onlyReads ? calls.nextRead() : calls.next());
    } else if (reading != null) {
      readOn(reading);
    } else if (waitingFor instanceof Call.Write && simulation.isImpatient()) {
      hear(new Answer.Unknown());
    }
  }

  /** Whoever asked a server that is gone will never know. */
  void lost() {
    hear(new Answer.Unknown());
  }

  private void ask(Call call) {
    simulation.say(() -> name + " asks: " + call);
    asked = call;
    invoked = simulation.history().now();
    question++;
    if (call instanceof Call.Write write) {
      propose(write);
    } else {
      look(call);
    }
  }

  private void hear(Answer answer) {
    Call call = asked;
    if (call != null) {
      simulation.say(() -> name + " hears: " + answer);
      asked = null;
      rest = null;
      soFar.clear();
      simulation.history().add(name, call, answer, invoked);
      calls.hear(call, answer);
    }
  }

  // ---- writes

  private void propose(Call.Write write) {
    SimulatedServer to = server();
    int asking = question;
    to.log.propose(
        CallCommands.command(write, simulation.wallClock()),
        outcome -> {
          if (to.dead) {
            return;
          }
          Answer answer = CallCommands.answer(outcome);
          if (answer instanceof Answer.Written written) {
            simulation.check(
                written.position() <= simulation.durable(),
                "acknowledged and not durable: " + written);
            simulation.check(
                written.position() <= to.storage.head().position(),
                "acknowledged and not visible: " + written);
          }
          if (question == asking) {
            hear(answer);
          }
          simulation.at("some are answered");
        });
  }

  // ---- reads

  private void look(Call call) {
    switch (call) {
      case Call.ReadLog read ->
          readOn(
              server()
                  .reader
                  .readLog(
                      new LogRead(
                          CallCommands.query(read.selection()),
                          read.from(),
                          0,
                          null,
                          null,
                          read.backwards(),
                          read.limit())));
      case Call.ReadStream read -> {
        StreamLookUp<EventCursor> found =
            server()
                .reader
                .readStream(
                    new StreamRead(
                        new StreamId(read.stream()),
                        read.from(),
                        read.backwards(),
                        read.limit(),
                        null));
        if (found instanceof StreamLookUp.Found<EventCursor>(EventCursor cursor)) {
          readOn(cursor);
        } else {
          hear(new Answer.NotFound());
        }
      }
      case Call.VersionOf(String stream) -> {
        StreamLookUp<StreamView> found = server().reader.viewOf(new StreamId(stream), null);
        hear(
            found instanceof StreamLookUp.Found<StreamView>(StreamView view)
                ? new Answer.Value(view.head().version())
                : new Answer.NotFound());
      }
      case Call.EventAt(long position) -> hear(found(server().reader.eventAt(position)));
      case Call.EventWith(UUID id) -> hear(found(server().reader.eventWith(id)));
      case Call.ProgressOf(String source) ->
          hear(new Answer.Value(server().reader.tracking(source)));
      case Call.Write _, Call.Delivery _ -> throw new AssertionError("no read: " + call);
    }
  }

  private Answer found(@Nullable EncodedEvent event) {
    if (event == null) {
      return new Answer.NotFound();
    }
    simulation.check(
        event.position() <= simulation.durable(), "returned and not durable: " + event.position());
    return new Answer.Found(SimulatedDisk.logged(event));
  }

  /** The next page; with the last one the answer is there. */
  private void readOn(EventCursor next) {
    simulation.check(
        next.headPosition() <= simulation.durable(), "a head that is not durable was told");
    int asking = question;
    rest = null; // whoever comes meanwhile must not take the same page
    List<LoggedEvent> page = Pages.events(next.next()).stream().map(SimulatedDisk::logged).toList();
    if (question != asking || asked == null) {
      return;
    }
    soFar.addAll(page);
    if (next.isDone()) {
      hear(new Answer.Events(next.headPosition(), soFar));
    } else {
      rest = next;
    }
  }
}

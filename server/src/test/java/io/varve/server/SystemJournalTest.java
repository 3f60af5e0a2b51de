package io.varve.server;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.varve.server.append.AppendCommand;
import io.varve.server.append.Command;
import io.varve.server.append.CommitLog;
import io.varve.server.append.EncodedBody;
import io.varve.server.append.Outcome;
import io.varve.server.event.NewEvent;
import io.varve.server.event.Position;
import io.varve.server.event.StreamVersion;
import io.varve.server.security.AuditTrail;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** What becomes of the audit trail when the store is slow, full, or about to stop. */
class SystemJournalTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Instant NOON = Instant.parse("2026-11-27T12:00:00Z");
  private static final Outcome KEPT =
      new Outcome.Appended(new StreamVersion(1), new Position(1), NOON, false);

  /** A commit log that answers when a test says so. */
  private static final class HeldLog implements CommitLog {
    private final BlockingQueue<Consumer<Outcome>> due = new LinkedBlockingQueue<>();
    private final List<List<NewEvent>> proposed = new CopyOnWriteArrayList<>();
    private final List<String> kept = new CopyOnWriteArrayList<>();

    @Override
    public void propose(Command command, Consumer<Outcome> callback) {
      List<NewEvent> events =
          ((AppendCommand) command).events().stream().map(EncodedBody::event).toList();
      proposed.add(events);
      due.add(
          outcome -> {
            if (outcome instanceof Outcome.Appended) {
              events.forEach(event -> kept.add(about(event)));
            }
            callback.accept(outcome);
          });
    }

    private static String about(NewEvent event) {
      String json = new String(event.data(), StandardCharsets.UTF_8);
      return json.replaceFirst(".*\"about\":\"([^\"]*)\".*", "$1");
    }

    void answer(Outcome outcome) throws Exception {
      requireNonNull(due.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS), "nothing is proposed")
          .accept(outcome);
    }

    @Override
    public void close() {}
  }

  private final HeldLog commitLog = new HeldLog();
  private final AuditTrail trail = new AuditTrail(() -> 0);
  private final SystemJournal journal = new SystemJournal(commitLog, () -> NOON, UUID::randomUUID);

  private void happens(String about) {
    trail.done(new AuditTrail.Entry("Done", "user root", "10.0.0.1", "S/M", about, "OK"));
  }

  @Test
  void while_some_is_being_written_the_rest_waits_and_goes_next() throws Exception {
    happens("a");
    journal.write(trail);
    happens("b");
    journal.write(trail);
    assertThat(commitLog.proposed).hasSize(1);

    commitLog.answer(new Outcome.QueueFull(7));
    journal.write(trail);
    commitLog.answer(KEPT); // what was not taken, before anything newer
    assertThat(commitLog.kept).containsExactly("a");

    journal.write(trail);
    commitLog.answer(KEPT);
    assertThat(commitLog.kept).containsExactly("a", "b");
    journal.write(trail);
    assertThat(commitLog.due).isEmpty();
  }

  @Test
  void at_a_stop_what_is_under_way_what_was_not_taken_and_all_the_rest_is_written()
      throws Exception {
    happens("a");
    journal.write(trail);
    commitLog.answer(new Outcome.QueueFull(7));
    journal.write(trail); // "a" is under way again
    happens("b");
    Thread stop = Thread.ofPlatform().start(() -> journal.writeAll(trail, PATIENCE));
    try {
      await().atMost(PATIENCE).until(stop::getState, Thread.State.TIMED_WAITING::equals);
      assertThat(commitLog.proposed).hasSize(2);

      commitLog.answer(KEPT);
      commitLog.answer(new Outcome.QueueFull(7)); // "b", which is tried again
      happens("c");
      commitLog.answer(KEPT);
      commitLog.answer(KEPT);
    } finally {
      stop.join(PATIENCE.toMillis());
    }
    assertThat(stop.isAlive()).isFalse();
    assertThat(commitLog.kept).containsExactly("a", "b", "c");
  }

  @Test
  void a_store_that_takes_nothing_any_more_does_not_hold_a_stop_back() throws Exception {
    happens("a");
    Thread stop = Thread.ofPlatform().start(() -> journal.writeAll(trail, PATIENCE));
    commitLog.answer(new Outcome.StoreStopped("the disk is full"));
    stop.join(PATIENCE.toMillis());

    assertThat(stop.isAlive()).isFalse();
    assertThat(commitLog.proposed).hasSize(1);
  }
}

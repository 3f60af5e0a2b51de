package io.varve.client.testkit;

import static io.varve.client.eventsourcing.bank.TransferProcess.ACCOUNTS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.annotation.JsonIgnore;
import io.varve.client.eventsourcing.PayloadCodec;
import io.varve.client.eventsourcing.Refusal;
import io.varve.client.eventsourcing.bank.AccountCommand.Deposit;
import io.varve.client.eventsourcing.bank.AccountCommand.Withdraw;
import io.varve.client.eventsourcing.bank.Bank;
import io.varve.client.eventsourcing.bank.TransferEvent;
import io.varve.client.eventsourcing.bank.TransferEvent.TransferNoted;
import io.varve.client.eventsourcing.bank.TransferEvent.TransferRequested;
import io.varve.client.eventsourcing.bank.TransferProcess;
import io.varve.client.eventsourcing.bank.TransferSaga;
import io.varve.client.eventsourcing.json.JsonEvents;
import io.varve.client.eventsourcing.process.CommandTarget;
import io.varve.client.eventsourcing.process.Effect;
import io.varve.client.eventsourcing.process.Input;
import io.varve.client.eventsourcing.process.Saga;
import io.varve.client.eventsourcing.process.SagaState;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class ProcessFixtureTest {

  private static final BigDecimal AMOUNT = new BigDecimal("12.34");
  private static final TransferRequested REQUEST = new TransferRequested("t1", "a", "b", AMOUNT);
  private static final Effect.Send WITHDRAW =
      Effect.send(ACCOUNTS, "a", new Withdraw(AMOUNT, "t1"));
  private static final Effect.Send DEPOSIT = Effect.send(ACCOUNTS, "b", new Deposit(AMOUNT, "t1"));
  private static final Effect.Send REFUND =
      Effect.send(ACCOUNTS, "a", new Deposit(AMOUNT, "t1/refund"));
  private static final Duration PATIENCE = Duration.ofMinutes(5);

  private static ProcessFixture<TransferProcess.Transfer, TransferEvent> process() {
    return ProcessFixture.given(new TransferProcess());
  }

  private static ProcessFixture<SagaState<TransferRequested>, TransferEvent> saga() {
    return ProcessFixture.given(TransferSaga.saga());
  }

  @Test
  void a_process_that_does_as_expected_passes() {
    process()
        .event(REQUEST)
        .thenSends(WITHDRAW)
        .thenSchedules("late", PATIENCE)
        .event("request-t1", new TransferNoted("t1", "hurry"))
        .thenNothing()
        .accepted(WITHDRAW.command())
        .thenSends(DEPOSIT)
        .timer("late")
        .thenNothing()
        .refused(DEPOSIT.command(), "CLOSED")
        .thenSends(REFUND)
        .refused("CLOSED")
        .thenAsksForHelp()
        .thenGoesOn()
        .retry()
        .thenSends(REFUND)
        .accepted()
        .thenSendsNothing()
        .thenCompleted("compensated");
  }

  @Test
  void a_saga_that_succeeds() {
    saga()
        .event(REQUEST)
        .thenSends(WITHDRAW)
        .accepted()
        .thenSends(DEPOSIT)
        .thenSchedules("late", PATIENCE)
        .accepted()
        .thenCompleted("completed");
  }

  @Test
  void a_saga_whose_first_step_is_refused_has_failed_and_says_why() {
    SagaState<TransferRequested> end =
        saga().event(REQUEST).refused("INSUFFICIENT_FUNDS").thenCompleted("failed").state();
    assertThat(end.reason()).contains("withdraw", "INSUFFICIENT_FUNDS");
  }

  @Test
  void a_saga_whose_second_step_is_refused_undoes_the_first() {
    saga()
        .event(REQUEST)
        .accepted()
        .refused("CLOSED")
        .thenSends(REFUND)
        .thenCancels("late")
        .accepted()
        .thenCompleted("compensated");
  }

  @Test
  void a_saga_that_is_late_undoes_nothing() {
    SagaState<TransferRequested> late =
        saga().event(REQUEST).accepted().advance(PATIENCE).thenNothing().thenGoesOn().state();
    assertThat(late.late()).isTrue();
  }

  @Test
  void a_saga_tries_again_after_a_refusal_that_may_pass_but_not_for_ever() {
    saga()
        .event(REQUEST)
        .accepted()
        .refused("LOCKED")
        .thenSendsNothing()
        .thenSchedules("again", Duration.ofSeconds(1))
        .advance(Duration.ofSeconds(1))
        .thenSends(DEPOSIT)
        .refused("LOCKED")
        .timer("again")
        .thenSends(DEPOSIT)
        .refused("LOCKED")
        .thenSends(REFUND);
  }

  @Test
  void a_refused_compensation_stays_in_sight_and_can_be_tried_again() {
    SagaState<TransferRequested> state =
        saga()
            .event(REQUEST)
            .accepted()
            .refused("CLOSED")
            .refused("FROZEN")
            .thenAsksForHelp()
            .thenGoesOn()
            .state();
    assertThat(state.phase()).isEqualTo(SagaState.Phase.NEEDS_HELP);
    assertThat(state.reason()).contains("CLOSED", "FROZEN");

    saga()
        .event(REQUEST)
        .accepted()
        .refused("CLOSED")
        .refused("FROZEN")
        .retry()
        .thenSends(REFUND)
        .accepted()
        .thenCompleted("compensated");
  }

  @Test
  void what_undoes_a_step_may_tell_why_the_saga_turned_back_however_often_it_is_tried() {
    Saga<TransferRequested, TransferEvent> telling =
        Saga.<TransferEvent>named("telling")
            .startedBy(TransferRequested.class, TransferRequested::transferId)
            .step("first", t -> Effect.send(ACCOUNTS, "a", new Withdraw(AMOUNT, "1")))
            .undoneBy((t, why) -> Effect.send(ACCOUNTS, "a", new Deposit(AMOUNT, why.message())))
            .step("second", t -> Effect.send(ACCOUNTS, "b", new Withdraw(AMOUNT, "2")))
            .undoneBy((t, why) -> Effect.send(ACCOUNTS, "b", new Deposit(AMOUNT, why.code())))
            .step("third", t -> Effect.send(ACCOUNTS, "c", new Deposit(AMOUNT, "3")))
            .build();
    Refusal closed = new Refusal("CLOSED", "account c is closed");

    SagaState<TransferRequested> end =
        ProcessFixture.given(telling)
            .event(REQUEST)
            .accepted()
            .accepted()
            .refused(closed)
            .thenSends(Effect.send(ACCOUNTS, "b", new Deposit(AMOUNT, "CLOSED")))
            .refused("FROZEN")
            .retry()
            .thenSends(Effect.send(ACCOUNTS, "b", new Deposit(AMOUNT, "CLOSED")))
            .accepted()
            .thenSends(Effect.send(ACCOUNTS, "a", new Deposit(AMOUNT, "account c is closed")))
            .accepted()
            .thenCompleted("compensated")
            .state();
    assertThat(end.refusal()).isEqualTo(closed);
  }

  @Test
  void a_second_start_of_the_same_saga_changes_nothing() {
    saga().event(REQUEST).accepted().event(REQUEST).thenNothing().accepted().thenCompleted();
  }

  @Test
  void a_difference_is_told_with_all_that_came_before() {
    assertThatThrownBy(() -> process().event(REQUEST).accepted().thenSends(REFUND))
        .isInstanceOf(AssertionError.class)
        .hasMessageContainingAll(
            "sends is not as expected",
            "expected:\n    " + REFUND,
            "actual:\n    " + DEPOSIT,
            "so far:\n    event " + REQUEST,
            "    accepted " + WITHDRAW.command());
  }

  @Test
  void every_expectation_can_fail() {
    assertFails(() -> process().event(REQUEST).thenNothing());
    assertFails(() -> process().event(REQUEST).thenSendsNothing());
    assertFails(() -> process().event(REQUEST).thenSchedules("late", Duration.ofMinutes(4)));
    assertFails(() -> process().event(REQUEST).thenCancels("late"));
    assertFails(() -> process().event(REQUEST).thenAsksForHelp());
    assertFails(() -> process().event(REQUEST).thenCompleted());
    assertFails(() -> process().event(REQUEST).refused("NO").thenCompleted("completed"));
    assertFails(() -> process().event(REQUEST).refused("NO").thenGoesOn());
    assertFails(() -> process().event(REQUEST).andState(new TransferProcess().initial()));
  }

  @Test
  void inputs_that_cannot_be_are_refused() {
    assertFails(() -> process().event(new TransferNoted("t1", "first")));
    assertFails(() -> process().event(REQUEST).event(new TransferNoted("t2", "another")));
    assertFails(() -> process().accepted());
    assertFails(() -> process().event(REQUEST).refused(DEPOSIT.command(), "NO"));
    assertFails(() -> process().event(REQUEST).timer("other"));
    assertFails(() -> process().event(REQUEST).refused("NO").event(REQUEST));
  }

  /** Sets both kinds of timers. */
  private static final class TwoTimers extends TransferProcess {
    @Override
    public List<Effect> react(Transfer transfer, Input<TransferEvent> input) {
      return List.of(
          Effect.schedule("a", PATIENCE),
          Effect.schedule("b", Instant.parse("2026-02-01T00:00:00Z")));
    }
  }

  @Test
  void a_timer_of_the_other_kind_is_another_timer() {
    Instant due = Instant.parse("2026-02-01T00:00:00Z");
    assertFails(
        () -> ProcessFixture.given(new TwoTimers()).event(REQUEST).thenSchedules("a", PATIENCE));
    assertFails(() -> ProcessFixture.given(new TwoTimers()).event(REQUEST).thenSchedules("b", due));
  }

  @Test
  void only_what_has_asked_for_help_can_be_tried_again() {
    assertFails(() -> saga().event(REQUEST).retry());
    assertFails(() -> saga().event(REQUEST).refused("NO").thenCompleted().retry());
    assertFails(() -> saga().event(REQUEST).accepted().refused("NO").refused("NO").retry().retry());
  }

  @Test
  void each_command_of_a_saga_has_a_key_of_its_own() {
    saga()
        .event(REQUEST)
        .thenSends(WITHDRAW.as("withdraw"))
        .accepted()
        .refused("LOCKED")
        .timer("again")
        .thenSends(DEPOSIT.as("deposit/2"))
        .refused("CLOSED")
        .thenSends(REFUND.as("withdraw/undo"))
        .refused("FROZEN")
        .retry()
        .thenSends(REFUND.as("withdraw/undo/2"))
        .refused("FROZEN")
        .retry()
        .thenSends(REFUND.as("withdraw/undo/3"))
        .accepted()
        .thenCompleted("compensated");
    assertFails(() -> saga().event(REQUEST).thenSends(WITHDRAW.as("deposit")));
  }

  /** A command that JSON does not bring back as it was. */
  private record Lossy(@JsonIgnore String secret) {}

  /** Sends what its target cannot write, or not as it is. */
  private static final class Unwritable extends TransferProcess {
    static final CommandTarget<Lossy> LOSSY = CommandTarget.of("lossy", JsonEvents.of(Lossy.class));

    @Override
    public List<Effect> react(Transfer transfer, Input<TransferEvent> input) {
      return List.of(Effect.send(LOSSY, "x", new Lossy("lost")));
    }
  }

  @Test
  void events_and_commands_are_written_and_read_where_their_types_are_known() {
    process()
        .events(Bank.TRANSFER_EVENTS)
        .targets(ACCOUNTS)
        .event(REQUEST)
        .thenSends(WITHDRAW)
        .accepted()
        .thenSends(DEPOSIT);
    assertFails(() -> process().targets(Unwritable.LOSSY).event(REQUEST));
    assertFails(
        () -> ProcessFixture.given(new Unwritable()).targets(Unwritable.LOSSY).event(REQUEST));
    assertFails(
        () ->
            process()
                .events(
                    JsonEvents.builder(TransferEvent.class)
                        .codec(TransferRequested.class, new Forgetful())
                        .build())
                .event(REQUEST));
  }

  /** Reads every request as one for nothing. */
  private static final class Forgetful implements PayloadCodec<TransferRequested> {
    @Override
    public String contentType() {
      return "application/json";
    }

    @Override
    public byte[] encode(TransferRequested event) {
      return new byte[] {'{', '}'};
    }

    @Override
    public TransferRequested decode(byte[] data) {
      return new TransferRequested("t1", "a", "b", BigDecimal.ZERO);
    }
  }

  private static void assertFails(Runnable fixture) {
    assertThatThrownBy(fixture::run).isInstanceOf(AssertionError.class);
  }
}

package io.varve.bank.domain;

import static io.varve.bank.domain.Transfer.Action.CONFIRM_SOURCE;
import static io.varve.bank.domain.Transfer.Action.CREDIT_DESTINATION;
import static io.varve.bank.domain.Transfer.Action.DEBIT_SOURCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.bank.domain.Transfer.State;
import io.varve.bank.domain.Transfer.Status;
import io.varve.bank.domain.Transfer.Step;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class TransferTest {

  private static final Money TEN = Money.of("10");
  private static final Instant T0 = Instant.parse("2026-01-15T10:00:00Z");
  private static final Instant T1 = T0.plusSeconds(1);
  private static final Instant T2 = T0.plusSeconds(2);
  private static final Instant T3 = T0.plusSeconds(3);

  private static final Transfer STARTED =
      Transfer.requested(new TransferRequested("t", "a", "b", TEN), T0);
  private static final Transfer DEBITED = STARTED.sent("1", DEBIT_SOURCE, false, T1).done("1", T1);
  private static final Transfer CREDITED =
      DEBITED.sent("2", CREDIT_DESTINATION, false, T2).done("2", T2);

  @Test
  void a_step_says_when_it_began_and_how_it_ended() {
    assertThat(STARTED.sent("1", DEBIT_SOURCE, false, T1).steps())
        .containsExactly(
            new Step("1", DEBIT_SOURCE, false, "a", State.IN_PROGRESS, null, T1, null));
    assertThat(STARTED.sent("1", DEBIT_SOURCE, false, T1).done("1", T2).steps())
        .containsExactly(new Step("1", DEBIT_SOURCE, false, "a", State.DONE, null, T1, T2));
    assertThat(DEBITED.sent("2", CREDIT_DESTINATION, false, T2).refused("2", "no", T3).steps())
        .last()
        .isEqualTo(new Step("2", CREDIT_DESTINATION, false, "b", State.REFUSED, "no", T2, T3));
  }

  @Test
  void without_refusals_it_completes() {
    Transfer end =
        CREDITED.sent("3", CONFIRM_SOURCE, false, T3).done("3", T3).to(Status.COMPLETED, T3);
    assertThat(end.status()).isEqualTo(Status.COMPLETED);
    assertThat(end.error()).isNull();
    assertThat(end.held()).isEqualTo(Money.ZERO);
    assertThat(end.startedAt()).isEqualTo(T0);
    assertThat(end.finishedAt()).isEqualTo(T3);
  }

  @Test
  void a_refused_debit_fails_it_with_nothing_moved() {
    Transfer end =
        STARTED.sent("1", DEBIT_SOURCE, false, T1).refused("1", "poor", T1).to(Status.FAILED, T1);
    assertThat(end.error()).isEqualTo("poor");
    assertThat(end.held()).isEqualTo(Money.ZERO);
    assertThat(end.finishedAt()).isEqualTo(T1);
  }

  @Test
  void money_is_held_from_the_debit_until_it_arrives_somewhere() {
    assertThat(DEBITED.status()).isEqualTo(Status.SOURCE_DEBITED);
    assertThat(DEBITED.held()).isEqualTo(TEN);
    assertThat(CREDITED.status()).isEqualTo(Status.DESTINATION_CREDITED);
    assertThat(CREDITED.held()).isEqualTo(Money.ZERO);

    Transfer refunding =
        DEBITED
            .sent("2", CREDIT_DESTINATION, false, T2)
            .refused("2", "closed", T2)
            .sent("3", DEBIT_SOURCE, true, T2);
    assertThat(refunding.status()).isEqualTo(Status.COMPENSATING);
    assertThat(refunding.held()).isEqualTo(TEN);
    Transfer refunded = refunding.done("3", T3).to(Status.COMPENSATED, T3);
    assertThat(refunded.held()).isEqualTo(Money.ZERO);
    assertThat(refunded.error()).isEqualTo("closed");
  }

  @Test
  void a_credit_that_is_taken_back_is_held_until_the_source_has_it() {
    Transfer reversed =
        CREDITED
            .sent("3", CONFIRM_SOURCE, false, T3)
            .refused("3", "no", T3)
            .sent("4", CREDIT_DESTINATION, true, T3)
            .done("4", T3);
    assertThat(reversed.held()).isEqualTo(TEN);
    assertThat(reversed.sent("5", DEBIT_SOURCE, true, T3).done("5", T3).held())
        .isEqualTo(Money.ZERO);
  }

  @Test
  void money_that_cannot_go_back_stays_in_sight_until_another_try_brings_it_back() {
    Transfer stuck =
        DEBITED
            .sent("2", CREDIT_DESTINATION, false, T2)
            .refused("2", "closed", T2)
            .sent("3", DEBIT_SOURCE, true, T2)
            .refused("3", "closed too", T2)
            .to(Status.NEEDS_ATTENTION, T2);
    assertThat(stuck.held()).isEqualTo(TEN);
    assertThat(stuck.error()).contains("closed").contains("closed too");
    assertThat(stuck.status().isFinal()).isTrue();
    assertThat(stuck.finishedAt()).isNull();

    Transfer again =
        stuck
            .to(Status.COMPENSATING, T3)
            .sent("4", DEBIT_SOURCE, true, T3)
            .done("4", T3)
            .to(Status.COMPENSATED, T3);
    assertThat(again.held()).isEqualTo(Money.ZERO);
    assertThat(again.finishedAt()).isEqualTo(T3);
  }

  @Test
  void an_answer_to_a_command_that_was_never_sent_is_a_fault() {
    assertThatThrownBy(() -> DEBITED.done("9", T3))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("t")
        .hasMessageContaining("9");
  }
}

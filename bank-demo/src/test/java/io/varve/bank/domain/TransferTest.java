package io.varve.bank.domain;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.bank.domain.Transfer.Status;
import io.varve.bank.domain.TransferEvent.TransferStarted;
import java.util.Set;
import org.junit.jupiter.api.Test;

class TransferTest {

  private static final Money TEN = Money.of("10");
  private static final Transfer STARTED =
      Transfer.none("t").evolve(new TransferStarted("a", "b", TEN));

  /** Goes on, with some steps refused, until nothing is left to do. */
  private static Transfer runRefusing(TransferStep... refused) {
    Set<TransferStep> refusals = Set.of(refused);
    Transfer transfer = STARTED;
    while (transfer.nextStep().isPresent()) {
      TransferStep step = transfer.nextStep().get();
      transfer =
          transfer.evolve(
              refusals.contains(step)
                  ? Transfer.refused(step, "no " + step)
                  : Transfer.taken(step));
    }
    return transfer;
  }

  @Test
  void without_refusals_it_completes() {
    Transfer end = runRefusing();
    assertThat(end.status()).isEqualTo(Status.COMPLETED);
    assertThat(end.error()).isNull();
    assertThat(end.held()).isEqualTo(Money.ZERO);
  }

  @Test
  void a_refused_debit_fails_it_with_nothing_moved() {
    Transfer end = runRefusing(TransferStep.DEBIT_SOURCE);
    assertThat(end.status()).isEqualTo(Status.FAILED);
    assertThat(end.error()).isEqualTo("no DEBIT_SOURCE");
    assertThat(end.held()).isEqualTo(Money.ZERO);
  }

  @Test
  void a_refused_credit_sends_the_money_back() {
    Transfer end = runRefusing(TransferStep.CREDIT_DESTINATION);
    assertThat(end.status()).isEqualTo(Status.COMPENSATED);
    assertThat(end.error()).isEqualTo("no CREDIT_DESTINATION");
  }

  @Test
  void a_refusal_after_the_credit_takes_it_back_first() {
    for (TransferStep late :
        Set.of(TransferStep.CONFIRM_DESTINATION, TransferStep.CONFIRM_SOURCE)) {
      assertThat(runRefusing(late).status()).isEqualTo(Status.COMPENSATED);
    }
  }

  @Test
  void money_that_cannot_go_back_stays_in_sight() {
    Transfer end = runRefusing(TransferStep.CREDIT_DESTINATION, TransferStep.REFUND_SOURCE);
    assertThat(end.status()).isEqualTo(Status.NEEDS_ATTENTION);
    assertThat(end.held()).isEqualTo(TEN);
    assertThat(end.error()).contains("no CREDIT_DESTINATION", "no REFUND_SOURCE");
  }

  @Test
  void a_credit_that_cannot_be_taken_back_stays_with_the_destination() {
    Transfer end = runRefusing(TransferStep.CONFIRM_SOURCE, TransferStep.REVERSE_CREDIT);
    assertThat(end.status()).isEqualTo(Status.NEEDS_ATTENTION);
    assertThat(end.held()).isEqualTo(Money.ZERO);
  }

  @Test
  void money_is_held_from_the_debit_until_it_arrives_somewhere() {
    Transfer debited = STARTED.evolve(Transfer.taken(TransferStep.DEBIT_SOURCE));
    assertThat(debited.held()).isEqualTo(TEN);
    assertThat(debited.evolve(Transfer.taken(TransferStep.CREDIT_DESTINATION)).held())
        .isEqualTo(Money.ZERO);
    Transfer refunding =
        debited.evolve(Transfer.refused(TransferStep.CREDIT_DESTINATION, "closed"));
    assertThat(refunding.held()).isEqualTo(TEN);
    assertThat(refunding.evolve(Transfer.taken(TransferStep.REFUND_SOURCE)).held())
        .isEqualTo(Money.ZERO);
  }
}

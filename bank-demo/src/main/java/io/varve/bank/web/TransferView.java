package io.varve.bank.web;

import io.varve.bank.domain.Money;
import io.varve.bank.domain.Transfer;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** A transfer as JSON. */
record TransferView(
    String transferId,
    String status,
    String fromAccount,
    String toAccount,
    Money amount,
    @Nullable String error,
    Money held,
    Instant startedAt,
    Instant updatedAt,
    @Nullable Instant finishedAt,
    List<Step> steps) {

  /**
   * One step, or its undoing.
   *
   * @param compensation whether it undoes the step
   */
  record Step(
      String step,
      boolean compensation,
      String accountId,
      String state,
      @Nullable String error,
      Instant startedAt,
      @Nullable Instant finishedAt) {

    private static Step of(Transfer.Step step) {
      return new Step(
          label(step.action()),
          step.compensation(),
          step.accountId(),
          label(step.state()),
          step.error(),
          step.startedAt(),
          step.finishedAt());
    }
  }

  static TransferView of(Transfer transfer) {
    return new TransferView(
        transfer.id(),
        label(transfer.status()),
        transfer.fromAccount(),
        transfer.toAccount(),
        transfer.amount(),
        transfer.error(),
        transfer.held(),
        transfer.startedAt(),
        transfer.updatedAt(),
        transfer.finishedAt(),
        transfer.steps().stream().map(Step::of).toList());
  }

  private static String label(Enum<?> name) {
    return name.name().toLowerCase(Locale.ROOT);
  }
}

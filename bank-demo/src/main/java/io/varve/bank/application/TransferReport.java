package io.varve.bank.application;

import io.varve.bank.domain.Transfer;
import java.time.Instant;
import java.util.List;

/**
 * A transfer and how it came to where it is.
 *
 * @param position the log position of its newest event
 */
public record TransferReport(Transfer transfer, List<Step> steps, long position) {

  /** One event of the transfer's stream. */
  public record Step(String event, Instant at) {}

  public TransferReport {
    steps = List.copyOf(steps);
  }
}

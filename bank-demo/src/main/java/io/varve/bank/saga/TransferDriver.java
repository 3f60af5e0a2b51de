package io.varve.bank.saga;

import io.varve.bank.application.AccountLoader;
import io.varve.bank.application.LoadedAccount;
import io.varve.bank.application.TransferLoader;
import io.varve.bank.application.TransferLoader.LoadedTransfer;
import io.varve.bank.application.TransferReport;
import io.varve.bank.domain.Account;
import io.varve.bank.domain.AccountEvent;
import io.varve.bank.domain.AccountEvent.TransferFailed;
import io.varve.bank.domain.BankEvent;
import io.varve.bank.domain.Decision;
import io.varve.bank.domain.Transfer;
import io.varve.bank.domain.TransferStep;
import io.varve.bank.store.EventCodec;
import io.varve.bank.store.EventContext;
import io.varve.bank.store.EventIds;
import io.varve.bank.store.Streams;
import io.varve.client.streams.AppendResult;
import io.varve.client.streams.EventIdTakenException;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.StreamDeletedException;
import io.varve.client.streams.VersionConflictException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.BooleanSupplier;

/**
 * Takes a transfer from wherever it stands to its end. It keeps nothing between calls: all it knows
 * is in the store, so it may be stopped at any instruction and begun again, here or elsewhere, even
 * twice at the same time.
 *
 * <p>Only a definite refusal turns a transfer back. When the store is away or slow, {@link #run}
 * throws, and the transfer stays where it is until the next run.
 */
final class TransferDriver {

  /*
   * Why every step takes effect exactly once.
   *
   * A step has one event id, made from the transfer's id and the step's name. Its outcome is the event
   * recorded under that id, and nothing else:
   *
   *   taken    the id is on the first event of the step's append to the account
   *   refused  the id is on TransferFailed in the source's stream (a refused debit), or on the refusal
   *            in the transfer's own stream (every other refusal, and when there is no account)
   *
   * The store keeps ids unique over all streams, so of two runs that decide differently, because the
   * account changed in between, one is recorded and the other is told that the id is taken. Each run
   * looks the id up before it decides and again whenever an append did not simply succeed. It looks
   * after it has loaded the account: a step that the load has missed then fails on the account's
   * version, and one that the load has seen is found.
   */

  /** How often a step is decided anew before the transfer has to wait for its next run. */
  private static final int MAX_ATTEMPTS = 20;

  /** What became of a step, for good. */
  private sealed interface Outcome {
    record Taken() implements Outcome {}

    record Refused(String reason) implements Outcome {}

    /** The transfer's stream says it already, or says something that we have not read yet. */
    record InTransferStream() implements Outcome {}
  }

  private final EventStore store;
  private final EventCodec codec;
  private final AccountLoader accounts;
  private final TransferLoader transfers;

  TransferDriver(
      EventStore store, EventCodec codec, AccountLoader accounts, TransferLoader transfers) {
    this.store = store;
    this.codec = codec;
    this.accounts = accounts;
    this.transfers = transfers;
  }

  /**
   * Takes step after step until the transfer has ended; empty when told to stop before.
   *
   * @throws io.varve.client.streams.VarveException the store did not do its part; run again later
   */
  Optional<TransferReport> run(String transferId, BooleanSupplier stopped) {
    while (!stopped.getAsBoolean()) {
      LoadedTransfer loaded =
          transfers
              .load(transferId)
              .orElseThrow(() -> new IllegalStateException("no transfer " + transferId));
      Optional<TransferStep> next = loaded.transfer().nextStep();
      if (next.isEmpty()) {
        return Optional.of(loaded.report());
      }
      take(loaded, next.get());
    }
    return Optional.empty();
  }

  private void take(LoadedTransfer loaded, TransferStep step) {
    switch (settle(loaded, step)) {
      case Outcome.Taken taken -> record(loaded, recordId(loaded, step), Transfer.taken(step));
      case Outcome.Refused refused ->
          record(loaded, recordId(loaded, step), Transfer.refused(step, refused.reason()));
      case Outcome.InTransferStream known -> {
        // The next load sees it.
      }
    }
  }

  /** Brings the step to its outcome, or finds the outcome that it has. */
  private Outcome settle(LoadedTransfer loaded, TransferStep step) {
    Transfer transfer = loaded.transfer();
    String accountId = transfer.accountOf(step);
    for (int attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      LoadedAccount account = accounts.load(accountId);
      Optional<RecordedEvent> decided = store.getEvent(stepId(loaded, step, 0));
      if (decided.isPresent()) {
        return outcome(decided.get(), step);
      }
      Decision decision = account.account().decide(transfer.commandOf(step));
      Optional<Outcome> outcome =
          switch (decision) {
            case Decision.Accepted accepted ->
                appendToAccount(
                    loaded, step, account.version(), accepted.events(), new Outcome.Taken());
            case Decision.Refused refused -> refuse(loaded, step, account, refused.reason());
          };
      if (outcome.isPresent()) {
        return outcome.get();
      }
    }
    throw new StepContendedException(transfer.id(), step, accountId, MAX_ATTEMPTS);
  }

  private Outcome outcome(RecordedEvent decided, TransferStep step) {
    if (decided.stream().startsWith(Streams.transfer(""))) {
      return new Outcome.InTransferStream();
    }
    Optional<AccountEvent> event = codec.decodeAccountEvent(decided);
    return step == TransferStep.DEBIT_SOURCE
            && event.isPresent()
            && event.get() instanceof TransferFailed failed
        ? new Outcome.Refused(failed.error())
        : new Outcome.Taken();
  }

  /**
   * The source shows a refused debit in its own history; other refusals stand with the transfer.
   */
  private Optional<Outcome> refuse(
      LoadedTransfer loaded, TransferStep step, LoadedAccount account, String reason) {
    boolean onSource =
        step == TransferStep.DEBIT_SOURCE && account.account().status() != Account.Status.NONE;
    if (onSource) {
      List<AccountEvent> failed = List.of(new TransferFailed(loaded.transfer().id(), reason));
      return appendToAccount(loaded, step, account.version(), failed, new Outcome.Refused(reason));
    }
    return refuseInTransferStream(loaded, step, reason);
  }

  /** Empty: the account has changed, or another run has decided the step. */
  private Optional<Outcome> appendToAccount(
      LoadedTransfer loaded,
      TransferStep step,
      long version,
      List<AccountEvent> events,
      Outcome outcome) {
    Transfer transfer = loaded.transfer();
    String stream = Streams.account(transfer.accountOf(step));
    List<NewEvent> newEvents = new ArrayList<>();
    for (AccountEvent event : events) {
      UUID id = stepId(loaded, step, newEvents.size());
      newEvents.add(codec.encode(id, event, context(loaded, step)));
    }
    try {
      AppendResult result = store.append(stream, ExpectedVersion.exactly(version), newEvents);
      return result.deduplicated() ? Optional.empty() : Optional.of(outcome);
    } catch (VersionConflictException | EventIdTakenException e) {
      return Optional.empty();
    } catch (StreamDeletedException e) {
      return refuseInTransferStream(loaded, step, "the account's stream has been deleted");
    }
  }

  /** Empty: another run has decided the step in an account's stream. */
  private Optional<Outcome> refuseInTransferStream(
      LoadedTransfer loaded, TransferStep step, String reason) {
    try {
      record(loaded, stepId(loaded, step, 0), Transfer.refused(step, reason));
      return Optional.of(new Outcome.InTransferStream());
    } catch (EventIdTakenException e) {
      return Optional.empty();
    }
  }

  /** Appends to the transfer's stream. A conflict is as good: another run has brought it on. */
  private void record(LoadedTransfer loaded, UUID id, BankEvent event) {
    String stream = Streams.transfer(loaded.transfer().id());
    NewEvent newEvent = codec.encode(id, event, EventContext.causedBy(loaded.last(), Map.of()));
    try {
      store.append(stream, ExpectedVersion.exactly(loaded.version()), newEvent);
    } catch (VersionConflictException e) {
      // The next load sees what the other run has recorded.
    }
  }

  private static UUID stepId(LoadedTransfer loaded, TransferStep step, int index) {
    return EventIds.named("transfer", loaded.transfer().id(), step.name(), String.valueOf(index));
  }

  private static UUID recordId(LoadedTransfer loaded, TransferStep step) {
    return EventIds.named("transfer", loaded.transfer().id(), step.name(), "recorded");
  }

  private static EventContext context(LoadedTransfer loaded, TransferStep step) {
    return EventContext.causedBy(
        loaded.last(),
        Map.of(
            EventContext.TRANSFER_ID, loaded.transfer().id(),
            EventContext.TRANSFER_STEP, step.name()));
  }
}

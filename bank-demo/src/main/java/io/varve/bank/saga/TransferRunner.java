package io.varve.bank.saga;

import io.varve.bank.application.CommandId;
import io.varve.bank.application.Transfers;
import io.varve.bank.domain.Account;
import io.varve.bank.domain.AccountCommand;
import io.varve.bank.domain.AccountEvent;
import io.varve.bank.domain.Money;
import io.varve.bank.domain.Transfer;
import io.varve.bank.domain.TransferRequested;
import io.varve.bank.store.BankEvents;
import io.varve.bank.store.EventIds;
import io.varve.bank.store.Streams;
import io.varve.bank.store.TransferFold;
import io.varve.client.eventsourcing.EventContext;
import io.varve.client.eventsourcing.ToolkitObserver;
import io.varve.client.eventsourcing.TypedEvent;
import io.varve.client.eventsourcing.aggregate.Repository;
import io.varve.client.eventsourcing.process.CommandHandler;
import io.varve.client.eventsourcing.process.ProcessEvent;
import io.varve.client.eventsourcing.process.ProcessRunner;
import io.varve.client.eventsourcing.process.ProcessStatus;
import io.varve.client.eventsourcing.process.SagaState;
import io.varve.client.streams.AppendResult;
import io.varve.client.streams.EventIdTakenException;
import io.varve.client.streams.EventReader;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.ReadStream;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.StreamNotFoundException;
import io.varve.client.streams.VersionConflictException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Starts transfers, and sees each to its end, whoever started it and whatever is killed on the way:
 * all that it knows is in the store. Any thread may call it.
 */
public final class TransferRunner implements Transfers, AutoCloseable {

  /** Transfers whose commands are carried out at the same time. */
  private static final int CONCURRENCY = 64;

  /** How long what goes wrong is waited out: a store that is away is soon found again. */
  private static final Duration FIRST_PAUSE = Duration.ofMillis(50);

  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);

  private final EventStore store;
  private final ProcessRunner<SagaState<TransferRequested>, TransferRequested> runner;

  private TransferRunner(
      EventStore store, ProcessRunner<SagaState<TransferRequested>, TransferRequested> runner) {
    this.store = store;
    this.runner = runner;
  }

  /** Begins to work on what is unfinished; returns at once, whether the store is there or not. */
  public static TransferRunner start(
      EventStore store,
      Repository<AccountCommand, Account, AccountEvent> accounts,
      ToolkitObserver observer) {
    return new TransferRunner(
        store,
        ProcessRunner.builder(store, TransferSaga.SAGA, BankEvents.REQUESTS)
            .query(Streams.REQUESTS)
            .passOverFaultyEvents(BankEvents::isBroken)
            .handler(TransferSaga.ACCOUNT, TransferSaga.noting(CommandHandler.of(accounts)))
            .concurrency(CONCURRENCY)
            .pauses(FIRST_PAUSE, LONGEST_PAUSE)
            .observer(observer)
            .start());
  }

  /** How transfers are doing, as this process sees it. */
  public ProcessStatus status() {
    return runner.status();
  }

  @Override
  public Start start(
      String fromAccount, String toAccount, Money amount, CommandId id, String correlationId) {
    for (String account : List.of(fromAccount, toAccount)) {
      if (first(Streams.account(account)).isEmpty()) {
        return new Start.AccountUnknown(account);
      }
    }
    String transferId = id.newSubject("tr-");
    TransferRequested request = new TransferRequested(transferId, fromAccount, toAccount, amount);
    EventContext context = EventContext.of(correlationId, id.value().toString());
    try {
      AppendResult result =
          store.append(
              Streams.request(transferId),
              ExpectedVersion.noStream(),
              BankEvents.REQUESTS.encode(EventIds.named("request", transferId), request, context));
      boolean ours =
          !result.deduplicated()
              || request(transferId).filter(first -> first.event().equals(request)).isPresent();
      return ours ? new Start.Started(transferId) : new Start.KeyReused();
    } catch (VersionConflictException | EventIdTakenException e) {
      return new Start.KeyReused();
    }
  }

  private Optional<TypedEvent<TransferRequested>> request(String transferId) {
    return first(Streams.request(transferId))
        .flatMap(recorded -> BankEvents.REQUESTS.decode(recorded).stream().findFirst());
  }

  private Optional<RecordedEvent> first(String stream) {
    try (EventReader reader = store.readStream(ReadStream.of(stream).limit(1))) {
      return reader.toList().stream().findFirst();
    } catch (StreamNotFoundException e) {
      return Optional.empty();
    }
  }

  @Override
  public Optional<Report> await(String transferId, Duration patience) throws InterruptedException {
    Optional<TypedEvent<TransferRequested>> request = request(transferId);
    if (request.isPresent()) {
      var _ = runner.await(transferId, patience); // whatever it says: what counts is in the store
    }
    return request.map(this::report);
  }

  private Report report(TypedEvent<TransferRequested> request) {
    Transfer transfer = Transfer.requested(request.event(), request.recordedAt());
    long position = request.position();
    try (EventReader events = store.readStream(ReadStream.of(Streams.transfer(transfer.id())))) {
      for (RecordedEvent recorded : events) {
        for (TypedEvent<ProcessEvent> event : ProcessEvent.types().decode(recorded)) {
          transfer = TransferFold.evolve(transfer, event.event(), recorded.recordedAt());
        }
        position = recorded.position();
      }
      return new Report(transfer, position);
    } catch (StreamNotFoundException e) {
      return new Report(transfer, position); // the saga has not heard of it yet
    }
  }

  @Override
  public boolean retry(String transferId) {
    return runner.retry(transferId);
  }

  @Override
  public int unfinished() {
    ProcessStatus status = runner.status();
    return status.running() + status.waiting() + status.stuck().size() + status.needHelp().size();
  }

  @Override
  public @Nullable String failure() {
    return runner.status().error();
  }

  /** Stops between two steps of each transfer; what is unfinished goes on at the next start. */
  @Override
  public void close() {
    runner.close();
  }
}

package io.varve.bank.application;

import io.varve.bank.domain.Transfer;
import io.varve.bank.domain.TransferEvent;
import io.varve.bank.store.EventCodec;
import io.varve.bank.store.Streams;
import io.varve.client.streams.EventReader;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.ReadStream;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.StreamNotFoundException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Folds a transfer out of its stream. Any thread may call it. */
public final class TransferLoader {

  /**
   * A transfer as of its stream's version.
   *
   * @param last the newest event of the stream, the cause of whatever comes next
   */
  public record LoadedTransfer(TransferReport report, RecordedEvent last) {

    public Transfer transfer() {
      return report.transfer();
    }

    public long version() {
      return last.version();
    }
  }

  private final EventStore store;
  private final EventCodec codec;

  public TransferLoader(EventStore store, EventCodec codec) {
    this.store = store;
    this.codec = codec;
  }

  /** The transfer as it is now; empty when there is none of this id. */
  public Optional<LoadedTransfer> load(String transferId) {
    Transfer transfer = Transfer.none(transferId);
    List<TransferReport.Step> steps = new ArrayList<>();
    RecordedEvent last = null;
    try (EventReader events = store.readStream(ReadStream.of(Streams.transfer(transferId)))) {
      for (RecordedEvent recorded : events) {
        Optional<TransferEvent> event = codec.decodeTransferEvent(recorded);
        if (event.isPresent()) {
          transfer = transfer.evolve(event.get());
          steps.add(new TransferReport.Step(recorded.type(), recorded.recordedAt()));
        }
        last = recorded;
      }
    } catch (StreamNotFoundException e) {
      return Optional.empty();
    }
    return last == null
        ? Optional.empty()
        : Optional.of(
            new LoadedTransfer(new TransferReport(transfer, steps, last.position()), last));
  }
}

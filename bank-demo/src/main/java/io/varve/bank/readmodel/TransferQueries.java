package io.varve.bank.readmodel;

import io.varve.bank.domain.Transfer;
import java.util.List;
import java.util.Optional;

/** Answers about transfers and their steps. */
public final class TransferQueries {

  /**
   * Some transfers.
   *
   * @param count all transfers, of which the list may be a part
   */
  public record TransferList(List<Transfer> transfers, long count) {}

  private final Database database;

  TransferQueries(Database database) {
    this.database = database;
  }

  /** Transfers, newest first. */
  public TransferList list(int limit) {
    return database.read(
        Projections.SAGAS,
        sql ->
            new TransferList(
                TransferRows.newest(sql, limit), sql.number("SELECT COUNT(*) FROM transfers")));
  }

  public Optional<Transfer> find(String transferId) {
    return database.read(Projections.SAGAS, sql -> TransferRows.find(sql, transferId));
  }
}

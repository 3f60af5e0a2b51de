package io.varve.bank.store;

import io.varve.client.streams.Query;
import io.varve.client.streams.QueryItem;

/** The names of the bank's streams. */
public final class Streams {

  private static final String ACCOUNT = "account-";
  private static final String TRANSFER = "transfer-";
  private static final String REQUEST = "request-";

  /** Every event of the bank, in a store that others may use as well. */
  public static final Query BANK = Query.categories("account", "request", "transfer");

  /** What transfers begin with. */
  public static final Query REQUESTS =
      Query.of(QueryItem.categories("request").withTypes("TransferRequested"));

  /** Transfers: what they begin with, and their sagas. */
  public static final Query TRANSFERS =
      Query.of(REQUESTS.items().getFirst(), QueryItem.categories("transfer"));

  private Streams() {}

  public static String account(String accountId) {
    return ACCOUNT + accountId;
  }

  public static String transfer(String transferId) {
    return TRANSFER + transferId;
  }

  /** The stream of the request that a transfer begins with. */
  public static String request(String transferId) {
    return REQUEST + transferId;
  }

  /** The id of the account or transfer whose stream this is. */
  public static String idIn(String stream) {
    return stream.substring(stream.indexOf('-') + 1);
  }
}

package io.varve.bank.store;

import io.varve.bank.domain.AccountCommand;
import io.varve.bank.domain.AccountEvent;
import io.varve.bank.domain.AccountEvent.MoneyWithdrawn;
import io.varve.bank.domain.TransferRequested;
import io.varve.client.eventsourcing.EventTypes;
import io.varve.client.eventsourcing.PayloadCodec;
import io.varve.client.eventsourcing.json.JsonEvents;

/**
 * The bank's events and commands as JSON. A type is called by the simple name of its class, and its
 * fields are the record's in snake_case. Fields that the bank does not know are left aside, and so
 * are whole events, so that a newer release may add some; the log tells of those.
 *
 * <p>What is stored stays as it was written. {@code MoneyWithdrawn} was once an amount and nothing
 * else; such events (schema version 1) are lifted on their way in.
 */
public final class BankEvents {

  /** What {@code MoneyWithdrawn} of schema version 1 is described as. */
  public static final String LEGACY_WITHDRAWAL = "Legacy withdrawal";

  private static final PayloadCodec.Source JSON =
      JsonEvents.codecs(MoneyJson.on(JsonEvents.mapper()).build());

  /** What happens to accounts. */
  public static final EventTypes<AccountEvent> ACCOUNTS =
      EventTypes.builder(AccountEvent.class, JSON)
          .schemaVersion(MoneyWithdrawn.class, 2)
          .upcast(
              JsonEvents.upcast(
                  "MoneyWithdrawn",
                  1,
                  2,
                  withdrawn -> withdrawn.put("description", LEGACY_WITHDRAWAL)))
          .skipUnknown(new PassedOver())
          .build();

  /** What transfers begin with. */
  public static final EventTypes<TransferRequested> REQUESTS =
      EventTypes.builder(TransferRequested.class, JSON)
          .register(TransferRequested.class)
          .skipUnknown(new PassedOver())
          .build();

  /** What a transfer's saga asks of accounts, as it is written into the saga's stream. */
  public static final EventTypes<AccountCommand> COMMANDS =
      EventTypes.builder(AccountCommand.class, JSON).build();

  private BankEvents() {}

  /** The bank's JSON for whatever class there is, such as an aggregate's state. */
  public static <T> PayloadCodec<T> codec(Class<T> type) {
    return JSON.of(type);
  }
}

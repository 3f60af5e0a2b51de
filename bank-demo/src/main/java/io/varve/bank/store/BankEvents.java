package io.varve.bank.store;

import io.varve.bank.domain.AccountCommand;
import io.varve.bank.domain.AccountEvent;
import io.varve.bank.domain.AccountEvent.MoneyWithdrawn;
import io.varve.bank.domain.TransferRequested;
import io.varve.client.eventsourcing.EventTypes;
import io.varve.client.eventsourcing.PayloadCodec;
import io.varve.client.eventsourcing.json.JsonEvents;
import io.varve.client.streams.RecordedEvent;
import java.util.regex.Pattern;

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

  private static final Pattern NUMBER = Pattern.compile("[1-9][0-9]{0,8}");

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
          .skipUnknown(new PassedOver()::unknown)
          .build();

  /**
   * What transfers begin with. Reading one of a newer schema fails: a transfer that this release
   * cannot carry out is to wait for the release that can, not to be lost.
   */
  public static final EventTypes<TransferRequested> REQUESTS =
      EventTypes.builder(TransferRequested.class, JSON).register(TransferRequested.class).build();

  /** The same for those who only show transfers: what they cannot read, they pass over. */
  public static final EventTypes<TransferRequested> READABLE_REQUESTS =
      EventTypes.builder(TransferRequested.class, JSON)
          .register(TransferRequested.class)
          .skipUnreadable(new PassedOver()::unreadable)
          .build();

  /** What a transfer's saga asks of accounts, as it is written into the saga's stream. */
  public static final EventTypes<AccountCommand> COMMANDS =
      EventTypes.builder(AccountCommand.class, JSON).build();

  private BankEvents() {}

  /**
   * Whether a request that cannot be read never will be: it is of this release's schema, and not
   * what that says; or its schema is none.
   */
  public static boolean isBroken(RecordedEvent request) {
    String schema = request.metadata().getOrDefault(EventTypes.SCHEMA_VERSION, "1");
    return !NUMBER.matcher(schema).matches()
        || REQUESTS.knows(request.type(), Integer.parseInt(schema));
  }

  /** The bank's JSON for whatever class there is, such as an aggregate's state. */
  public static <T> PayloadCodec<T> codec(Class<T> type) {
    return JSON.of(type);
  }
}

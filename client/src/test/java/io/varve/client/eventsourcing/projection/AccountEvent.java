package io.varve.client.eventsourcing.projection;

import io.varve.client.eventsourcing.EventContext;
import io.varve.client.eventsourcing.EventTypes;
import io.varve.client.eventsourcing.json.JsonEvents;
import io.varve.client.streams.AppendResult;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.NewEvent;
import java.util.Arrays;
import java.util.List;

/** The events that projections are tried on. */
public sealed interface AccountEvent {

  /** All of them, as JSON; what was once called AccountCredited is a deposit. */
  EventTypes<AccountEvent> TYPES =
      JsonEvents.builder(AccountEvent.class)
          .upcast(io.varve.client.eventsourcing.Upcaster.rename("AccountCredited", "Deposited"))
          .build();

  record Opened(String owner) implements AccountEvent {}

  record Deposited(long cents) implements AccountEvent {}

  record Withdrawn(long cents) implements AccountEvent {}

  record Closed() implements AccountEvent {}

  /** Appends to an account, whatever is there. */
  static AppendResult append(EventStore store, String account, AccountEvent... events) {
    List<NewEvent> encoded =
        Arrays.stream(events).map(event -> TYPES.encode(event, EventContext.begin())).toList();
    return store.append("account-" + account, ExpectedVersion.any(), encoded);
  }
}

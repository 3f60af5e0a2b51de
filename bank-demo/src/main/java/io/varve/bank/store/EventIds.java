package io.varve.bank.store;

import java.util.UUID;

/**
 * Event ids made from names (UUIDs of version 5, RFC 9562): the same name gives the same id, in
 * every process and after every restart. The store keeps ids unique for ever, so a thing named once
 * happens once.
 */
public final class EventIds {

  /** The bank's own name space, so that nobody else's names collide with ours. */
  private static final UUID NAMESPACE = UUID.fromString("6d5e1c1a-3f0b-5a57-9c55-8f0a4b6d2e71");

  private EventIds() {}

  /** The id for this name; its parts are kept apart, whatever characters they hold. */
  public static UUID named(String... parts) {
    return io.varve.client.streams.EventIds.named(NAMESPACE, parts);
  }
}

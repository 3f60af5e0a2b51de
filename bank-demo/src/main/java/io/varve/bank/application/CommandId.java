package io.varve.bank.application;

import io.varve.bank.store.EventIds;
import java.nio.ByteBuffer;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Names one command, and through it the events that the command leads to. A command sent again
 * under the same {@code Idempotency-Key} has the same id, and so the same event ids, which the
 * store accepts once.
 *
 * @param repeatable whether the caller gave a key and may send the command again
 */
public record CommandId(UUID value, boolean repeatable) {

  /**
   * The id of the command that this key names among those of one kind on one subject; without a
   * key, an id that nobody else has.
   */
  public static CommandId of(@Nullable String idempotencyKey, String kind, String subject) {
    return idempotencyKey == null
        ? new CommandId(UUID.randomUUID(), false)
        : new CommandId(EventIds.named("command", kind, subject, idempotencyKey), true);
  }

  /** The id of the command's event with this index. */
  UUID eventId(int index) {
    return EventIds.named("event", value.toString(), Integer.toString(index));
  }

  /** A short name for the subject that the command creates, the same for each repeat. */
  public String newSubject(String prefix) {
    UUID name = EventIds.named("subject", value.toString());
    long bits = ByteBuffer.allocate(Long.BYTES).putLong(name.getLeastSignificantBits()).getLong(0);
    return prefix + Long.toUnsignedString(bits & Long.MAX_VALUE, 36);
  }
}

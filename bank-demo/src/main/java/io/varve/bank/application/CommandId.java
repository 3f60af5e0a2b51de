package io.varve.bank.application;

import io.varve.bank.store.EventIds;
import java.nio.ByteBuffer;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Names one command. A command sent again under the same {@code Idempotency-Key} has the same id,
 * under which it takes effect once.
 */
public record CommandId(UUID value) {

  /**
   * The id of the command that this key names among those of one kind on one subject; without a
   * key, an id that nobody else has.
   */
  public static CommandId of(@Nullable String idempotencyKey, String kind, String subject) {
    return idempotencyKey == null
        ? new CommandId(UUID.randomUUID())
        : new CommandId(EventIds.named("command", kind, subject, idempotencyKey));
  }

  /** Tells whether a command is the one that was sent under this id before. */
  public String fingerprint(Object command) {
    return EventIds.named("fingerprint", value.toString(), command.toString()).toString();
  }

  /** A short name for the subject that the command creates, the same for each repeat. */
  public String newSubject(String prefix) {
    UUID name = EventIds.named("subject", value.toString());
    long bits = ByteBuffer.allocate(Long.BYTES).putLong(name.getLeastSignificantBits()).getLong(0);
    return prefix + Long.toUnsignedString(bits & Long.MAX_VALUE, 36);
  }
}

package io.varve.client.eventsourcing.process;

import static java.util.Objects.requireNonNull;

import io.varve.client.eventsourcing.Refusal;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** What has become of a command. */
public sealed interface CommandOutcome {

  /** It has been carried out, now or at an earlier try. */
  record Accepted() implements CommandOutcome {}

  /**
   * The domain refused it, and it has had no effect.
   *
   * @param claim the event id that is recorded with the refusal; null: one that means nothing
   */
  record Refused(Refusal refusal, @Nullable UUID claim) implements CommandOutcome {
    public Refused {
      requireNonNull(refusal);
    }
  }

  /** It has been carried out, now or at an earlier try. */
  static CommandOutcome accepted() {
    return new Accepted();
  }

  /**
   * It was refused, and the handler itself makes sure that it stays so: that the same command id is
   * refused for ever, whoever asks.
   */
  static CommandOutcome refused(Refusal refusal) {
    return new Refused(refusal, null);
  }

  /**
   * It was refused, and stays so from the moment at which the process records it. For handlers that
   * append events, whose first event has an id made from the command id: that is the claim. The
   * process records the refusal under this very id, and a store takes an id once; so of a refusal
   * and an acceptance under the same command id only one can ever be recorded, even when two
   * runners ask at the same time, or one that was thought dead asks late.
   *
   * @param claim the id of the first event that accepting the command would have appended
   */
  static CommandOutcome refused(Refusal refusal, UUID claim) {
    return new Refused(refusal, requireNonNull(claim));
  }
}

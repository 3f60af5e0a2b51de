package io.varve.server.append;

import io.varve.server.event.StreamId;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The wish to change what is kept of a stream, or to close it. It becomes an event of the system
 * stream that says who and why.
 *
 * @param stream the stream
 * @param expectedVersion the version that its last event must have; null for no check
 * @param change what is to happen
 * @param reason why; may be empty
 * @param by who wishes it
 * @param eventId the id of the event that records it
 * @param proposedAt see {@link Command#proposedAt}
 */
public record StreamLifeCommand(
    StreamId stream,
    @Nullable Long expectedVersion,
    Change change,
    String reason,
    String by,
    UUID eventId,
    Instant proposedAt)
    implements Command {

  /** What may happen to a stream beside appends. */
  public sealed interface Change {

    /**
     * From now on only the newest so many events are kept (0: no bound), and only those recorded
     * within this time (null: no bound). What is hidden already stays hidden.
     */
    record SetRetention(long maxCount, @Nullable Duration maxAge) implements Change {}

    /** Events of lower versions are hidden for good. */
    record Truncate(long before) implements Change {}

    /** The stream is hidden until somebody appends to it. */
    record Delete() implements Change {}

    /** The stream is closed for ever. */
    record Tombstone() implements Change {}

    /**
     * All that is decided about a stream at once, with what else is said of it; whoever says it
     * knows what was said before. Everything that is hidden already stays hidden.
     *
     * @param maxCount see {@link SetRetention}
     * @param maxAge see {@link SetRetention}
     * @param truncateBefore see {@link Truncate}; may be behind the last event, and then hides all
     *     there is; 0 for none
     * @param delete whether the stream is hidden until somebody appends to it
     * @param description what else is said, as the text of a JSON object
     * @param metadata metadata of the event that records it
     * @param lastChange the position of the last change that the stream must have had; 0 for none;
     *     null for no check
     * @param mayBeRepeated whether the event's id is its writer's, so that it may be there already
     */
    record Describe(
        long maxCount,
        @Nullable Duration maxAge,
        long truncateBefore,
        boolean delete,
        String description,
        Map<String, String> metadata,
        @Nullable Long lastChange,
        boolean mayBeRepeated)
        implements Change {}
  }

  @Override
  public long bytes() {
    long said =
        change instanceof Change.Describe(_, _, _, _, String text, _, _, _) ? text.length() : 0;
    return 4 * EncodedBody.OVERHEAD_BYTES + reason.length() + 4 * said;
  }
}

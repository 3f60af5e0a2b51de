package io.varve.server.event;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * An event as its writer hands it over, with every field already checked against the limits.
 *
 * @param id unique in the whole store; makes a repeated append safe
 * @param freshId whether the server made the id just now, so that no earlier event can carry it
 * @param type what happened, such as {@code MoneyDeposited}
 * @param data the payload; owned by the event from here on, nobody changes it
 * @param contentType MIME type of the payload; empty when the writer did not state it
 * @param metadata facts about the event, in the writer's order
 * @param tags labels across streams, each once
 * @param occurredAt the writer's business time; null when not stated
 */
@SuppressWarnings(
    "ArrayRecordComponent") // never compared; copying megabytes to be able to would be waste
public record NewEvent(
    UUID id,
    boolean freshId,
    String type,
    byte[] data,
    String contentType,
    Map<String, String> metadata,
    List<String> tags,
    @Nullable Instant occurredAt) {}

package io.varve.server.event;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * An event as the store keeps it, decoded. Reads pass stored bytes on and never need this; it
 * serves whoever must look inside.
 *
 * @param position its place in the log
 * @param version its place in its stream
 * @param recordedAt when it was committed; never falls as the position rises
 * @param stream the stream that it belongs to
 * @param id unique in the whole store
 * @param type what happened
 * @param data the payload; shared, nobody changes it
 * @param contentType MIME type of the payload; empty when the writer did not state it
 * @param metadata facts about the event
 * @param tags labels across streams
 * @param occurredAt the writer's business time; null when not stated
 * @param tracking the consumer's progress that its append stored; null for none
 */
@SuppressWarnings("ArrayRecordComponent") // never compared as a whole
public record RecordedEvent(
    Position position,
    StreamVersion version,
    Instant recordedAt,
    StreamId stream,
    UUID id,
    String type,
    byte[] data,
    String contentType,
    Map<String, String> metadata,
    List<String> tags,
    @Nullable Instant occurredAt,
    @Nullable Tracking tracking) {}

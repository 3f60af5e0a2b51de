package io.varve.server.storage;

import io.varve.server.event.StreamId;
import java.time.Instant;
import java.util.List;
import java.util.UUID;

/**
 * A new event with everything that the commit assigns, ready to be stored.
 *
 * @param stream its stream
 * @param streamNumber the storage's number for the stream, see {@link StreamHead#number}
 * @param version its version; 1 creates the stream
 * @param position its position
 * @param recordedAt its time
 * @param id its id
 * @param type its type
 * @param tags its tags
 * @param body its encoded body, see {@link EventCodec}; shared, nobody changes it
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record AssignedEvent(
    StreamId stream,
    long streamNumber,
    long version,
    long position,
    Instant recordedAt,
    UUID id,
    String type,
    List<String> tags,
    byte[] body) {}

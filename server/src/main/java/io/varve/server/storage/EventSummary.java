package io.varve.server.storage;

import io.varve.server.event.StreamId;
import java.time.Instant;
import java.util.List;
import java.util.UUID;

/** What filters and indexes need to know of an event, decoded without its payload and metadata. */
public record EventSummary(
    long position,
    long version,
    Instant recordedAt,
    StreamId stream,
    UUID id,
    String type,
    List<String> tags) {}

package io.varve.server.storage;

import java.time.Instant;
import java.util.UUID;

/**
 * By what an event is known again: another history of the same store has, at the same position, an
 * event of another time, and as a rule of another id.
 */
public record EventMark(long position, UUID id, Instant recordedAt) {}

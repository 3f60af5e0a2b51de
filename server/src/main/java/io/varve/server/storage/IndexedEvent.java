package io.varve.server.storage;

import io.varve.server.event.StreamId;
import java.util.List;

/**
 * What queries ask of an event.
 *
 * @param position its place in the log
 * @param stream its stream
 * @param type its type
 * @param tags its tags, each once
 */
public record IndexedEvent(long position, StreamId stream, String type, List<String> tags) {}

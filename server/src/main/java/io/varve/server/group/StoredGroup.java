package io.varve.server.group;

/**
 * A group as it was stored.
 *
 * @param number the store's short name for it
 * @param definition what it is
 * @param progress how far it had come; an empty one if it is damaged
 * @param damage what is wrong with its progress, as a sentence; "" for nothing
 */
public record StoredGroup(
    long number, GroupDefinition definition, Progress progress, String damage) {}

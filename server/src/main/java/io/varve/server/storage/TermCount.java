package io.varve.server.storage;

/**
 * How many events carry a term.
 *
 * @param text the type, tag or category
 * @param count how many events carry it, at least one
 */
public record TermCount(String text, long count) {}

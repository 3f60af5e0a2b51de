package io.varve.client.eventsourcing.decision;

/**
 * What a model's events came to when they were read.
 *
 * @param state what they come to
 * @param position the position of the newest event in the whole log when they were read: everything
 *     that matters up to there is in the state. 0: the log was empty
 * @param <S> what they come to
 */
public record Known<S>(S state, long position) {}

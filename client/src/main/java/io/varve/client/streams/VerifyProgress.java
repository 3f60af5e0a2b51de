package io.varve.client.streams;

import java.util.List;

/**
 * How far a verification has come.
 *
 * @param stage what is being examined, in words; empty at the end
 * @param eventsDone events examined
 * @param eventsTotal events to examine in all
 * @param findings damage found since the last time, a sentence each
 * @param notes what is worth knowing and is no damage, since the last time, a sentence each
 */
public record VerifyProgress(
    String stage, long eventsDone, long eventsTotal, List<String> findings, List<String> notes) {}

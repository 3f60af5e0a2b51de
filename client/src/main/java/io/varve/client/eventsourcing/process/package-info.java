/**
 * Processes over time and over several aggregates: process managers and sagas, durable in the store
 * itself. {@link io.varve.client.eventsourcing.process.ProcessManager} says what follows from what,
 * {@link io.varve.client.eventsourcing.process.Saga} writes the frequent kind as a list of steps,
 * and {@link io.varve.client.eventsourcing.process.ProcessRunner} makes it happen.
 *
 * <p><b>What is stored.</b> Each instance is a stream, {@code <process>-<id>}. It is appended to in
 * whole: an input, and everything that follows from it. Payloads are the application's own events
 * and commands, written as everywhere else; what the process itself has to say is metadata. So a
 * person can read with any client what has happened to an instance, and what it waits for; a
 * program reads them as {@link io.varve.client.eventsourcing.process.ProcessEvent}.
 *
 * <table>
 *   <caption>The events of an instance's stream</caption>
 *   <tr><th>type<th>payload<th>metadata ({@code process-…})
 *   <tr><td>ProcessStarted<td><td>
 *   <tr><td colspan="3"><i>inputs</i>
 *   <tr><td>ProcessEventTaken<td>the event<td>event-type, event-part, origin-id, origin-stream,
 *       origin-version, origin-position, origin-recorded-at
 *   <tr><td>ProcessCommandAccepted<td><td>command-id
 *   <tr><td>ProcessCommandRefused<td><td>command-id, refusal-code, refusal-message
 *   <tr><td>ProcessTimerFired<td><td>timer, timer-due
 *   <tr><td>ProcessRetryRequested<td><td>
 *   <tr><td colspan="3"><i>what follows</i>
 *   <tr><td>ProcessCommandIssued<td>the command<td>target, target-id, command-type, command-key; the
 *       event's id is the command id
 *   <tr><td>ProcessTimerScheduled<td><td>timer, timer-due
 *   <tr><td>ProcessTimerCancelled<td><td>timer
 *   <tr><td>ProcessHelpNeeded<td><td>reason
 *   <tr><td>ProcessCompleting<td><td>outcome, reason; commands are still under way
 *   <tr><td>ProcessCompleted<td><td>outcome, reason
 *   <tr><td colspan="3"><i>and</i>
 *   <tr><td>ProcessEventParked<td>the event<td>as ProcessEventTaken, and error: the application
 *       could not take it; it comes again as ProcessEventTaken when it can
 * </table>
 *
 * <p>{@code schema-version}, {@code correlation-id} and {@code causation-id} are as everywhere. The
 * progress through the log is the tracking position of the source {@code <process>}, moved by the
 * append that takes an event in. The stream with the bare name {@code <process>} holds one event at
 * most, {@code ProcessesListed}: the ids of the open instances as of a position, one a line.
 */
@NullMarked
package io.varve.client.eventsourcing.process;

import org.jspecify.annotations.NullMarked;

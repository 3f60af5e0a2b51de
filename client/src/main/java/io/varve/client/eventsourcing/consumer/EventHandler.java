package io.varve.client.eventsourcing.consumer;

/**
 * Handles the events that a group gives to this program. Called on virtual threads, for several
 * streams at the same time, and for one stream one event after the other.
 *
 * <pre>{@code
 * EventHandler<AccountEvent> mails =
 *     event ->
 *         switch (event.event()) {
 *           case AccountOpened opened -> mailer.welcome(opened.owner()) ? Outcome.done() : Outcome.retry("no answer");
 *           case AccountEvent other -> Outcome.done();
 *         };
 * }</pre>
 *
 * @param <E> the events
 */
@FunctionalInterface
public interface EventHandler<E> {

  /**
   * Handles one event. It may come again: the same event, for the same handler, when the first time
   * was not heard of in time.
   *
   * @param event of one that upcasters have made several of, each in turn; they are answered
   *     together, by the first outcome that is not done
   * @throws Exception answered as the {@link FailurePolicy} says
   */
  Outcome handle(ConsumedEvent<E> event) throws Exception;
}

package io.varve.client.streams;

import java.util.Collection;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Subscriptions whose progress the store keeps, shared by competing consumers: each event is done
 * by one of them, at least once, and what was acked stays done across crashes. Reached by {@link
 * EventStore#consumerGroups}; any thread may call it.
 *
 * <p>A program that handles events is better served by {@code
 * io.varve.client.eventsourcing.consumer.ConsumerRunner}, which stands on {@link #consume}.
 *
 * <p>Creating and deleting are made once at most: they are tried again only after errors that say
 * that nothing was done. If the answer is lost, {@link StoreUnavailableException} says that the
 * outcome is unknown; {@link #get} tells.
 *
 * <pre>{@code
 * ConsumerGroups groups = store.consumerGroups();
 * groups.create(ConsumerGroup.ofLog("emails", Query.types("AccountOpened")));
 * groups.listParked("emails").forEach(parked -> System.out.println(parked.reason()));
 * groups.replayParked("emails");
 * }</pre>
 */
public interface ConsumerGroups {

  /**
   * Creates a group. It begins to keep its place at once, with or without consumers.
   *
   * @throws GroupExistsException there is a group of that name; nothing was changed
   * @throws InvalidRequestException a field is malformed or over its limit
   * @throws StoreUnavailableException no answer in time; the message says whether the outcome is
   *     unknown
   */
  void create(ConsumerGroup group);

  /**
   * Changes a group's settings, all of them, while it runs; its progress stays.
   *
   * @throws GroupNotFoundException there is no such group
   * @throws InvalidRequestException a setting is outside its limits; nothing was changed
   * @throws StoreUnavailableException the store did not answer in time
   */
  void update(String group, ConsumerGroupSettings settings);

  /**
   * Deletes a group with its progress and its parked events; the log keeps all events. Its
   * consumers end with {@link GroupNotFoundException}.
   *
   * @throws GroupNotFoundException there is no such group
   * @throws StoreUnavailableException no answer in time; the message says whether the outcome is
   *     unknown
   */
  void delete(String group);

  /**
   * A group as it stands; empty: there is none of that name.
   *
   * @throws InvalidRequestException the name is malformed
   * @throws StoreUnavailableException the store did not answer in time
   */
  Optional<ConsumerGroupInfo> get(String group);

  /**
   * The groups in the byte order of their names (UTF-8), fetched page by page as they are taken.
   * For one pass; there is nothing to close.
   */
  Stream<ConsumerGroupInfo> list();

  /**
   * A group's parked events by rising position, fetched page by page as they are taken. For one
   * pass; there is nothing to close.
   *
   * @throws GroupNotFoundException there is no such group; thrown as the list is taken
   */
  Stream<ParkedEvent> listParked(String group);

  /**
   * Delivers all events again that are parked now, each once. An event stays parked until it is
   * done; one that fails anew goes on being parked.
   *
   * @return how many; those that were being replayed already are not counted
   * @throws GroupNotFoundException there is no such group
   * @throws StoreUnavailableException the store did not answer in time
   */
  long replayParked(String group);

  /**
   * The same for the events at these positions; those that are not parked are passed over.
   *
   * @param positions 1 to 10,000 of them
   * @throws IllegalArgumentException there is none, which would be all on the wire
   */
  long replayParked(String group, Collection<Long> positions);

  /**
   * Forgets all events that are parked now; the log keeps them.
   *
   * @return how many
   * @throws GroupNotFoundException there is no such group
   * @throws StoreUnavailableException no answer in time; the outcome may be unknown
   */
  long discardParked(String group);

  /**
   * The same for the events at these positions; those that are not parked are passed over.
   *
   * @param positions 1 to 10,000 of them
   * @throws IllegalArgumentException there is none, which would be all on the wire
   */
  long discardParked(String group, Collection<Long> positions);

  /**
   * Joins a group: its events are delivered to the listener as credit allows, each to be answered
   * through the consumer. Returns once the store has let it in. If the group was stopped, this sets
   * it going again.
   *
   * <pre>{@code
   * GroupConsumer consumer =
   *     groups.consume(
   *         JoinGroup.of("emails").as("mailer-1").credit(1),
   *         (event, answers) -> {
   *           send(event.event());
   *           answers.ack(event);
   *           answers.credit(1);
   *         });
   * }</pre>
   *
   * @throws GroupNotFoundException there is no such group; the listener is never called
   * @throws InvalidRequestException the request is malformed; the listener is never called
   * @throws AccessDeniedException the caller may not; the listener is never called
   * @throws StoreUnavailableException the store could not be reached in time; the listener is never
   *     called
   */
  GroupConsumer consume(JoinGroup request, ConsumerListener listener);
}

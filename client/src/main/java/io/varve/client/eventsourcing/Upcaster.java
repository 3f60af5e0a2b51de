package io.varve.client.eventsourcing;

import java.util.List;
import java.util.function.Function;

/**
 * A pure step from an old event schema to the next, applied whenever an event of the old one is
 * read: what is stored is never touched. Steps follow one another until none is left that takes the
 * event.
 *
 * <p>A step takes events of one type and schema version and gives none (the event has lost its
 * meaning), one, or several. Each result is of a higher schema version, or of another type.
 *
 * <pre>{@code
 * Upcaster.rename("AccountCredited", "MoneyDeposited");
 * Upcaster.drop("AccountPinged", 1);
 * Upcaster.of("OrderPlaced", 1, old -> List.of(old.withData(lift(old.data())).as("OrderPlaced", 2)));
 * }</pre>
 *
 * @param type the type that it takes
 * @param schemaVersion the schema version that it takes
 * @param step gives what the event is in the next schema; it must depend on its argument alone
 * @param leadsTo the types of what it may give
 */
public record Upcaster(
    String type,
    int schemaVersion,
    Function<EventPayload, List<EventPayload>> step,
    List<String> leadsTo) {

  public Upcaster {
    if (schemaVersion < 1) {
      throw new IllegalArgumentException("schema version must be >= 1, was " + schemaVersion);
    }
    leadsTo = List.copyOf(leadsTo);
  }

  /** A step of this type and schema version that gives events of the same type. */
  public static Upcaster of(
      String type, int schemaVersion, Function<EventPayload, List<EventPayload>> step) {
    return new Upcaster(type, schemaVersion, step, List.of(type));
  }

  /** A step that may give events of other types, all of which are named. */
  public static Upcaster of(
      String type,
      int schemaVersion,
      List<String> leadsTo,
      Function<EventPayload, List<EventPayload>> step) {
    return new Upcaster(type, schemaVersion, step, leadsTo);
  }

  /** What was called {@code from} is called {@code to}; payloads of schema version 1 stay as is. */
  public static Upcaster rename(String from, String to) {
    return new Upcaster(from, 1, old -> List.of(old.as(to, 1)), List.of(to));
  }

  /** Events of this type and schema version mean nothing any more. */
  public static Upcaster drop(String type, int schemaVersion) {
    return new Upcaster(type, schemaVersion, old -> List.of(), List.of());
  }
}

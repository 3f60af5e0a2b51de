package io.varve.client.eventsourcing;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * What an event's class is called in the store, so that the class may be renamed or moved. Without
 * it an event is called by its simple name, with schema version 1.
 *
 * <pre>{@code
 * @EventType(value = "OrderPlaced", schemaVersion = 2)
 * record Placed(String customer, String email) implements OrderEvent {}
 * }</pre>
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
public @interface EventType {

  /** The type's name in the store; empty: the simple name of the class. */
  String value() default "";

  /** The number of the payload's present shape, from 1. Older ones are lifted by upcasters. */
  int schemaVersion() default 1;
}

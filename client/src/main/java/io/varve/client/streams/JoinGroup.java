package io.varve.client.streams;

import static java.util.Objects.requireNonNull;

/**
 * A request to join a consumer group. Without credit nothing is delivered until {@link
 * GroupConsumer#credit} gives some. Immutable.
 *
 * <pre>{@code
 * JoinGroup.of("emails").as("mailer-1").credit(10);
 * }</pre>
 */
public final class JoinGroup {

  private final String group;
  private final String consumer;
  private final int credit;

  private JoinGroup(String group, String consumer, int credit) {
    this.group = requireNonNull(group);
    this.consumer = Arguments.wellFormed("consumer", requireNonNull(consumer));
    this.credit = (int) Arguments.notNegative("credit", credit);
  }

  /** Joins this group, nameless and without credit. */
  public static JoinGroup of(String group) {
    return new JoinGroup(group, "", 0);
  }

  /** Under this name, for statistics: at most 256 bytes of UTF-8. It need not be unique. */
  public JoinGroup as(String consumer) {
    return new JoinGroup(group, consumer, credit);
  }

  /** Lets the store deliver so many events at first. */
  public JoinGroup credit(int events) {
    return new JoinGroup(group, consumer, events);
  }

  /** The group. */
  public String group() {
    return group;
  }

  /** The consumer's own name; empty: none. */
  public String consumer() {
    return consumer;
  }

  /** Events that the store may deliver at first. */
  public int credit() {
    return credit;
  }

  @Override
  public String toString() {
    return "JoinGroup[" + group + ", as \"" + consumer + "\", credit " + credit + "]";
  }
}

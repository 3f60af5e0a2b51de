package io.varve.client.eventsourcing;

import static java.util.Objects.requireNonNull;

import io.varve.client.streams.ExpectedVersion;
import org.jspecify.annotations.Nullable;

/**
 * What may be said about a command besides the command itself. Immutable; each method gives new
 * options.
 *
 * <pre>{@code
 * CommandOptions.withId("http-7f3a");                         // a repeat is answered, not repeated
 * CommandOptions.in(EventContext.causedBy(transferStarted));  // part of a conversation
 * CommandOptions.none().expecting(ExpectedVersion.exactly(7)).retries(0);
 * }</pre>
 */
public final class CommandOptions {

  private static final CommandOptions NONE =
      new CommandOptions(null, null, ExpectedVersion.any(), null, null);

  private final @Nullable String commandId;
  private final @Nullable EventContext context;
  private final ExpectedVersion expected;
  private final @Nullable Integer retries;
  private final @Nullable String name;

  private CommandOptions(
      @Nullable String commandId,
      @Nullable EventContext context,
      ExpectedVersion expected,
      @Nullable Integer retries,
      @Nullable String name) {
    this.commandId = commandId;
    this.context = context;
    this.expected = requireNonNull(expected);
    this.retries = retries;
    this.name = name;
  }

  /** Nothing further is said. */
  public static CommandOptions none() {
    return NONE;
  }

  /** See {@link #commandId(String)}. */
  public static CommandOptions withId(String commandId) {
    return NONE.commandId(commandId);
  }

  /** See {@link #context(EventContext)}. */
  public static CommandOptions in(EventContext context) {
    return NONE.context(context);
  }

  /**
   * The command's own id, under which it takes effect once, however often it is sent: a repeat is
   * answered with the events of the first time, even if it would now be refused. For a command to
   * an aggregate it must be unique among those to this aggregate, for a decision across streams
   * among all of the store.
   *
   * <p>What is remembered is the events. A command that was refused, or that left nothing to do,
   * leaves no trace, and its repeat is decided anew.
   */
  public CommandOptions commandId(String commandId) {
    if (commandId.isEmpty()) {
      throw new IllegalArgumentException("a command's id is not empty");
    }
    return new CommandOptions(commandId, context, expected, retries, name);
  }

  /**
   * Where the events come from, exactly as given. Without it a new conversation begins, and the
   * events are caused by the command's id, if it has one.
   */
  public CommandOptions context(EventContext context) {
    return new CommandOptions(commandId, requireNonNull(context), expected, retries, name);
  }

  /**
   * What the caller believes about the aggregate's stream: it must be new ({@link
   * ExpectedVersion#noStream}), must exist, or must be at the very version that the caller has
   * seen. If that does not hold the command fails with a {@link
   * io.varve.client.streams.VersionConflictException} and is not decided. Means nothing for
   * decisions across streams.
   */
  public CommandOptions expecting(ExpectedVersion expected) {
    return new CommandOptions(commandId, context, expected, retries, name);
  }

  /** Decides this command again up to so many times when somebody else was faster; 0: never. */
  public CommandOptions retries(int retries) {
    if (retries < 0) {
      throw new IllegalArgumentException("retries must be >= 0, was " + retries);
    }
    return new CommandOptions(commandId, context, expected, retries, name);
  }

  /** What observers call the command; by default the simple name of its class. */
  public CommandOptions named(String name) {
    return new CommandOptions(commandId, context, expected, retries, requireNonNull(name));
  }

  /** The command's own id; null: none. */
  public @Nullable String commandId() {
    return commandId;
  }

  /** What the events say about where they come from. */
  public EventContext contextOrNew() {
    if (context != null) {
      return context;
    }
    EventContext begun = EventContext.begin();
    return commandId == null ? begun : begun.causedBy(commandId);
  }

  /** What the caller believes about the stream. */
  public ExpectedVersion expected() {
    return expected;
  }

  /** The retries of this command, if it has a bound of its own. */
  public ConflictRetry retry(ConflictRetry usual) {
    return retries == null ? usual : usual.times(retries);
  }

  /** What observers call the command. */
  public String nameOf(Object command) {
    if (name != null) {
      return name;
    }
    Class<?> type = command.getClass();
    return type.isHidden() || type.isAnonymousClass() ? "lambda" : type.getSimpleName();
  }

  @Override
  public String toString() {
    return "CommandOptions["
        + (commandId == null ? "no command id" : "command id " + commandId)
        + ", expecting "
        + expected
        + (context == null ? "" : ", " + context)
        + "]";
  }
}

package io.varve.server.history;

import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Function;
import java.util.function.LongSupplier;

/** Takes down what callers ask and hear. Thread-safe. */
public final class History {
  private final LongSupplier time;
  private final ConcurrentLinkedQueue<Operation> operations = new ConcurrentLinkedQueue<>();

  /** When a server ended: nothing asked of it can take effect afterwards. */
  private final ConcurrentLinkedQueue<Long> ends = new ConcurrentLinkedQueue<>();

  /**
   * @param time the same for all callers, and never running backwards
   */
  public History(LongSupplier time) {
    this.time = time;
  }

  /** Asks, and takes down question and answer; what is thrown leaves no trace. */
  public <C extends Call> Answer ask(String caller, C call, Function<C, Answer> store) {
    long invoked = time.getAsLong();
    Answer answer = store.apply(call);
    add(caller, call, answer, invoked);
    return answer;
  }

  /** What time it is. */
  public long now() {
    return time.getAsLong();
  }

  /** Takes down a call that was answered just now, or never will be. */
  public void add(String caller, Call call, Answer answer, long invoked) {
    boolean unknown = answer instanceof Answer.Unknown;
    operations.add(
        new Operation(caller, call, answer, invoked, unknown ? Long.MAX_VALUE : time.getAsLong()));
  }

  /** The server that was asked until now is dead for certain. */
  public void serverEnded() {
    ends.add(time.getAsLong());
  }

  /** How many there are. */
  public int size() {
    return operations.size();
  }

  /** Everything so far. */
  public List<Operation> operations() {
    return operations.stream().map(this::bounded).toList();
  }

  private Operation bounded(Operation operation) {
    if (!operation.isUnknown()) {
      return operation;
    }
    long end =
        ends.stream()
            .mapToLong(Long::longValue)
            .filter(at -> at >= operation.invoked())
            .min()
            .orElse(Long.MAX_VALUE);
    return new Operation(
        operation.caller(), operation.call(), operation.answer(), operation.invoked(), end);
  }
}

package io.varve.bank.readmodel;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.ToIntFunction;

/**
 * Notices that a projection's rows have been built anew: they may say something else than those
 * that kept answers came from. Any thread may ask.
 */
final class ReplacedRows {

  private final ToIntFunction<String> generation;
  private final Map<String, Integer> seen = new ConcurrentHashMap<>();

  /**
   * @param generation the number of the rows that a projection serves now
   */
  ReplacedRows(ToIntFunction<String> generation) {
    this.generation = generation;
  }

  /**
   * Has answers forgotten if they may come from other rows than those of now. Whoever asks
   * meanwhile has them forgotten as well: once this returns, to anybody, none is left.
   */
  void forgetIfReplaced(String projection, Runnable forget) {
    int now = generation.applyAsInt(projection);
    if (seen.getOrDefault(projection, 0) != now) {
      forget.run(); // first, or others would find them before they are gone
      seen.put(projection, now);
    }
  }
}

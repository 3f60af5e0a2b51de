package io.varve.server.read;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Predicate;

/** Lists by name, without what somebody may not see. */
public final class VisibleEntries {
  private VisibleEntries() {}

  /**
   * Entries that may be seen, as many as were asked for if there are so many.
   *
   * @param after those behind this name; "" for the first
   * @param limit how many at most; at least 1
   * @param source gives the entries behind a name, at most so many
   */
  public static <T> List<T> of(
      String after,
      int limit,
      BiFunction<String, Integer, List<T>> source,
      Function<T, String> name,
      Predicate<String> mayBeSeen) {
    List<T> seen = new ArrayList<>();
    String from = after;
    while (true) {
      List<T> found = source.apply(from, limit);
      found.stream().filter(entry -> mayBeSeen.test(name.apply(entry))).forEach(seen::add);
      if (found.size() < limit || seen.size() >= limit) {
        return seen.size() > limit ? seen.subList(0, limit) : seen;
      }
      from = name.apply(found.getLast());
    }
  }
}

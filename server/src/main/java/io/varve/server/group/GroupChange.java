package io.varve.server.group;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What changes of a stored group, all or nothing.
 *
 * @param number the store's short name for the group, never given twice
 * @param deleted whether the group goes, with all that belongs to it; nothing else counts then
 * @param definition the new definition; null if it stays
 * @param progress the new progress; null if it stays
 * @param unparkedAfter parked events after this position go, before others are added; null for none
 * @param unparked parked events that go
 * @param parked parked events that are added or replaced
 */
public record GroupChange(
    long number,
    boolean deleted,
    @Nullable GroupDefinition definition,
    @Nullable Progress progress,
    @Nullable Long unparkedAfter,
    List<Long> unparked,
    List<Parked> parked) {

  public GroupChange {
    unparked = List.copyOf(unparked);
    parked = List.copyOf(parked);
  }

  /** A group as it is created. */
  static GroupChange created(long number, GroupDefinition definition, Progress progress) {
    return new GroupChange(number, false, definition, progress, null, List.of(), List.of());
  }

  /** A group that goes. */
  static GroupChange deletion(long number) {
    return new GroupChange(number, true, null, null, null, List.of(), List.of());
  }
}

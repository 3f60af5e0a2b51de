package io.varve.server.group;

import io.varve.server.storage.BackupSource;
import io.varve.server.storage.StorageException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** A disk for groups that survives whoever writes to it, and fails when a test says so. */
final class MemoryGroupStore implements GroupStore {
  private final TreeMap<Long, GroupDefinition> definitions = new TreeMap<>();
  private final Map<Long, Progress> progress = new HashMap<>();
  private final Map<Long, TreeMap<Long, Parked>> parked = new HashMap<>();
  private long reached;
  private long lastNumber;

  /** What the next writes do. */
  Fault fault = Fault.NONE;

  /** What is wrong with the progress of all groups; "" for nothing. */
  String damage = "";

  int writes;
  int changesWritten;

  /** How a write goes wrong. */
  enum Fault {
    NONE,
    NOT_WRITTEN,
    WRITTEN_AND_NOT_TOLD
  }

  @Override
  public List<StoredGroup> groups() {
    List<StoredGroup> found = new ArrayList<>();
    for (long number : definitions.keySet()) {
      StoredGroup group = group(number);
      if (group != null) {
        found.add(group);
      }
    }
    return found;
  }

  @Override
  public @Nullable StoredGroup group(long number) {
    GroupDefinition definition = definitions.get(number);
    Progress at = progress.get(number);
    if (definition == null || at == null) {
      return null;
    }
    return new StoredGroup(
        number, definition, damage.isEmpty() ? at : Progress.startingAfter(0, 0), damage);
  }

  @Override
  public long reached() {
    return reached;
  }

  @Override
  public long lastNumber() {
    return lastNumber;
  }

  @Override
  public void write(List<GroupChange> changes, long headPosition) {
    if (fault == Fault.NOT_WRITTEN) {
      throw new StorageException("the disk is full");
    }
    writes++;
    changesWritten += changes.size();
    reached = headPosition;
    changes.forEach(this::apply);
    if (fault == Fault.WRITTEN_AND_NOT_TOLD) {
      throw new StorageException("the disk does not answer");
    }
  }

  private void apply(GroupChange change) {
    long number = change.number();
    TreeMap<Long, Parked> events = parked.computeIfAbsent(number, _ -> new TreeMap<>());
    if (change.deleted()) {
      definitions.remove(number);
      progress.remove(number);
      parked.remove(number);
      return;
    }
    if (change.definition() != null) {
      definitions.put(number, change.definition());
      lastNumber = Math.max(lastNumber, number);
    }
    if (change.progress() != null) {
      progress.put(number, change.progress());
    }
    if (change.unparkedAfter() != null) {
      events.tailMap(change.unparkedAfter(), false).clear();
    }
    change.unparked().forEach(events::remove);
    change.parked().forEach(event -> events.put(event.position(), event));
  }

  @Override
  public List<Parked> parkedAfter(long number, long position, int limit) {
    return parked.getOrDefault(number, new TreeMap<>()).tailMap(position, false).values().stream()
        .limit(limit)
        .toList();
  }

  @Override
  public @Nullable Parked parked(long number, long position) {
    return parked.getOrDefault(number, new TreeMap<>()).get(position);
  }

  @Override
  public BackupSource backupSource() {
    throw new UnsupportedOperationException("memory is not backed up");
  }

  @Override
  public long diskBytes() {
    return 0;
  }

  @Override
  public void close() {
    // nothing is held
  }
}

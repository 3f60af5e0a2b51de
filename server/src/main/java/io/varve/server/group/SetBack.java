package io.varve.server.group;

import io.varve.server.event.StreamId;
import io.varve.server.read.EventReader;
import io.varve.server.storage.EventStorage;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What becomes of groups when somebody has put back an older, shorter log. Its positions are being
 * given out again, so a group that had come further would pass over events that it has never seen.
 * It goes on from the log's end, forgets what it knows of events behind that, and says so until
 * somebody looks after it.
 */
final class SetBack {
  private static final Logger log = LoggerFactory.getLogger(SetBack.class);

  private SetBack() {}

  /** All groups of the store, those set back that must be; durable once this returns. */
  static List<StoredGroup> whereTheLogIsShorter(
      GroupStore store, EventStorage storage, EventReader reader) {
    List<StoredGroup> found = store.groups();
    long head = storage.head().position();
    long reached = store.reached();
    if (reached <= head) {
      return found;
    }
    log.warn("the log ends at position {}, and groups knew it up to {}", head, reached);
    List<StoredGroup> kept = new ArrayList<>();
    List<GroupChange> changes = new ArrayList<>();
    for (StoredGroup group : found) {
      StoredGroup setBack = setBack(group, store, reader, head, reached);
      kept.add(setBack);
      if (!setBack.equals(group)) {
        changes.add(
            new GroupChange(
                group.number(), false, null, setBack.progress(), head, List.of(), List.of()));
      }
    }
    store.write(changes, head); // what was reached is the head from here on
    return kept;
  }

  private static StoredGroup setBack(
      StoredGroup group, GroupStore store, EventReader reader, long head, long reached) {
    Progress before = group.progress();
    if (!group.damage().isEmpty()) {
      return group;
    }
    long parkedBehind = 0;
    long replayingBehind = 0;
    long at = head;
    for (List<Parked> page = store.parkedAfter(group.number(), at, 1_000);
        !page.isEmpty();
        page = store.parkedAfter(group.number(), at, 1_000)) {
      parkedBehind += page.size();
      replayingBehind += page.stream().filter(before::isReplaying).count();
      at = page.getLast().position();
    }
    // One that was told to start behind the old end has not come as far.
    boolean ahead = before.position() > head && before.position() <= reached;
    if (!ahead && parkedBehind == 0) {
      return group;
    }
    String notice =
        "the log ended at position %d when the store was opened, and this group had come to %d: it"
                .formatted(head, before.position())
            + " was set back to the end of the log, and what it knew of events behind that is"
            + " forgotten; an update of its settings takes this notice away";
    log.warn("group {}: {}", group.definition().name(), notice);
    long version =
        group.definition().source() instanceof GroupSource.OfStream(StreamId stream)
            ? Math.min(before.version(), reader.headOf(stream, head).version())
            : 0;
    Progress after =
        new Progress(
            Math.min(before.position(), head),
            version,
            before.open().stream().filter(open -> open.position() <= head).toList(),
            before.parked() - parkedBehind,
            before.lastSequence(),
            before.replayUpTo(),
            before.replaying() - replayingBehind,
            before.stop(),
            notice);
    return new StoredGroup(group.number(), group.definition(), after, "");
  }
}

package io.varve.server.storage.rocksdb;

import io.varve.server.group.Parked;
import io.varve.server.group.Progress;
import io.varve.server.storage.DamagedDataException;
import io.varve.server.storage.StorageException;
import io.varve.server.storage.Verification;
import io.varve.server.storage.VerifyWatch;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Verifies consumer groups: each value matches its checksum, each group has its progress, and as
 * many parked events as that says. All as of one moment, since they are written together.
 */
final class GroupsVerification implements Verification {
  private static final String DEFINITIONS = "consumer groups that are not as they should be";
  private static final String PROGRESS = "progress of consumer groups that is not as it should be";
  private static final String PARKED = "parked events that are not as they should be";
  private static final int STEP_BYTES = 1024 * 1024;
  private static final int PARKED_KEY_BYTES = 2 * Long.BYTES;

  private final Database groups;
  private final UUID storeId;
  private final LongSupplier head;

  /**
   * @param head the log's head; asked after the groups have been looked at
   */
  GroupsVerification(Database groups, UUID storeId, LongSupplier head) {
    this.groups = groups;
    this.storeId = storeId;
    this.head = head;
  }

  @Override
  public void run(VerifyWatch watch) {
    watch.stage("the consumer groups");
    Findings findings = new Findings(watch);
    try (Database.View view = groups.view()) {
      new Check(view, findings).run();
    } catch (StorageException e) {
      findings.add("consumer groups that cannot be read", String.valueOf(e.getMessage()));
    }
    findings.finish();
  }

  /** One run. */
  private final class Check {
    private final Database.View view;
    private final Findings findings;

    /** All groups, with their names, or what to call those whose definition is damaged. */
    private final TreeMap<Long, String> names = new TreeMap<>();

    /** Their progress, if it is sound. */
    private final TreeMap<Long, Progress> progress = new TreeMap<>();

    private long bytes;

    Check(Database.View view, Findings findings) {
      this.view = view;
      this.findings = findings;
    }

    void run() {
      checkDefinitions();
      checkProgress();
      checkParked();
      findings.watch().read(bytes);
      checkMeta();
    }

    private void read(byte[] key, byte[] value) {
      bytes += key.length + value.length;
      if (bytes >= STEP_BYTES) {
        findings.watch().read(bytes);
        bytes = 0;
      }
    }

    private void checkDefinitions() {
      Database.Cursor cursor = view.cursor(RocksDbGroupStore.GROUPS);
      for (boolean on = cursor.atOrAfter(new byte[0]); on; on = cursor.next()) {
        byte[] key = cursor.key();
        byte[] value = cursor.value();
        read(key, value);
        if (key.length != Long.BYTES) {
          findings.add(DEFINITIONS, "a consumer group has a key of " + key.length + " bytes");
          continue;
        }
        long number = Keys.toLong(key, 0);
        names.put(number, "number " + number);
        try {
          names.put(number, GroupBytes.toDefinition(key, value).name());
        } catch (DamagedDataException e) {
          findings.add(DEFINITIONS, String.valueOf(e.getMessage()));
        }
      }
    }

    private void checkProgress() {
      TreeMap<Long, String> without = new TreeMap<>(names);
      Database.Cursor cursor = view.cursor(RocksDbGroupStore.PROGRESS);
      for (boolean on = cursor.atOrAfter(new byte[0]); on; on = cursor.next()) {
        byte[] key = cursor.key();
        byte[] value = cursor.value();
        read(key, value);
        long number = key.length == Long.BYTES ? Keys.toLong(key, 0) : -1;
        if (!names.containsKey(number)) {
          findings.add(PROGRESS, "there is progress of a consumer group that there is not");
          continue;
        }
        without.remove(number);
        try {
          progress.put(number, GroupBytes.toProgress(key, value));
        } catch (DamagedDataException e) {
          findings.add(PROGRESS, e.getMessage() + " (group " + names.get(number) + ")");
        }
      }
      without
          .values()
          .forEach(
              name ->
                  findings.add(PROGRESS, "the progress of consumer group " + name + " is missing"));
    }

    private void checkParked() {
      TreeMap<Long, Count> counts = new TreeMap<>();
      Database.Cursor cursor = view.cursor(RocksDbGroupStore.PARKED);
      for (boolean on = cursor.atOrAfter(new byte[0]); on; on = cursor.next()) {
        byte[] key = cursor.key();
        byte[] value = cursor.value();
        read(key, value);
        long number = key.length == PARKED_KEY_BYTES ? Keys.toLong(key, 0) : -1;
        if (!names.containsKey(number)) {
          findings.add(PARKED, "there is a parked event of a consumer group that there is not");
          continue;
        }
        Count count = counts.computeIfAbsent(number, _ -> new Count());
        count.parked++;
        try {
          Parked event = GroupBytes.toParked(key, value);
          Progress known = progress.get(number);
          count.replaying += known != null && known.isReplaying(event) ? 1 : 0;
        } catch (DamagedDataException e) {
          count.damaged++;
          findings.add(PARKED, e.getMessage() + " (group " + names.get(number) + ")");
        }
      }
      progress.forEach(
          (number, known) -> compare(number, known, counts.getOrDefault(number, new Count())));
    }

    private void compare(long number, Progress known, Count found) {
      if (known.parked() != found.parked) {
        findings.add(
            PARKED,
            "consumer group "
                + names.get(number)
                + " has "
                + found.parked
                + " parked events, and its progress says "
                + known.parked());
      } else if (found.damaged == 0 && known.replaying() != found.replaying) {
        findings.add(
            PARKED,
            "of the parked events of consumer group "
                + names.get(number)
                + " "
                + found.replaying
                + " are to be replayed, and its progress says "
                + known.replaying());
      }
    }

    private void checkMeta() {
      byte[] format = view.get(RocksDbGroupStore.META, RocksDbGroupStore.FORMAT_KEY);
      byte[] id = view.get(RocksDbGroupStore.META, RocksDbGroupStore.STORE_ID_KEY);
      if (format == null && id == null && names.isEmpty()) {
        return; // a crash came before they had anything
      }
      String distrust = RocksDbGroupStore.reasonNotToOpen(format, id, storeId);
      if (distrust != null) {
        findings.add(DEFINITIONS, "the consumer groups " + distrust + ": no server opens them");
      }
      Long lastNumber = number(RocksDbGroupStore.LAST_NUMBER_KEY, "last number that was given");
      if (lastNumber != null && !names.isEmpty() && names.lastKey() > lastNumber) {
        findings.add(
            DEFINITIONS,
            "there is a consumer group number "
                + names.lastKey()
                + ", and the last number that was given is "
                + lastNumber);
      }
      Long reached = number(RocksDbGroupStore.REACHED_KEY, "head of the log that they knew");
      long last = head.getAsLong();
      if (reached != null && reached > last) {
        findings
            .watch()
            .note(
                "the consumer groups know the log up to position "
                    + reached
                    + ", and it ends at "
                    + last
                    + ": somebody has put back an older one, and the next start sets them back");
      }
    }

    /** A number beside the groups; null when it is not there, or not one. */
    private @Nullable Long number(byte[] key, String what) {
      byte[] value = view.get(RocksDbGroupStore.META, key);
      if (value != null && value.length == Long.BYTES) {
        return Keys.toLong(value, 0);
      }
      if (value != null || !names.isEmpty()) {
        findings.add(DEFINITIONS, "of the consumer groups the " + what + " is missing or damaged");
      }
      return null;
    }
  }

  /** Parked events of a group. */
  private static final class Count {
    private long parked;
    private long damaged;
    private long replaying;
  }
}

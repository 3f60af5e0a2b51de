package io.varve.server.backup;

import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What a backup is made of, as it stands in its file {@code backup}. A folder is a backup if it has
 * this file, and what this file says.
 *
 * <pre>
 *   varve-backup 1
 *   store_id 6f9619ff-8b86-d011-b42d-00cf4fc964ff
 *   data_format 1
 *   position 1200
 *   events 1180
 *   recorded_at 2026-11-21T08:15:30.082061822Z      (of the newest event; left out while there is none)
 *   newest_event 1197 0d5c2b9e-3f0a-4b57-9a53-4f2f5f2a2f11   (its position and id; likewise)
 *   created_at 2026-11-21T09:00:00Z
 *   file SHA-256 bytes fingerprint log/000012.sst    (each file; a path without the part's folder is none)
 *   end SHA-256                                     (of all lines before)
 * </pre>
 *
 * @param storeId the store that it is of
 * @param dataFormat the number of the data format
 * @param position up to which position of the log it goes; 0 for an empty log
 * @param events how many events it has
 * @param recordedAt when the newest of them was recorded; null when there is none
 * @param newest which it is; null when there is none, or an older release has made the backup
 * @param createdAt when the backup was made
 * @param files its files
 */
public record BackupManifest(
    UUID storeId,
    int dataFormat,
    long position,
    long events,
    @Nullable Instant recordedAt,
    @Nullable Newest newest,
    Instant createdAt,
    List<Entry> files) {

  private static final String FIRST_LINE = "varve-backup 1";
  private static final String END = "end ";

  /** The newest event: its position, which is not the last one if that has been reclaimed. */
  public record Newest(long position, UUID id) {
    static Newest parse(String text) {
      String[] words = text.split(" ", 2);
      return new Newest(Long.parseLong(words[0]), uuid(words[1]));
    }
  }

  /**
   * A file.
   *
   * @param path where it belongs in a data folder, with slashes
   * @param bytes its length
   * @param sha256 of all of it, in lower-case hexadecimal digits
   * @param fingerprint of its end, see {@link Fingerprint}; by which a file that never changes is
   *     known again without being read
   */
  public record Entry(String path, long bytes, String sha256, String fingerprint) {
    /** What the file is called in the backup: never the same for two different contents. */
    String storedName() {
      return sha256.substring(0, 32) + "-" + path.replace('/', '-');
    }
  }

  /** How many bytes there are in all. */
  public long bytes() {
    return files.stream().mapToLong(Entry::bytes).sum();
  }

  String toText() {
    StringBuilder text = new StringBuilder(FIRST_LINE).append('\n');
    line(text, "store_id", storeId);
    line(text, "data_format", dataFormat);
    line(text, "position", position);
    line(text, "events", events);
    if (recordedAt != null) {
      line(text, "recorded_at", recordedAt);
    }
    if (newest != null) {
      line(text, "newest_event", newest.position() + " " + newest.id());
    }
    line(text, "created_at", createdAt);
    for (Entry file : files) {
      line(
          text,
          "file",
          file.sha256() + " " + file.bytes() + " " + file.fingerprint() + " " + file.path());
    }
    return text + END + Sha256.of(text.toString().getBytes(StandardCharsets.UTF_8)) + "\n";
  }

  private static void line(StringBuilder text, String name, Object value) {
    text.append(name).append(' ').append(value).append('\n');
  }

  /**
   * The manifest in a text.
   *
   * @throws IllegalArgumentException it is none, with a sentence without its subject
   */
  static BackupManifest parse(String text) {
    if (!text.startsWith("varve-backup ")) {
      throw new IllegalArgumentException("is not the list of a backup");
    }
    if (!text.startsWith(FIRST_LINE + "\n")) {
      throw new IllegalArgumentException("is of a newer release of Varve");
    }
    int end = text.lastIndexOf("\n" + END) + 1;
    if (end < 1
        || !text.substring(end)
            .equals(
                END + Sha256.of(text.substring(0, end).getBytes(StandardCharsets.UTF_8)) + "\n")) {
      throw new IllegalArgumentException("does not match its own checksum");
    }
    Map<String, String> values = new LinkedHashMap<>();
    List<Entry> files = new ArrayList<>();
    try {
      text.substring(0, end)
          .lines()
          .forEach(
              line -> {
                String[] words = line.split(" ", 2);
                if (words[0].equals("file")) {
                  files.add(entry(words[1].split(" ", 4)));
                } else {
                  values.put(words[0], words[1]);
                }
              });
      String recordedAt = values.get("recorded_at");
      String newest = values.get("newest_event");
      return new BackupManifest(
          uuid(needed(values, "store_id")),
          Integer.parseInt(needed(values, "data_format")),
          Long.parseLong(needed(values, "position")),
          Long.parseLong(needed(values, "events")),
          recordedAt == null ? null : Instant.parse(recordedAt),
          newest == null ? null : Newest.parse(newest),
          Instant.parse(needed(values, "created_at")),
          List.copyOf(files));
    } catch (IndexOutOfBoundsException | DateTimeException | NumberFormatException e) {
      throw new IllegalArgumentException("cannot be read", e);
    }
  }

  private static Entry entry(String[] words) {
    String path = words[3];
    List<String> parts = List.of(path.split("/", -1));
    if (parts.contains("..") || parts.contains(".") || parts.contains("")) {
      throw new IllegalArgumentException("names a file outside of the data folder");
    }
    if (path.indexOf('\0') >= 0 || !words[0].matches("[0-9a-f]{64}")) {
      throw new IllegalArgumentException("names a file that cannot be one of a backup");
    }
    return new Entry(path, Long.parseLong(words[1]), words[0], words[2]);
  }

  private static UUID uuid(String text) {
    try {
      return UUID.fromString(text);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("has a wrong id", e);
    }
  }

  private static String needed(Map<String, String> values, String name) {
    String value = values.get(name);
    if (value == null) {
      throw new IllegalArgumentException("has no " + name);
    }
    return value;
  }
}

package io.varve.server.api.grpc;

import com.google.protobuf.Timestamp;
import com.google.protobuf.Value;
import com.google.protobuf.util.Timestamps;
import io.varve.proto.v1.QueryItem;
import io.varve.server.config.Limits;
import io.varve.server.event.Query;
import io.varve.server.event.StreamId;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * Checks of single fields against the limits; each failure names the field, the limit and the
 * value. A field is given as its name, or as a {@link Field}, which makes its name when asked.
 */
public final class Checks {
  private static final int UUID_LENGTH = 36;

  /** So many tags are compared one by one. */
  private static final int FEW = 8;

  private static final String JSON_CONTENT_TYPE = "application/json";
  private static final int DEFAULT_PAGE_SIZE = 100;
  private static final int MAX_PAGE_SIZE = 1_000;
  private static final int MAX_SOURCE_BYTES = 512;

  private static final int MAX_USER_NAME_BYTES = 128;
  private static final int MIN_PASSWORD_BYTES = 8;
  private static final int MAX_PASSWORD_BYTES = 256;

  private final Limits limits;

  public Checks(Limits limits) {
    this.limits = limits;
  }

  public Limits limits() {
    return limits;
  }

  /** A stream to read. */
  StreamId stream(String field, String name) {
    text(field, name, limits.streamNameBytes());
    return new StreamId(name);
  }

  /** A stream to write, which must not be one of the server's own. */
  StreamId writableStream(String field, String name) {
    StreamId stream = stream(field, name);
    if (stream.isSystem()) {
      throw Errors.invalid(
          field, "must not start with \"$\": system streams are written by the server only");
    }
    return stream;
  }

  /** A consumer's name for a source of its own. */
  public String trackingSource(String field, String source) {
    return text(field, source, MAX_SOURCE_BYTES);
  }

  /** Text that must be there, within a limit, without control characters. */
  public String text(Object field, String value, int maxBytes) {
    if (value.isEmpty()) {
      throw Errors.invalid(field.toString(), "must not be empty");
    }
    if (value.length() <= maxBytes && isPrintableAscii(value)) {
      return value; // nearly all are, and one look at each character is enough
    }
    size(field, utf8Length(value), maxBytes);
    noControlCharacters(field, value);
    return value;
  }

  /** Text that may be empty. */
  String optionalText(Object field, String value, int maxBytes) {
    return value.isEmpty() ? value : text(field, value, maxBytes);
  }

  /** Words of a person, which may be empty and have several lines. */
  void prose(String field, String value, int maxBytes) {
    size(field, utf8Length(value), maxBytes);
    noControlCharacters(field, value.replace('\n', ' ').replace('\t', ' '));
  }

  /** What a user is called. */
  public String userName(String field, String name) {
    text(field, name, MAX_USER_NAME_BYTES);
    if (name.indexOf(':') >= 0) {
      throw Errors.invalid(field, "must not contain \":\"");
    }
    return name;
  }

  /** A password that is to be a user's. */
  public static String password(String field, String password) {
    int length = utf8Length(password);
    if (length < MIN_PASSWORD_BYTES || length > MAX_PASSWORD_BYTES) {
      throw Errors.invalid(
          field, "must have from " + MIN_PASSWORD_BYTES + " to " + MAX_PASSWORD_BYTES + " bytes");
    }
    return password;
  }

  /** A length in bytes. */
  public void size(Object field, long bytes, long maxBytes) {
    if (bytes > maxBytes) {
      throw Errors.overLimit(field.toString(), "bytes", maxBytes, bytes);
    }
  }

  /** A number of entries. */
  public void count(Object field, int count, int max) {
    if (count > max) {
      throw Errors.overLimit(field.toString(), "entries", max, count);
    }
  }

  /** How many entries a page of a listing has at most; 0 asks for the default. */
  static int pageSize(int asked) {
    if (asked < 0 || asked > MAX_PAGE_SIZE) {
      throw Errors.overLimit("page_size", "entries", MAX_PAGE_SIZE, Integer.toUnsignedLong(asked));
    }
    return asked == 0 ? DEFAULT_PAGE_SIZE : asked;
  }

  /** A payload that was given as a value, as its JSON text. */
  static byte[] json(Object field, Value value) {
    try {
      return JsonPayloads.print(value);
    } catch (IllegalArgumentException e) {
      throw Errors.invalid(field.toString(), "cannot be written as JSON: " + e.getMessage());
    }
  }

  /** The content type of a payload that was given as a value. */
  static String contentTypeOfJson(Object field, String given) {
    if (!given.isEmpty() && !given.equals(JSON_CONTENT_TYPE)) {
      throw Errors.invalid(
          field.toString(), "must be empty or " + JSON_CONTENT_TYPE + " with json, was " + given);
    }
    return JSON_CONTENT_TYPE;
  }

  private static boolean isPrintableAscii(String value) {
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      if (c < ' ' || c > '~') {
        return false;
      }
    }
    return true;
  }

  private static void noControlCharacters(Object field, String value) {
    for (int i = 0; i < value.length(); i++) {
      if (Character.isISOControl(value.charAt(i))) {
        throw Errors.invalid(
            field.toString(),
            "must not contain control characters, has U+"
                + "%04X".formatted((int) value.charAt(i))
                + " at index "
                + i);
      }
    }
  }

  /** How many bytes a text has in UTF-8; counted, since making them costs more. */
  public static int utf8Length(String value) {
    int length = value.length();
    int bytes = length;
    for (int i = 0; i < length; i++) {
      char c = value.charAt(i);
      if (c < 0x80) {
        continue;
      }
      if (c < 0x800) {
        bytes++;
      } else if (!Character.isSurrogate(c)) {
        bytes += 2;
      } else if (Character.isHighSurrogate(c)
          && i + 1 < length
          && Character.isLowSurrogate(value.charAt(i + 1))) {
        bytes += 2; // four for the pair
        i++;
      } // and half a pair becomes a question mark
    }
    return bytes;
  }

  // ---- what an event has beside its payload

  /** Metadata of an event. */
  public Map<String, String> metadata(Object field, Map<String, String> metadata) {
    if (metadata.isEmpty()) {
      return metadata;
    }
    Field ofKeys = Field.of(field).and(" key");
    long bytes = 0;
    for (Map.Entry<String, String> entry : metadata.entrySet()) {
      String key = entry.getKey();
      text(ofKeys, key, limits.metadataKeyBytes());
      if (key.charAt(0) == '$') {
        throw Errors.invalid(
            field + "[\"" + key + "\"]", "must not start with \"$\": those keys are the server's");
      }
      bytes += utf8Length(key) + utf8Length(entry.getValue());
    }
    size(field, bytes, limits.metadataBytes());
    return metadata;
  }

  /** Tags of an event, each once. */
  public List<String> tags(Object field, List<String> tags) {
    if (tags.isEmpty()) {
      return List.of();
    }
    Field list = Field.of(field);
    for (int i = 0; i < tags.size(); i++) {
      text(list.entry(i), tags.get(i), limits.tagBytes());
    }
    List<String> once = eachOnce(tags);
    count(field, once.size(), limits.tags());
    return once;
  }

  /** The same list when it is short and no entry comes again, as nearly always. */
  private static List<String> eachOnce(List<String> tags) {
    if (tags.size() > FEW) {
      return List.copyOf(new LinkedHashSet<>(tags));
    }
    for (int i = 1; i < tags.size(); i++) {
      for (int k = 0; k < i; k++) {
        if (tags.get(i).equals(tags.get(k))) {
          return List.copyOf(new LinkedHashSet<>(tags));
        }
      }
    }
    return List.copyOf(tags);
  }

  /** A UUID in its usual form. */
  public static UUID uuid(Object field, String text) {
    if (!isUuid(text)) {
      throw Errors.invalid(
          field.toString(), "must be UUID text such as 0198f2a4-7c1e-7d3a-9f40-2b6a1c9d8e77");
    }
    return UUID.fromString(text);
  }

  /** Asked for each event, and therefore no regular expression. */
  private static boolean isUuid(String text) {
    if (text.length() != UUID_LENGTH) {
      return false;
    }
    for (int i = 0; i < UUID_LENGTH; i++) {
      char c = text.charAt(i);
      boolean hyphen = i == 8 || i == 13 || i == 18 || i == 23;
      if (hyphen ? c != '-' : !HexFormat.isHexDigit(c)) {
        return false;
      }
    }
    return true;
  }

  /** A version or position; the wire has 64 bits without a sign, the log never gets beyond 63. */
  public static long place(String field, long value) {
    if (value < 0) {
      throw Errors.invalid(
          field, "must be at most " + Long.MAX_VALUE + ", was " + Long.toUnsignedString(value));
    }
    return value;
  }

  /** The version or position of an event; 0 is none. */
  public static long placeOfEvent(String field, long value) {
    if (value == 0) {
      throw Errors.invalid(field, "must be 1 or higher, was 0");
    }
    return place(field, value);
  }

  static Instant time(Object field, Timestamp time) {
    if (!Timestamps.isValid(time)) {
      throw Errors.invalid(
          field.toString(),
          "must lie between the years 1 and 9999 and have nanos from 0 to 999999999, was "
              + time.getSeconds()
              + " s, "
              + time.getNanos()
              + " ns");
    }
    return Instant.ofEpochSecond(time.getSeconds(), time.getNanos());
  }

  // ---- queries

  /** A query; without items it is the one that every event matches. */
  Query query(String field, io.varve.proto.v1.Query query) {
    if (query.getItemsCount() == 0) {
      return Query.everything();
    }
    count(field + ".items", query.getItemsCount(), limits.queryItems());
    List<Query.Item> items = new ArrayList<>(query.getItemsCount());
    for (int i = 0; i < query.getItemsCount(); i++) {
      items.add(item(field + ".items[" + i + "].", query.getItems(i)));
    }
    return new Query(items);
  }

  /** What a query is about, unchecked: to decide whether its sender may ask it. */
  static Query shape(io.varve.proto.v1.Query query) {
    return new Query(
        query.getItemsList().stream()
            .map(
                item ->
                    new Query.Item(
                        new LinkedHashSet<>(item.getTypesList()),
                        new LinkedHashSet<>(item.getTagsList()),
                        item.getStreamPrefixesList(),
                        new LinkedHashSet<>(item.getCategoriesList())))
            .toList());
  }

  private Query.Item item(String field, QueryItem item) {
    return new Query.Item(
        new LinkedHashSet<>(entries(field + "types", item.getTypesList())),
        new LinkedHashSet<>(entries(field + "tags", item.getTagsList())),
        entries(field + "stream_prefixes", item.getStreamPrefixesList()),
        new LinkedHashSet<>(entries(field + "categories", item.getCategoriesList())));
  }

  /** Texts of one part of a query's item. */
  public List<String> entries(String field, List<String> entries) {
    count(field, entries.size(), limits.queryItems());
    for (int i = 0; i < entries.size(); i++) {
      if (entries.get(i).isEmpty()) {
        throw Errors.invalid(field + "[" + i + "]", "must not be empty");
      }
    }
    return entries;
  }
}

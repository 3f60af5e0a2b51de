package io.varve.server.config;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What one request may ask for. Checked at the door, each with an error that names the field, the
 * limit and the value. Lengths of text are in bytes of UTF-8.
 *
 * @param streamNameBytes a stream's name
 * @param typeBytes an event's type
 * @param payloadBytes an event's payload, and a snapshot's state
 * @param contentTypeBytes the content type of either
 * @param metadataBytes an event's metadata, keys and values together
 * @param metadataKeyBytes one metadata key
 * @param tags an event's tags
 * @param tagBytes one tag
 * @param eventsPerAppend events in one append
 * @param appendBytes all of an append's events together, as encoded for storage
 * @param transactStreams streams of one transaction
 * @param conditions append conditions of one transaction
 * @param conditionTerms types, tags, stream prefixes and categories in all conditions of one
 *     transaction together: they are looked up while everybody else's appends wait
 * @param queryItems items of a query, and entries of each part of an item
 */
public record Limits(
    int streamNameBytes,
    int typeBytes,
    int payloadBytes,
    int contentTypeBytes,
    int metadataBytes,
    int metadataKeyBytes,
    int tags,
    int tagBytes,
    int eventsPerAppend,
    int appendBytes,
    int transactStreams,
    int conditions,
    int conditionTerms,
    int queryItems) {
  private static final int KIB = 1024;
  private static final int MIB = 1024 * KIB;

  /** More would not fit beside others into the memory that appends may hold while they wait. */
  private static final int MAX_APPEND_BYTES = 32 * MIB;

  /** The limits of the contract. */
  public static Limits defaults() {
    return new Limits(
        512, 256, 4 * MIB, 256, 64 * KIB, 256, 64, 256, 10_000, 16 * MIB, 1_000, 100, 1_000, 1_000);
  }

  /**
   * The largest message that the transport takes in: an append at its limit, with room to be told
   * that it is over.
   */
  public int inboundMessageBytes() {
    return 2 * appendBytes;
  }

  /**
   * These limits with one of them changed.
   *
   * @param name its name, in lower case with dashes: {@code payload-bytes}
   */
  public Limits with(String name, int value) {
    if (value < 1) {
      throw new IllegalArgumentException("limit " + name + " must be at least 1, was " + value);
    }
    if (name.equals("append-bytes") && value > MAX_APPEND_BYTES) {
      throw new IllegalArgumentException(
          "limit append-bytes must be at most " + MAX_APPEND_BYTES + ", was " + value);
    }
    Map<String, Integer> values = values();
    if (values.replace(name, value) == null) {
      throw new IllegalArgumentException(
          "there is no limit " + name + "; there are " + String.join(", ", values.keySet()));
    }
    Iterator<Integer> next = values.values().iterator();
    return new Limits(
        next.next(),
        next.next(),
        next.next(),
        next.next(),
        next.next(),
        next.next(),
        next.next(),
        next.next(),
        next.next(),
        next.next(),
        next.next(),
        next.next(),
        next.next(),
        next.next());
  }

  /** What a limit bounds. */
  static String sentence(String name) {
    return switch (name) {
      case "stream-name-bytes" -> "A stream's name.";
      case "type-bytes" -> "An event's type.";
      case "payload-bytes" -> "An event's payload, and a snapshot's state.";
      case "content-type-bytes" -> "The content type of either.";
      case "metadata-bytes" -> "An event's metadata, keys and values together.";
      case "metadata-key-bytes" -> "One metadata key.";
      case "tags" -> "An event's tags.";
      case "tag-bytes" -> "One tag.";
      case "events-per-append" -> "Events in one append.";
      case "append-bytes" -> "All of an append's events together, as encoded for storage.";
      case "transact-streams" -> "Streams of one transaction.";
      case "conditions" -> "Append conditions of one transaction.";
      case "condition-terms" ->
          "Types, tags, stream prefixes and categories in all conditions of one transaction.";
      case "query-items" -> "Items of a query, and entries of each part of an item.";
      default -> throw new IllegalArgumentException("there is no limit " + name);
    };
  }

  /** How high a limit can be set. */
  static int most(String name) {
    return name.equals("append-bytes") ? MAX_APPEND_BYTES : Integer.MAX_VALUE;
  }

  /** All limits by name, in the order of the record. */
  public Map<String, Integer> values() {
    Map<String, Integer> values = new LinkedHashMap<>();
    values.put("stream-name-bytes", streamNameBytes);
    values.put("type-bytes", typeBytes);
    values.put("payload-bytes", payloadBytes);
    values.put("content-type-bytes", contentTypeBytes);
    values.put("metadata-bytes", metadataBytes);
    values.put("metadata-key-bytes", metadataKeyBytes);
    values.put("tags", tags);
    values.put("tag-bytes", tagBytes);
    values.put("events-per-append", eventsPerAppend);
    values.put("append-bytes", appendBytes);
    values.put("transact-streams", transactStreams);
    values.put("conditions", conditions);
    values.put("condition-terms", conditionTerms);
    values.put("query-items", queryItems);
    return values;
  }
}

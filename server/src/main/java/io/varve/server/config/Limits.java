package io.varve.server.config;

/**
 * What one request may ask for. Checked at the door, each with an error that names the field, the
 * limit and the value. Lengths of text are in bytes of UTF-8.
 *
 * @param streamNameBytes a stream's name
 * @param typeBytes an event's type
 * @param payloadBytes an event's payload
 * @param contentTypeBytes an event's content type
 * @param metadataBytes an event's metadata, keys and values together
 * @param metadataKeyBytes one metadata key
 * @param tags an event's tags
 * @param tagBytes one tag
 * @param eventsPerAppend events in one append
 * @param appendBytes all of an append's events together, as encoded for storage
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
    int queryItems) {
  private static final int KIB = 1024;
  private static final int MIB = 1024 * KIB;

  /** The limits of the contract. */
  public static Limits defaults() {
    return new Limits(512, 256, 4 * MIB, 256, 64 * KIB, 256, 64, 256, 10_000, 16 * MIB, 1_000);
  }

  /**
   * The largest message that the transport takes in: an append at its limit, with room to be told
   * that it is over.
   */
  public int inboundMessageBytes() {
    return 2 * appendBytes;
  }
}

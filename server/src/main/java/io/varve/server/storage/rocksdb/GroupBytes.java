package io.varve.server.storage.rocksdb;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.CodedOutputStream;
import io.varve.server.event.Query;
import io.varve.server.event.StreamId;
import io.varve.server.group.GroupDefinition;
import io.varve.server.group.GroupSettings;
import io.varve.server.group.GroupSource;
import io.varve.server.group.GroupStart;
import io.varve.server.group.GroupStop;
import io.varve.server.group.GroupStrategy;
import io.varve.server.group.Parked;
import io.varve.server.group.Progress;
import io.varve.server.storage.DamagedDataException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * What is stored of consumer groups, as bytes.
 *
 * <pre>
 *   key     number of the group (BE, 8); of a parked event: | position (BE, 8)
 *
 *   value   0        1             5
 *           +--------+-------------+------
 *           | format | crc32c (BE) | content
 *           +--------+-------------+------
 * </pre>
 *
 * <p>The checksum covers the key and the content. Numbers in the content are varints as protobuf
 * has them, texts are UTF-8 behind their length; docs/storage-format.md has the fields in their
 * order.
 */
final class GroupBytes {
  private static final byte FORMAT = 1;
  private static final int CRC_OFFSET = 1;
  private static final int CONTENT_OFFSET = 5;

  private static final int STREAM = 0;
  private static final int LOG = 1;
  private static final int AFTER = 0;
  private static final int NOW = 1;

  private GroupBytes() {}

  static byte[] key(long number) {
    return Keys.ofLong(number);
  }

  static byte[] key(long number, long position) {
    return Keys.ofStreamVersion(number, position);
  }

  static long position(byte[] key) {
    return Keys.toLong(key, Long.BYTES);
  }

  // ---- definitions

  static byte[] value(byte[] key, GroupDefinition group) {
    return encode(
        key,
        out -> {
          out.writeStringNoTag(group.name());
          writeSource(out, group.source());
          switch (group.start()) {
            case GroupStart.After(long place) -> {
              out.writeUInt32NoTag(AFTER);
              out.writeUInt64NoTag(place);
            }
            case GroupStart.Now _ -> out.writeUInt32NoTag(NOW);
          }
          writeSettings(out, group.settings());
          writeInstant(out, group.createdAt());
          if (!group.attributes().isEmpty()) { // releases that know none find nothing here
            writeAttributes(out, group.attributes());
          }
        });
  }

  static GroupDefinition toDefinition(byte[] key, byte[] value) {
    return decode(
        "the definition of consumer group number " + Keys.toLong(key, 0),
        key,
        value,
        in -> {
          String name = in.readStringRequireUtf8();
          GroupSource source = readSource(in);
          GroupStart start =
              switch (in.readUInt32()) {
                case AFTER -> new GroupStart.After(in.readUInt64());
                case NOW -> new GroupStart.Now();
                default -> throw new IOException("an unknown kind of start");
              };
          GroupSettings settings = readSettings(in);
          Instant createdAt = readInstant(in);
          Map<String, String> attributes = in.isAtEnd() ? Map.of() : readAttributes(in);
          return new GroupDefinition(name, source, start, settings, createdAt, attributes);
        });
  }

  private static void writeAttributes(CodedOutputStream out, Map<String, String> attributes)
      throws IOException {
    out.writeUInt32NoTag(attributes.size());
    for (Map.Entry<String, String> attribute : new TreeMap<>(attributes).entrySet()) {
      out.writeStringNoTag(attribute.getKey());
      out.writeStringNoTag(attribute.getValue());
    }
  }

  private static Map<String, String> readAttributes(CodedInputStream in) throws IOException {
    int count = in.readUInt32();
    Map<String, String> attributes = new LinkedHashMap<>();
    for (int i = 0; i < count; i++) {
      attributes.put(in.readStringRequireUtf8(), in.readStringRequireUtf8());
    }
    return attributes;
  }

  private static void writeSource(CodedOutputStream out, GroupSource source) throws IOException {
    switch (source) {
      case GroupSource.OfStream(StreamId stream) -> {
        out.writeUInt32NoTag(STREAM);
        out.writeStringNoTag(stream.value());
      }
      case GroupSource.OfLog(Query query) -> {
        out.writeUInt32NoTag(LOG);
        out.writeUInt32NoTag(query.items().size());
        for (Query.Item item : query.items()) {
          if (!item.streams().isEmpty()) {
            throw new IllegalArgumentException(
                "a group's source is a stream, or a query that names none");
          }
          writeTexts(out, sorted(item.types()));
          writeTexts(out, sorted(item.tags()));
          writeTexts(out, item.streamPrefixes());
          writeTexts(out, sorted(item.categories()));
        }
      }
    }
  }

  private static GroupSource readSource(CodedInputStream in) throws IOException {
    return switch (in.readUInt32()) {
      case STREAM -> new GroupSource.OfStream(new StreamId(in.readStringRequireUtf8()));
      case LOG -> {
        int count = in.readUInt32();
        List<Query.Item> items = new ArrayList<>();
        for (int i = 0; i < count; i++) {
          items.add(
              new Query.Item(
                  new LinkedHashSet<>(readTexts(in)),
                  new LinkedHashSet<>(readTexts(in)),
                  readTexts(in),
                  new LinkedHashSet<>(readTexts(in))));
        }
        yield new GroupSource.OfLog(count == 0 ? Query.everything() : new Query(items));
      }
      default -> throw new IOException("an unknown kind of source");
    };
  }

  /** A set's order is another in every process. */
  private static List<String> sorted(Set<String> texts) {
    return texts.stream().sorted().toList();
  }

  private static void writeTexts(CodedOutputStream out, List<String> texts) throws IOException {
    out.writeUInt32NoTag(texts.size());
    for (String text : texts) {
      out.writeStringNoTag(text);
    }
  }

  private static List<String> readTexts(CodedInputStream in) throws IOException {
    int count = in.readUInt32();
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      texts.add(in.readStringRequireUtf8());
    }
    return texts;
  }

  private static void writeSettings(CodedOutputStream out, GroupSettings settings)
      throws IOException {
    out.writeUInt32NoTag(
        switch (settings.strategy()) {
          case ROUND_ROBIN -> 1;
          case PINNED -> 2;
          case SINGLE -> 3;
        });
    out.writeUInt64NoTag(settings.ackTimeout().toNanos());
    out.writeUInt32NoTag(settings.maxRetries());
    out.writeUInt32NoTag(settings.bufferSize());
    out.writeUInt32NoTag(settings.maxInFlight());
    out.writeUInt32NoTag(settings.checkpointAfterEvents());
    out.writeUInt64NoTag(settings.checkpointAfter().toNanos());
  }

  private static GroupSettings readSettings(CodedInputStream in) throws IOException {
    GroupStrategy strategy =
        switch (in.readUInt32()) {
          case 1 -> GroupStrategy.ROUND_ROBIN;
          case 2 -> GroupStrategy.PINNED;
          case 3 -> GroupStrategy.SINGLE;
          default -> throw new IOException("an unknown strategy");
        };
    return new GroupSettings(
        strategy,
        Duration.ofNanos(in.readUInt64()),
        in.readUInt32(),
        in.readUInt32(),
        in.readUInt32(),
        in.readUInt32(),
        Duration.ofNanos(in.readUInt64()));
  }

  // ---- progress

  static byte[] value(byte[] key, Progress progress) {
    return encode(
        key,
        out -> {
          out.writeUInt64NoTag(progress.position());
          out.writeUInt64NoTag(progress.version());
          out.writeUInt64NoTag(progress.parked());
          out.writeUInt64NoTag(progress.lastSequence());
          out.writeUInt64NoTag(progress.replayUpTo());
          out.writeUInt64NoTag(progress.replaying());
          out.writeStringNoTag(progress.notice());
          GroupStop stop = progress.stop();
          out.writeBoolNoTag(stop != null);
          if (stop != null) {
            out.writeStringNoTag(stop.consumer());
            out.writeStringNoTag(stop.reason());
            writeInstant(out, stop.at());
            out.writeUInt64NoTag(stop.position());
          }
          out.writeUInt32NoTag(progress.open().size());
          long position = 0;
          long version = 0;
          for (Progress.Open open : progress.open()) {
            out.writeUInt64NoTag(open.position() - position);
            out.writeSInt64NoTag(open.version() - version);
            out.writeUInt32NoTag(open.bucket());
            out.writeUInt32NoTag(open.failures());
            position = open.position();
            version = open.version();
          }
        });
  }

  static Progress toProgress(byte[] key, byte[] value) {
    return decode(
        "the progress of consumer group number " + Keys.toLong(key, 0),
        key,
        value,
        in -> {
          long position = in.readUInt64();
          long version = in.readUInt64();
          long parked = in.readUInt64();
          long lastSequence = in.readUInt64();
          long replayUpTo = in.readUInt64();
          long replaying = in.readUInt64();
          String notice = in.readStringRequireUtf8();
          GroupStop stop = in.readBool() ? readStop(in) : null;
          int count = in.readUInt32();
          List<Progress.Open> open = new ArrayList<>();
          long openPosition = 0;
          long openVersion = 0;
          for (int i = 0; i < count; i++) {
            openPosition += in.readUInt64();
            openVersion += in.readSInt64();
            open.add(
                new Progress.Open(openPosition, openVersion, in.readUInt32(), in.readUInt32()));
          }
          return new Progress(
              position, version, open, parked, lastSequence, replayUpTo, replaying, stop, notice);
        });
  }

  private static @Nullable GroupStop readStop(CodedInputStream in) throws IOException {
    return new GroupStop(
        in.readStringRequireUtf8(), in.readStringRequireUtf8(), readInstant(in), in.readUInt64());
  }

  // ---- parked events

  static byte[] value(byte[] key, Parked event) {
    return encode(
        key,
        out -> {
          out.writeStringNoTag(event.stream().value());
          out.writeUInt64NoTag(event.version());
          out.writeStringNoTag(event.reason());
          writeInstant(out, event.at());
          out.writeUInt32NoTag(event.retryCount());
          out.writeUInt64NoTag(event.sequence());
        });
  }

  static Parked toParked(byte[] key, byte[] value) {
    return decode(
        "what consumer group number "
            + Keys.toLong(key, 0)
            + " has parked at position "
            + position(key),
        key,
        value,
        in -> {
          StreamId stream = new StreamId(in.readStringRequireUtf8());
          long version = in.readUInt64();
          String reason = in.readStringRequireUtf8();
          Instant at = readInstant(in);
          return new Parked(
              position(key), version, stream, reason, at, in.readUInt32(), in.readUInt64());
        });
  }

  // ---- envelopes

  private interface Writer {
    void write(CodedOutputStream out) throws IOException;
  }

  private interface Reader<T> {
    T read(CodedInputStream in) throws IOException;
  }

  private static byte[] encode(byte[] key, Writer writer) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);
    bytes.write(FORMAT);
    bytes.writeBytes(new byte[CONTENT_OFFSET - CRC_OFFSET]);
    try {
      CodedOutputStream out = CodedOutputStream.newInstance(bytes);
      writer.write(out);
      out.flush();
    } catch (IOException e) {
      throw new UncheckedIOException("a writer into memory failed", e);
    }
    byte[] value = bytes.toByteArray();
    ByteBuffer.wrap(value).putInt(CRC_OFFSET, checksum(key, value));
    return value;
  }

  private static <T> T decode(String what, byte[] key, byte[] value, Reader<T> reader) {
    if (value.length < CONTENT_OFFSET || value[0] != FORMAT) {
      throw new DamagedDataException(0, what + " has no known format");
    }
    if (ByteBuffer.wrap(value).getInt(CRC_OFFSET) != checksum(key, value)) {
      throw new DamagedDataException(0, what + " does not match its checksum");
    }
    CodedInputStream in =
        CodedInputStream.newInstance(value, CONTENT_OFFSET, value.length - CONTENT_OFFSET);
    try {
      T content = reader.read(in);
      if (!in.isAtEnd()) {
        throw new IOException("there is something behind its end");
      }
      return content;
    } catch (IOException
        | IllegalArgumentException
        | DateTimeException
        | ArithmeticException e) { // the last two: a time beyond what an Instant can hold
      DamagedDataException damaged = new DamagedDataException(0, what + " cannot be read");
      damaged.initCause(e);
      throw damaged;
    }
  }

  private static void writeInstant(CodedOutputStream out, Instant time) throws IOException {
    out.writeSInt64NoTag(time.getEpochSecond());
    out.writeUInt32NoTag(time.getNano());
  }

  private static Instant readInstant(CodedInputStream in) throws IOException {
    return Instant.ofEpochSecond(in.readSInt64(), in.readUInt32());
  }

  private static int checksum(byte[] key, byte[] value) {
    CRC32C crc = new CRC32C();
    crc.update(key);
    crc.update(value, CONTENT_OFFSET, value.length - CONTENT_OFFSET);
    return (int) crc.getValue();
  }
}

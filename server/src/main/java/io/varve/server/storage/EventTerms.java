package io.varve.server.storage;

import com.google.protobuf.CodedInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What queries look at, of one event after the other. Neighbours mostly have the same type, and
 * often the same stream and tags: what has the bytes of the event before is not decoded again. Not
 * thread-safe.
 */
public final class EventTerms {
  private final boolean withTags;
  private final Text stream = new Text();
  private final Text type = new Text();
  private final List<Text> tags = new ArrayList<>();
  private List<String> tagValues = List.of();
  private int tagCount;

  /**
   * @param withTags whether tags are asked for
   */
  public EventTerms(boolean withTags) {
    this.withTags = withTags;
  }

  /**
   * Goes to an event.
   *
   * @throws DamagedDataException its bytes are not those of an event
   */
  public void read(EncodedEvent event) {
    stream.clear();
    type.clear();
    tagCount = 0;
    boolean sameTags = true;
    byte[] bytes = event.bytes();
    CodedInputStream in =
        CodedInputStream.newInstance(bytes, event.start(), event.end() - event.start());
    try {
      for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
        switch (tag) {
          case EventCodec.STREAM_TAG -> stream.read(in, bytes, event);
          case EventCodec.TYPE_TAG -> {
            type.read(in, bytes, event);
            if (!withTags) {
              checkStream();
              return; // what lies behind is not looked at
            }
          }
          case EventCodec.TAGS_TAG -> {
            if (withTags) {
              sameTags &= !nextTag().read(in, bytes, event);
            } else {
              in.skipField(tag);
            }
          }
          default -> in.skipField(tag);
        }
      }
    } catch (IOException e) {
      throw EventCodec.unreadable(e);
    }
    checkStream();
    if (withTags && !(sameTags && tagCount == tagValues.size())) {
      tagValues = tags.subList(0, tagCount).stream().map(Text::value).toList();
    }
  }

  private Text nextTag() {
    if (tagCount == tags.size()) {
      tags.add(new Text());
    }
    return tags.get(tagCount++);
  }

  private void checkStream() {
    if (stream.value().isEmpty()) {
      throw new DamagedDataException(0, "an event has no stream");
    }
  }

  public String stream() {
    return stream.value();
  }

  public String type() {
    return type.value();
  }

  /** Its tags; none when they were not asked for. */
  public List<String> tags() {
    return tagValues;
  }

  /** A text, and the bytes that it was last decoded from. */
  private static final class Text {
    private byte @Nullable [] bytes;
    private int start;
    private int end;
    private String decoded = "";
    private boolean there;

    void clear() {
      there = false;
    }

    String value() {
      return there ? decoded : "";
    }

    /** Reads a text; says whether it is another one than before. */
    boolean read(CodedInputStream in, byte[] from, EncodedEvent event) throws IOException {
      there = true;
      int lengthAt = event.start() + in.getTotalBytesRead();
      int length = in.readRawVarint32();
      int at = event.start() + in.getTotalBytesRead();
      if (length < 0 || length > event.end() - at) {
        throw new DamagedDataException(0, "a text of an event is cut off");
      }
      in.skipRawBytes(length);
      byte[] before = bytes;
      if (before != null && Arrays.equals(before, start, end, from, at, at + length)) {
        return false;
      }
      decoded =
          CodedInputStream.newInstance(from, lengthAt, at + length - lengthAt)
              .readStringRequireUtf8();
      bytes = from;
      start = at;
      end = at + length;
      return true;
    }
  }
}

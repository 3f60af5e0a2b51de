package io.varve.server.api.grpc;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.MessageLite;
import com.google.protobuf.WireFormat;
import io.grpc.Drainable;
import io.grpc.KnownLength;
import io.grpc.MethodDescriptor;
import io.varve.server.storage.EncodedEvent;
import io.varve.server.storage.EventRun;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;

/**
 * A response as pieces of arrays: stored events are sent from where they lie, without being parsed,
 * encoded or copied on the way to the transport's buffer.
 */
final class EncodedResponse {
  private final List<Piece> pieces = new ArrayList<>();
  private int length;

  @SuppressWarnings("ArrayRecordComponent") // a view; never compared
  private record Piece(byte[] bytes, int offset, int length) {}

  /** A response that is an ordinary message. */
  static EncodedResponse of(MessageLite message) {
    return new EncodedResponse().append(message.toByteArray());
  }

  /** Adds events, which stand in the frames of a repeated field with number 1. */
  EncodedResponse append(List<EventRun> runs) {
    for (EventRun run : runs) {
      add(run.bytes(), run.offset(), run.length());
    }
    return this;
  }

  /** Adds one event, which stands in the frame of a field with number 1. */
  EncodedResponse append(EncodedEvent event) {
    add(event.bytes(), event.frameStart(), event.length());
    return this;
  }

  /** Adds another response's fields. */
  EncodedResponse append(EncodedResponse other) {
    for (Piece piece : other.pieces) {
      add(piece.bytes(), piece.offset(), piece.length());
    }
    return this;
  }

  /** Adds encoded fields. */
  EncodedResponse append(byte[] fields) {
    add(fields, 0, fields.length);
    return this;
  }

  /** This response as the value of a field of another one. */
  EncodedResponse nestedIn(int field) {
    byte[] prefix =
        new byte
            [CodedOutputStream.computeTagSize(field)
                + CodedOutputStream.computeUInt32SizeNoTag(length)];
    CodedOutputStream out = CodedOutputStream.newInstance(prefix);
    try {
      out.writeTag(field, WireFormat.WIRETYPE_LENGTH_DELIMITED);
      out.writeUInt32NoTag(length);
    } catch (IOException e) {
      throw new UncheckedIOException("an array that was measured is too short", e);
    }
    return new EncodedResponse().append(prefix).append(this);
  }

  int length() {
    return length;
  }

  private void add(byte[] bytes, int offset, int pieceLength) {
    if (pieceLength > 0) {
      pieces.add(new Piece(bytes, offset, pieceLength));
      length += pieceLength;
    }
  }

  /** The method, answering with encoded responses. */
  static <Q, R> MethodDescriptor<Q, EncodedResponse> answering(MethodDescriptor<Q, R> method) {
    return method.toBuilder(method.getRequestMarshaller(), new Marshaller()).build();
  }

  private static final class Marshaller implements MethodDescriptor.Marshaller<EncodedResponse> {
    @Override
    public InputStream stream(EncodedResponse response) {
      return new Content(response);
    }

    @Override
    public EncodedResponse parse(InputStream stream) {
      throw new IllegalStateException("a server does not receive responses");
    }
  }

  /** The bytes as gRPC takes them: drained into its buffer in one go. */
  private static final class Content extends InputStream implements KnownLength, Drainable {
    private final EncodedResponse response;
    private int piece;
    private int offset;
    private int left;

    Content(EncodedResponse response) {
      this.response = response;
      this.left = response.length;
    }

    @Override
    public int available() {
      return left;
    }

    @Override
    public int drainTo(OutputStream target) throws IOException {
      int drained = left;
      while (left > 0) {
        Piece current = response.pieces.get(piece);
        int rest = current.length() - offset;
        target.write(current.bytes(), current.offset() + offset, rest);
        advance(rest, current);
      }
      return drained;
    }

    @Override
    public int read() {
      if (left == 0) {
        return -1;
      }
      Piece current = response.pieces.get(piece);
      int next = current.bytes()[current.offset() + offset] & 0xff;
      advance(1, current);
      return next;
    }

    @Override
    public int read(byte[] target, int targetOffset, int wanted) {
      if (wanted == 0) {
        return 0;
      }
      if (left == 0) {
        return -1;
      }
      Piece current = response.pieces.get(piece);
      int count = Math.min(wanted, current.length() - offset);
      System.arraycopy(current.bytes(), current.offset() + offset, target, targetOffset, count);
      advance(count, current);
      return count;
    }

    private void advance(int count, Piece current) {
      offset += count;
      left -= count;
      if (offset == current.length()) {
        piece++;
        offset = 0;
      }
    }
  }
}

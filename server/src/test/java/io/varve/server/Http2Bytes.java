package io.varve.server;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;

/** HTTP/2 as bytes on a socket, for what no client would send. */
final class Http2Bytes {
  static final byte[] PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(US_ASCII);

  static final int DATA = 0;
  static final int HEADERS = 1;
  static final int PRIORITY = 2;
  static final int RST_STREAM = 3;
  static final int SETTINGS = 4;
  static final int PUSH_PROMISE = 5;
  static final int PING = 6;
  static final int GO_AWAY = 7;
  static final int WINDOW_UPDATE = 8;
  static final int CONTINUATION = 9;

  static final int END_STREAM = 1;
  static final int END_HEADERS = 4;

  private static final int FRAME_HEAD_BYTES = 9;

  private Http2Bytes() {}

  static byte[] frame(int type, int flags, int stream, byte... payload) {
    return ByteBuffer.allocate(FRAME_HEAD_BYTES + payload.length)
        .put((byte) (payload.length >>> 16))
        .putShort((short) payload.length)
        .put((byte) type)
        .put((byte) flags)
        .putInt(stream)
        .put(payload)
        .array();
  }

  /** The head of a call. */
  static byte[] call(int stream, String method) {
    return frame(
        HEADERS,
        END_HEADERS,
        stream,
        joined(
            header(":method", "POST"),
            header(":scheme", "http"),
            header(":path", "/" + method),
            header(":authority", "localhost"),
            header("te", "trailers"),
            header("content-type", "application/grpc")));
  }

  /** A message of a call, the only one. */
  static byte[] message(int stream, byte... message) {
    byte[] framed =
        ByteBuffer.allocate(1 + Integer.BYTES + message.length)
            .put((byte) 0)
            .putInt(message.length)
            .put(message)
            .array();
    return frame(DATA, END_STREAM, stream, framed);
  }

  /** A header of fewer than 127 bytes, in HPACK's plainest form. */
  static byte[] header(String name, String value) {
    return ByteBuffer.allocate(3 + name.length() + value.length())
        .put((byte) 0)
        .put((byte) name.length())
        .put(name.getBytes(US_ASCII))
        .put((byte) value.length())
        .put(value.getBytes(US_ASCII))
        .array();
  }

  /** A setting of a SETTINGS frame. */
  static byte[] setting(int id, int value) {
    return ByteBuffer.allocate(6).putShort((short) id).putInt(value).array();
  }

  static byte[] joined(byte[]... parts) {
    ByteArrayOutputStream joined = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      joined.writeBytes(part);
    }
    return joined.toByteArray();
  }
}

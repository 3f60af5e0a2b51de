package io.varve.server.api.grpc;

import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.varve.proto.v1.ConsumerGroupsGrpc;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/** Methods whose messages are bytes that nobody looks at. */
final class RawBytes implements MethodDescriptor.Marshaller<byte[]> {
  private RawBytes() {}

  /** A method of consumer groups that sends and receives any number of messages. */
  static MethodDescriptor<byte[], byte[]> method(String name) {
    return MethodDescriptor.<byte[], byte[]>newBuilder(new RawBytes(), new RawBytes())
        .setFullMethodName(
            MethodDescriptor.generateFullMethodName(ConsumerGroupsGrpc.SERVICE_NAME, name))
        .setType(MethodType.BIDI_STREAMING)
        .build();
  }

  @Override
  public InputStream stream(byte[] value) {
    return new ByteArrayInputStream(value);
  }

  @Override
  public byte[] parse(InputStream stream) {
    try {
      return stream.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

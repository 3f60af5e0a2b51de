package io.varve.client.connection;

import io.grpc.KnownLength;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.Marshaller;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.ref.WeakReference;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Reads answers that carry events: the plain ones by an {@link EventDecoder}, all others by the
 * generated parser.
 *
 * @param <M> the generated message
 * @param <T> what is made of it
 */
final class DecodingMarshaller<M, T> implements Marshaller<T> {

  /** Reads a plain answer. */
  interface PlainAnswer<T> {

    /** Null: it is not plain. */
    @Nullable T decode(EventDecoder bytes);
  }

  /** Larger answers get an array of their own; pages are of 64 KiB unless an event is larger. */
  private static final int MAX_KEPT_BYTES = 1 << 20;

  private static final byte[] NONE = {};

  /** A thread's array for what it has received, as long as there is memory. */
  private static final ThreadLocal<WeakReference<byte[]>> kept =
      ThreadLocal.withInitial(() -> new WeakReference<>(NONE));

  private final Marshaller<M> generated;
  private final PlainAnswer<T> plain;
  private final Function<M, T> other;

  private DecodingMarshaller(Marshaller<M> generated, PlainAnswer<T> plain, Function<M, T> other) {
    this.generated = generated;
    this.plain = plain;
    this.other = other;
  }

  /**
   * The method, answered with what is made of its answers.
   *
   * @param plain reads the plain ones
   * @param other makes the same of all others; called by gRPC's thread, so what may fail in an
   *     answer that is well-formed is left to whoever takes it
   */
  static <Q, M, T> MethodDescriptor<Q, T> decoding(
      MethodDescriptor<Q, M> method, PlainAnswer<T> plain, Function<M, T> other) {
    return method.toBuilder(
            method.getRequestMarshaller(),
            new DecodingMarshaller<>(method.getResponseMarshaller(), plain, other))
        .build();
  }

  @Override
  public InputStream stream(T answer) {
    throw new IllegalStateException("a client does not send answers");
  }

  @Override
  public T parse(InputStream received) {
    try {
      if (received instanceof KnownLength) {
        int length = received.available();
        byte[] bytes = array(length);
        int read = received.readNBytes(bytes, 0, length);
        if (read < length) {
          throw new IllegalStateException(
              "a message of " + length + " bytes ended after " + read + " of them");
        }
        return parse(bytes, length);
      }
      byte[] bytes = received.readAllBytes(); // no more than the channel allows
      return parse(bytes, bytes.length);
    } catch (IOException e) {
      throw new UncheckedIOException("a message that has arrived cannot be read", e);
    }
  }

  private T parse(byte[] bytes, int length) {
    T answer = plain.decode(new EventDecoder(bytes, length));
    return answer == null
        ? other.apply(generated.parse(new ByteArrayInputStream(bytes, 0, length)))
        : answer;
  }

  private static byte[] array(int length) {
    if (length > MAX_KEPT_BYTES) {
      return new byte[length];
    }
    byte[] bytes = kept.get().get();
    if (bytes == null || bytes.length < length) {
      bytes = new byte[Math.min(MAX_KEPT_BYTES, length + length / 4)];
      kept.set(new WeakReference<>(bytes));
    }
    return bytes;
  }
}

package io.varve.server.api.grpc;

import io.grpc.Codec;
import io.grpc.Decompressor;
import io.grpc.DecompressorRegistry;
import java.io.IOException;
import java.io.InputStream;
import org.jspecify.annotations.Nullable;

/**
 * Gzip that looks at the bytes only when the request is parsed. gRPC's own does so while it takes
 * them in, where bytes that are not gzip end the call with {@code UNKNOWN}; here they are a request
 * that cannot be parsed, as {@link RequestGuard} answers it.
 */
final class LateGzip implements Decompressor {
  private final Decompressor gzip = new Codec.Gzip();

  private LateGzip() {}

  /** What gRPC offers by itself, with this gzip. */
  static DecompressorRegistry registry() {
    return DecompressorRegistry.getDefaultInstance().with(new LateGzip(), true);
  }

  @Override
  public String getMessageEncoding() {
    return gzip.getMessageEncoding();
  }

  @Override
  public InputStream decompress(InputStream compressed) {
    return new Unpacking(compressed);
  }

  private final class Unpacking extends InputStream {
    private final InputStream compressed;
    private @Nullable InputStream unpacked;

    Unpacking(InputStream compressed) {
      this.compressed = compressed;
    }

    private InputStream unpacked() throws IOException {
      if (unpacked == null) {
        unpacked = gzip.decompress(compressed);
      }
      return unpacked;
    }

    @Override
    public int read() throws IOException {
      return unpacked().read();
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
      return unpacked().read(target, offset, length);
    }

    @Override
    public void close() throws IOException {
      compressed.close();
    }
  }
}

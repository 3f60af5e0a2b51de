package io.varve.client.connection;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ChannelCredentials;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ForwardingClientCall.SimpleForwardingClientCall;
import io.grpc.ForwardingClientCallListener.SimpleForwardingClientCallListener;
import io.grpc.InsecureChannelCredentials;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.TlsChannelCredentials;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * How a client is sure of the server, and the server of the client.
 *
 * @param tls whether the link is encrypted, and the server's certificate checked
 * @param trusted who may have signed it, as a PEM file; null: whom the JVM trusts
 * @param chain the client's own certificate and those that signed it, as a PEM file; null: none
 * @param key its key; null exactly if {@code chain} is
 * @param serverName the name that the server's certificate must have; null: the endpoint's host
 * @param authorization the value of the header {@code authorization}, asked for at every call;
 *     null: none is sent
 */
public record Credentials(
    boolean tls,
    @Nullable Path trusted,
    @Nullable Path chain,
    @Nullable Path key,
    @Nullable String serverName,
    @Nullable Supplier<String> authorization) {
  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

  /** Neither encrypted nor anybody in particular. */
  public static final Credentials NONE = new Credentials(false, null, null, null, null, null);

  /** The same at every call. */
  public record Fixed(String header) implements Supplier<String> {
    @Override
    public String get() {
      return header;
    }

    @Override
    public String toString() {
      return "credentials that are not shown";
    }
  }

  /** Whether the application is asked at every call, and may keep it waiting. */
  boolean askTheApplication() {
    return authorization != null && !(authorization instanceof Fixed);
  }

  /** Whether credentials would travel in the clear to another machine. */
  boolean exposes(Endpoint endpoint) {
    return authorization != null && !tls && !endpoint.isLoopback();
  }

  /**
   * @throws UncheckedIOException a file cannot be read or holds something else
   */
  ChannelCredentials channel() {
    if (!tls) {
      return InsecureChannelCredentials.create();
    }
    TlsChannelCredentials.Builder builder = TlsChannelCredentials.newBuilder();
    try {
      if (trusted != null) {
        builder.trustManager(trusted.toFile());
      }
      if (chain != null && key != null) {
        builder.keyManager(chain.toFile(), key.toFile());
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot use the files of TLS: " + e.getMessage(), e);
    }
    return builder.build();
  }

  /**
   * Hears how a call ends. If it is refused with credentials that have been replaced since it
   * began, it is told as a lost link, which whoever made the call knows what to do about.
   */
  private static final class Replaceable<R> extends SimpleForwardingClientCallListener<R> {
    private final String sent;
    private final Supplier<String> now;

    Replaceable(ClientCall.Listener<R> listener, String sent, Supplier<String> now) {
      super(listener);
      this.sent = sent;
      this.now = now;
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      if (status.getCode() == Status.Code.UNAUTHENTICATED && !now.get().equals(sent)) {
        super.onClose(
            Status.UNAVAILABLE.withDescription(
                "the credentials have been replaced; with the old ones the server said: "
                    + status.getDescription()),
            new Metadata());
      } else {
        super.onClose(status, trailers);
      }
    }
  }

  /** Puts the header on every call, so that a token may change while the client lives. */
  ClientInterceptor interceptor() {
    return new ClientInterceptor() {
      @Override
      public <Q, R> ClientCall<Q, R> interceptCall(
          MethodDescriptor<Q, R> method, CallOptions options, Channel next) {
        return new SimpleForwardingClientCall<>(next.newCall(method, options)) {
          @Override
          public void start(Listener<R> listener, Metadata headers) {
            Supplier<String> header = authorization;
            if (header == null) {
              super.start(listener, headers);
              return;
            }
            String sent = header.get();
            headers.put(AUTHORIZATION, sent);
            super.start(new Replaceable<>(listener, sent, header), headers);
          }
        };
      }
    };
  }
}

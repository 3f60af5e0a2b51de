package io.varve.server.migrate;

import com.google.protobuf.ByteString;
import io.grpc.ChannelCredentials;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.TlsChannelCredentials;
import io.grpc.stub.MetadataUtils;
import io.varve.proto.kurrent.FilterExpression;
import io.varve.proto.kurrent.FilterOptions;
import io.varve.proto.kurrent.LogPosition;
import io.varve.proto.kurrent.Nothing;
import io.varve.proto.kurrent.RecordedEvent;
import io.varve.proto.kurrent.StreamIdentifier;
import io.varve.proto.kurrent.Uuid;
import io.varve.proto.kurrent.UuidOption;
import io.varve.proto.kurrent.streams.AllOptions;
import io.varve.proto.kurrent.streams.ReadDirection;
import io.varve.proto.kurrent.streams.ReadOptions;
import io.varve.proto.kurrent.streams.ReadRequest;
import io.varve.proto.kurrent.streams.ReadResponse;
import io.varve.proto.kurrent.streams.StreamOptions;
import io.varve.proto.kurrent.streams.StreamsGrpc;
import io.varve.server.api.kurrent.CustomMetadata;
import io.varve.server.config.Limits;
import io.varve.server.migrate.SourceEvent.Place;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Base64;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/**
 * A running KurrentDB, or another server that speaks its protocol, as a source of events. For one
 * thread.
 */
public final class KurrentSource implements AutoCloseable {
  /** More than an event may have there, with its metadata. */
  private static final int MAX_MESSAGE_BYTES = 64 << 20;

  private static final int KEEP_ALIVE_SECONDS = 10;
  private static final long WITHOUT_BOUND = -1;
  private static final long TICKS_A_SECOND = 10_000_000;
  private static final int NANOS_A_TICK = 100;
  private static final Nothing NOTHING = Nothing.getDefaultInstance();
  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);
  private static final Metadata.Key<String> EXCEPTION =
      Metadata.Key.of("exception", Metadata.ASCII_STRING_MARSHALLER);

  private final KurrentAddress address;
  private final Limits limits;
  private final ManagedChannel channel;
  private final StreamsGrpc.StreamsBlockingStub streams;

  private KurrentSource(KurrentAddress address, Limits limits, ManagedChannel channel) {
    this.address = address;
    this.limits = limits;
    this.channel = channel;
    this.streams =
        StreamsGrpc.newBlockingStub(channel)
            .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers(address)));
  }

  /**
   * Makes a source, which connects when it is first asked.
   *
   * @param limits up to where metadata are kept
   * @throws UncheckedIOException a file of the address cannot be used
   */
  public static KurrentSource of(KurrentAddress address, Limits limits) {
    ManagedChannel channel =
        Grpc.newChannelBuilderForAddress(address.host(), address.port(), credentials(address))
            .maxInboundMessageSize(MAX_MESSAGE_BYTES)
            .keepAliveTime(KEEP_ALIVE_SECONDS, TimeUnit.SECONDS)
            .keepAliveTimeout(KEEP_ALIVE_SECONDS, TimeUnit.SECONDS)
            .build();
    return new KurrentSource(address, limits, channel);
  }

  private static Metadata headers(KurrentAddress address) {
    Metadata headers = new Metadata();
    if (address.user() != null) {
      String pair = address.user() + ":" + (address.password() == null ? "" : address.password());
      headers.put(
          AUTHORIZATION,
          "Basic " + Base64.getEncoder().encodeToString(pair.getBytes(StandardCharsets.UTF_8)));
    }
    return headers;
  }

  private static ChannelCredentials credentials(KurrentAddress address) {
    if (!address.tls()) {
      return InsecureChannelCredentials.create();
    }
    TlsChannelCredentials.Builder builder = TlsChannelCredentials.newBuilder();
    try {
      if (!address.verify()) {
        builder.trustManager(new Unverified());
      } else if (address.caFile() != null) {
        builder.trustManager(address.caFile().toFile());
      }
      if (address.certFile() != null && address.keyFile() != null) {
        builder.keyManager(address.certFile().toFile(), address.keyFile().toFile());
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot use the source's files of TLS: " + e.getMessage(), e);
    }
    return builder.build();
  }

  // ---- reading

  /**
   * All events, in the order of the log, as far as it goes now.
   *
   * @param from the first one's place; null: the first there is
   * @return throws {@link SourceException} when an event cannot be had
   */
  public Iterator<SourceEvent> all(@Nullable Place from) {
    return events(ReadRequest.newBuilder().setOptions(everything(from)).build());
  }

  /** The event at this place, or the next one; null: there is none. */
  public @Nullable SourceEvent at(Place place) {
    try {
      return only(everything(place).setCount(1));
    } catch (StatusRuntimeException e) {
      throw failure(e);
    }
  }

  /** The entries of all metadata streams, in the order of the log, as far as it goes now. */
  public Iterator<SourceEvent> allMetadata() {
    ReadOptions.Builder options =
        everything(null)
            .setFilter(
                FilterOptions.newBuilder()
                    .setEventType(FilterExpression.newBuilder().addPrefix("$metadata"))
                    .setMax(1_000)
                    .setCheckpointIntervalMultiplier(1));
    return events(ReadRequest.newBuilder().setOptions(options).build());
  }

  private static ReadOptions.Builder everything(@Nullable Place from) {
    AllOptions.Builder all = AllOptions.newBuilder();
    if (from == null) {
      all.setStart(NOTHING);
    } else {
      all.setPosition(
          LogPosition.newBuilder()
              .setCommitPosition(from.commit())
              .setPreparePosition(from.prepare()));
    }
    return ReadOptions.newBuilder()
        .setAll(all)
        .setNoFilter(NOTHING)
        .setCount(WITHOUT_BOUND)
        .setUuidOption(UuidOption.newBuilder().setString(NOTHING));
  }

  /**
   * How a stream begins, for its readers.
   *
   * @param first its first event that is seen; null: there is none
   * @param closed whether it is closed for ever
   */
  public record Beginning(@Nullable SourceEvent first, boolean closed) {}

  /** How a stream begins now. */
  public Beginning beginningOf(String stream) {
    try {
      return new Beginning(one(stream, false), false);
    } catch (StatusRuntimeException e) {
      Metadata trailers = e.getTrailers();
      if (trailers != null && "stream-deleted".equals(trailers.get(EXCEPTION))) {
        return new Beginning(null, true);
      }
      throw failure(e);
    }
  }

  /** The last entry of a stream's metadata; null: there is none, or the stream is closed. */
  public @Nullable SourceEvent metadataOf(String stream) {
    try {
      return one("$$" + stream, true);
    } catch (StatusRuntimeException e) {
      Metadata trailers = e.getTrailers();
      if (trailers != null && "stream-deleted".equals(trailers.get(EXCEPTION))) {
        return null;
      }
      throw failure(e);
    }
  }

  private @Nullable SourceEvent one(String stream, boolean last) {
    StreamOptions.Builder where =
        StreamOptions.newBuilder()
            .setStreamIdentifier(
                StreamIdentifier.newBuilder().setStreamName(ByteString.copyFromUtf8(stream)));
    ReadOptions.Builder options =
        ReadOptions.newBuilder()
            .setStream(last ? where.setEnd(NOTHING) : where.setStart(NOTHING))
            .setNoFilter(NOTHING)
            .setCount(1)
            .setUuidOption(UuidOption.newBuilder().setString(NOTHING));
    if (last) {
      options.setReadDirection(ReadDirection.READ_DIRECTION_BACKWARDS);
    }
    return only(options);
  }

  private @Nullable SourceEvent only(ReadOptions.Builder options) {
    Iterator<ReadResponse> answers =
        streams
            .withDeadlineAfter(address.deadline().toMillis(), TimeUnit.MILLISECONDS)
            .read(ReadRequest.newBuilder().setOptions(options).build());
    SourceEvent found = null;
    while (answers.hasNext()) {
      ReadResponse answer = answers.next();
      if (answer.hasEvent()) {
        found = event(answer.getEvent().getEvent());
      }
    }
    return found;
  }

  private Iterator<SourceEvent> events(ReadRequest request) {
    Iterator<ReadResponse> answers = streams.read(request);
    return new Iterator<>() {
      private @Nullable SourceEvent ahead;

      @Override
      public boolean hasNext() {
        while (ahead == null && asked(answers::hasNext)) {
          ReadResponse answer = asked(answers::next);
          if (answer.hasEvent()) {
            ahead = event(answer.getEvent().getEvent());
          }
        }
        return ahead != null;
      }

      @Override
      public SourceEvent next() {
        if (!hasNext()) {
          throw new NoSuchElementException();
        }
        SourceEvent event = ahead;
        ahead = null;
        if (event == null) {
          throw new NoSuchElementException();
        }
        return event;
      }
    };
  }

  private <T> T asked(Supplier<T> question) {
    try {
      return question.get();
    } catch (StatusRuntimeException e) {
      throw failure(e);
    }
  }

  private SourceException failure(StatusRuntimeException e) {
    Status status = e.getStatus();
    String said = said(status);
    String tail = said.isBlank() ? "" : ": " + said;
    return switch (status.getCode()) {
      case UNAVAILABLE, DEADLINE_EXCEEDED ->
          new SourceException(
              SourceException.Kind.UNAVAILABLE,
              "the source " + address + " does not answer" + tail,
              e);
      case UNAUTHENTICATED, PERMISSION_DENIED ->
          new SourceException(
              SourceException.Kind.DENIED,
              "the source " + address + " does not let the caller read this" + tail,
              e);
      default ->
          new SourceException(
              SourceException.Kind.REFUSED,
              "the source " + address + " answers with " + status.getCode() + tail,
              e);
    };
  }

  /** What the source or the link said, and for a failure of the link what lies beneath it. */
  private static String said(Status status) {
    // Where the link failed, gRPC lists the handlers of its channel in a second line.
    String said =
        status.getDescription() == null
            ? ""
            : status.getDescription().replaceFirst("(?s)\\RChannel Pipeline: .*", "");
    String beneath = "";
    for (Throwable cause = status.getCause(); cause != null; cause = cause.getCause()) {
      beneath = cause.getMessage() == null ? beneath : cause.getMessage();
    }
    return beneath.isEmpty() || said.contains(beneath) ? said : said + " (" + beneath + ")";
  }

  // ---- events

  private SourceEvent event(RecordedEvent event) {
    CustomMetadata.Kept kept = CustomMetadata.keep(event.getCustomMetadata(), limits);
    return new SourceEvent(
        new Place(event.getCommitPosition(), event.getPreparePosition()),
        id(event.getId()),
        event.getStreamIdentifier().getStreamName().toStringUtf8(),
        event.getStreamRevision(),
        event.getMetadataOrDefault("type", ""),
        event.getMetadataOrDefault("content-type", ""),
        created(event.getMetadataOrDefault("created", "")),
        event.getData().asReadOnlyByteBuffer(),
        kept.metadata(),
        kept.tags());
  }

  private static UUID id(Uuid id) {
    return id.hasStructured()
        ? new UUID(
            id.getStructured().getMostSignificantBits(),
            id.getStructured().getLeastSignificantBits())
        : UUID.fromString(id.getString());
  }

  private static @Nullable Instant created(String ticks) {
    if (ticks.isEmpty()) {
      return null;
    }
    long count = Long.parseLong(ticks);
    return Instant.ofEpochSecond(
        Math.floorDiv(count, TICKS_A_SECOND), Math.floorMod(count, TICKS_A_SECOND) * NANOS_A_TICK);
  }

  @Override
  public void close() {
    channel.shutdownNow();
  }

  /** Trusts everybody, as {@code tlsVerifyCert=false} says. */
  private static final class Unverified extends X509ExtendedTrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type) {}

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }
}

package io.varve.client.connection;

import com.google.protobuf.UnsafeByteOperations;
import io.varve.client.streams.Retention;
import io.varve.client.streams.ServerInfo;
import io.varve.client.streams.Snapshot;
import io.varve.client.streams.StoreFailedException;
import io.varve.client.streams.StoreStatistics;
import io.varve.client.streams.StreamInfo;
import io.varve.client.streams.StreamLife;
import io.varve.proto.v1.GetServerInfoResponse;
import io.varve.proto.v1.GetStatisticsResponse;
import java.time.DateTimeException;
import java.time.Duration;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Between the values of the API and the messages of the wire: the state of streams, snapshots, and
 * the server itself.
 */
final class StreamMapping {

  private StreamMapping() {}

  static StreamInfo streamInfo(io.varve.proto.v1.StreamInfo message) {
    try {
      return new StreamInfo(
          message.getStream(),
          message.getVersion(),
          message.getFirstKeptVersion(),
          message.getEventCount(),
          message.hasCreatedAt() ? ProtoMapping.instant(message.getCreatedAt()) : null,
          message.hasLastAppendedAt() ? ProtoMapping.instant(message.getLastAppendedAt()) : null,
          message.getLastPosition(),
          retention(message.getRetention()),
          message.getRetention().getTruncateBefore(),
          life(message.getLife()));
    } catch (IllegalArgumentException | DateTimeException | ArithmeticException e) {
      throw senseless("about stream \"" + message.getStream() + "\"", e);
    }
  }

  private static Retention retention(io.varve.proto.v1.Retention message) {
    return new Retention(
        message.getMaxCount(), message.hasMaxAge() ? duration(message.getMaxAge()) : null);
  }

  private static StreamLife life(io.varve.proto.v1.StreamLife life) {
    return switch (life) {
      case STREAM_LIFE_OPEN -> StreamLife.OPEN;
      case STREAM_LIFE_DELETED -> StreamLife.DELETED;
      case STREAM_LIFE_TOMBSTONED -> StreamLife.TOMBSTONED;
      case STREAM_LIFE_UNSPECIFIED, UNRECOGNIZED ->
          throw new IllegalArgumentException("unknown life " + life);
    };
  }

  static io.varve.proto.v1.Snapshot snapshot(Snapshot snapshot) {
    return io.varve.proto.v1.Snapshot.newBuilder()
        .setStream(snapshot.stream())
        .setVersion(snapshot.version())
        .setSchemaVersion(snapshot.schemaVersion())
        .setContentType(snapshot.contentType())
        .setData(UnsafeByteOperations.unsafeWrap(snapshot.data())) // data() is a copy already
        .build();
  }

  static Snapshot snapshot(io.varve.proto.v1.Snapshot message) {
    try {
      Snapshot.Builder snapshot =
          Snapshot.builder(message.getStream(), message.getVersion())
              .schemaVersion(message.getSchemaVersion())
              .contentType(message.getContentType())
              .data(message.getData().asReadOnlyByteBuffer());
      if (message.hasSavedAt()) {
        snapshot.savedAt(ProtoMapping.instant(message.getSavedAt()));
      }
      return snapshot.build();
    } catch (IllegalArgumentException | DateTimeException e) {
      throw senseless("as a snapshot of stream \"" + message.getStream() + "\"", e);
    }
  }

  static ServerInfo serverInfo(GetServerInfoResponse message) {
    try {
      return new ServerInfo(
          message.getRelease(),
          message.getDataFormat(),
          UUID.fromString(message.getStoreId()),
          duration(message.getUptime()),
          message.getFeaturesList());
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw senseless("about itself", e);
    }
  }

  static StoreStatistics statistics(GetStatisticsResponse message) {
    return new StoreStatistics(
        message.getHeadPosition(),
        message.getEventCount(),
        message.getStreamCount(),
        message.getDiskBytes(),
        message.getAppendsPerSecond(),
        message.getReadsPerSecond(),
        message.getSubscriptions());
  }

  static com.google.protobuf.Duration duration(Duration time) {
    // On the wire both parts have the same sign, in Java the nanoseconds are never negative.
    boolean borrows = time.isNegative() && time.getNano() > 0;
    return com.google.protobuf.Duration.newBuilder()
        .setSeconds(borrows ? time.getSeconds() + 1 : time.getSeconds())
        .setNanos(borrows ? time.getNano() - 1_000_000_000 : time.getNano())
        .build();
  }

  static Duration duration(com.google.protobuf.Duration time) {
    return Duration.ofSeconds(time.getSeconds(), time.getNanos());
  }

  private static StoreFailedException senseless(String about, @Nullable Exception cause) {
    return new StoreFailedException(
        "the server sent something "
            + about
            + " that makes no sense: "
            + (cause == null ? "" : cause.getMessage()),
        cause);
  }
}

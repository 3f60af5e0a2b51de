package io.varve.server.api.kurrent;

import com.google.protobuf.ByteString;
import com.google.protobuf.Timestamp;
import io.varve.proto.kurrent.LogPosition;
import io.varve.proto.kurrent.Nothing;
import io.varve.proto.kurrent.StreamIdentifier;
import io.varve.proto.kurrent.Uuid;
import io.varve.proto.kurrent.UuidHalves;
import io.varve.proto.kurrent.UuidOption;
import io.varve.server.api.grpc.Checks;
import io.varve.server.event.StreamId;
import java.time.Instant;
import java.util.UUID;

/** The protocol's small messages, and what they are in Varve. */
final class Wire {
  static final Nothing NOTHING = Nothing.getDefaultInstance();

  /** Stands for the end, or for no bound. */
  static final long MAX_UNSIGNED = -1;

  private static final long TICKS_A_SECOND = 10_000_000;
  private static final int NANOS_A_TICK = 100;

  private Wire() {}

  static UUID uuid(String field, Uuid id) {
    return switch (id.getValueCase()) {
      case STRUCTURED ->
          new UUID(
              id.getStructured().getMostSignificantBits(),
              id.getStructured().getLeastSignificantBits());
      case STRING -> {
        try {
          yield UUID.fromString(id.getString());
        } catch (IllegalArgumentException e) {
          throw KurrentErrors.invalid(field, "must be UUID text");
        }
      }
      case VALUE_NOT_SET -> throw KurrentErrors.invalid(field, "must be set");
    };
  }

  /**
   * An id as the caller wants it written.
   *
   * @param text whether it wants text
   */
  static Uuid uuid(UUID id, boolean text) {
    return text
        ? Uuid.newBuilder().setString(id.toString()).build()
        : Uuid.newBuilder()
            .setStructured(
                UuidHalves.newBuilder()
                    .setMostSignificantBits(id.getMostSignificantBits())
                    .setLeastSignificantBits(id.getLeastSignificantBits()))
            .build();
  }

  static boolean wantsText(UuidOption option) {
    return option.hasString();
  }

  static StreamIdentifier stream(String name) {
    return StreamIdentifier.newBuilder().setStreamName(ByteString.copyFromUtf8(name)).build();
  }

  /** A stream's name, of any kind. */
  static StreamId stream(Checks checks, StreamIdentifier stream) {
    String name = stream.getStreamName().toStringUtf8();
    return new StreamId(checks.text("stream_identifier", name, checks.limits().streamNameBytes()));
  }

  static LogPosition position(long position) {
    return LogPosition.newBuilder()
        .setCommitPosition(position)
        .setPreparePosition(position)
        .build();
  }

  /** The version that has a revision; the highest there may be for one that no event has. */
  static long version(long revision) {
    return revision < 0 || revision == Long.MAX_VALUE ? Long.MAX_VALUE : revision + 1;
  }

  /** A time in units of 100 ns since 1970. */
  static long ticks(Instant time) {
    return time.getEpochSecond() * TICKS_A_SECOND + time.getNano() / NANOS_A_TICK;
  }

  static Timestamp timestamp(Instant time) {
    return Timestamp.newBuilder()
        .setSeconds(time.getEpochSecond())
        .setNanos(time.getNano())
        .build();
  }
}

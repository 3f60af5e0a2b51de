package io.varve.server.api.grpc;

import com.google.protobuf.Timestamp;
import java.time.Instant;

/** Times as the contract carries them. */
final class ProtoTimes {
  private ProtoTimes() {}

  static Timestamp of(Instant instant) {
    long seconds = instant.getEpochSecond();
    return Timestamp.newBuilder().setSeconds(seconds).setNanos(instant.getNano()).build();
  }
}

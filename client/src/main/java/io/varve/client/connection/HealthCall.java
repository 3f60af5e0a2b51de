package io.varve.client.connection;

import com.google.protobuf.Int32Value;
import com.google.protobuf.StringValue;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.protobuf.ProtoUtils;
import java.time.Duration;

/**
 * The question of gRPC's health protocol: is the server as a whole serving?
 *
 * <p>The protocol's messages have one field each, a text and a number, so on the wire they are the
 * well-known wrapper types; that spares the client's users the JARs of gRPC's own services.
 */
final class HealthCall {

  /** {@code HealthCheckResponse.ServingStatus.SERVING}. */
  private static final int SERVING = 1;

  private static final MethodDescriptor<StringValue, Int32Value> CHECK =
      MethodDescriptor.<StringValue, Int32Value>newBuilder()
          .setType(MethodType.UNARY)
          .setFullMethodName("grpc.health.v1.Health/Check")
          .setRequestMarshaller(ProtoUtils.marshaller(StringValue.getDefaultInstance()))
          .setResponseMarshaller(ProtoUtils.marshaller(Int32Value.getDefaultInstance()))
          .build();

  private HealthCall() {}

  /** Asks once. */
  static boolean isServing(ManagedChannel channel, String server, Duration deadline) {
    try {
      Int32Value status =
          UnaryCalls.call(channel, server, CHECK, StringValue.getDefaultInstance(), deadline);
      return status.getValue() == SERVING;
    } catch (CallFailedException e) {
      throw e.error().toException();
    }
  }
}

package io.varve.server.api.grpc;

import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;

/**
 * Services of the contract that this release does not serve: described to callers, and answered
 * with a sentence.
 */
final class NotServedYet {
  private NotServedYet() {}

  /** A service whose every method says that it is not served yet. */
  static ServerServiceDefinition service(ServiceDescriptor descriptor) {
    ServerServiceDefinition.Builder builder = ServerServiceDefinition.builder(descriptor);
    for (MethodDescriptor<?, ?> method : descriptor.getMethods()) {
      add(builder, method);
    }
    return builder.build();
  }

  private static <Q, R> void add(
      ServerServiceDefinition.Builder builder, MethodDescriptor<Q, R> method) {
    builder.addMethod(
        method,
        (ServerCall<Q, R> _, Metadata _) -> {
          // The guard turns this into the call's status.
          throw Errors.notServedYet(method.getFullMethodName());
        });
  }
}

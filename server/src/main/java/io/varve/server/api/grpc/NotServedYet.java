package io.varve.server.api.grpc;

import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Services and methods of the contract that this release does not serve: described to callers, and
 * answered with a sentence.
 */
final class NotServedYet {
  private NotServedYet() {}

  /** A service of which some methods are served, and all others say that they are not yet. */
  static ServerServiceDefinition allBut(
      Set<MethodDescriptor<?, ?>> served, ServerServiceDefinition service) {
    Set<String> names =
        served.stream().map(MethodDescriptor::getFullMethodName).collect(Collectors.toSet());
    ServerServiceDefinition.Builder builder =
        ServerServiceDefinition.builder(service.getServiceDescriptor());
    for (ServerMethodDefinition<?, ?> method : service.getMethods()) {
      if (names.contains(method.getMethodDescriptor().getFullMethodName())) {
        builder.addMethod(method);
      } else {
        add(builder, method.getMethodDescriptor());
      }
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

package io.varve.server.api.kurrent;

import io.grpc.MethodDescriptor;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.varve.proto.kurrent.features.GetSupportedMethodsRequest;
import io.varve.proto.kurrent.features.GetSupportedMethodsResponse;
import io.varve.proto.kurrent.features.ServerFeaturesGrpc;
import io.varve.proto.kurrent.features.SupportedMethod;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The service {@code event_store.client.server_features.ServerFeatures}: by what it says clients
 * choose which methods they call.
 */
final class ServerFeaturesService extends ServerFeaturesGrpc.ServerFeaturesImplBase {
  /** What methods can do beyond their first forms, by service and method in lower case. */
  private static final Map<String, List<String>> FEATURES =
      Map.of(
          "event_store.client.streams.streams/batchappend", List.of("deadline_duration"),
          "event_store.client.streams.streams/read", List.of("position", "events"));

  private static final String GROUPS =
      "event_store.client.persistent_subscriptions.persistentsubscriptions";

  private final GetSupportedMethodsResponse answer;

  /**
   * @param release the release whose protocol this is: three numbers with dots between
   * @param services what is served
   */
  ServerFeaturesService(String release, List<ServerServiceDefinition> services) {
    GetSupportedMethodsResponse.Builder methods =
        GetSupportedMethodsResponse.newBuilder().setEventStoreServerVersion(release);
    for (ServerServiceDefinition service : services) {
      ServiceDescriptor descriptor = service.getServiceDescriptor();
      for (MethodDescriptor<?, ?> method : descriptor.getMethods()) {
        methods.addMethods(entry(descriptor.getName(), String.valueOf(method.getBareMethodName())));
      }
    }
    this.answer = methods.build();
  }

  private static SupportedMethod entry(String service, String method) {
    String serviceName = service.toLowerCase(Locale.ROOT);
    String methodName = method.toLowerCase(Locale.ROOT);
    List<String> features =
        serviceName.equals(GROUPS)
            ? List.of("stream", "all")
            : FEATURES.getOrDefault(serviceName + "/" + methodName, List.of());
    return SupportedMethod.newBuilder()
        .setServiceName(serviceName)
        .setMethodName(methodName)
        .addAllFeatures(features)
        .build();
  }

  @Override
  public void getSupportedMethods(
      GetSupportedMethodsRequest request, StreamObserver<GetSupportedMethodsResponse> observer) {
    ((ServerCallStreamObserver<GetSupportedMethodsResponse>) observer).setOnCancelHandler(() -> {});
    observer.onNext(answer);
    observer.onCompleted();
  }
}

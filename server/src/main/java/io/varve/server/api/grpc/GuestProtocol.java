package io.varve.server.api.grpc;

import com.google.rpc.Status;
import io.grpc.MethodDescriptor;
import io.grpc.ServerServiceDefinition;
import io.grpc.StatusRuntimeException;
import java.util.List;
import java.util.Set;

/**
 * Another store's protocol on Varve's port: an edge of its own over the same core. {@link
 * GrpcServer} serves it as it serves {@code varve.v1}: what stands around Varve's services (the
 * guard against malformed requests and faults, and whatever decides who may call) stands around a
 * guest's too, and says what it has to say as a {@link Status} that the guest puts into its own
 * words.
 */
public interface GuestProtocol {

  /** Its services, with nothing around them. */
  List<ServerServiceDefinition> services();

  /**
   * Those of its services, by name, that answer whoever asks, as health does, since its clients ask
   * before they say who they are. They tell nothing of what is stored.
   */
  Set<String> openServices();

  /** The names under which its clients ask for its health. */
  Set<String> healthNames();

  /** Those of its methods that look at the disk and may take long. */
  Set<MethodDescriptor<?, ?>> readingMethods();

  /** An error as its clients want to hear it. */
  StatusRuntimeException inItsWords(Status status);
}

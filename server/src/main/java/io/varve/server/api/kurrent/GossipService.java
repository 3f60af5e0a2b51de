package io.varve.server.api.kurrent;

import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.varve.proto.kurrent.gossip.EndPoint;
import io.varve.proto.kurrent.gossip.GossipGrpc;
import io.varve.proto.kurrent.gossip.MemberInfo;
import io.varve.proto.kurrent.gossip.MemberState;
import io.varve.proto.kurrent.gossip.ReadRequest;
import io.varve.proto.kurrent.gossip.ReadResponse;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The service {@code event_store.client.gossip.Gossip}: one server, which leads, at the address by
 * which the caller has reached it.
 */
final class GossipService extends GossipGrpc.GossipImplBase {
  private static final Context.Key<EndPoint> REACHED = Context.key("kurrent-reached-end-point");

  private final UUID memberId;
  private final InstantSource clock;

  /**
   * @param storeId of which the member's id is made: gossip is for everybody, the store's id is not
   */
  GossipService(UUID storeId, InstantSource clock) {
    this.memberId = UUID.nameUUIDFromBytes((storeId + "@gossip").getBytes(StandardCharsets.UTF_8));
    this.clock = clock;
  }

  /** The service, which knows how it was reached. */
  ServerServiceDefinition service() {
    return ServerInterceptors.intercept(bindService(), new Address());
  }

  @Override
  public void read(ReadRequest request, StreamObserver<ReadResponse> observer) {
    EndPoint reached = REACHED.get();
    ((ServerCallStreamObserver<ReadResponse>) observer).setOnCancelHandler(() -> {});
    observer.onNext(
        ReadResponse.newBuilder()
            .addMembers(
                MemberInfo.newBuilder()
                    .setInstanceId(Wire.uuid(memberId, false))
                    .setTimeStamp(Wire.ticks(clock.instant()))
                    .setState(MemberState.MEMBER_STATE_LEADER)
                    .setIsAlive(true)
                    .setHttpEndPoint(reached == null ? EndPoint.getDefaultInstance() : reached))
            .build());
    observer.onCompleted();
  }

  private static final class Address implements ServerInterceptor {
    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(
        ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
      InetSocketAddress local =
          call.getAttributes().get(Grpc.TRANSPORT_ATTR_LOCAL_ADDR)
                  instanceof InetSocketAddress address
              ? address
              : null;
      return Contexts.interceptCall(
          Context.current().withValue(REACHED, endPoint(call.getAuthority(), local)),
          call,
          headers,
          next);
    }
  }

  /**
   * Where the caller has reached this server.
   *
   * @param authority host and, perhaps, port as the caller knows them
   * @param local where its connection ended
   */
  static EndPoint endPoint(@Nullable String authority, @Nullable InetSocketAddress local) {
    String host = local == null ? "" : local.getHostString();
    int port = local == null ? 0 : local.getPort();
    if (authority != null && !authority.isEmpty()) {
      int colon = authority.lastIndexOf(':');
      boolean hasPort = colon > authority.lastIndexOf(']');
      host = hasPort ? authority.substring(0, colon) : authority;
      if (hasPort) {
        try {
          port = Integer.parseInt(authority.substring(colon + 1));
        } catch (NumberFormatException e) {
          host = authority; // no port after all
        }
      }
    }
    return EndPoint.newBuilder().setAddress(host).setPort(port).build();
  }
}

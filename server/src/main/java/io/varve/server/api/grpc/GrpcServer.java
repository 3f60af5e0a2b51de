package io.varve.server.api.grpc;

import com.google.rpc.Status;
import io.grpc.BindableService;
import io.grpc.InsecureServerCredentials;
import io.grpc.Server;
import io.grpc.ServerInterceptor;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.ChannelzService;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import io.varve.proto.v1.AccessGrpc;
import io.varve.proto.v1.AdminGrpc;
import io.varve.proto.v1.ConsumerGroupsGrpc;
import io.varve.proto.v1.EventStoreGrpc;
import io.varve.proto.v1.SnapshotsGrpc;
import io.varve.proto.v1.StreamsGrpc;
import io.varve.server.append.CommitListener;
import io.varve.server.config.ServerConfig;
import io.varve.server.config.Settings;
import io.varve.server.storage.EventRun;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArraySet;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The port: Varve's services with health, reflection and channelz beside them. Also listens to the
 * commit path, since a store that takes no more appends is not serving.
 */
public final class GrpcServer implements CommitListener {
  private static final Logger log = LoggerFactory.getLogger(GrpcServer.class);

  /**
   * Clients may ping this often; gRPC's own default of five minutes cuts clients off that ping
   * every ten seconds. Some ping every five, give or take what the network does to a ping.
   */
  private static final Duration PERMITTED_KEEP_ALIVE = Duration.ofSeconds(2);

  /**
   * A connection on which all calls that may be open are reset more often than this in ten seconds
   * is ended: a call that is begun and reset at once costs its caller nothing, and the server a
   * call. Whoever gives up everything, and again what is tried anew, does not come near.
   */
  private static final int MAX_RESETS_OF_ALL = 4;

  private static final int LEAST_RESETS = 10_000;
  private static final int RESETS_SECONDS = 10;

  private static final int MAX_CHANNELZ_PAGE = 100;

  /**
   * How long connections without calls that matter may take to close by themselves. Cut off at
   * once, a caller that is about to answer the good-bye would fail at that, and never read how its
   * call ended, though that is on its way.
   */
  private static final Duration GOOD_BYE = Duration.ofSeconds(1);

  private final HealthStatusManager health = new HealthStatusManager();
  private final CallsInFlight inFlight = new CallsInFlight();
  private final NettyServerBuilder builder;
  private final ServerConfig config;
  private final AccessGuard access;
  private final ServerInterceptor[] around;

  private static final List<String> SERVED =
      List.of(
          "",
          EventStoreGrpc.SERVICE_NAME,
          StreamsGrpc.SERVICE_NAME,
          SnapshotsGrpc.SERVICE_NAME,
          ConsumerGroupsGrpc.SERVICE_NAME,
          AdminGrpc.SERVICE_NAME,
          AccessGrpc.SERVICE_NAME);

  /** What health is asked for by: Varve's services and, once they are known, the guests'. */
  private final Set<String> served = new CopyOnWriteArraySet<>(SERVED);

  private final CallThreads threads;

  /**
   * @param tls the port's transport security; empty: none
   * @param access decides who may do what
   * @param calls runs appends and whatever else is short
   * @param reads runs reads, which may take long
   * @param observation who hears of the calls
   */
  public GrpcServer(
      ServerConfig config,
      Optional<ServerTls> tls,
      AccessGuard access,
      Executor calls,
      Executor reads,
      CallObservation observation) {
    this.access = access;
    this.config = config;
    this.threads = new CallThreads(calls, reads, !access.isOn());
    // The last is the first to see a call.
    List<ServerInterceptor> interceptors = new ArrayList<>(List.of(inFlight, new CallerAddress()));
    interceptors.addAll(observation.interceptors());
    this.around = interceptors.toArray(ServerInterceptor[]::new);
    this.builder =
        NettyServerBuilder.forAddress(
                new InetSocketAddress(config.get(Settings.HOST), config.get(Settings.PORT)),
                tls.map(ServerTls::credentials).orElseGet(InsecureServerCredentials::create))
            .executor(Runnable::run) // finds the method, and so whose thread goes on
            .callExecutor(threads)
            .decompressorRegistry(LateGzip.registry())
            .maxInboundMessageSize(config.limits().inboundMessageBytes())
            .maxConcurrentCallsPerConnection(config.get(Settings.CALLS_PER_CONNECTION))
            .maxRstFramesPerWindow(
                Math.max(
                    LEAST_RESETS, MAX_RESETS_OF_ALL * config.get(Settings.CALLS_PER_CONNECTION)),
                RESETS_SECONDS)
            .keepAliveTime(config.get(Settings.KEEP_ALIVE).toMillis(), TimeUnit.MILLISECONDS)
            .keepAliveTimeout(
                config.get(Settings.KEEP_ALIVE_TIMEOUT).toMillis(), TimeUnit.MILLISECONDS)
            .permitKeepAliveTime(PERMITTED_KEEP_ALIVE.toMillis(), TimeUnit.MILLISECONDS)
            .permitKeepAliveWithoutCalls(true);
    for (String service : served) {
      health.setStatus(service, ServingStatus.NOT_SERVING);
    }
  }

  /**
   * Opens the port and serves. Throws when the address cannot be had.
   *
   * @param guests other stores' protocols to serve beside Varve's
   */
  public Running start(
      EventStoreEndpoint endpoint,
      StreamsEndpoint streams,
      SnapshotsEndpoint snapshots,
      ConsumerGroupsEndpoint groups,
      AdminEndpoint admin,
      AccessEndpoint accessEndpoint,
      List<GuestProtocol> guests)
      throws IOException {
    add(endpoint.service());
    add(streams.service());
    add(snapshots.service());
    add(groups.service());
    add(admin.service());
    add(accessEndpoint.service());
    guests.forEach(this::add);
    addGuarded(health.getHealthService());
    if (config.get(Settings.REFLECTION)) {
      addReflection();
    }
    if (config.get(Settings.CHANNELZ)) {
      add(ChannelzService.newInstance(MAX_CHANNELZ_PAGE).bindService());
    }
    Server server = builder.build().start();
    for (String service : served) {
      health.setStatus(service, ServingStatus.SERVING);
    }
    return new Running(server, endpoint, groups, admin);
  }

  private void add(ServerServiceDefinition service) {
    add(behindAccess(service, Errors::exception), Errors::exception);
  }

  private void add(GuestProtocol guest) {
    served.addAll(guest.healthNames());
    guest.readingMethods().forEach(threads::readsToo);
    for (ServerServiceDefinition service : guest.services()) {
      boolean open = guest.openServices().contains(service.getServiceDescriptor().getName());
      add(open ? service : behindAccess(service, guest::inItsWords), guest::inItsWords);
    }
  }

  /**
   * @param inItsWords how the service's protocol tells an error
   */
  private void add(
      ServerServiceDefinition service, Function<Status, StatusRuntimeException> inItsWords) {
    builder.addService(
        ServerInterceptors.intercept(
            ServerInterceptors.intercept(
                RequestGuard.around(service, inItsWords), new StoreHeader(inItsWords)),
            around));
  }

  private ServerServiceDefinition behindAccess(
      ServerServiceDefinition service, Function<Status, StatusRuntimeException> inItsWords) {
    return access.isOn()
        ? ServerInterceptors.intercept(service, access.telling(inItsWords))
        : service;
  }

  /** Both versions: command-line tools of some years ago ask for v1alpha only. */
  @SuppressWarnings("deprecation") // v1alpha is deprecated, and asked for all the same
  private void addReflection() {
    addGuarded(ProtoReflectionServiceV1.newInstance());
    addGuarded(io.grpc.protobuf.services.ProtoReflectionService.newInstance());
  }

  /** A service of gRPC's own, whose calls a stop need not wait for. */
  private void addGuarded(BindableService service) {
    builder.addService(RequestGuard.around(service.bindService()));
  }

  @Override
  public void committed(List<EventRun> runs) {
    // Nothing here depends on what is committed.
  }

  @Override
  public void stopped(String reason) {
    for (String service : served) {
      health.setStatus(service, ServingStatus.NOT_SERVING);
    }
  }

  /** The open port. */
  public final class Running {
    private final Server server;
    private final EventStoreEndpoint endpoint;
    private final ConsumerGroupsEndpoint groups;
    private final AdminEndpoint admin;

    private Running(
        Server server,
        EventStoreEndpoint endpoint,
        ConsumerGroupsEndpoint groups,
        AdminEndpoint admin) {
      this.server = server;
      this.endpoint = endpoint;
      this.groups = groups;
      this.admin = admin;
    }

    /** The port that is listened on. */
    public int port() {
      return server.getPort();
    }

    /**
     * Stops serving: says so in health, takes no new calls, ends what would go on for ever, and
     * waits for calls in flight, cutting off those that are left when the time is over.
     */
    public void stop(Duration atMost) {
      health.enterTerminalState();
      server.shutdown();
      endpoint.stop();
      groups.stop();
      admin.stop();
      boolean interrupted = false;
      try {
        if (inFlight.awaitNone(atMost)) {
          // Who watches health, or asks for the contract, is cut off after it.
          server.awaitTermination(GOOD_BYE.toMillis(), TimeUnit.MILLISECONDS);
        } else {
          log.warn("cutting off calls that are still in flight after {}", atMost);
        }
      } catch (InterruptedException e) {
        interrupted = true;
      }
      server.shutdownNow();
      try {
        if (!server.awaitTermination(atMost.toMillis(), TimeUnit.MILLISECONDS)) {
          log.warn("the port has not closed after {}", atMost);
        }
      } catch (InterruptedException e) {
        interrupted = true;
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}

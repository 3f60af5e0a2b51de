package io.varve.server.api.kurrent;

import com.google.rpc.Status;
import io.grpc.MethodDescriptor;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import io.grpc.StatusRuntimeException;
import io.varve.proto.kurrent.features.ServerFeaturesGrpc;
import io.varve.proto.kurrent.gossip.GossipGrpc;
import io.varve.proto.kurrent.groups.PersistentSubscriptionsGrpc;
import io.varve.proto.kurrent.streams.StreamsGrpc;
import io.varve.proto.kurrent.users.UsersGrpc;
import io.varve.proto.kurrent.v2.streams.StreamsServiceGrpc;
import io.varve.server.api.grpc.Checks;
import io.varve.server.api.grpc.GuestProtocol;
import io.varve.server.append.CommitLog;
import io.varve.server.config.Limits;
import io.varve.server.group.ConsumerGroups;
import io.varve.server.ops.Compactor;
import io.varve.server.ops.Scavenger;
import io.varve.server.read.EventReader;
import io.varve.server.read.StreamDirectory;
import io.varve.server.security.AccessChanges;
import io.varve.server.security.AccessControl;
import io.varve.server.security.Secrets;
import io.varve.server.storage.Head;
import io.varve.server.subscription.Subscriptions;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Executor;
import java.util.function.IntConsumer;
import java.util.function.Supplier;

/** KurrentDB's protocol: its services over Varve's core. Thread-safe. */
public final class KurrentEndpoint implements GuestProtocol {
  /** The release of KurrentDB whose protocol is spoken; clients' tests go by it. */
  private static final String RELEASE = "26.1.0";

  private static final List<MethodDescriptor<?, ?>> READING =
      List.of(
          StreamsGrpc.getReadMethod(),
          StreamsGrpc.getDeleteMethod(),
          StreamsGrpc.getTombstoneMethod(),
          StreamsServiceGrpc.getAppendRecordsMethod(),
          PersistentSubscriptionsGrpc.getListMethod());

  /** What looks after the store. */
  public record Upkeep(Scavenger scavenger, Compactor compactor) {}

  /** Who may log in, and how that is changed. */
  public record Users(AccessControl access, AccessChanges changes, Secrets secrets) {}

  private final StreamsService streams;
  private final PersistentSubscriptionsService groups;
  private final List<ServerServiceDefinition> services;

  /**
   * @param storeId what the server is called in its gossip
   * @param executor goes on with reads, and with appends that are not decided by their first try
   * @param clock tells the time at which commands are proposed
   * @param eventIds makes ids for the records of what becomes of streams
   * @param upkeep what looks after the store
   * @param users who may log in
   * @param read hears how many events reads have handed to the transport; called on any thread, and
   *     must be short
   * @param delivered hears the same of subscriptions and consumer groups
   */
  public KurrentEndpoint(
      UUID storeId,
      CommitLog commitLog,
      EventReader reader,
      StreamDirectory directory,
      Subscriptions subscriptions,
      ConsumerGroups consumerGroups,
      Head head,
      Limits limits,
      Executor executor,
      InstantSource clock,
      Supplier<UUID> eventIds,
      Upkeep upkeep,
      Users users,
      IntConsumer read,
      IntConsumer delivered) {
    Checks checks = new Checks(limits);
    StreamDescriptions descriptions = new StreamDescriptions(reader, directory);
    Appends appends =
        new Appends(commitLog, directory, descriptions, limits, executor, clock, eventIds);
    EventViews views = new EventViews(reader, descriptions);
    this.streams =
        new StreamsService(
            reader,
            subscriptions,
            descriptions,
            views,
            appends,
            checks,
            executor,
            clock,
            read,
            delivered);
    this.groups =
        new PersistentSubscriptionsService(
            consumerGroups, reader, head, new GroupForm(checks), views, executor, clock, delivered);
    List<ServerServiceDefinition> served = new ArrayList<>();
    served.add(streams.bindService());
    served.add(
        new StreamsV2Service(commitLog, directory, new Records(checks, eventIds), executor, clock)
            .bindService());
    served.add(ServerInterceptors.intercept(groups.bindService(), new ConnectionName()));
    served.add(new ProjectionsService(head).bindService());
    served.add(
        new OperationsService(upkeep.scavenger(), upkeep.compactor(), groups::restart)
            .bindService());
    served.add(
        new UsersService(users.access(), users.changes(), users.secrets(), checks).bindService());
    served.add(new GossipService(storeId, clock).service());
    served.add(new ServerFeaturesService(RELEASE, served).bindService());
    this.services = List.copyOf(served);
  }

  @Override
  public List<ServerServiceDefinition> services() {
    return services;
  }

  @Override
  public Set<String> openServices() {
    return Set.of(ServerFeaturesGrpc.SERVICE_NAME, GossipGrpc.SERVICE_NAME);
  }

  @Override
  public Set<String> healthNames() {
    return Set.of(
        StreamsGrpc.SERVICE_NAME,
        StreamsServiceGrpc.SERVICE_NAME,
        PersistentSubscriptionsGrpc.SERVICE_NAME,
        ServerFeaturesGrpc.SERVICE_NAME);
  }

  @Override
  public Set<MethodDescriptor<?, ?>> readingMethods() {
    Set<MethodDescriptor<?, ?>> reading = new LinkedHashSet<>();
    reading.addAll(UsersGrpc.getServiceDescriptor().getMethods()); // a password takes its time
    reading.addAll(READING);
    return reading;
  }

  @Override
  public StatusRuntimeException inItsWords(Status status) {
    return KurrentErrors.of(status);
  }

  /** Ends the calls that would go on for ever and that nobody else ends. */
  public void stop() {
    streams.stop();
    groups.stop();
  }
}

package io.varve.server;

import io.varve.server.StartFailure.Kind;
import io.varve.server.api.grpc.AccessEndpoint;
import io.varve.server.api.grpc.AccessGuard;
import io.varve.server.api.grpc.AdminEndpoint;
import io.varve.server.api.grpc.ConsumerGroupsEndpoint;
import io.varve.server.api.grpc.EventStoreEndpoint;
import io.varve.server.api.grpc.GrpcServer;
import io.varve.server.api.grpc.ServerTls;
import io.varve.server.api.grpc.SnapshotsEndpoint;
import io.varve.server.api.grpc.StreamsEndpoint;
import io.varve.server.api.kurrent.KurrentEndpoint;
import io.varve.server.api.umadb.UmaDbEndpoint;
import io.varve.server.append.AppendSettings;
import io.varve.server.append.CommitListener;
import io.varve.server.append.CommitLog;
import io.varve.server.append.LocalCommitLog;
import io.varve.server.backup.BackupWriter;
import io.varve.server.backup.Backups;
import io.varve.server.config.OpsConfig;
import io.varve.server.config.ServerConfig;
import io.varve.server.config.Settings;
import io.varve.server.group.ConsumerGroups;
import io.varve.server.group.GroupLimits;
import io.varve.server.group.GroupStore;
import io.varve.server.ops.ArchiveSettings;
import io.varve.server.ops.ArchiveVerifier;
import io.varve.server.ops.Archiver;
import io.varve.server.ops.Compactor;
import io.varve.server.ops.LongTask;
import io.varve.server.ops.ScavengeSettings;
import io.varve.server.ops.Scavenger;
import io.varve.server.ops.Verifier;
import io.varve.server.ops.console.ConsoleStore;
import io.varve.server.ops.metrics.StoreView;
import io.varve.server.ops.metrics.UpkeepView;
import io.varve.server.read.EventReader;
import io.varve.server.read.StreamDirectory;
import io.varve.server.security.AccessChanges;
import io.varve.server.security.AccessControl;
import io.varve.server.security.AccessState;
import io.varve.server.security.AuditTrail;
import io.varve.server.security.Secrets;
import io.varve.server.security.StreamAcls;
import io.varve.server.snapshot.SnapshotStore;
import io.varve.server.storage.EventStorage;
import io.varve.server.storage.StorageException;
import io.varve.server.storage.Verification;
import io.varve.server.storage.archive.ArchivePlace;
import io.varve.server.storage.archive.ArchiveReads;
import io.varve.server.storage.archive.TimedReads;
import io.varve.server.storage.rocksdb.FolderPart;
import io.varve.server.storage.rocksdb.RocksDbEventStorage;
import io.varve.server.storage.rocksdb.RocksDbGroupStore;
import io.varve.server.storage.rocksdb.RocksDbSnapshotStore;
import io.varve.server.storage.rocksdb.StorageSettings;
import io.varve.server.subscription.SubscriptionSettings;
import io.varve.server.subscription.Subscriptions;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A running server: opens the data folder, starts the commit path, subscriptions and the port in
 * this order, and stops them in the reverse one. The place where clocks, randomness and threads are
 * made.
 */
public final class VarveServer implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(VarveServer.class);

  /** How long a pool's last tasks may take; they are steps of reads, and short. */
  private static final Duration POOL_STOP = Duration.ofSeconds(1);

  /** A backup, a verification, one of the archive and a compaction at the same time. */
  private static final int UPKEEP_THREADS = 4;

  private static final int ARCHIVE_READ_THREADS = 4;

  /** A disk that does not answer for so long cannot be reached. */
  private static final Duration ARCHIVE_PATIENCE = Duration.ofSeconds(10);

  /** How often expired tokens are looked for, and the audit trail is written. */
  private static final long SWEEP_MILLIS = 500;

  /** How long a stop waits for the end of the audit trail. */
  private static final Duration LAST_WRITES = Duration.ofSeconds(10);

  private final EventStorage storage;
  private final Subscriptions subscriptions;
  private final GrpcServer.Running port;
  private final Operations operations;

  /** How to stop what has been started, the last first. */
  private final Deque<Runnable> stops;

  private boolean closed; // guarded by this

  private VarveServer(
      EventStorage storage,
      Subscriptions subscriptions,
      GrpcServer.Running port,
      Operations operations,
      Deque<Runnable> stops) {
    this.storage = storage;
    this.subscriptions = subscriptions;
    this.port = port;
    this.operations = operations;
    this.stops = stops;
  }

  /** Starts a server. When this returns it serves; when it throws, nothing is left open. */
  public static VarveServer start(ServerConfig config) throws StartFailure {
    return start(config, Secrets.ROUNDS);
  }

  /** The same, with new passwords hashed so often. */
  static VarveServer start(ServerConfig config, int passwordRounds) throws StartFailure {
    Secrets secrets = new Secrets(new SecureRandom(), passwordRounds);
    Deque<Runnable> stops = new ArrayDeque<>();
    try {
      return start(config, secrets, stops);
    } catch (StartFailure | RuntimeException e) {
      stopAll(stops);
      throw e;
    }
  }

  private static VarveServer start(ServerConfig config, Secrets secrets, Deque<Runnable> stops)
      throws StartFailure {
    InstantSource clock = InstantSource.system();
    EventIds eventIds = new EventIds(clock, new SecureRandom());

    Optional<ServerTls> tls = TransportSecurity.of(config, clock);
    DataFolder folder = DataFolder.open(config.get(Settings.DATA));
    stops.push(folder::close);
    OfflineTools.refuseIfHalfRestored(folder.path());
    OpsConfig ops = OpsConfig.of(config);
    Operations operations =
        Operations.start(
            ops, folder, TransportSecurity.ofOps(config, tls), clock, System::nanoTime, stops);
    EventStorage storage = open(folder, config, eventIds.get(), archiveReads(stops));
    stops.push(storage::close);

    SnapshotStore snapshots =
        RocksDbSnapshotStore.open(
            folder.path(),
            storage.storeId(),
            storage.head().position(),
            config.get(Settings.SNAPSHOTS_KEPT));
    stops.push(snapshots::close);

    GroupStore groupStore = openGroups(folder, storage.storeId());
    stops.push(groupStore::close);
    folder.sync(); // before anything is promised that lies in what may just have been made
    operations.trace(ops, storage.storeId().toString(), stops);

    int cores = Runtime.getRuntime().availableProcessors();
    // Apart, so that a few long scans cannot keep appends waiting.
    ExecutorService calls = pool("varve-call-", Math.max(4, 2 * cores), stops);
    ExecutorService reads = pool("varve-read-", Math.max(4, 2 * cores), stops);
    ExecutorService deliveries = pool("varve-subscription-", Math.max(2, cores), stops);
    ExecutorService groupTurns = pool("varve-group-", Math.max(2, cores), stops);
    ExecutorService groupSaves = pool("varve-group-saver-", 1, stops);
    ScheduledExecutorService timer =
        Executors.newSingleThreadScheduledExecutor(named("varve-timer-"));
    stops.push(timer::shutdownNow);

    int pageBytes = Math.toIntExact(config.get(Settings.READ_PAGE));
    long reloadMillis = config.get(Settings.TLS_RELOAD_INTERVAL).toMillis();
    if (tls.isPresent()) {
      ScheduledFuture<?> reloads =
          timer.scheduleWithFixedDelay(
              tls.get()::reload, reloadMillis, reloadMillis, TimeUnit.MILLISECONDS);
      stops.push(() -> reloads.cancel(false));
    }
    EventReader reader = new EventReader(storage, pageBytes, clock);
    Subscriptions subscriptions =
        new Subscriptions(
            storage,
            reader,
            new SubscriptionSettings(
                config.get(Settings.RECENT_EVENTS),
                pageBytes,
                config.get(Settings.CHECKPOINT_EVENTS),
                config.get(Settings.CHECKPOINT_INTERVAL)),
            deliveries,
            timer,
            System::nanoTime);
    ConsumerGroups groups =
        consumerGroups(
            storage,
            reader,
            subscriptions,
            groupStore,
            new GroupLimits(config.get(Settings.GROUP_MEMORY)),
            groupTurns,
            groupSaves,
            clock,
            folder);
    stops.push(groups::close);
    groups.schedule(timer);
    // Nobody is subject to lists of streams while nobody is asked who they are.
    StreamAcls acls =
        config.get(Settings.ACCESS_CONTROL) ? streamAcls(reader, folder) : new StreamAcls();
    AccessControl access =
        new AccessControl(
            config.get(Settings.ACCESS_CONTROL),
            accessState(reader, clock, acls, folder),
            clock,
            salt(),
            secrets);
    if (access.isOn() && access.state().isEmpty()) {
      throw new StartFailure(
          Kind.CONFIGURATION,
          "access control is on and there is nobody who could do anything; stop here and make an"
              + " administrator: varve users add NAME --data "
              + folder.path());
    }
    AuditTrail audit = new AuditTrail(System::nanoTime);
    AccessGuard guard = new AccessGuard(access, audit);
    GrpcServer grpc = new GrpcServer(config, tls, guard, calls, reads, operations.calls());
    List<CommitListener> listeners = new ArrayList<>();
    if (access.isOn()) {
      acls.onChange(guard::sweep);
      listeners.add(acls);
    }
    listeners.addAll(List.of(subscriptions, groups, grpc));
    listeners.addAll(operations.commitListeners());
    AppendSettings appends =
        new AppendSettings(
            config.get(Settings.APPEND_QUEUE),
            config.get(Settings.APPEND_QUEUE_BYTES),
            config.get(Settings.BATCH_EVENTS),
            config.get(Settings.BATCH_BYTES),
            config.get(Settings.CACHED_STREAM_HEADS));
    LocalCommitLog local = new LocalCommitLog(storage, appends, Thread::new, listeners).start();
    stops.push(local::close);
    CommitLog commitLog = operations.observed(local);
    operations.guard(new OpsAccess(access, audit));
    SystemJournal journal = new SystemJournal(commitLog, clock, eventIds);
    ScheduledFuture<?> looks =
        timer.scheduleWithFixedDelay(
            () -> {
              guard.sweep();
              journal.write(audit);
            },
            SWEEP_MILLIS,
            SWEEP_MILLIS,
            TimeUnit.MILLISECONDS);
    stops.push(
        () -> {
          looks.cancel(false);
          journal.writeAll(audit, LAST_WRITES);
        });

    EventStoreEndpoint endpoint =
        new EventStoreEndpoint(
            commitLog,
            reader,
            snapshots,
            subscriptions,
            storage.head(),
            config.limits(),
            reads,
            clock,
            eventIds,
            operations.trafficListener());
    UmaDbEndpoint umaDb =
        new UmaDbEndpoint(
            commitLog,
            reader,
            subscriptions,
            storage.head(),
            config.limits(),
            reads,
            clock,
            eventIds,
            operations.trafficListener()::read,
            operations.trafficListener()::delivered);
    StreamDirectory directory = new StreamDirectory(storage);
    StreamsEndpoint streams =
        new StreamsEndpoint(commitLog, reader, directory, config.limits(), clock, eventIds);
    SnapshotsEndpoint snapshotsEndpoint =
        new SnapshotsEndpoint(snapshots, reader, config.limits(), clock);
    ConsumerGroupsEndpoint groupsEndpoint =
        new ConsumerGroupsEndpoint(
            groups, config.limits(), reads, clock, operations.trafficListener()::delivered);
    ScheduledExecutorService scavenges =
        Executors.newSingleThreadScheduledExecutor(named("varve-scavenge-"));
    stops.push(() -> stop(scavenges));
    Scavenger scavenger =
        new Scavenger(
                () -> storage.scavenge(clock),
                new ScavengeSettings(
                    config.get(Settings.SCAVENGE_INTERVAL), config.get(Settings.SCAVENGE_RATE)),
                scavenges,
                clock)
            .schedule();
    ExecutorService upkeepThreads = pool("varve-upkeep-", UPKEEP_THREADS, stops);
    AdminEndpoint.Upkeep upkeep =
        new AdminEndpoint.Upkeep(
            new Backups(
                config.find(Settings.BACKUP_FOLDER).orElse(null),
                folder.path(),
                new BackupWriter(
                    OfflineTools.backupSources(storage, snapshots, groupStore),
                    FolderPart.FROZEN.in(folder.path()),
                    clock)),
            new LongTask(upkeepThreads, clock),
            new Verifier(
                () -> verifications(storage, snapshots, groupStore),
                upkeepThreads,
                clock,
                System::nanoTime),
            new ArchiveVerifier(storage.archive(), upkeepThreads, clock, System::nanoTime),
            new Compactor(storage::compact, upkeepThreads, clock));
    AccessChanges accessChanges = new AccessChanges(access, journal);
    KurrentEndpoint kurrent =
        new KurrentEndpoint(
            storage.storeId(),
            commitLog,
            reader,
            directory,
            subscriptions,
            groups,
            storage.head(),
            config.limits(),
            reads,
            clock,
            eventIds,
            new KurrentEndpoint.Upkeep(scavenger, upkeep.compactor()),
            new KurrentEndpoint.Users(access, accessChanges, secrets),
            operations.trafficListener()::read,
            operations.trafficListener()::delivered);
    ScheduledExecutorService archiving =
        Executors.newSingleThreadScheduledExecutor(named("varve-archive-"));
    stops.push(() -> stop(archiving));
    Archiver archiver =
        new Archiver(
                storage,
                ArchiveSettings.after(
                    config.get(Settings.ARCHIVE_AFTER), config.get(Settings.ARCHIVE_RATE)),
                archiving,
                clock,
                eventIds)
            .schedule();
    AdminEndpoint admin =
        new AdminEndpoint(
            Release.number(),
            storage,
            snapshots,
            groups,
            subscriptions,
            operations.traffic(),
            scavenger,
            upkeep,
            config.limits(),
            archiver,
            System::nanoTime);
    stops.push(upkeep.backupTask()::cancel);
    stops.push(upkeep.verifier()::cancel);
    stops.push(upkeep.archiveVerifier()::cancel);
    try {
      GrpcServer.Running port =
          grpc.start(
              endpoint,
              streams,
              snapshotsEndpoint,
              groupsEndpoint,
              admin,
              new AccessEndpoint(access, accessChanges, secrets, config.limits()),
              List.of(umaDb, kurrent));
      StoreView view =
          new StoreView(
              storage,
              snapshots,
              local,
              appends,
              subscriptions,
              groups,
              new UpkeepView(
                  upkeep.backupTask(),
                  upkeep.backups()::lastPosition,
                  upkeep.verifier(),
                  upkeep.compactor(),
                  archiver),
              scavenger,
              operations.readiness(),
              operations.disk());
      String address = config.get(Settings.HOST) + ":" + port.port();
      operations.show(
          new ConsoleStore(
              Release.number(), address, view, reader, directory, reads, operations.traffic()),
          stops);
      stops.push(() -> port.stop(config.get(Settings.DRAIN_TIMEOUT)));
      stops.push(kurrent::stop);
      stops.push(operations.readiness()::stopping);
      return new VarveServer(storage, subscriptions, port, operations, stops);
    } catch (IOException e) {
      throw new StartFailure(
          Kind.ADDRESS_UNAVAILABLE,
          "cannot listen on "
              + config.get(Settings.HOST)
              + ":"
              + config.get(Settings.PORT)
              + " ("
              + rootMessage(e)
              + "); stop what listens there, or name another port with --port",
          e);
    }
  }

  private static List<Verification> verifications(
      EventStorage storage, SnapshotStore snapshots, GroupStore groups) {
    List<Verification> verifications = new ArrayList<>();
    verifications.add(storage.verification());
    verifications.add(storage.archiveVerification());
    verifications.addAll(
        snapshots.verifications(
            storage.storeId(),
            stream -> storage.streamHead(stream).version(),
            storage.head()::position));
    verifications.addAll(groups.verifications(storage.storeId(), storage.head()::position));
    return verifications;
  }

  /** Where old events are moved to; null for nowhere. */
  private static @Nullable ArchivePlace archive(ServerConfig config) throws StartFailure {
    Path folder = config.find(Settings.ARCHIVE_FOLDER).orElse(null);
    if (folder == null && config.get(Settings.ARCHIVE_AFTER).isPositive()) {
      throw new StartFailure(
          Kind.CONFIGURATION, "archive-after needs archive-folder, the place to move events to");
    }
    return folder == null
        ? null
        : ArchivePlace.folder(folder, config.get(Settings.ARCHIVE_SEGMENT));
  }

  /**
   * The archive's disk may hang, and a read of it cannot be interrupted: its threads are waited for
   * by nobody, not even by the end of the process.
   */
  private static ArchiveReads archiveReads(Deque<Runnable> stops) {
    ExecutorService threads =
        Executors.newFixedThreadPool(
            ARCHIVE_READ_THREADS,
            Thread.ofPlatform().daemon().name("varve-archive-read-", 1).factory());
    stops.push(threads::shutdown);
    return new TimedReads(threads, ARCHIVE_PATIENCE);
  }

  static EventStorage open(DataFolder folder, ServerConfig config, UUID newStoreId)
      throws StartFailure {
    return open(folder, config, newStoreId, ArchiveReads.DIRECT);
  }

  private static EventStorage open(
      DataFolder folder, ServerConfig config, UUID newStoreId, ArchiveReads archiveReads)
      throws StartFailure {
    ArchivePlace place = archive(config);
    ArchivePlace archive = place == null ? null : place.with(archiveReads);
    StorageSettings settings =
        new StorageSettings(
            config.get(Settings.BLOCK_CACHE),
            config.get(Settings.LOG_WRITE_BUFFER),
            config.get(Settings.INDEX_WRITE_BUFFER),
            config.get(Settings.BACKGROUND_JOBS));
    try {
      return RocksDbEventStorage.open(folder.path(), settings, newStoreId, archive);
    } catch (StorageException e) {
      throw new StartFailure(
          Kind.STORAGE_UNUSABLE,
          "the store in " + folder.path() + " cannot be opened: " + e.getMessage(),
          e);
    }
  }

  private static AccessState accessState(
      EventReader reader, InstantSource clock, StreamAcls acls, DataFolder folder)
      throws StartFailure {
    try {
      return SystemJournal.read(reader, clock.instant(), acls);
    } catch (StorageException e) {
      throw accessUnreadable(folder, e);
    }
  }

  private static StreamAcls streamAcls(EventReader reader, DataFolder folder) throws StartFailure {
    try {
      return SystemJournal.readAcls(reader);
    } catch (StorageException e) {
      throw accessUnreadable(folder, e);
    }
  }

  private static StartFailure accessUnreadable(DataFolder folder, StorageException cause) {
    return new StartFailure(
        Kind.STORAGE_UNUSABLE,
        "who may do what cannot be read from the store in "
            + folder.path()
            + ": "
            + cause.getMessage(),
        cause);
  }

  private static GroupStore openGroups(DataFolder folder, UUID storeId) throws StartFailure {
    try {
      return RocksDbGroupStore.open(folder.path(), storeId);
    } catch (StorageException e) {
      throw groupsUnusable(folder, e);
    }
  }

  private static ConsumerGroups consumerGroups(
      EventStorage storage,
      EventReader reader,
      Subscriptions subscriptions,
      GroupStore store,
      GroupLimits limits,
      Executor turns,
      Executor saves,
      InstantSource clock,
      DataFolder folder)
      throws StartFailure {
    try {
      return new ConsumerGroups(
          storage,
          reader,
          subscriptions.feeds(),
          store,
          limits,
          turns,
          saves,
          System::nanoTime,
          clock);
    } catch (StorageException e) {
      throw groupsUnusable(folder, e);
    }
  }

  private static StartFailure groupsUnusable(DataFolder folder, StorageException cause) {
    return new StartFailure(
        Kind.STORAGE_UNUSABLE,
        "the consumer groups in "
            + folder.path().resolve("groups")
            + " cannot be opened: "
            + cause.getMessage()
            + "; events are not concerned, and with that folder moved away the store starts without"
            + " consumer groups",
        cause);
  }

  private static byte[] salt() {
    byte[] salt = new byte[32];
    new SecureRandom().nextBytes(salt);
    return salt;
  }

  private static String rootMessage(Throwable failure) {
    Throwable root = failure;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return String.valueOf(root.getMessage());
  }

  /** A pool whose tasks end before what was opened before it is closed. */
  private static ExecutorService pool(String prefix, int threads, Deque<Runnable> stops) {
    ExecutorService pool = Executors.newFixedThreadPool(threads, named(prefix));
    stops.push(
        () -> {
          pool.shutdown();
          try {
            if (!pool.awaitTermination(POOL_STOP.toMillis(), TimeUnit.MILLISECONDS)) {
              log.warn("threads {} are still busy after {}", prefix, POOL_STOP);
            }
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
    return pool;
  }

  /** Lets the step in progress end, and no other begin. */
  private static void stop(ScheduledExecutorService steps) {
    steps.shutdownNow();
    try {
      if (!steps.awaitTermination(POOL_STOP.toMillis(), TimeUnit.MILLISECONDS)) {
        log.info("upkeep is at work; closing the store ends it");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static ThreadFactory named(String prefix) {
    return Thread.ofPlatform().name(prefix, 1).factory();
  }

  /** The port that is listened on. */
  public int port() {
    return port.port();
  }

  /** The operations port that is listened on; empty if there is none. */
  public OptionalInt opsPort() {
    return operations.port();
  }

  /** The store's id. */
  public UUID storeId() {
    return storage.storeId();
  }

  /** The newest position. 0 while the log is empty. */
  public long headPosition() {
    return storage.head().position();
  }

  /** How many subscriptions are open. */
  int subscriptionCount() {
    return subscriptions.count();
  }

  /**
   * Stops serving, lets calls in flight finish, and closes the data folder. A second call does
   * nothing.
   */
  @Override
  public void close() {
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
    }
    stopAll(stops);
  }

  private static void stopAll(Deque<Runnable> stops) {
    while (!stops.isEmpty()) {
      Runnable stop = stops.pop();
      try {
        stop.run();
      } catch (RuntimeException e) {
        log.error("a part of the server did not stop cleanly", e); // the others must still stop
      }
    }
  }
}

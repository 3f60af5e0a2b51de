package io.varve.server;

import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.varve.client.VarveClient;
import io.varve.server.config.ServerConfig;
import io.varve.server.config.Settings;
import io.varve.server.security.Role;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** A server in this process, on a port of its own, with channels that end before it. */
public final class TestServer implements AutoCloseable {
  private static final String HOST = "127.0.0.1";

  /** Passwords of tests are guessed by nobody, and are to cost nothing. */
  private static final int PASSWORD_ROUNDS = 10;

  private final VarveServer server;
  private final List<ManagedChannel> channels = new ArrayList<>();
  private final List<VarveClient> clients = new ArrayList<>();

  private TestServer(VarveServer server) {
    this.server = server;
  }

  public static TestServer start(Path folder) throws StartFailure {
    return keepingSnapshots(folder, Settings.SNAPSHOTS_KEPT.standard().orElseThrow());
  }

  /** A server that keeps the newest few snapshots of each stream; 0 for all. */
  public static TestServer keepingSnapshots(Path folder, int kept) throws StartFailure {
    return start(config(folder).with(Settings.SNAPSHOTS_KEPT, kept));
  }

  /** A server that makes backups below a folder. */
  public static TestServer backingUpTo(Path folder, Path backups) throws StartFailure {
    return start(config(folder).with(Settings.BACKUP_FOLDER, backups));
  }

  public static TestServer withChannelz(Path folder) throws StartFailure {
    return start(config(folder).with(Settings.REFLECTION, false).with(Settings.CHANNELZ, true));
  }

  /** A server on a port that somebody knows beforehand. */
  public static TestServer onPort(Path folder, int port) throws StartFailure {
    return start(config(folder).with(Settings.PORT, port));
  }

  /** A server that moves old events to a folder when it is asked to. */
  public static TestServer withArchive(Path folder, Path archive) throws StartFailure {
    return start(config(folder).with(Settings.ARCHIVE_FOLDER, archive));
  }

  /** A server with an operations port, whose console may change something. */
  public static TestServer withOps(Path folder) throws StartFailure {
    return start(
        config(folder)
            .with(Settings.OPS, true)
            .with(Settings.CONSOLE_CHANGES, true)
            .with(Settings.DISK_RESERVE, 0L));
  }

  /** The same, and it makes backups below a folder, and moves old events to another when asked. */
  public static TestServer withOps(Path folder, Path backups, Path archive) throws StartFailure {
    return start(
        config(folder)
            .with(Settings.OPS, true)
            .with(Settings.CONSOLE_CHANGES, true)
            .with(Settings.DISK_RESERVE, 0L)
            .with(Settings.BACKUP_FOLDER, backups)
            .with(Settings.ARCHIVE_FOLDER, archive));
  }

  /**
   * What a test's server is: on a free port, without another for operations, and nothing reclaimed
   * unless asked.
   */
  public static ServerConfig config(Path folder) {
    return ServerConfig.defaults()
        .with(Settings.DATA, folder)
        .with(Settings.PORT, 0)
        .with(Settings.OPS, false)
        .with(Settings.SCAVENGE_INTERVAL, Duration.ZERO);
  }

  /** A server that is run as a test says; see {@link #config}. */
  public static TestServer start(ServerConfig config) throws StartFailure {
    return new TestServer(VarveServer.start(config, PASSWORD_ROUNDS));
  }

  /** Users of a store that no server has open. */
  public static OfflineUsers users(Path folder) {
    return new OfflineUsers(folder, PASSWORD_ROUNDS);
  }

  /** Adds a user to a store that no server has open. */
  public static void addUser(Path folder, String name, Role role, String password)
      throws StartFailure {
    if (!users(folder).add(name, role, password)) {
      throw new IllegalStateException("there is a user " + name + " already");
    }
  }

  public int opsPort() {
    return server.opsPort().orElseThrow();
  }

  public int port() {
    return server.port();
  }

  /** A connection of its own. */
  public ManagedChannel connect() {
    return register(builder().build());
  }

  /** For a connection with settings of its own; hand the channel to {@link #register}. */
  public NettyChannelBuilder builder() {
    return NettyChannelBuilder.forAddress(HOST, port())
        .usePlaintext()
        .maxInboundMessageSize(Integer.MAX_VALUE);
  }

  /** Has a channel closed together with the server. */
  public synchronized ManagedChannel register(ManagedChannel channel) {
    channels.add(channel);
    return channel;
  }

  /** A client that waits longer than usual for an answer: the machine may be busy. */
  public VarveClient client() {
    return VarveClient.builder().endpoint(HOST, port()).deadline(Duration.ofMinutes(1)).build();
  }

  /** The same, closed together with the server. */
  public synchronized VarveClient ownClient() {
    VarveClient client = client();
    clients.add(client);
    return client;
  }

  /** A client that does not wait for what is not there to come back. */
  public VarveClient impatientClient() {
    return VarveClient.builder().endpoint(HOST, port()).retryFor(Duration.ofSeconds(5)).build();
  }

  /** Subscriptions that are open. */
  public int subscriptions() {
    return server.subscriptionCount();
  }

  public long headPosition() {
    return server.headPosition();
  }

  /** Stops the server as a signal would, with the clients still there. */
  public void stop() {
    server.close();
  }

  @Override
  public synchronized void close() {
    clients.forEach(VarveClient::close);
    channels.forEach(ManagedChannel::shutdownNow);
    server.close();
  }
}

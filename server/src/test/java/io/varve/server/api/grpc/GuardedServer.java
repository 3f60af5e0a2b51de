package io.varve.server.api.grpc;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.stub.MetadataUtils;
import io.varve.client.VarveClient;
import io.varve.client.streams.NewToken;
import io.varve.client.streams.UserRole;
import io.varve.server.TestServer;
import io.varve.server.config.Settings;
import io.varve.server.security.Role;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Locale;

/** A real server with access control, and a user of each role, whose name is the role's. */
public final class GuardedServer implements AutoCloseable {
  static final Duration PATIENCE = Duration.ofSeconds(60);
  public static final String PASSWORD = "correct horse";

  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

  private final TestServer server;
  private final ManagedChannel channel;
  private final VarveClient admin;

  private GuardedServer(TestServer server) {
    this.server = server;
    this.channel = server.connect();
    this.admin = client().user("administrator", PASSWORD).build();
  }

  /** Starts a server with a user of each role. */
  public static GuardedServer start(Path folder) throws Exception {
    TestServer.addUser(folder, "administrator", Role.ADMINISTRATOR, PASSWORD);
    GuardedServer started =
        new GuardedServer(
            TestServer.start(TestServer.config(folder).with(Settings.ACCESS_CONTROL, true)));
    for (UserRole role : UserRole.values()) {
      if (role != UserRole.ADMINISTRATOR) {
        started.admin.access().saveUser(role.name().toLowerCase(Locale.ROOT), role, PASSWORD);
      }
    }
    return started;
  }

  TestServer server() {
    return server;
  }

  /** A client of the administrator's. */
  public VarveClient admin() {
    return admin;
  }

  /** A client that is nobody yet. */
  public VarveClient.Builder client() {
    return VarveClient.builder().endpoint("127.0.0.1", server.port()).deadline(PATIENCE);
  }

  /** A token that allows this. */
  public NewToken token(String... permissions) {
    return admin.access().createToken("test", List.of(permissions), null);
  }

  /** A client with a token that allows this. */
  public VarveClient allowed(String... permissions) {
    return client().token(token(permissions).token()).build();
  }

  /** Calls without credentials. */
  public Channel channel() {
    return channel;
  }

  /** Calls as a user, by password. */
  public Channel as(String user) {
    return as(channel, user);
  }

  /** The same on another channel. */
  public static Channel as(Channel channel, String user) {
    return with(
        channel,
        "Basic " + Base64.getEncoder().encodeToString((user + ":" + PASSWORD).getBytes(UTF_8)));
  }

  /** Calls with a header {@code authorization}. */
  public Channel with(String authorization) {
    return with(channel, authorization);
  }

  private static Channel with(Channel channel, String authorization) {
    Metadata headers = new Metadata();
    headers.put(AUTHORIZATION, authorization);
    return ClientInterceptors.intercept(
        channel, MetadataUtils.newAttachHeadersInterceptor(headers));
  }

  @Override
  public void close() {
    admin.close();
    server.close();
  }
}

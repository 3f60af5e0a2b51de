package io.varve.server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import io.varve.server.Certificates;
import io.varve.server.Certificates.Signed;
import io.varve.server.TestServer;
import io.varve.server.config.Settings;
import io.varve.server.security.Role;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tools against a store with TLS, client certificates and access control. */
class AccessCommandTest {
  private static final String PASSWORD = "correct horse";

  @TempDir private static Path folder;
  private static Certificates authority;
  private static Signed client;
  private static Path strangers;
  private static TestServer server;

  /** A tool that trusts the store and shows its own certificate. */
  private static Tool varve;

  @BeforeAll
  static void start() throws Exception {
    authority = new Certificates(folder, "authority");
    strangers = new Certificates(folder, "stranger").pem();
    Signed identity = authority.sign("server", "localhost");
    client = authority.sign("client", "client.example");
    Path data = folder.resolve("data");
    TestServer.addUser(data, "root", Role.ADMINISTRATOR, PASSWORD);
    server =
        TestServer.start(
            TestServer.config(data)
                .with(Settings.TLS_CERT, identity.chain())
                .with(Settings.TLS_KEY, identity.key())
                .with(Settings.TLS_CLIENT_CA, authority.pem())
                .with(Settings.ACCESS_CONTROL, true));
    varve =
        anybody()
            .with("--ca", authority.pem())
            .with("--cert", client.chain())
            .with("--key", client.key());
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  private static Tool anybody() {
    return new Tool("localhost:" + server.port());
  }

  private static Tool root() throws Exception {
    return varve.with("--user", "root").with("--password-file", secret("root", PASSWORD));
  }

  private static Path secret(String name, String text) throws Exception {
    return Files.writeString(folder.resolve(name + ".secret"), text + "\n");
  }

  private static Tool.Run offline(Path data, String... arguments) {
    String[] all = new String[arguments.length + 3];
    all[0] = "users";
    System.arraycopy(arguments, 0, all, 1, arguments.length);
    all[all.length - 2] = "--data";
    all[all.length - 1] = data.toString();
    return new Tool("nowhere:1").in(Map.of("VARVE_NEW_PASSWORD", PASSWORD)).runAsIs(all);
  }

  @Test
  void a_tool_connects_as_a_user_or_with_a_token_over_tls() throws Exception {
    root().run("append", "account-1", "--type", "Opened").succeeds();
    root().run("append", "secret-1", "--type", "Opened").succeeds();
    JsonObject token =
        root()
            .run("tokens", "create", "reporting", "--allow", "read:category=account,append:a-")
            .succeeds()
            .line();
    Path file = secret("token", token.get("token").getAsString());

    assertThat(varve.with("--token-file", file).run("read").succeeds().output())
        .contains("account-1")
        .doesNotContain("secret-1", "$access");
    assertThat(
            varve
                .in(Map.of("VARVE_TOKEN", token.get("token").getAsString()))
                .run("read", "account-1")
                .succeeds()
                .lines())
        .hasSize(1);
    assertThat(varve.in(Map.of("VARVE_PASSWORD", PASSWORD)).with("--user", "root").run("stats"))
        .satisfies(Tool.Run::succeeds);
    varve
        .with("--token-file", file)
        .run("append", "account-1", "--type", "Closed")
        .fails(ExitCode.DENIED, "append", "account-1");
    varve.run("stats").fails(ExitCode.DENIED, "no credentials");
    varve
        .with("--token-file", secret("wrong", "varve_000000000000_no"))
        .run("stats")
        .fails(ExitCode.DENIED, "token is not valid");
  }

  @Test
  void tokens_are_made_listed_and_revoked() throws Exception {
    Tool.Run raw =
        root()
            .run("tokens", "create", "raw", "--allow", "read", "--expires-in", "1h", "--raw")
            .succeeds();
    String secret = raw.output().strip();
    assertThat(secret).startsWith("varve_").doesNotContain(" ", "{");
    JsonObject listed =
        root().run("tokens", "list").succeeds().lines().stream()
            .filter(line -> line.get("name").getAsString().equals("raw"))
            .findFirst()
            .orElseThrow();
    assertThat(listed.has("token")).isFalse();
    assertThat(listed.has("expires_at")).isTrue();
    String id = listed.get("id").getAsString();
    assertThat(secret).contains(id);

    root().run("tokens", "revoke", id).succeeds();

    root().run("tokens", "revoke", id).fails(ExitCode.NOT_THERE, id);
    varve.in(Map.of("VARVE_TOKEN", secret)).run("read").fails(ExitCode.DENIED, "revoked");
    root().run("tokens", "create", "x", "--allow", "fly").fails(ExitCode.REFUSED, "permissions[0]");
    root()
        .run("tokens", "create", "x", "--allow", "read", "--expires-in", "soon")
        .fails(ExitCode.USAGE, "--expires-in");
  }

  @Test
  void users_are_added_changed_and_removed_while_the_store_runs() throws Exception {
    Path first = secret("first", "first password");
    Path second = secret("second", "second password");
    root()
        .run("users", "add", "ada", "--role", "reader", "--new-password-file", first.toString())
        .succeeds();
    root()
        .run("users", "add", "ada", "--role", "reader", "--new-password-file", first.toString())
        .fails(ExitCode.CONFLICT, "ada", "users set");
    Tool ada = varve.with("--user", "ada").with("--password-file", first);
    ada.run("read").succeeds();
    ada.run("users", "list").fails(ExitCode.DENIED, "administer");

    root().run("users", "set", "ada", "--role", "manager").succeeds();
    assertThat(root().run("users", "list").succeeds().output())
        .contains("{\"name\":\"ada\",\"role\":\"manager\"}");
    ada.run("streams", "retention", "account-7", "--max-count", "3").succeeds();

    root().run("users", "set", "ada", "--new-password-file", second.toString()).succeeds();
    ada.run("read").fails(ExitCode.DENIED, "password is another");
    varve.with("--user", "ada").with("--password-file", second).run("read").succeeds();

    root().run("users", "remove", "ada").succeeds();
    root().run("users", "remove", "ada").fails(ExitCode.NOT_THERE, "ada");
    root().run("users", "set", "ada", "--role", "reader").fails(ExitCode.NOT_THERE, "ada");
    root().run("users", "set", "root").fails(ExitCode.USAGE, "nothing to set");
  }

  @Test
  void users_of_a_folder_that_no_server_has_open_are_whoevers_may_write_there(@TempDir Path data) {
    offline(data, "add", "root", "--role", "administrator").succeeds();
    offline(data, "add", "root", "--role", "reader").fails(ExitCode.CONFLICT, "root");
    offline(data, "add", "app", "--role", "writer").succeeds();
    offline(data, "set", "app", "--role", "reader").succeeds();
    assertThat(offline(data, "list").succeeds().lines())
        .extracting(line -> line.get("name").getAsString() + " " + line.get("role").getAsString())
        .containsExactly("app reader", "root administrator");
    offline(data, "remove", "app").succeeds();
    offline(data, "remove", "app").fails(ExitCode.NOT_THERE, "app");
    offline(data, "set", "app", "--role", "reader").fails(ExitCode.NOT_THERE, "app");
    offline(data, "add", "x", "--role", "king").fails(ExitCode.USAGE, "king");
    offline(data, "add", "a:b", "--role", "reader").fails(ExitCode.USAGE, ":");
    offline(folder.resolve("data"), "list").fails(ExitCode.FOLDER_IN_USE);
  }

  @Test
  void what_is_wrong_with_the_link_or_the_options_is_one_sentence() throws Exception {
    Tool quick = anybody().with("--timeout", "2s").with("--user", "root");
    quick = quick.in(Map.of("VARVE_PASSWORD", PASSWORD));
    quick
        .with("--ca", strangers)
        .with("--cert", client.chain())
        .with("--key", client.key())
        .run("stats")
        .fails(ExitCode.ADDRESS_UNAVAILABLE, "localhost");
    quick.with("--ca", authority.pem()).run("stats").fails(ExitCode.ADDRESS_UNAVAILABLE);
    quick.run("stats").fails(ExitCode.ADDRESS_UNAVAILABLE);
    quick
        .with("--ca", authority.pem())
        .with("--cert", client.chain())
        .with("--key", client.key())
        .with("--server-name", "elsewhere.example")
        .run("stats")
        .fails(ExitCode.ADDRESS_UNAVAILABLE, "elsewhere.example");

    anybody().with("--cert", client.chain()).run("stats").fails(ExitCode.USAGE, "--key");
    anybody().with("--user", "root").run("stats").fails(ExitCode.USAGE, "VARVE_PASSWORD");
    anybody().with("--password-file", "x").run("stats").fails(ExitCode.USAGE, "--user");
    anybody()
        .with("--user", "root")
        .with("--token-file", "x")
        .run("stats")
        .fails(ExitCode.USAGE, "--token-file");
    anybody()
        .with("--token-file", folder.resolve("none"))
        .run("stats")
        .fails(ExitCode.NOT_THERE, "none");
    anybody().with("--ca", folder.resolve("none")).run("stats").fails(ExitCode.NOT_THERE, "none");
    new Tool("varve.example:2113")
        .in(Map.of("VARVE_TOKEN", "t"))
        .run("stats")
        .fails(ExitCode.USAGE, "in the clear");
  }
}

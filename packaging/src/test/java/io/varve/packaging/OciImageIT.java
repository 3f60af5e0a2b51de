package io.varve.packaging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The image, unpacked and run by runc, which is what Docker and others run containers with: as the
 * user, with the environment and the command that the image names, on a root folder that cannot be
 * written, and a volume. Only the network is this machine's, so that tools reach the server.
 */
@EnabledOnOs(OS.LINUX)
class OciImageIT {
  private static final JsonMapper JSON = new JsonMapper();

  @TempDir Path folder;
  private JsonNode config = JSON.createObjectNode();

  @BeforeEach
  void unpack() throws Exception {
    assumeTrue(
        System.getenv("VARVE_CI") != null && System.getProperty("user.name").equals("root"),
        "makes containers, so only as root and where VARVE_CI is set");
    Path image = Files.createDirectories(folder.resolve("image"));
    untar("-xf", InstalledVarve.packageThatEndsWith(".oci.tar"), image);
    JsonNode index = JSON.readTree(image.resolve("index.json"));
    JsonNode manifest = JSON.readTree(blob(image, index.at("/manifests/0")));
    config = JSON.readTree(blob(image, manifest.at("/config")));
    Path root = Files.createDirectories(folder.resolve("bundle/rootfs"));
    for (JsonNode layer : manifest.at("/layers")) {
      untar("-xzf", blob(image, layer), root);
    }
  }

  @Test
  void it_runs_with_nothing_but_what_is_in_it() throws Exception {
    assumeTrue(
        new ProcessBuilder("unshare", "--mount", "--pid", "--ipc", "--uts", "--fork", "true")
                .start()
                .waitFor()
            == 0,
        "this machine lets nobody make namespaces, as some containers do");
    Path data = Files.createDirectories(folder.resolve("volume"));
    Program.run(folder, Map.of(), List.of("chown", "10001:10001", data.toString()));
    String inContainer = config.at("/config/WorkingDir").asString();

    bundle("serve", "--port", "0", "--port-file", inContainer + "/port");
    try (Program server = Program.start(folder, Map.of(), runc("server"))) {
      String address = "127.0.0.1:" + server.port(data.resolve("port"));
      assertThat(tool("health", "--address", address, "--timeout", "3m"))
          .contains("\"status\":\"serving\"");
      tool("append", "a", "--type", "A", "--json", "1", "--address", address, "--timeout", "3m");
      assertThat(tool("read", "a", "--address", address, "--timeout", "3m"))
          .contains("\"type\":\"A\"");

      assertThat(server.stopItself()).as(server.output()).isIn(0, 143);
      assertThat(server.output()).contains("ready on");
    }
    assertThat(data.resolve("log")).isDirectory();
  }

  @Test
  void it_says_how_it_wants_to_be_run() {
    assertThat(config.at("/config/User").asString()).isEqualTo("10001:10001");
    assertThat(config.at("/config/Cmd").toString()).isEqualTo("[\"serve\"]");
    assertThat(config.at("/config/ExposedPorts").propertyNames())
        .containsExactlyInAnyOrder("2113/tcp", "2114/tcp");
    assertThat(config.at("/rootfs/diff_ids").size()).isEqualTo(2);
  }

  private String tool(String... arguments) throws Exception {
    bundle(arguments);
    return Program.run(folder, Map.of(), runc("tool"));
  }

  private List<String> runc(String name) {
    return List.of(
        "runc",
        "--root",
        folder.resolve("runc").toString(),
        "run",
        "--bundle",
        folder.resolve("bundle").toString(),
        "varve-" + name + "-" + UUID.randomUUID());
  }

  /** Writes down what is to be run, as a container engine does from an image and a command line. */
  private void bundle(String... arguments) throws Exception {
    Path folderOfBundle = folder.resolve("bundle");
    Path file = folderOfBundle.resolve("config.json");
    Files.deleteIfExists(file);
    Program.run(folder, Map.of(), List.of("runc", "spec", "--bundle", folderOfBundle.toString()));
    ObjectNode bundle = (ObjectNode) JSON.readTree(file);
    ObjectNode process = (ObjectNode) bundle.get("process");
    process.put("terminal", false);
    String[] user = config.at("/config/User").asString().split(":", -1);
    process
        .putObject("user")
        .put("uid", Integer.parseInt(user[0]))
        .put("gid", Integer.parseInt(user[1]));
    process.set("env", config.at("/config/Env"));
    process.set("cwd", config.at("/config/WorkingDir"));
    ArrayNode command = process.putArray("args");
    config.at("/config/Entrypoint").forEach(command::add);
    List.of(arguments).forEach(command::add);
    ArrayNode mounts = (ArrayNode) bundle.get("mounts");
    mounts.addObject().put("destination", "/tmp").put("type", "tmpfs").put("source", "tmpfs");
    mounts
        .addObject()
        .put("destination", config.at("/config/Volumes").propertyNames().iterator().next())
        .put("type", "bind")
        .put("source", folder.resolve("volume").toString())
        .putArray("options")
        .add("rbind");
    List<JsonNode> namespaces = new ArrayList<>();
    bundle.at("/linux/namespaces").forEach(namespaces::add);
    namespaces.removeIf(namespace -> namespace.get("type").asString().equals("network"));
    ((ObjectNode) bundle.get("linux")).putArray("namespaces").addAll(namespaces);
    JSON.writeValue(file, bundle);
  }

  private void untar(String how, Path archive, Path to) throws Exception {
    Program.run(folder, Map.of(), List.of("tar", how, archive.toString(), "-C", to.toString()));
  }

  private static Path blob(Path image, JsonNode descriptor) {
    return image.resolve("blobs").resolve(descriptor.get("digest").asString().replace(':', '/'));
  }
}

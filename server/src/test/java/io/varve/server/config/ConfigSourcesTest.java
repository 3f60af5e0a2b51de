package io.varve.server.config;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigSourcesTest {
  private static final Path TOOLS = Path.of("src", "main", "java", "io", "varve", "server", "cli");

  @TempDir private Path folder;

  private final Map<Setting<?>, String> options = new LinkedHashMap<>();
  private final Map<String, String> environment = new LinkedHashMap<>();

  private ServerConfig read() throws ConfigException {
    return ConfigSources.read(options, environment);
  }

  private Path file(String... lines) throws Exception {
    Path file = folder.resolve("varve.properties");
    Files.writeString(file, String.join("\n", lines), UTF_8);
    options.put(Settings.CONFIG, file.toString());
    return file;
  }

  private void isRefused(boolean commandLine, String... words) {
    assertThatThrownBy(this::read)
        .asInstanceOf(type(ConfigException.class))
        .satisfies(e -> assertThat(e.isCommandLine()).isEqualTo(commandLine))
        .satisfies(e -> assertThat(e).hasMessageContainingAll(words));
  }

  @Test
  void without_a_word_everything_is_as_by_default() throws Exception {
    ServerConfig config = read();

    assertThat(config.get(Settings.PORT)).isEqualTo(2113);
    assertThat(config.find(Settings.DATA)).isEmpty();
    assertThat(config.limits()).isEqualTo(Limits.defaults());
    for (Setting<?> setting : Settings.all()) {
      assertThat(config.origin(setting)).isEqualTo(new Origin.Default());
    }
  }

  @Test
  void an_option_counts_before_a_variable_and_that_before_the_file() throws Exception {
    Path file = file("port = 1", "snapshots-kept = 1", "append-queue=1");
    environment.put("VARVE_PORT", "2");
    environment.put("VARVE_SNAPSHOTS_KEPT", "2");
    options.put(Settings.PORT, "3");

    ServerConfig config = read();

    assertThat(config.get(Settings.PORT)).isEqualTo(3);
    assertThat(config.origin(Settings.PORT)).isEqualTo(new Origin.CommandLine());
    assertThat(config.get(Settings.SNAPSHOTS_KEPT)).isEqualTo(2);
    assertThat(config.origin(Settings.SNAPSHOTS_KEPT)).isEqualTo(new Origin.Environment());
    assertThat(config.get(Settings.APPEND_QUEUE)).isEqualTo(1);
    assertThat(config.origin(Settings.APPEND_QUEUE)).isEqualTo(new Origin.File(file.toString()));
    assertThat(config.get(Settings.BATCH_EVENTS)).isEqualTo(10_000);
  }

  @Test
  void the_environment_can_name_the_file_and_the_command_line_another() throws Exception {
    Path one = Files.writeString(folder.resolve("one"), "port = 1");
    Path two = Files.writeString(folder.resolve("two"), "port = 2");
    environment.put("VARVE_CONFIG", one.toString());
    assertThat(read().get(Settings.PORT)).isEqualTo(1);

    options.put(Settings.CONFIG, two.toString());
    assertThat(read().get(Settings.PORT)).isEqualTo(2);
  }

  @Test
  void the_file_may_have_comments_blank_lines_and_blanks_around_values() throws Exception {
    file("# the port", "", "  port :  17  ", "! data", "data=/srv/dätä");

    assertThat(read().get(Settings.PORT)).isEqualTo(17);
    assertThat(read().get(Settings.DATA)).isEqualTo(Path.of("/srv/dätä"));
  }

  @Test
  void lengths_of_time_and_sizes_have_units() throws Exception {
    file("checkpoint-interval = 200ms", "block-cache = 2GiB", "limit-payload-bytes = 1MiB");
    environment.put("VARVE_LIMIT_TAGS", "7");

    ServerConfig config = read();

    assertThat(config.get(Settings.CHECKPOINT_INTERVAL)).isEqualTo(Duration.ofMillis(200));
    assertThat(config.get(Settings.BLOCK_CACHE)).isEqualTo(2L << 30);
    assertThat(config.limits())
        .isEqualTo(Limits.defaults().with("payload-bytes", 1 << 20).with("tags", 7));
  }

  @Test
  void a_key_of_the_file_that_is_not_known_is_an_error_with_a_suggestion() throws Exception {
    Path file = file("snapshot-kept = 4");
    isRefused(false, file.toString(), "snapshot-kept", "did you mean snapshots-kept?");

    file("wholly-different = 4");
    assertThatThrownBy(this::read).message().doesNotContain("did you mean");
  }

  @Test
  void a_variable_that_is_not_known_is_an_error_with_a_suggestion() {
    environment.put("VARVE_PROT", "4");
    isRefused(false, "VARVE_PROT", "did you mean VARVE_PORT?");
  }

  @Test
  void a_value_that_cannot_be_is_told_with_the_place_to_correct_it() throws Exception {
    options.put(Settings.PORT, "99999");
    isRefused(true, "--port must be from 0 to 65535, was 99999");
    options.clear();

    environment.put("VARVE_PORT", "many");
    isRefused(false, "VARVE_PORT must be a whole number, was many");
    environment.clear();

    Path file = file("reflection = yes");
    isRefused(false, file + ": reflection must be true or false, was yes");
  }

  @Test
  void what_is_wrong_in_the_file_is_an_error_even_where_an_option_counts_before_it()
      throws Exception {
    file("port = many");
    options.put(Settings.PORT, "1");
    isRefused(false, "port", "many");
  }

  @Test
  void a_name_that_the_file_says_twice_is_an_error() throws Exception {
    file("port = 1", "port = 2");
    isRefused(false, "port is said twice");
  }

  @Test
  void a_file_that_cannot_be_read_is_an_error_of_whoever_named_it() throws Exception {
    options.put(Settings.CONFIG, folder.resolve("none").toString());
    isRefused(true, "--config", "not there");
    options.clear();
    environment.put("VARVE_CONFIG", folder.toString());
    isRefused(false, "VARVE_CONFIG", folder.toString());
    environment.clear();

    Path file = file("port = 1");
    Files.write(file, new byte[] {'#', (byte) 0xff});
    isRefused(false, "UTF-8");
    file("config = other");
    isRefused(false, "config cannot stand in the file");
  }

  @ParameterizedTest
  @CsvSource({
    "VARVE_JAVA_HOME, /usr",
    "VARVE_CLIENT_ADDRESS, localhost",
    "VARVE_SERVICE_HOST, 10.0.0.7",
    "VARVE_SERVICE_PORT_GRPC, 2113",
    "VARVE_PORT, tcp://10.0.0.7:2113",
    "VARVE_PORT_2113_TCP_ADDR, 10.0.0.7",
    "VARVE_BANK_DEMO_SERVICE_HOST, 10.0.0.8",
    "VARVE_BANK_DEMO_SERVICE_PORT, 8080",
    "VARVE_BANK_DEMO_SERVICE_PORT_HTTP, 8080",
    "VARVE_BANK_DEMO_PORT, tcp://10.0.0.8:8080",
    "VARVE_BANK_DEMO_PORT_8080_TCP, tcp://10.0.0.8:8080",
    "VARVE_BANK_DEMO_PORT_8080_TCP_PROTO, tcp",
    "VARVE_OPS_PORT, tcp://10.0.0.9:2114",
    "VARVE_DNS_PORT_53_UDP, udp://10.0.0.9:53",
    "HOME, /root"
  })
  void variables_of_others_are_let_be(String name, String value) throws Exception {
    environment.put(name, value);
    assertThat(read().get(Settings.PORT)).isEqualTo(2113);
  }

  @Test
  void a_misspelt_setting_is_none_of_a_services_links() {
    for (String name : List.of("VARVE_OPPS_PORT", "VARVE_PORTS", "VARVE_SERVICE")) {
      environment.clear();
      environment.put(name, "2114");
      isRefused(false, name);
    }
    environment.clear();
    environment.put("VARVE_OPS_PORT", "http://10.0.0.9:2114");
    isRefused(false, "VARVE_OPS_PORT", "whole number");
  }

  @Test
  void no_setting_has_the_name_of_a_services_link() {
    for (Setting<?> setting : Settings.all()) {
      assertThat(OtherVariables.contains(setting.variable(), "1")).as(setting.name()).isFalse();
    }
  }

  /** Somebody has them in a shell, and starts a server there. */
  @Test
  void every_variable_that_a_tool_reads_is_let_be() throws Exception {
    Set<String> read = new TreeSet<>();
    try (DirectoryStream<Path> sources = Files.newDirectoryStream(TOOLS, "*.java")) {
      for (Path source : sources) {
        Pattern.compile("VARVE_[A-Z_]+")
            .matcher(Files.readString(source, UTF_8))
            .results()
            .forEach(found -> read.add(found.group()));
      }
    }
    Settings.all().forEach(setting -> read.remove(setting.variable()));
    assertThat(read).contains("VARVE_ADDRESS", "VARVE_NEW_PASSWORD").hasSizeGreaterThan(10);
    read.forEach(name -> environment.put(name, "x"));

    assertThat(read().get(Settings.PORT)).isEqualTo(2113);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "1.5MiB", "64KB", "-1", "MiB", "9999999999999999999"})
  void what_is_no_size_is_refused(String text) {
    assertThatThrownBy(() -> ByteSizes.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("must be")
        .hasMessageEndingWith("was " + text);
  }

  @Test
  void what_a_program_sets_is_held_to_the_bounds_as_well() {
    assertThatThrownBy(() -> ServerConfig.defaults().with(Settings.PORT, -1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("port must be from 0 to 65535, was -1");
    assertThatThrownBy(() -> ServerConfig.defaults().with(Settings.SNAPSHOTS_KEPT, -1))
        .hasMessageContaining("-1");
  }
}

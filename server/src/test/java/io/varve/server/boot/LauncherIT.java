package io.varve.server.boot;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The {@code varve} script at the root, run in a source folder made up for it.
 *
 * <p>Java and Maven are stand-ins here, shell scripts that write down how they were called: what is
 * tested is whom the script calls, with what, and how it passes on signals and exit codes. That no
 * Java is found at all is not tested, since a machine's own folders cannot be hidden from it.
 */
class LauncherIT {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private static final String ECHOING_JAVA =
      """
      #!/bin/sh
      printf 'java %s\\n' "$$"
      printf '<%s>\\n' "$@"
      exit "${FAKE_EXIT_CODE:-0}"
      """;

  /**
   * Runs until it gets TERM, as the store and the bank demo do, or until a file tells it to die.
   */
  private static final String SERVING_JAVA =
      """
      #!/bin/sh
      case "$*" in
        *varve-server.jar*) name=store port=4711 ;;
        *) name=bank port=4712 ;;
      esac
      printf '%s: %s\\n' "$name" "$*" >>calls
      trap 'echo "$name ended by TERM" >>calls; exit 143' TERM
      while [ "$1" != --port-file ]; do shift; done
      if [ "$3" = --ops-port-file ]; then echo 4713 >"$4"; fi
      if [ ! -e "$name-dies-early" ]; then echo "$port" >"$2"; fi
      while [ -e calls ] && [ ! -e "$name-dies" ] && [ ! -e "$name-dies-early" ]; do sleep 0.05; done
      exit 75
      """;

  private static final String MAVEN_THAT_WORKS =
      """
      #!/bin/sh
      echo "mvn $*" >>calls
      echo '[INFO] Building Varve proto 0.1.0                                        [2/5]'
      touch target/built
      """;

  private static final String MAVEN_THAT_FAILS =
      """
      #!/bin/sh
      echo '[ERROR] There is a semicolon missing.'
      exit 1
      """;

  @TempDir Path temp;
  private Path home;
  private final List<Process> started = new ArrayList<>();

  @BeforeEach
  void lay_out_a_source_folder_that_is_built() throws IOException {
    home = Files.createDirectories(temp.resolve("a source folder"));
    Path script = Path.of(System.getProperty("basedir", "")).toAbsolutePath().resolve("../varve");
    Files.copy(script, home.resolve("varve"));
    Files.createFile(home.resolve("pom.xml"));
    for (String module : List.of("proto", "client", "server", "bank-demo")) {
      Files.createDirectories(home.resolve(module).resolve("src/main/java"));
      Files.createFile(home.resolve(module).resolve("pom.xml"));
      Files.createDirectories(home.resolve(module).resolve("target"));
    }
    Files.createFile(home.resolve("server/target/varve-server.jar"));
    Files.createFile(home.resolve("bank-demo/target/varve-bank-demo.jar"));
    Files.createDirectories(home.resolve("target"));
    Files.createFile(home.resolve("target/built"));
    Files.setLastModifiedTime(home.resolve("target/built"), FileTime.from(soon()));
    install_java(25, ECHOING_JAVA);
    program("bin/mvn", MAVEN_THAT_FAILS);
  }

  @AfterEach
  void leave_no_process_behind() {
    for (Process process : started) {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
  }

  @Test
  void a_subcommand_becomes_the_jvm_of_the_server_with_its_arguments_unchanged() throws Exception {
    Run run = varve("serve", "--data", "a folder", "it's \"quoted\" $HOME *");

    assertThat(run.exitCode()).isZero();
    assertThat(run.output())
        .contains("java " + run.pid())
        .contains("<-jar>\n<" + home.toRealPath() + "/server/target/varve-server.jar>\n<serve>")
        .contains("<--data>\n<a folder>\n<it's \"quoted\" $HOME *>")
        .contains("<--enable-native-access=ALL-UNNAMED>");
  }

  @Test
  void the_exit_code_is_the_jvms() throws Exception {
    assertThat(finish(start(home, Map.of("FAKE_EXIT_CODE", "74"), "./varve", "verify")).exitCode())
        .isEqualTo(74);
  }

  @Test
  void more_jvm_options_come_from_the_environment() throws Exception {
    Run run = finish(start(home, Map.of("VARVE_JAVA_OPTS", "-Xmx1g -Dx=y"), "./varve", "serve"));

    assertThat(run.output()).contains("<-Xmx1g>\n<-Dx=y>\n<-jar>");
  }

  @Test
  void tools_start_fast_unless_somebody_says_how_and_the_server_is_left_to_run_fast()
      throws Exception {
    assertThat(varve("read", "a").output()).contains("<-XX:+UseSerialGC>\n<-jar>");
    assertThat(varve("serve").output()).doesNotContain("SerialGC");
    assertThat(varve("bench", "append").output()).doesNotContain("SerialGC");

    Run told = finish(start(home, Map.of("VARVE_JAVA_OPTS", "-XX:+UseZGC"), "./varve", "read"));

    assertThat(told.output()).contains("<-XX:+UseZGC>\n<-jar>").doesNotContain("SerialGC");
  }

  @Test
  void servers_leave_each_other_their_classes_unless_somebody_says_where_they_come_from()
      throws Exception {
    Path archive = home.toRealPath().resolve("server/target/varve-server.jsa");
    assertThat(varve("serve").output())
        .contains("<-XX:+AutoCreateSharedArchive>\n<-XX:SharedArchiveFile=" + archive + ">");
    assertThat(varve("read", "a").output()).doesNotContain("SharedArchive");

    Map<String, String> elsewhere = Map.of("VARVE_JAVA_OPTS", "-XX:AOTCache=varve.aot");
    Run told = finish(start(home, elsewhere, "./varve", "serve"));

    assertThat(told.output()).contains("<-XX:AOTCache=varve.aot>").doesNotContain("SharedArchive");
  }

  @Test
  void it_works_through_a_chain_of_links_from_another_folder() throws Exception {
    Path elsewhere = Files.createDirectories(temp.resolve("else where"));
    Files.createSymbolicLink(elsewhere.resolve("one"), home.resolve("varve"));
    Files.createSymbolicLink(elsewhere.resolve("two"), Path.of("one"));

    Run run = finish(start(elsewhere, Map.of(), "./two", "--help"));

    assertThat(run.output()).contains("<" + home.toRealPath() + "/server/target/varve-server.jar>");
  }

  @Test
  void a_java_that_is_too_old_is_refused_with_a_sentence_and_78() throws Exception {
    install_java(17, ECHOING_JAVA);

    Run run = varve("serve");

    assertThat(run.exitCode()).isEqualTo(78);
    assertThat(run.output()).contains("is not a Java 25 or newer.").hasLineCount(1);
  }

  @Test
  void a_changed_source_is_built_first_and_an_unchanged_one_is_not() throws Exception {
    program("bin/mvn", MAVEN_THAT_WORKS);

    assertThat(varve("serve").output()).doesNotContain("building");
    Files.createFile(home.resolve("client/src/main/java/New.java"));
    Files.setLastModifiedTime(
        home.resolve("client/src/main/java/New.java"), FileTime.from(soon().plusSeconds(9)));
    Run second = varve("serve");

    assertThat(second.exitCode()).isZero();
    assertThat(second.output())
        .contains("varve: sources have changed, building ...", "  2/5 Varve proto", "<serve>");
    assertThat(calls()).containsExactly("mvn -B -ntp -Dquick package");
  }

  @Test
  void a_build_that_fails_shows_mavens_error_and_where_the_rest_is() throws Exception {
    Files.delete(home.resolve("server/target/varve-server.jar"));

    Run run = varve("serve");

    assertThat(run.exitCode()).isEqualTo(1);
    assertThat(run.output())
        .contains("There is a semicolon missing.", "varve: the build failed", "launcher-build.log")
        .doesNotContain("<serve>");
  }

  @Test
  void the_demo_starts_both_says_where_they_listen_and_stops_both_on_term() throws Exception {
    install_java(25, SERVING_JAVA);
    Process demo = start(home, Map.of(), "./varve", "demo", "--port=0", "--http-port", "0");
    await().atMost(PATIENCE).until(() -> output_of(demo).contains("Ctrl-C"));

    demo.destroy();
    Run run = finish(demo);

    assertThat(run.exitCode()).isZero();
    assertThat(run.output())
        .contains("127.0.0.1:4711", "http://127.0.0.1:4713/", "http://127.0.0.1:4712/");
    assertThat(calls())
        .satisfiesExactly(
            call ->
                assertThat(call)
                    .contains("serve --data ./varve-demo-data/store --port 0 --port-file"),
            call ->
                assertThat(call)
                    .contains(
                        "--store 127.0.0.1:4711 --data ./varve-demo-data/read-model --port 0"),
            call -> assertThat(call).isEqualTo("bank ended by TERM"),
            call -> assertThat(call).isEqualTo("store ended by TERM"));
  }

  @Test
  void when_the_store_dies_the_demo_stops_the_bank_and_exits_with_the_stores_code()
      throws Exception {
    install_java(25, SERVING_JAVA);
    Process demo = start(home, Map.of(), "./varve", "demo");
    await().atMost(PATIENCE).until(() -> output_of(demo).contains("Ctrl-C"));

    Files.createFile(home.resolve("store-dies"));
    Run run = finish(demo);

    assertThat(run.exitCode()).isEqualTo(75);
    assertThat(run.output()).contains("varve: the store stopped by itself with exit code 75.");
    assertThat(calls()).last().isEqualTo("bank ended by TERM");
  }

  @Test
  void when_the_store_cannot_start_the_bank_is_not_started() throws Exception {
    install_java(25, SERVING_JAVA);
    Files.createFile(home.resolve("store-dies-early"));

    Run run = varve("demo");

    assertThat(run.exitCode()).isEqualTo(75);
    assertThat(calls()).hasSize(1);
  }

  @Test
  void when_the_bank_cannot_start_the_store_is_stopped() throws Exception {
    install_java(25, SERVING_JAVA);
    Files.createFile(home.resolve("bank-dies-early"));

    Run run = varve("demo");

    assertThat(run.exitCode()).isEqualTo(75);
    assertThat(run.output()).contains("varve: the bank demo stopped by itself with exit code 75.");
    assertThat(calls()).last().isEqualTo("store ended by TERM");
  }

  @Test
  void an_option_that_the_demo_does_not_know_is_bad_usage() throws Exception {
    assertThat(varve("demo", "--ports", "1").exitCode()).isEqualTo(64);
    assertThat(varve("demo", "--port").exitCode()).isEqualTo(64);
    assertThat(varve("demo", "--help").exitCode()).isZero();
  }

  private record Run(long pid, int exitCode, String output) {}

  private Run varve(String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of("./varve"));
    command.addAll(List.of(arguments));
    return finish(start(home, Map.of(), command.toArray(String[]::new)));
  }

  private Process start(Path folder, Map<String, String> environment, String... command)
      throws IOException {
    Path output = temp.resolve("output-of-" + started.size());
    ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile());
    builder.redirectErrorStream(true).redirectOutput(output.toFile());
    builder.environment().remove("VARVE_JAVA_OPTS");
    builder.environment().put("VARVE_JAVA_HOME", temp.resolve("a jdk").toString());
    builder.environment().merge("PATH", temp.resolve("bin") + ":", (old, first) -> first + old);
    builder.environment().putAll(environment);
    Process process = builder.start();
    started.add(process);
    return process;
  }

  private Run finish(Process process) throws Exception {
    assertThat(process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
    return new Run(process.pid(), process.exitValue(), output_of(process));
  }

  private String output_of(Process process) throws IOException {
    return Files.readString(temp.resolve("output-of-" + started.indexOf(process)), UTF_8);
  }

  private List<String> calls() throws IOException {
    return Files.readAllLines(home.resolve("calls"), UTF_8);
  }

  private void install_java(int feature, String script) throws IOException {
    program("a jdk/bin/java", script);
    Files.writeString(
        temp.resolve("a jdk/release"), "JAVA_VERSION=\"%d.0.1\"\n".formatted(feature), UTF_8);
  }

  private void program(String path, String script) throws IOException {
    Path file = temp.resolve(path);
    Files.createDirectories(file.getParent());
    Files.writeString(file, script, UTF_8);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private static Instant soon() {
    return Instant.now().plusSeconds(60);
  }
}

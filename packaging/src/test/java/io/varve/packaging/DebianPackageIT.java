package io.varve.packaging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * The Debian package, installed on this machine, started, upgraded, removed and purged. Where
 * systemd does not run, what the package tells it is taken down instead.
 */
@EnabledOnOs(OS.LINUX)
class DebianPackageIT {
  private static final Path DATA = Path.of("/var/lib/varve");
  private static final Path BACKUPS = Path.of("/var/backups/varve");
  private static final Path SETTINGS = Path.of("/etc/varve/varve.properties");
  private static final Path SYSTEMD_RUNS = Path.of("/run/systemd/system");

  @TempDir Path folder;
  private boolean mayInstall;

  @BeforeEach
  void this_machine_may_be_changed() {
    assumeTrue(
        System.getenv("VARVE_CI") != null && System.getProperty("user.name").equals("root"),
        "installs a package on this machine, so only as root and where VARVE_CI is set");
    for (Path there : List.of(DATA, BACKUPS, SETTINGS)) {
      assertThat(there).as("somebody's store").doesNotExist();
    }
    mayInstall = true;
  }

  @AfterEach
  void clean_up() throws Exception {
    if (mayInstall) {
      Program.run(
          folder,
          Map.of(),
          List.of(
              "sh",
              "-c",
              "dpkg -P varve; rm -rf "
                  + DATA
                  + " "
                  + BACKUPS
                  + "; deluser --system varve || true"));
    }
  }

  @Test
  void it_is_installed_serves_is_upgraded_and_keeps_settings_and_events_until_it_is_purged()
      throws Exception {
    dpkg("-i", deb().toString());

    assertThat(SETTINGS).content().contains("data = /var/lib/varve");
    assertThat(ownerAndMode(SETTINGS)).isEqualTo("root:varve rw-r-----");
    assertThat(ownerAndMode(DATA)).isEqualTo("varve:varve rwxr-x---");
    assertThat(ownerAndMode(BACKUPS)).isEqualTo("varve:varve rwxr-x---");
    assertThat(ownerAndMode(Path.of("/usr/share/varve/bin/varve")))
        .isEqualTo("root:root rwxr-xr-x");
    InstalledVarve varve = asTheService();
    varve.servesAndStops(DATA, DATA.toString());
    assertThat(varve.run("serve", "--config", SETTINGS.toString(), "--print-config"))
        .contains("/var/lib/varve", "/var/backups/varve");

    Files.writeString(SETTINGS, "data = /var/lib/varve\nport = 2114\n");
    dpkg("-i", newer(deb()).toString());
    assertThat(Program.run(folder, Map.of(), List.of("dpkg-query", "-W", "varve")))
        .contains("99.0");
    assertThat(SETTINGS).content().contains("port = 2114");
    assertThat(ownerAndMode(SETTINGS)).isEqualTo("root:varve rw-r-----");
    varve.servesAndStops(DATA, DATA.toString());

    dpkg("-r", "varve");
    assertThat(Path.of("/usr/bin/varve")).doesNotExist();
    assertThat(Path.of("/usr/share/varve")).doesNotExist();
    assertThat(SETTINGS).exists();
    assertThat(DATA.resolve("store")).isDirectory();

    assertThat(dpkg("-P", "varve")).contains("varve: kept", DATA.toString());
    assertThat(Path.of("/etc/varve")).doesNotExist();
    assertThat(DATA.resolve("store")).isDirectory();
    assertThat(BACKUPS).as("empty").doesNotExist();
  }

  @Test
  void without_events_nothing_is_left_of_it() throws Exception {
    dpkg("-i", deb().toString());
    dpkg("-P", "varve");

    assertThat(DATA).doesNotExist();
    assertThat(Files.readString(Path.of("/etc/passwd"))).doesNotContain("varve:");
  }

  @Test
  void the_service_is_stopped_for_an_upgrade_and_goes_on_after_it() throws Exception {
    assumeTrue(Files.notExists(SYSTEMD_RUNS), "systemd runs here, and is not to be kept from it");
    Path told = folder.resolve("told");
    Path bin = Files.createDirectories(folder.resolve("bin"));
    Files.setPosixFilePermissions(
        // Takes down what it is told, and says that the service is active.
        Files.writeString(bin.resolve("systemctl"), "#!/bin/sh\necho \"$*\" >>" + told + "\n"),
        PosixFilePermissions.fromString("rwxr-xr-x"));
    Map<String, String> withSystemd =
        Map.of("PATH", bin + ":/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND", "noninteractive");
    Files.createDirectories(SYSTEMD_RUNS);
    try {
      Program.run(folder, withSystemd, List.of("dpkg", "-i", deb().toString()));
      assertThat(told).content().isEqualTo("daemon-reload\n");
      Files.delete(told);

      Program.run(folder, withSystemd, List.of("dpkg", "-i", newer(deb()).toString()));
      assertThat(Files.readAllLines(told))
          .containsSubsequence(
              "is-active --quiet varve.service", "stop varve.service", "start varve.service");
      Files.delete(told);

      Program.run(folder, withSystemd, List.of("dpkg", "-r", "varve"));
      assertThat(Files.readAllLines(told))
          .containsSubsequence("stop varve.service", "disable --quiet varve.service");
    } finally {
      Files.delete(SYSTEMD_RUNS);
    }
  }

  @Test
  void systemd_understands_the_unit() throws Exception {
    dpkg("-i", deb().toString());

    String said =
        Program.run(
            folder,
            Map.of(),
            List.of("systemd-analyze", "verify", "/usr/lib/systemd/system/varve.service"));

    assertThat(said.lines().filter(line -> line.contains("varve"))).isEmpty();
  }

  /** As the unit starts it, but for what systemd adds. */
  private InstalledVarve asTheService() {
    return new InstalledVarve(
        folder,
        InstalledVarve.THIS_JAVA,
        List.of("runuser", "-u", "varve", "--", "/usr/bin/varve"));
  }

  private static Path deb() throws Exception {
    return InstalledVarve.packageThatEndsWith(
        "_" + Platform.ofThisMachine().architecture() + ".deb");
  }

  /** The same package under a later version, by Debian's own tools, which so read ours. */
  private Path newer(Path deb) throws Exception {
    Path unpacked = folder.resolve("newer");
    Program.run(folder, Map.of(), List.of("dpkg-deb", "-R", deb.toString(), unpacked.toString()));
    Path control = unpacked.resolve("DEBIAN/control");
    Files.writeString(
        control, Files.readString(control).replaceFirst("(?m)^Version: .*", "Version: 99.0"));
    Path newer = folder.resolve("newer.deb");
    Program.run(
        folder,
        Map.of(),
        List.of("dpkg-deb", "-Znone", "-b", unpacked.toString(), newer.toString()));
    return newer;
  }

  private String dpkg(String... arguments) throws Exception {
    String[] command = new String[arguments.length + 1];
    command[0] = "dpkg";
    System.arraycopy(arguments, 0, command, 1, arguments.length);
    return Program.run(folder, Map.of("DEBIAN_FRONTEND", "noninteractive"), List.of(command));
  }

  private static String ownerAndMode(Path file) throws Exception {
    return Files.getOwner(file).getName()
        + ":"
        + Files.getAttribute(file, "posix:group")
        + " "
        + PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
  }
}

package io.varve.server.config;

import static io.varve.server.config.Setting.Section.ACCESS;
import static io.varve.server.config.Setting.Section.BASICS;
import static io.varve.server.config.Setting.Section.LIMITS;
import static io.varve.server.config.Setting.Section.OPERATIONS;
import static io.varve.server.config.Setting.Section.STORAGE;
import static io.varve.server.config.SettingKind.bytes;
import static io.varve.server.config.SettingKind.choice;
import static io.varve.server.config.SettingKind.duration;
import static io.varve.server.config.SettingKind.path;
import static io.varve.server.config.SettingKind.text;
import static io.varve.server.config.SettingKind.toggle;
import static io.varve.server.config.SettingKind.whole;

import io.varve.server.config.Setting.Section;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/**
 * The table of all settings of {@code varve serve}: the one place where a setting is declared.
 *
 * <p>To add one, add a constant here, read it with {@link ServerConfig#get} or {@link
 * ServerConfig#find} in {@code VarveServer}, and have {@code ConfigurationPageTest} write the page
 * again. Its option, variable, key, help, documentation, validation and place in {@code
 * --print-config} follow.
 */
public final class Settings {
  /** What variables of the environment begin with. */
  static final String PREFIX = "VARVE_";

  /** What settings begin with that are a limit of {@link Limits}. */
  static final String LIMIT_PREFIX = "limit-";

  private static final long KIB = 1024;
  private static final long MIB = 1024 * KIB;
  private static final long GIB = 1024 * MIB;
  private static final Duration NONE = Duration.ZERO;

  /** All rows, in the order of the help. Filled by the constants below, so it stands first. */
  private static final List<Setting<?>> ROWS = new ArrayList<>();

  public static final Setting<Path> DATA =
      without(
          "data", path("DIR"), BASICS, "The folder that holds the store; created when missing.");

  public static final Setting<Integer> PORT =
      row("port", whole(0, 65_535), 2113, BASICS, "The port to listen on; 0 picks a free one.");

  public static final Setting<String> HOST =
      row(
          "host",
          text("ADDRESS"),
          "127.0.0.1",
          BASICS,
          "The address to listen on. One that others can reach needs TLS and access control, or"
              + " --insecure.");

  public static final Setting<Path> PORT_FILE =
      without(
          "port-file",
          path("FILE"),
          BASICS,
          "Write the port into this file once the store serves.");

  public static final Setting<Path> CONFIG =
      without(
          "config",
          path("FILE"),
          BASICS,
          "Read settings from this file of lines NAME = VALUE (Java properties in UTF-8).");

  public static final Setting<Boolean> REFLECTION =
      row(
          "reflection",
          toggle(),
          true,
          BASICS,
          "Describe the services to callers; without it grpcurl needs the .proto files.");

  public static final Setting<Path> TLS_CERT =
      without(
          "tls-cert",
          path("FILE"),
          ACCESS,
          "Encrypt the port with the certificate in this PEM file, followed by those that signed"
              + " it; taken up again when the file changes.");

  public static final Setting<Path> TLS_KEY =
      without(
          "tls-key",
          path("FILE"),
          ACCESS,
          "The key of that certificate: PKCS#8 in PEM, RSA or EC, without a password.");

  public static final Setting<Path> TLS_CLIENT_CA =
      without(
          "tls-client-ca",
          path("FILE"),
          ACCESS,
          "Ask clients for a certificate signed by one of those in this PEM file (mTLS).");

  public static final Setting<ClientCertificates> TLS_CLIENT_AUTH =
      row(
          "tls-client-auth",
          choice(ClientCertificates.class),
          ClientCertificates.REQUIRED,
          ACCESS,
          "Whether clients must show a certificate, where tls-client-ca is set.");

  public static final Setting<Duration> TLS_RELOAD_INTERVAL =
      row(
          "tls-reload-interval",
          duration(Duration.ofMillis(100), Duration.ofDays(1)),
          Duration.ofSeconds(10),
          ACCESS,
          "How often the files of TLS are looked at for changes.");

  public static final Setting<Boolean> ACCESS_CONTROL =
      row(
          "access",
          toggle(),
          false,
          ACCESS,
          "Let nobody do anything without a token or a password that allows it; see"
              + " docs/security.md.");

  public static final Setting<Boolean> INSECURE =
      row(
          "insecure",
          toggle(),
          false,
          ACCESS,
          "Serve others on an address that they can reach although TLS or access control is off.");

  public static final Setting<Boolean> OPS =
      row(
          "ops",
          toggle(),
          true,
          OPERATIONS,
          "Open an operations port: health and metrics over HTTP, and the web console.");

  public static final Setting<Integer> OPS_PORT =
      without(
          "ops-port",
          whole(0, 65_535),
          OPERATIONS,
          "That port; 0 picks a free one. Unless said: the one after the port of the store, or a"
              + " free one if that is 0.");

  public static final Setting<String> OPS_HOST =
      row(
          "ops-host",
          text("ADDRESS"),
          "127.0.0.1",
          OPERATIONS,
          "The address of the operations port. One that others can reach needs TLS and access"
              + " control, or --insecure.");

  public static final Setting<Path> OPS_PORT_FILE =
      without(
          "ops-port-file",
          path("FILE"),
          OPERATIONS,
          "Write the operations port into this file once the store serves.");

  public static final Setting<String> OPS_NAMES =
      without(
          "ops-names",
          text("NAMES"),
          OPERATIONS,
          "Names, with commas between them, by which browsers may ask for the operations port"
              + " beside localhost and addresses.");

  public static final Setting<Boolean> CONSOLE_CHANGES =
      row(
          "console-changes",
          toggle(),
          false,
          OPERATIONS,
          "The web console may change something (begin a scavenge, replay or discard parked"
              + " events), and does not only look.");

  public static final Setting<Long> DISK_RESERVE =
      row(
          "disk-reserve",
          bytes(0, 1024 * 1024 * GIB),
          256 * MIB,
          OPERATIONS,
          "With less room on the disk the server says that it is not ready.");

  public static final Setting<Boolean> TRACING =
      row(
          "tracing",
          toggle(),
          false,
          OPERATIONS,
          "Export spans by OpenTelemetry, whose own variables (OTEL_...) count too.");

  public static final Setting<String> TRACING_ENDPOINT =
      without(
          "tracing-endpoint",
          text("URL"),
          OPERATIONS,
          "Where OTLP over HTTP is taken in. Unless said: as OTEL_EXPORTER_OTLP_ENDPOINT says, or"
              + " http://localhost:4318.");

  public static final Setting<LogFormat> LOG_FORMAT =
      row(
          "log-format",
          choice(LogFormat.class),
          LogFormat.TEXT,
          OPERATIONS,
          "The lines of the server log: for people, or a JSON object each.");

  public static final Setting<Boolean> CHANNELZ =
      row(
          "channelz",
          toggle(),
          false,
          OPERATIONS,
          "Show connections and calls to callers (channelz).");

  public static final Setting<Integer> SNAPSHOTS_KEPT =
      row(
          "snapshots-kept",
          whole(0, Integer.MAX_VALUE),
          10,
          OPERATIONS,
          "Keep the newest N snapshots of each stream; 0 keeps all.");

  public static final Setting<Duration> SCAVENGE_INTERVAL =
      row(
          "scavenge-interval",
          duration(NONE, Durations.LONGEST),
          Duration.ofHours(1),
          OPERATIONS,
          "How often the space of hidden events is reclaimed; 0: only when asked (Scavenge of"
              + " varve.v1.Admin).");

  public static final Setting<Long> SCAVENGE_RATE =
      row(
          "scavenge-rate",
          bytes(64 * KIB, 64 * GIB),
          16 * MIB,
          OPERATIONS,
          "About how much a scavenge reads and writes in a second.");

  public static final Setting<Path> BACKUP_FOLDER =
      without(
          "backup-folder",
          path("DIR"),
          OPERATIONS,
          "Allow backups into folders below this one, which must be there (varve backup). Not set:"
              + " no backups.");
  public static final Setting<Path> ARCHIVE_FOLDER =
      without(
          "archive-folder",
          path("DIR"),
          OPERATIONS,
          "The folder that old events are moved to, on a cheap disk or a mount; must exist. Without"
              + " it nothing is moved, and what has been moved before cannot be read.");

  public static final Setting<Duration> ARCHIVE_AFTER =
      row(
          "archive-after",
          duration(NONE, Durations.LONGEST),
          NONE,
          OPERATIONS,
          "Move events to the archive folder once they are this old and 10,000 of them are, looking"
              + " every hour; 0: only when asked (varve archive run).");

  public static final Setting<Long> ARCHIVE_RATE =
      row(
          "archive-rate",
          bytes(64 * KIB, 64 * GIB),
          16 * MIB,
          OPERATIONS,
          "About how much moving events to the archive reads and writes in a second.");

  public static final Setting<Long> ARCHIVE_SEGMENT =
      row(
          "archive-segment",
          bytes(64 * KIB, 4 * GIB),
          64 * MIB,
          OPERATIONS,
          "Events that one file of the archive holds, uncompressed.");

  public static final Setting<Duration> DRAIN_TIMEOUT =
      row(
          "drain-timeout",
          duration(NONE, Duration.ofHours(1)),
          Duration.ofSeconds(4),
          OPERATIONS,
          "How long calls in flight may take to finish when the server is told to stop.");

  public static final Setting<Long> BLOCK_CACHE =
      row(
          "block-cache",
          bytes(8 * MIB, 1024 * GIB),
          96 * MIB,
          STORAGE,
          "Memory for blocks read from disk, with indexes and filters; outside of the Java heap.");

  public static final Setting<Long> LOG_WRITE_BUFFER =
      row(
          "log-write-buffer",
          bytes(MIB, 4 * GIB),
          32 * MIB,
          STORAGE,
          "How much of the log is collected in memory before it becomes a file; also bounds what is"
              + " read back after a crash.");

  public static final Setting<Long> INDEX_WRITE_BUFFER =
      row("index-write-buffer", bytes(MIB, 4 * GIB), 64 * MIB, STORAGE, "The same for the index.");

  public static final Setting<Integer> BACKGROUND_JOBS =
      row(
          "background-jobs",
          whole(2, 64),
          2,
          STORAGE,
          "Threads of each database for flushing and compacting.");

  public static final Setting<Long> READ_PAGE =
      row(
          "read-page",
          bytes(4 * KIB, 8 * MIB),
          64 * KIB,
          STORAGE,
          "About how much one message of a read or a subscription carries.");

  public static final Setting<Long> RECENT_EVENTS =
      row(
          "recent-events",
          bytes(0, 16 * GIB),
          16 * MIB,
          STORAGE,
          "Memory for the newest events, from which live subscribers are served.");

  public static final Setting<Long> GROUP_MEMORY =
      row(
          "group-memory",
          bytes(0, 16 * GIB),
          32 * MIB,
          STORAGE,
          "Memory for events that consumer groups have read and not delivered yet, of all groups"
              + " together; what does not fit is read again.");

  public static final Setting<Integer> CHECKPOINT_EVENTS =
      row(
          "checkpoint-events",
          whole(1, 1_000_000),
          8_000,
          STORAGE,
          "After so many events passed over, a filtered subscription is told its position.");

  public static final Setting<Duration> CHECKPOINT_INTERVAL =
      row(
          "checkpoint-interval",
          duration(Duration.ofMillis(100), Duration.ofHours(1)),
          Duration.ofSeconds(5),
          STORAGE,
          "After so long without a message a subscription is told its position as well.");

  public static final Setting<Integer> APPEND_QUEUE =
      row(
          "append-queue",
          whole(1, 1_000_000),
          16_384,
          STORAGE,
          "Appends that may wait to be decided; more are answered RESOURCE_EXHAUSTED.");

  public static final Setting<Long> APPEND_QUEUE_BYTES =
      row(
          "append-queue-bytes",
          bytes(MIB, 64 * GIB),
          64 * MIB,
          STORAGE,
          "Memory that appends may hold until they are answered, likewise.");

  public static final Setting<Integer> BATCH_EVENTS =
      row(
          "batch-events",
          whole(1, 1_000_000),
          10_000,
          STORAGE,
          "Events that one commit may hold; a larger append has a commit of its own.");

  public static final Setting<Long> BATCH_BYTES =
      row(
          "batch-bytes",
          bytes(4 * KIB, 256 * MIB),
          8 * MIB,
          STORAGE,
          "Bytes that one commit may hold, likewise.");

  public static final Setting<Integer> CACHED_STREAM_HEADS =
      row(
          "cached-stream-heads",
          whole(1, 100_000_000),
          100_000,
          STORAGE,
          "Streams whose version is kept in memory; the others are looked up when appended to.");

  public static final Setting<Integer> CALLS_PER_CONNECTION =
      row(
          "calls-per-connection",
          whole(1, 1_000_000),
          10_000,
          STORAGE,
          "Calls that one connection may have open, subscriptions among them.");

  public static final Setting<Duration> KEEP_ALIVE =
      row(
          "keep-alive",
          duration(Duration.ofSeconds(1), Duration.ofHours(1)),
          Duration.ofSeconds(10),
          STORAGE,
          "A connection on which nothing has come for so long is pinged.");

  public static final Setting<Duration> KEEP_ALIVE_TIMEOUT =
      row(
          "keep-alive-timeout",
          duration(Duration.ofSeconds(1), Duration.ofHours(1)),
          Duration.ofSeconds(15),
          STORAGE,
          "One that has not answered a ping for so long is given up, and what its consumers held"
              + " goes to others.");

  static {
    Limits.defaults().values().forEach(Settings::limit);
  }

  private Settings() {}

  private static <T> Setting<T> row(
      String name, SettingKind<T> kind, T standard, Section section, String sentence) {
    return add(new Setting<>(name, kind, standard, section, sentence, false));
  }

  /** A setting that has no default. */
  private static <T> Setting<T> without(
      String name, SettingKind<T> kind, Section section, String sentence) {
    return add(new Setting<>(name, kind, null, section, sentence, false));
  }

  /** A setting whose value is never shown, and that cannot be given on the command line. */
  static <T> Setting<T> secret(String name, SettingKind<T> kind, Section section, String sentence) {
    return add(new Setting<>(name, kind, null, section, sentence, true));
  }

  private static void limit(String name, int standard) {
    String full = LIMIT_PREFIX + name;
    String sentence = Limits.sentence(name);
    int most = Limits.most(name);
    if (name.endsWith("-bytes")) {
      add(new Setting<>(full, bytes(1, most), (long) standard, LIMITS, sentence, false));
    } else {
      add(new Setting<>(full, whole(1, most), standard, LIMITS, sentence, false));
    }
  }

  private static <T> Setting<T> add(Setting<T> row) {
    if (find(row.name()).isPresent()) {
      throw new IllegalStateException("there are two settings " + row.name());
    }
    ROWS.add(row);
    return row;
  }

  /** All settings, in the order of the help. */
  public static List<Setting<?>> all() {
    return Collections.unmodifiableList(ROWS);
  }

  /** The setting of this name, if there is one. */
  public static Optional<Setting<?>> find(String name) {
    return ROWS.stream().filter(row -> row.name().equals(name)).findFirst();
  }

  /** The settings of a section, by name in their order. */
  public static List<Setting<?>> of(Section section) {
    return ROWS.stream().filter(row -> row.section() == section).toList();
  }

  /** The name of a limit among the limits: {@code payload-bytes}. */
  public static String limitName(Setting<?> limit) {
    return limit.name().substring(LIMIT_PREFIX.length());
  }
}

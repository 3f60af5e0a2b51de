package io.varve.bank;

import io.varve.bank.load.LoadCommand;
import io.varve.bank.readmodel.DatabaseSettings;
import io.varve.client.VarveClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * The program: a bank over a Varve server. It runs until it is told to stop (SIGTERM, SIGINT), then
 * finishes what it is answering, ends its projections and exits with 0.
 */
@Command(
    name = "bank-demo",
    subcommands = {LoadCommand.class, RebuildCommand.class},
    mixinStandardHelpOptions = true,
    description = "A bank of event-sourced accounts and transfers, over a Varve server.")
public final class BankDemo implements Callable<Integer> {

  private static final Logger LOG = LoggerFactory.getLogger(BankDemo.class);

  /** Short enough that a caller hears of a store that is away before losing patience. */
  private static final Duration STORE_PATIENCE = Duration.ofSeconds(4);

  /** In the environment, where neither other users nor the log see it. */
  private static final String DATABASE_PASSWORD = "BANK_DATABASE_PASSWORD";

  static final int EXIT_FAILED = 1;
  static final int EXIT_USAGE = 64; // as sysexits.h has it, and the server
  private static final int EXIT_CANNOT_CREATE = 73;

  @Option(
      names = "--store",
      paramLabel = "HOST:PORT",
      defaultValue = "127.0.0.1:2113",
      description = "The server: HOST:PORT or varve://HOST:PORT (default: ${DEFAULT-VALUE}).")
  private String store = "";

  @Option(
      names = "--data",
      paramLabel = "DIR",
      defaultValue = "bank-demo-data",
      description =
          "The folder of this bank; without it, the read model is rebuilt (default:"
              + " ${DEFAULT-VALUE}).")
  private Path data = Path.of("");

  @Option(
      names = "--database",
      paramLabel = "URL",
      description =
          "The read model's database, such as jdbc:postgresql://host/db (default: files in"
              + " --data). The user must be allowed to make schemas. The password comes from the"
              + " environment: BANK_DATABASE_PASSWORD.")
  private @Nullable String database;

  @Option(
      names = "--database-user",
      paramLabel = "USER",
      defaultValue = "bank",
      description = "Who logs in to --database (default: ${DEFAULT-VALUE}).")
  private String databaseUser = "";

  @Option(
      names = "--host",
      defaultValue = "127.0.0.1",
      description = "The address to serve on (default: ${DEFAULT-VALUE}).")
  private String host = "";

  @Option(
      names = "--allow-host",
      paramLabel = "NAME",
      split = ",",
      description =
          "A name under which requests are answered, without a port; may be given more than once."
              + " Always answered are those for localhost, for an address, and for --host.")
  private List<String> ownNames = new ArrayList<>();

  @Option(
      names = "--port",
      defaultValue = "8000",
      description = "The HTTP port; 0: any free one (default: ${DEFAULT-VALUE}).")
  private int port;

  @Option(
      names = "--port-file",
      paramLabel = "FILE",
      description = "Where to write the port once requests are served.")
  private @Nullable Path portFile;

  @Option(
      names = "--snapshot-every",
      paramLabel = "EVENTS",
      defaultValue = "" + Bank.Settings.SNAPSHOT_EVERY,
      description =
          "Events of an account between two snapshots; 0: take none (default: ${DEFAULT-VALUE}).")
  private int snapshotEvery;

  private final AtomicInteger exitCode = new AtomicInteger();

  private BankDemo() {}

  public static void main(String[] args) {
    CommandLine commandLine = new CommandLine(new BankDemo());
    commandLine.getCommandSpec().exitCodeOnInvalidInput(EXIT_USAGE);
    commandLine.getCommandSpec().exitCodeOnExecutionException(EXIT_FAILED);
    System.exit(commandLine.execute(args));
  }

  @Override
  public Integer call() throws InterruptedException {
    long begun = System.nanoTime();
    if (port < 0 || port > 65_535) {
      System.err.println("bank-demo: --port must be from 0 to 65535, was " + port);
      return EXIT_USAGE;
    }
    if (snapshotEvery < 0) {
      System.err.println("bank-demo: --snapshot-every must be 0 or more, was " + snapshotEvery);
      return EXIT_USAGE;
    }
    DatabaseSettings rows;
    try {
      rows = rows();
    } catch (IllegalArgumentException e) {
      System.err.println("bank-demo: --database: " + e.getMessage());
      return EXIT_USAGE;
    }
    try {
      Files.createDirectories(data);
    } catch (IOException e) {
      System.err.println("bank-demo: cannot make the data folder " + data + ": " + e);
      return EXIT_CANNOT_CREATE;
    }
    VarveClient client;
    try {
      client =
          VarveClient.builder()
              .endpoint(store.contains("://") ? store : "varve://" + store)
              .deadline(STORE_PATIENCE)
              .retryFor(STORE_PATIENCE)
              .build();
    } catch (IllegalArgumentException e) {
      System.err.println("bank-demo: --store: " + e.getMessage());
      return EXIT_USAGE;
    }
    try {
      Bank.Settings usual = Bank.Settings.of(port, data);
      Bank.Settings settings =
          new Bank.Settings(
              host, port, data, rows, snapshotEvery, Set.copyOf(ownNames), usual.patience());
      Bank bank = Bank.start(client, settings, InstantSource.system());
      stopWhenTold(bank, client);
      announce(bank.port(), begun);
    } catch (Exception e) {
      LOG.debug("cannot start", e);
      exitCode.set(EXIT_FAILED);
      System.err.println("bank-demo: cannot start: " + e.getMessage());
      return EXIT_FAILED;
    }
    new CountDownLatch(1).await(); // until the shutdown hook ends the process
    return 0;
  }

  private DatabaseSettings rows() {
    return database == null
        ? DatabaseSettings.inFolder(data)
        : DatabaseSettings.postgreSql(database, databaseUser, System.getenv(DATABASE_PASSWORD));
  }

  private void announce(int actualPort, long begun) throws IOException {
    if (portFile != null) {
      Path target = portFile.toAbsolutePath();
      Path beside = target.resolveSibling(target.getFileName() + ".new");
      Files.writeString(beside, actualPort + "\n");
      Files.move(
          beside, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }
    LOG.info(
        "ready on http://{}:{} in {} ms, store {}, data in {}",
        host,
        actualPort,
        Duration.ofNanos(System.nanoTime() - begun).toMillis(),
        store,
        data);
  }

  /** A JVM that a signal ends reports 143; this one reports 0 when it has ended as it should. */
  private void stopWhenTold(Bank bank, VarveClient client) {
    Thread hook =
        new Thread(
            () -> {
              try {
                LOG.info("stopping");
                bank.close();
                client.close();
                LOG.info("stopped");
              } catch (Exception e) {
                LOG.error("did not stop cleanly", e);
                exitCode.set(EXIT_FAILED);
              }
              Runtime.getRuntime().halt(exitCode.get());
            },
            "bank-stop");
    Runtime.getRuntime().addShutdownHook(hook);
  }
}

package io.varve.server.cli;

import io.varve.server.Release;
import io.varve.server.StartFailure;
import io.varve.server.VarveServer;
import io.varve.server.config.ConfigException;
import io.varve.server.config.ConfigSources;
import io.varve.server.config.ServerConfig;
import io.varve.server.config.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code varve serve}: runs a store until it is told to stop. */
@Command(
    name = "serve",
    description = "Runs a store until SIGTERM or SIGINT.",
    mixinStandardHelpOptions = true,
    customSynopsis = "varve serve --data=DIR [OPTION]...",
    sortOptions = false,
    modelTransformer = SettingOptions.class,
    footerHeading = "%nSettings may stand in the environment or a file as well:%n",
    footer = {
      "  --snapshots-kept 5, VARVE_SNAPSHOTS_KEPT=5, or snapshots-kept = 5 in the file of"
          + " --config;",
      "  an option counts before a variable, and that before the file. Lengths of time: 200ms,"
          + " 30s,",
      "  15m, 12h, 7d, PT1H30M. Sizes: 4096, 64KiB, 16MiB, 2GiB."
    })
final class ServeCommand implements Callable<Integer> {
  private static final Logger log = LoggerFactory.getLogger(ServeCommand.class);

  private final Map<String, String> environment;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(
      names = "--print-config",
      description = {
        "Print what every setting is and where that was said, and end.",
        "Secrets are masked."
      })
  private boolean printConfig;

  /**
   * @param environment the variables of the process
   */
  ServeCommand(Map<String, String> environment) {
    this.environment = environment;
  }

  @Override
  public Integer call() throws InterruptedException {
    long begun = System.nanoTime();
    ServerConfig config;
    try {
      config =
          ConfigSources.read(SettingOptions.said(spec.commandLine().getParseResult()), environment);
    } catch (ConfigException e) {
      if (e.isCommandLine()) {
        throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
      }
      return fail(ExitCode.CONFIGURATION, e.getMessage());
    }
    if (printConfig) {
      ConfigTable.print(config, spec.commandLine().getOut());
      return ExitCode.OK.code();
    }
    if (config.find(Settings.DATA).isEmpty()) {
      throw new ParameterException(
          spec.commandLine(),
          "no data folder: say --data DIR, VARVE_DATA, or data in the file of --config");
    }
    ServerLog.write(config.get(Settings.LOG_FORMAT));
    VarveServer server;
    try {
      server = VarveServer.start(config);
    } catch (StartFailure e) {
      log.debug("the server could not be started", e);
      return fail(ExitCode.of(e.kind()), e.getMessage());
    }
    Thread hook = stopOnSignal(server);
    try {
      if (server.opsPort().isPresent()) {
        writePortFile(config.find(Settings.OPS_PORT_FILE), server.opsPort().getAsInt());
      }
      writePortFile(config.find(Settings.PORT_FILE), server.port());
      report(server, config, Duration.ofNanos(System.nanoTime() - begun));
      new CountDownLatch(1).await(); // the signal's handler ends the process
      return ExitCode.OK.code();
    } catch (IOException e) {
      return fail(
          ExitCode.FOLDER_UNUSABLE,
          "cannot write the port file "
              + config.shown(Settings.PORT_FILE)
              + (config.find(Settings.OPS_PORT_FILE).isPresent()
                  ? " or " + config.shown(Settings.OPS_PORT_FILE)
                  : "")
              + ": "
              + StartFailure.reasonOf(e));
    } finally {
      // Only a failure gets here, and the handler would end the process as a stop that was asked
      // for.
      Runtime.getRuntime().removeShutdownHook(hook);
      server.close();
    }
  }

  private Integer fail(ExitCode code, @Nullable String sentence) {
    spec.commandLine().getErr().println("varve: " + sentence);
    return code.code();
  }

  /**
   * Closes the server on SIGTERM and SIGINT and ends with 0: a stop that was asked for is no
   * failure, though a JVM left to itself would report 143.
   */
  private static Thread stopOnSignal(VarveServer server) {
    Thread hook =
        new Thread(
            () -> {
              log.info("stopping");
              server.close();
              log.info("stopped");
              Runtime.getRuntime().halt(ExitCode.OK.code());
            },
            "varve-stop");
    Runtime.getRuntime().addShutdownHook(hook);
    return hook;
  }

  /** Whoever waits for the file sees either nothing or the whole number. */
  private static void writePortFile(Optional<Path> file, int listening) throws IOException {
    if (file.isEmpty()) {
      return;
    }
    Path target = file.get().toAbsolutePath();
    Path unfinished = target.resolveSibling(target.getFileName() + ".unfinished");
    Files.writeString(unfinished, listening + "\n");
    Files.move(
        unfinished, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  private static void report(VarveServer server, ServerConfig config, Duration took) {
    log.info(
        "varve {}, Java {} by {}; heap at most {} MiB, block cache {}",
        Release.number(),
        Runtime.version(),
        System.getProperty("java.vendor"),
        Runtime.getRuntime().maxMemory() >> 20,
        config.shown(Settings.BLOCK_CACHE));
    log.info(
        "data folder {}, store {}, head {}; every append is synced before its answer",
        config.get(Settings.DATA).toAbsolutePath().normalize(),
        server.storeId(),
        server.headPosition());
    server
        .opsPort()
        .ifPresent(
            listening ->
                log.info(
                    "operations on {}://{}:{}/ (console, /metrics, /healthz, /readyz)",
                    config.find(Settings.TLS_CERT).isPresent() ? "https" : "http",
                    config.get(Settings.OPS_HOST),
                    listening));
    log.info("ready on {}:{} in {} ms", config.get(Settings.HOST), server.port(), took.toMillis());
  }
}

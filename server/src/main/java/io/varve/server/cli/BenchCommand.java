package io.varve.server.cli;

import picocli.CommandLine.Command;

/** {@code varve bench}: loads a running store and tells how it did. */
@Command(
    name = "bench",
    description = {
      "Loads a running store and prints how it did, as one line of JSON.",
      "",
      "Without --rate the loop is closed: each client waits for its answer before it goes on, and"
          + " a",
      "slow store is asked less. With --rate it is open: requests are due at fixed times, and"
          + " latency",
      "counts from when each was due, so what waits behind a stall is counted in full.",
      "",
      "It appends to streams that begin with bench- and nobody removes them: use a store made for"
          + " it.",
      ""
    },
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "SHAPE",
    subcommands = {
      BenchAppend.class,
      BenchConditional.class,
      BenchPipeline.class,
      BenchMixed.class,
      BenchRead.class,
      BenchScan.class,
      BenchQuery.class,
      BenchSubscribe.class,
      BenchGroup.class
    })
final class BenchCommand {}

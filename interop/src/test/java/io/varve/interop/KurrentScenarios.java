package io.varve.interop;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What a program must show that is written with one of KurrentDB's clients, in whatever language:
 * the same sentences, in this order, each a line on its output. While it is at the last one it
 * tells in lines of their own what the server has acknowledged, and the server is killed meanwhile.
 */
final class KurrentScenarios {
  static final String SEVERAL_STREAMS = "several streams are appended to at once";
  static final String CHECKED_RECORDS = "records are appended under checks";

  /** What a client shows that has calls for all of it. */
  static final List<String> ALL =
      List.of(
          "appends under every expected state",
          "a repeated append is answered and not repeated",
          "an event comes back as it was",
          "a stream is read both ways from revisions and with limits",
          "the log is read both ways and with filters",
          "links of a category are resolved",
          SEVERAL_STREAMS,
          CHECKED_RECORDS,
          "deletes and tombstones",
          "metadata takes effect",
          "a subscription to a stream catches up and goes live",
          "nothing is missing after a filtered checkpoint",
          "a persistent subscription takes every answer and replays what is parked",
          "a persistent subscription to the log has a filter");

  private static final String KILLS = "subscriptions and an appender go on after kills";

  private static final String ACKNOWLEDGED = "acknowledged ";

  /** After how many acknowledged events, of the 60 that such a program appends, the server ends. */
  private static final List<Integer> KILLED_AFTER = List.of(15, 35);

  private KurrentScenarios() {}

  /**
   * Runs a program against a server of its own.
   *
   * @param calls what it shows before the kills
   * @param command it is given the file that has the server's port
   */
  static void run(
      Path folder, List<String> calls, Map<String, String> environment, List<String> command)
      throws Exception {
    VarveProcess server = VarveProcess.start(folder);
    try {
      List<String> whole = new ArrayList<>(command);
      whole.add(VarveProcess.portFile(folder).toString());
      try (ClientProgram program = ClientProgram.start(folder, environment, whole)) {
        for (int events : KILLED_AFTER) {
          program.awaitLine(ACKNOWLEDGED + events);
          server.kill();
          server = VarveProcess.start(folder);
        }
        program.mustEndWell();
        List<String> shown = new ArrayList<>(calls);
        shown.add(KILLS);
        assertThat(program.lines())
            .filteredOn(line -> !line.startsWith(ACKNOWLEDGED))
            .isEqualTo(shown);
      }
    } finally {
      server.close();
    }
  }
}

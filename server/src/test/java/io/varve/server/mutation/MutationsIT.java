package io.varve.server.mutation;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.varve.server.mutation.Mutation.Edit;
import io.varve.server.mutation.TestJvm.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * Puts faults into the store, one at a time, and runs the tests that should notice. One that no
 * test notices fails here: then a test is missing, or the fault is none.
 *
 * <p>{@code -Dvarve.mutations=20} tries so many, drawn by {@code -Dvarve.seed=N}; {@code
 * -Dvarve.mutations=all} all of them; {@code -Dvarve.mutation=TEXT} those whose name holds the
 * text.
 */
class MutationsIT {
  private static final String ASKED = System.getProperty("varve.mutations", "1");
  private static final String NAMED = System.getProperty("varve.mutation", "");

  /** A fault may make tests slower, and an endless loop out of something that ends. */
  private static final Duration LEAST_DEADLINE = Duration.ofSeconds(30);

  private static final int TIMES_AS_LONG = 10;
  private static final Duration DEADLINE_WITHOUT_FAULT = Duration.ofHours(1);

  private static final Path REPORT = Path.of("target/mutations.txt");

  private final long seed = Long.getLong("varve.seed", 20_261_128);

  @TempDir private Path temp;

  // What the run of all has found so far.
  private final Map<String, Duration> times = new HashMap<>();
  private final List<String> report = new ArrayList<>();
  private final Map<String, Integer> noticedBy = new TreeMap<>();

  @TestFactory
  Stream<DynamicTest> every_fault_is_noticed() {
    List<Mutation> drawn = drawn();
    System.out.printf(
        "%d of %d mutations, -Dvarve.seed=%d%n", drawn.size(), Mutations.all().size(), seed);
    return Stream.of(
            Stream.of(dynamicTest("without a fault all is well", () -> runWithout(drawn))),
            drawn.stream().map(mutation -> dynamicTest(mutation.name(), () -> run(mutation))),
            Stream.of(dynamicTest("report", this::writeReport)))
        .flatMap(tests -> tests);
  }

  private List<Mutation> drawn() {
    List<Mutation> all = new ArrayList<>(Mutations.all());
    if (!NAMED.isEmpty()) {
      return all.stream().filter(mutation -> mutation.name().contains(NAMED)).toList();
    }
    if (ASKED.equals("all")) {
      return all;
    }
    Collections.shuffle(all, new Random(seed));
    return all.subList(0, Math.min(all.size(), Integer.parseInt(ASKED)));
  }

  private void runWithout(List<Mutation> drawn) throws IOException, InterruptedException {
    Set<String> tests = new LinkedHashSet<>();
    drawn.forEach(mutation -> tests.addAll(mutation.tests()));
    List<String> inOrder = List.copyOf(tests);
    Result result = new TestJvm(temp).run(null, qualified(inOrder), DEADLINE_WITHOUT_FAULT);
    assertThat(result).isInstanceOf(Result.Passed.class);
    if (result instanceof Result.Passed passed) {
      for (int i = 0; i < inOrder.size(); i++) {
        times.put(inOrder.get(i), passed.times().get(i));
      }
    }
  }

  private void run(Mutation mutation) throws IOException, InterruptedException {
    Path classes = Files.createTempDirectory(temp, "classes");
    new MutantCompiler().compile(mutation, classes);
    long millis = 0;
    for (String test : mutation.tests()) {
      millis += requireNonNull(times.get(test), "how long it takes without a fault").toMillis();
    }
    Duration deadline = LEAST_DEADLINE.plusMillis(TIMES_AS_LONG * millis);
    Result result = new TestJvm(temp).run(classes, qualified(mutation.tests()), deadline);
    String noticed =
        switch (result) {
          case Result.Passed _ ->
              throw new AssertionError(
                  "no test notices: " + mutation + "; ran " + mutation.tests());
          case Result.Failed failed -> failed.test();
          case Result.Hung hung -> "no end within " + hung.after().toSeconds() + " s";
          case Result.Died died -> "the JVM's end, with " + died.exitCode();
        };
    report.add(mutation + "\n    " + noticed);
    noticedBy.merge(noticed.replaceFirst("\\..*", ""), 1, Integer::sum);
  }

  private void writeReport() throws IOException {
    List<String> lines = new ArrayList<>(report);
    lines.add("");
    noticedBy.forEach((suite, count) -> lines.add(count + " by " + suite));
    lines.add(report.size() + " faults noticed");
    Files.createDirectories(REPORT.getParent());
    Files.write(REPORT, lines);
    lines.forEach(System.out::println);
  }

  private static List<String> qualified(List<String> tests) {
    return tests.stream().map(test -> "io.varve.server." + test).toList();
  }

  // ---- that this can fail

  @Test
  void what_is_no_fault_is_noticed_by_no_test() throws IOException, InterruptedException {
    Mutation harmless =
        new Mutation(
            "an empty statement",
            "storage/Head.java",
            List.of(new Edit("position = newPosition;", "position = newPosition;;")),
            List.of("storage.HeadTest"));
    Path classes = temp.resolve("classes");
    new MutantCompiler().compile(harmless, classes);

    assertThat(new TestJvm(temp).run(classes, qualified(harmless.tests()), DEADLINE_WITHOUT_FAULT))
        .isInstanceOfSatisfying(
            Result.Passed.class, passed -> assertThat(passed.times()).hasSize(1));
    assertThat(classes.resolve("io/varve/server/storage/Head.class")).exists();
  }

  @Test
  void what_does_not_compile_is_an_error() {
    Mutation broken =
        new Mutation(
            "no Java",
            "storage/Head.java",
            List.of(new Edit("position = newPosition;", "position = newPosition")),
            List.of("storage.HeadTest"));

    assertThatThrownBy(() -> new MutantCompiler().compile(broken, temp.resolve("classes")))
        .hasMessageContaining("'no Java' does not compile")
        .hasMessageContaining("';' expected");
  }

  @Test
  void what_never_ends_and_what_is_not_there_are_told() throws IOException, InterruptedException {
    TestJvm jvm = new TestJvm(temp);

    assertThat(jvm.run(null, List.of(Endless.class.getName()), Duration.ofSeconds(1)))
        .isEqualTo(new Result.Hung(Duration.ofSeconds(1)));
    assertThat(
            jvm.run(
                null,
                List.of("io.varve.server.storage.HeadTest#no_such_test"),
                DEADLINE_WITHOUT_FAULT))
        .isNotInstanceOf(Result.Passed.class);
  }

  /** Not run but by the test above. */
  static final class Endless {
    @Test
    void waits_for_what_never_comes() throws InterruptedException {
      new CountDownLatch(1).await();
    }
  }
}

package io.varve.server.mutation;

import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectMethod;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.support.descriptor.ClassSource;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.Launcher;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/**
 * The program of a {@link TestJvm}: runs tests in their order, and ends the JVM at the first that
 * fails.
 */
final class UntilOneFails {
  static final String PASSED = "passed";
  static final String FAILED = "failed";

  private static final int LONGEST_MESSAGE = 300;

  private final Path result;

  private UntilOneFails(Path result) {
    this.result = result;
  }

  /**
   * Runs tests.
   *
   * @param args the file that what happens is written to, and the tests
   */
  public static void main(String[] args) {
    UntilOneFails run = new UntilOneFails(Path.of(args[0]));
    Launcher launcher = LauncherFactory.create();
    for (String test : List.of(args).subList(1, args.length)) {
      run.run(launcher, test);
    }
    Runtime.getRuntime().halt(0); // whatever threads a test has left behind
  }

  private void run(Launcher launcher, String test) {
    LauncherDiscoveryRequest request =
        LauncherDiscoveryRequestBuilder.request()
            .selectors(test.contains("#") ? selectMethod(withParameters(test)) : selectClass(test))
            .configurationParameter("junit.jupiter.execution.timeout.default", "5 m")
            .build();
    long begun = System.nanoTime();
    AtomicLong tests = new AtomicLong();
    launcher.execute(
        request,
        new TestExecutionListener() {
          @Override
          public void executionFinished(TestIdentifier id, TestExecutionResult outcome) {
            tests.addAndGet(id.isTest() ? 1 : 0);
            if (outcome.getStatus() == TestExecutionResult.Status.FAILED) {
              fail(
                  nameOf(id),
                  outcome.getThrowable().map(Throwable::toString).orElse("without a word"));
            }
          }
        });
    if (tests.get() == 0) {
      fail(test, "there is no such test");
    }
    write(PASSED + '\t' + (System.nanoTime() - begun) / 1_000_000);
  }

  /** JUnit wants to know a method's parameters; none of our test classes has two of one name. */
  private static String withParameters(String test) {
    String[] parts = test.split("#", 2);
    try {
      return Arrays.stream(Class.forName(parts[0]).getDeclaredMethods())
          .filter(method -> method.getName().equals(parts[1]))
          .findFirst()
          .map(
              method ->
                  test
                      + Arrays.stream(method.getParameterTypes())
                          .map(Class::getName)
                          .reduce((one, other) -> one + ',' + other)
                          .map(parameters -> '(' + parameters + ')')
                          .orElse(""))
          .orElse(test);
    } catch (ClassNotFoundException e) {
      return test; // JUnit says so
    }
  }

  private static String nameOf(TestIdentifier id) {
    return id.getSource()
        .map(
            source ->
                switch (source) {
                  case MethodSource method ->
                      method.getClassName().replaceFirst(".*\\.", "")
                          + '.'
                          + method.getMethodName();
                  case ClassSource type -> type.getClassName().replaceFirst(".*\\.", "");
                  default -> id.getDisplayName();
                })
        .orElse(id.getDisplayName());
  }

  private void fail(String test, String failure) {
    String message = failure.replaceAll("\\s+", " ").strip();
    write(
        FAILED
            + '\t'
            + test
            + '\t'
            + message.substring(0, Math.min(LONGEST_MESSAGE, message.length())));
    ProcessHandle.current().descendants().forEach(ProcessHandle::destroyForcibly);
    Runtime.getRuntime().halt(1);
  }

  private void write(String line) {
    try {
      Files.writeString(result, line + '\n', StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

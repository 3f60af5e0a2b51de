package io.varve.client.guide;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Holds the code of docs/event-sourcing.md to the code that is compiled and run beside this file.
 */
class GuidePageTest {

  private static final Pattern JAVA = Pattern.compile("```java\\n(.*?)```", Pattern.DOTALL);
  private static final Path PAGE = Path.of("..", "docs", "event-sourcing.md");
  private static final Path SOURCES = Path.of("src/test/java/io/varve/client/guide");

  /** Where the server is on the class path. */
  private static final Path WITH_SERVER =
      Path.of("../server/src/test/java/io/varve/server/testkit/VarveServerExtensionIT.java");

  @Test
  void every_java_example_of_the_page_stands_in_a_file_that_is_compiled_and_run() throws Exception {
    List<List<String>> sources = new ArrayList<>();
    try (Stream<Path> files = Files.list(SOURCES)) {
      for (Path file : files.toList()) {
        sources.add(lines(Files.readString(file)));
      }
    }
    sources.add(lines(Files.readString(WITH_SERVER)));
    Matcher example = JAVA.matcher(Files.readString(PAGE));
    int examples = 0;
    while (example.find()) {
      List<String> code = lines(example.group(1));
      assertThat(sources)
          .as("a file with:\n%s", example.group(1))
          .anyMatch(source -> Collections.indexOfSubList(source, code) >= 0);
      examples++;
    }
    assertThat(examples).isGreaterThanOrEqualTo(4);
  }

  private static List<String> lines(String code) {
    return code.lines().map(String::strip).filter(line -> !line.isEmpty()).toList();
  }
}

package io.varve.server.config;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.varve.server.config.Setting.Section;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Holds the tables of {@code docs/configuration.md} equal to {@link Settings}. To write them again
 * after a change there: {@code mvn test -pl server -am -Dtest=ConfigurationPageTest
 * -Dvarve.docs.write=true -Dsurefire.failIfNoSpecifiedTests=false}.
 */
class ConfigurationPageTest {
  private static final Path PAGE = Path.of("..", "docs", "configuration.md");
  private static final String BEGIN = "<!-- settings: written by ConfigurationPageTest -->\n";
  private static final String END = "<!-- end of settings -->";

  @Test
  void the_page_tells_the_settings_as_they_are() throws Exception {
    String page = Files.readString(PAGE, UTF_8);
    int begin = page.indexOf(BEGIN) + BEGIN.length();
    int end = page.indexOf(END);
    assertThat(end).isGreaterThanOrEqualTo(begin);
    if (Boolean.getBoolean("varve.docs.write")) {
      Files.writeString(PAGE, page.substring(0, begin) + tables() + page.substring(end), UTF_8);
      return;
    }

    assertThat(page.substring(begin, end))
        .as("docs/configuration.md; see the Javadoc of this test for how to write it again")
        .isEqualTo(tables());
  }

  private static String tables() {
    StringBuilder text = new StringBuilder();
    for (Section section : Section.values()) {
      List<Setting<?>> settings = Settings.of(section);
      if (settings.isEmpty()) {
        continue;
      }
      text.append("\n## ").append(section.title()).append("\n\n");
      if (section == Section.LIMITS) {
        text.append("On the command line `--limit NAME=N`, as often as needed: ");
        text.append("`--limit tags=100`.\n\n");
      }
      text.append("| setting | default | from, to | |\n| --- | --- | --- | --- |\n");
      for (Setting<?> setting : settings) {
        text.append(
            "| `%s` | %s | %s | %s |\n"
                .formatted(
                    setting.name(),
                    code(setting.standardText()),
                    setting.kind().range(),
                    told(setting)));
      }
    }
    return text.append('\n').toString();
  }

  private static String code(String text) {
    return text.isEmpty() ? "" : "`" + text + "`";
  }

  private static String told(Setting<?> setting) {
    return setting.secret()
        ? setting.sentence() + " Secret: not on the command line, and never shown."
        : setting.sentence();
  }
}

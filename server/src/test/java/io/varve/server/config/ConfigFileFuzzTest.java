package io.varve.server.config;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.varve.server.fixture.DecoderFuzz;
import io.varve.server.fixture.StoredForm;
import io.varve.server.fixture.StoredForm.Written;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.io.TempDir;

/** The configuration file. */
class ConfigFileFuzzTest extends DecoderFuzz {
  private static final byte[] NO_KEY = {};

  @TempDir private static Path folder;

  @Override
  protected List<StoredForm> forms() {
    return List.of(
        new StoredForm(
            "the configuration file",
            ConfigFileFuzzTest::file,
            (_, bytes) -> read(bytes),
            false,
            null,
            ConfigException.class));
  }

  private static Written file(Random random) throws Exception {
    StringBuilder lines = new StringBuilder("# what an operator has written\n");
    for (Setting<?> setting : Settings.all()) {
      String text = setting.standardText();
      if (setting != Settings.CONFIG && !text.isEmpty() && random.nextInt(3) == 0) {
        lines.append(setting.name()).append(" = ").append(text).append('\n');
      }
    }
    byte[] bytes = lines.toString().getBytes(UTF_8);
    return new Written(NO_KEY, bytes, read(bytes));
  }

  private static Object read(byte[] bytes) throws Exception {
    Path file = Files.write(folder.resolve("varve.properties"), bytes);
    ServerConfig config = ConfigSources.read(Map.of(Settings.CONFIG, file.toString()), Map.of());
    StringBuilder all = new StringBuilder();
    for (Setting<?> setting : Settings.all()) {
      all.append(setting.name()).append(config.find(setting)).append('\n');
    }
    return all.toString();
  }
}

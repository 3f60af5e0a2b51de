package io.varve.server.config;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.Reader;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeMap;

/**
 * Puts a configuration together: what the command line says counts before what the environment
 * says, that before what the file says, and that before the default. A name that is not known is an
 * error wherever it stands, since a setting with a misspelt name would do nothing, silently.
 */
public final class ConfigSources {
  private static final Origin COMMAND_LINE = new Origin.CommandLine();
  private static final Origin ENVIRONMENT = new Origin.Environment();

  private ConfigSources() {}

  /**
   * The configuration that these say together. The file is the one that {@link Settings#CONFIG}
   * names on the command line or in the environment.
   *
   * @param options what the command line says, by setting
   * @param environment all variables of the process
   * @throws ConfigException for the first thing that is wrong
   */
  public static ServerConfig read(Map<Setting<?>, String> options, Map<String, String> environment)
      throws ConfigException {
    ServerConfig above = apply(variables(environment), ENVIRONMENT, ServerConfig.defaults());
    above = apply(options, COMMAND_LINE, above);
    Optional<Path> file = above.find(Settings.CONFIG);
    if (file.isEmpty()) {
      return above;
    }
    ServerConfig config =
        apply(
            lines(file.get(), above.origin(Settings.CONFIG)),
            new Origin.File(file.get().toString()),
            ServerConfig.defaults());
    config = apply(variables(environment), ENVIRONMENT, config);
    return apply(options, COMMAND_LINE, config);
  }

  private static ServerConfig apply(
      Map<Setting<?>, String> texts, Origin origin, ServerConfig beneath) throws ConfigException {
    ServerConfig config = beneath;
    for (Map.Entry<Setting<?>, String> said : texts.entrySet()) {
      try {
        config = config.withText(said.getKey(), said.getValue(), origin);
      } catch (IllegalArgumentException e) {
        throw new ConfigException(origin, String.valueOf(e.getMessage()), e);
      }
    }
    return config;
  }

  private static Map<Setting<?>, String> variables(Map<String, String> environment)
      throws ConfigException {
    Map<String, Setting<?>> known = new LinkedHashMap<>();
    Settings.all().forEach(setting -> known.put(setting.variable(), setting));
    Map<Setting<?>, String> texts = new LinkedHashMap<>();
    for (Map.Entry<String, String> variable : new TreeMap<>(environment).entrySet()) {
      String name = variable.getKey();
      if (!name.startsWith(Settings.PREFIX) || OtherVariables.contains(name, variable.getValue())) {
        continue;
      }
      Setting<?> setting = known.get(name);
      if (setting == null) {
        throw new ConfigException(
            ENVIRONMENT,
            "there is no setting "
                + name
                + " (in the environment)"
                + Suggestion.of(name, known.keySet()));
      }
      texts.put(setting, variable.getValue());
    }
    return texts;
  }

  private static Map<Setting<?>, String> lines(Path file, Origin named) throws ConfigException {
    Origin origin = new Origin.File(file.toString());
    Map<Setting<?>, String> texts = new LinkedHashMap<>();
    for (Map.Entry<String, String> line : load(file, named).entrySet()) {
      Optional<Setting<?>> setting = Settings.find(line.getKey());
      if (setting.isEmpty()) {
        throw new ConfigException(
            origin,
            file
                + ": there is no setting "
                + line.getKey()
                + Suggestion.of(
                    line.getKey(), Settings.all().stream().map(Setting::name).toList()));
      }
      if (setting.get() == Settings.CONFIG) {
        throw new ConfigException(
            origin, file + ": config cannot stand in the file; name one file with --config");
      }
      texts.put(setting.get(), line.getValue().strip());
    }
    return texts;
  }

  private static Map<String, String> load(Path file, Origin named) throws ConfigException {
    Map<String, String> lines = new LinkedHashMap<>();
    OncePerName properties = new OncePerName(lines);
    try (Reader reader = Files.newBufferedReader(file, UTF_8)) {
      properties.load(reader);
    } catch (NoSuchFileException e) {
      throw new ConfigException(
          named, named.of(Settings.CONFIG) + " names a file that is not there: " + file, e);
    } catch (CharacterCodingException e) {
      throw new ConfigException(new Origin.File("" + file), file + " is not text in UTF-8", e);
    } catch (IOException e) {
      throw new ConfigException(
          named,
          named.of(Settings.CONFIG) + ": cannot read " + file + " (" + e.getMessage() + ")",
          e);
    } catch (IllegalArgumentException e) {
      throw new ConfigException(
          new Origin.File("" + file), file + " cannot be read: " + e.getMessage(), e);
    }
    return lines;
  }

  /** Properties that hand on each line, and refuse a name that was there already. */
  private static final class OncePerName extends Properties {
    private static final long serialVersionUID = 1L;

    private final transient Map<String, String> lines;

    OncePerName(Map<String, String> lines) {
      this.lines = lines;
    }

    @Override
    public synchronized Object put(Object name, Object value) {
      if (lines.put((String) name, (String) value) != null) {
        throw new IllegalArgumentException(name + " is said twice");
      }
      return value;
    }
  }
}

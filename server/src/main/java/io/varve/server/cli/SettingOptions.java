package io.varve.server.cli;

import io.varve.server.config.Setting;
import io.varve.server.config.Setting.Section;
import io.varve.server.config.Settings;
import io.varve.server.config.Suggestion;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import picocli.CommandLine.IModelTransformer;
import picocli.CommandLine.Model.ArgGroupSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** Gives a command the options that the table of settings has, under headings. */
final class SettingOptions implements IModelTransformer {
  private static final String LIMIT = "--limit";

  @Override
  public CommandSpec transform(CommandSpec command) {
    int order = 0;
    for (Section section : Section.values()) {
      ArgGroupSpec.Builder group =
          ArgGroupSpec.builder()
              .exclusive(false)
              .multiplicity("0..1")
              .validate(false)
              .order(order++)
              .heading("%n" + section.title() + ":%n");
      if (section == Section.LIMITS) {
        group.addArg(limits());
      } else {
        for (Setting<?> setting : Settings.of(section)) {
          setting.option().ifPresent(name -> group.addArg(option(name, setting)));
        }
      }
      if (!group.args().isEmpty()) {
        command.addArgGroup(group.build());
      }
    }
    return command;
  }

  private static OptionSpec option(String name, Setting<?> setting) {
    OptionSpec.Builder option = OptionSpec.builder(name).description(description(setting));
    if (isToggle(setting)) {
      return option.type(Boolean.class).negatable(true).arity("0").build();
    }
    return option.type(String.class).paramLabel(setting.kind().placeholder()).build();
  }

  private static boolean isToggle(Setting<?> setting) {
    return setting.standard().filter(Boolean.class::isInstance).isPresent();
  }

  private static String description(Setting<?> setting) {
    StringBuilder text = new StringBuilder(setting.sentence());
    setting.standard().ifPresent(_ -> text.append(" Default: ").append(setting.standardText()));
    if (setting.standard().isPresent() && !isToggle(setting) && !setting.kind().range().isEmpty()) {
      text.append(" (").append(setting.kind().range()).append(')');
    }
    return text.toString().replace("%", "%%");
  }

  private static OptionSpec limits() {
    String names =
        Settings.of(Section.LIMITS).stream()
            .map(limit -> Settings.limitName(limit) + " " + limit.standardText())
            .collect(Collectors.joining(", "));
    return OptionSpec.builder(LIMIT)
        .type(Map.class)
        .auxiliaryTypes(String.class, String.class)
        .arity("1")
        .paramLabel("NAME=N")
        .description("May be repeated. Names and defaults: " + names + ".")
        .build();
  }

  /**
   * What the command line says of settings.
   *
   * @throws ParameterException if it names a limit that there is none of
   */
  static Map<Setting<?>, String> said(ParseResult parsed) {
    Map<Setting<?>, String> said = new LinkedHashMap<>();
    for (Setting<?> setting : Settings.all()) {
      setting
          .option()
          .filter(parsed::hasMatchedOption)
          .ifPresent(
              name ->
                  said.put(setting, String.valueOf(parsed.<Object>matchedOptionValue(name, ""))));
    }
    Map<String, String> limits = parsed.matchedOptionValue(LIMIT, Map.of());
    limits.forEach((name, value) -> said.put(limit(name, parsed), value));
    return said;
  }

  private static Setting<?> limit(String name, ParseResult parsed) {
    List<String> names = Settings.of(Section.LIMITS).stream().map(Settings::limitName).toList();
    return Settings.of(Section.LIMITS).stream()
        .filter(limit -> Settings.limitName(limit).equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new ParameterException(
                    parsed.commandSpec().commandLine(),
                    "--limit: there is no limit " + name + Suggestion.of(name, names)));
  }
}

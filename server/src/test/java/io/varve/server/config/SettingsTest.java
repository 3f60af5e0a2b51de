package io.varve.server.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class SettingsTest {

  static List<Setting<?>> all() {
    return Settings.all();
  }

  @ParameterizedTest
  @MethodSource("all")
  void each_setting_is_named_and_told_in_the_same_way(Setting<?> setting) {
    assertThat(setting.name()).matches("[a-z]+(-[a-z]+)*");
    assertThat(setting.sentence()).matches("(?s)[A-Z].*\\.").doesNotContain("|", "\n");
    assertThat(setting.variable()).matches("VARVE_[A-Z]+(_[A-Z]+)*");
    assertThat(OtherVariables.contains(setting.variable(), "1")).isFalse();
  }

  @ParameterizedTest
  @MethodSource("all")
  <T> void each_default_is_within_its_bounds_and_read_back_from_its_text(Setting<T> setting) {
    setting
        .standard()
        .ifPresent(
            value ->
                assertThat(setting.kind().reader().apply(setting.standardText())).isEqualTo(value));
  }

  @Test
  void each_limit_is_a_setting_with_the_limit_s_default() {
    assertThat(Settings.of(Setting.Section.LIMITS).stream().map(Settings::limitName))
        .containsExactlyElementsOf(Limits.defaults().values().keySet());
    assertThat(ServerConfig.defaults().limits()).isEqualTo(Limits.defaults());
  }

  @Test
  void a_secret_has_no_option_and_is_never_shown() {
    Setting<String> secret =
        new Setting<>(
            "password", SettingKind.text("TEXT"), null, Setting.Section.ACCESS, "A secret.", true);

    assertThat(secret.option()).isEmpty();
    assertThat(ServerConfig.defaults().with(secret, "hunter2").shown(secret)).isEqualTo("(secret)");
  }

  @Test
  void a_mistyped_name_is_near_to_what_was_meant() {
    List<String> names = Settings.all().stream().map(Setting::name).toList();

    assertThat(Suggestion.of("prot", names)).contains("port");
    assertThat(Suggestion.of("snapshotskept", names)).contains("snapshots-kept");
    assertThat(Suggestion.of("scavange-intervall", names)).contains("scavenge-interval");
    assertThat(Suggestion.of("colour", names)).isEmpty();
    assertThat(Suggestion.distance("abcd", "acbd")).isOne();
    assertThat(Suggestion.distance("", "abc")).isEqualTo(3);
  }
}

package io.varve.server.config;

import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * How a server is to be run: a value for each of the {@link Settings} that has one. Immutable; each
 * value is within its setting's bounds.
 */
public final class ServerConfig {
  private static final ServerConfig DEFAULTS = new ServerConfig(Map.of());

  private final Map<Setting<?>, Said> said;

  private record Said(Object value, Origin origin) {}

  private ServerConfig(Map<Setting<?>, Said> said) {
    this.said = said;
  }

  /** Every setting as it is when nobody says otherwise. */
  public static ServerConfig defaults() {
    return DEFAULTS;
  }

  /**
   * This configuration with one value changed.
   *
   * @throws IllegalArgumentException if the value is out of the setting's bounds
   */
  public <T> ServerConfig with(Setting<T> setting, T value) {
    return withText(setting, setting.kind().writer().apply(value), new Origin.Program());
  }

  /** The same with a value as it was written somewhere. */
  <T> ServerConfig withText(Setting<T> setting, String text, Origin origin) {
    T value;
    try {
      value = setting.kind().reader().apply(text);
    } catch (IllegalArgumentException e) {
      String reason =
          setting.secret() ? "has a value that cannot be" : String.valueOf(e.getMessage());
      throw new IllegalArgumentException(origin.of(setting) + " " + reason, e);
    }
    Map<Setting<?>, Said> changed = new HashMap<>(said);
    changed.put(setting, new Said(value, origin));
    return new ServerConfig(Collections.unmodifiableMap(changed));
  }

  /** The value of a setting that has a default, or that the caller knows to be there. */
  public <T> T get(Setting<T> setting) {
    return find(setting)
        .orElseThrow(() -> new IllegalStateException("nobody has said " + setting.name()));
  }

  /** The value of a setting, if there is one. */
  @SuppressWarnings("unchecked") // withText puts values of the setting's own type
  public <T> Optional<T> find(Setting<T> setting) {
    Said value = said.get(setting);
    return value == null ? setting.standard() : Optional.of((T) value.value());
  }

  /** Where the value of a setting was said. */
  public Origin origin(Setting<?> setting) {
    Said value = said.get(setting);
    return value == null ? new Origin.Default() : value.origin();
  }

  /** The value as text, for people: secrets are masked, and nothing is empty. */
  public <T> String shown(Setting<T> setting) {
    Optional<T> value = find(setting);
    if (value.isEmpty()) {
      return "";
    }
    return setting.secret() ? "(secret)" : setting.kind().writer().apply(value.get());
  }

  /** What one request may ask for. */
  public Limits limits() {
    Limits limits = Limits.defaults();
    for (Setting<?> setting : Settings.of(Setting.Section.LIMITS)) {
      Number value = (Number) get(setting);
      limits = limits.with(Settings.limitName(setting), value.intValue());
    }
    return limits;
  }
}

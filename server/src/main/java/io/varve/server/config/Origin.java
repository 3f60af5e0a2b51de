package io.varve.server.config;

/** Where a value was said. Of several, the first in this order counts. */
public sealed interface Origin {

  /** How to tell somebody where to correct a value of this setting. */
  String of(Setting<?> setting);

  /** The command line. */
  record CommandLine() implements Origin {
    @Override
    public String of(Setting<?> setting) {
      return setting.option().orElse(setting.name());
    }
  }

  /** The environment of the process. */
  record Environment() implements Origin {
    @Override
    public String of(Setting<?> setting) {
      return setting.variable();
    }
  }

  /** A file of settings. */
  record File(String path) implements Origin {
    @Override
    public String of(Setting<?> setting) {
      return path + ": " + setting.name();
    }
  }

  /** The program that starts a server within itself. */
  record Program() implements Origin {
    @Override
    public String of(Setting<?> setting) {
      return setting.name();
    }
  }

  /** Nobody: it is the default. */
  record Default() implements Origin {
    @Override
    public String of(Setting<?> setting) {
      return "default";
    }
  }
}

package io.varve.server.config;

import java.util.Set;
import java.util.regex.Pattern;

/** Variables of the environment that begin with {@code VARVE_} and are no settings of a server. */
final class OtherVariables {
  /**
   * The launcher's, one that tells our own build where it runs, and how the tools of the {@code
   * varve} command reach a server.
   */
  private static final Set<String> NAMES =
      Set.of(
          "VARVE_JAVA_HOME",
          "VARVE_JAVA_OPTS",
          "VARVE_CI",
          "VARVE_ADDRESS",
          "VARVE_TOKEN",
          "VARVE_TOKEN_FILE",
          "VARVE_USER",
          "VARVE_PASSWORD",
          "VARVE_PASSWORD_FILE",
          "VARVE_TIMEOUT");

  /** More of the tools'. */
  private static final String TOOLS = "VARVE_CLIENT_";

  /**
   * What Kubernetes puts into every container beside a service named {@code varve}: {@code
   * VARVE_PORT=tcp://10.0.0.7:2113} among others, which is not the port that anybody has set.
   */
  private static final Pattern SERVICE_LINKS =
      Pattern.compile(
          "VARVE_SERVICE_HOST|VARVE_SERVICE_PORT(_\\w+)?|VARVE_PORT_\\d+_(TCP|UDP)(_\\w+)?");

  private OtherVariables() {}

  static boolean contains(String name, String value) {
    return NAMES.contains(name)
        || name.startsWith(TOOLS)
        || SERVICE_LINKS.matcher(name).matches()
        || (name.equals("VARVE_PORT") && value.startsWith("tcp://"));
  }
}

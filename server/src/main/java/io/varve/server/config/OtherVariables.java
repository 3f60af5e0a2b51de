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
          "VARVE_NEW_PASSWORD",
          "VARVE_TIMEOUT");

  /** More of the tools'. */
  private static final String TOOLS = "VARVE_CLIENT_";

  /**
   * What Kubernetes puts into every container beside a service whose name is {@code varve} or
   * begins with {@code varve-}: {@code VARVE_PORT=tcp://10.0.0.7:2113} among others, which is not
   * the port that anybody has set.
   */
  private static final Pattern SERVICE_LINKS =
      Pattern.compile(
          "VARVE_(\\w+_)?(SERVICE_HOST|SERVICE_PORT(_\\w+)?|PORT_\\d+_(TCP|UDP|SCTP)(_\\w+)?)");

  private static final Pattern SERVICE_PORT = Pattern.compile("VARVE_(\\w+_)?PORT");

  /** How such a link begins; the value of a setting never does. */
  private static final Pattern LINK = Pattern.compile("(tcp|udp|sctp)://.*");

  private OtherVariables() {}

  static boolean contains(String name, String value) {
    return NAMES.contains(name)
        || name.startsWith(TOOLS)
        || SERVICE_LINKS.matcher(name).matches()
        || (SERVICE_PORT.matcher(name).matches() && LINK.matcher(value).matches());
  }
}

package io.varve.server.migrate;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A connection string as KurrentDB's clients take it, for one node:
 *
 * <pre>kurrentdb://USER:PASSWORD@HOST:PORT?tls=true&amp;tlsCaFile=ca.pem</pre>
 *
 * @param host where the node is
 * @param port its port
 * @param user as whom to call; null: as nobody
 * @param password the user's; null: the string has none
 * @param tls whether the link is encrypted
 * @param verify whether the node's certificate is checked
 * @param caFile who may have signed it, in PEM; null: whom the JVM trusts
 * @param certFile the caller's own certificate, in PEM; null: none
 * @param keyFile its key; null exactly if {@code certFile} is
 * @param deadline how long an answer may take
 */
public record KurrentAddress(
    String host,
    int port,
    @Nullable String user,
    @Nullable String password,
    boolean tls,
    boolean verify,
    @Nullable Path caFile,
    @Nullable Path certFile,
    @Nullable Path keyFile,
    Duration deadline) {
  private static final int DEFAULT_PORT = 2113;
  private static final Duration DEFAULT_DEADLINE = Duration.ofSeconds(10);
  private static final Set<String> SCHEMES = Set.of("kurrentdb", "esdb", "kdb");

  /** What clients also take, and what makes no difference to a reader of one node. */
  private static final Set<String> WITHOUT_EFFECT =
      Set.of(
          "connectionname",
          "discoveryinterval",
          "dnsdiscover",
          "gossiptimeout",
          "keepaliveinterval",
          "keepalivetimeout",
          "maxdiscoverattempts",
          "nodepreference",
          "throwonappendfailure");

  /**
   * Reads a connection string. Names of its options may be in any case, as in KurrentDB's clients.
   *
   * @throws IllegalArgumentException with a sentence that has no password in it, if something of it
   *     is not understood
   */
  public static KurrentAddress parse(String text) {
    int scheme = text.indexOf("://");
    if (scheme < 0) {
      throw new IllegalArgumentException(
          "a source must look like kurrentdb://localhost:2113?tls=false");
    }
    checkScheme(text.substring(0, scheme).toLowerCase(Locale.ROOT));
    String rest = text.substring(scheme + 3);
    int question = rest.indexOf('?');
    Map<String, String> options = options(question < 0 ? "" : rest.substring(question + 1));
    String before = question < 0 ? rest : rest.substring(0, question);
    if (before.endsWith("/")) {
      before = before.substring(0, before.length() - 1);
    }
    int at = before.lastIndexOf('@');
    String[] who = at < 0 ? new String[0] : before.substring(0, at).split(":", 2);
    String where = before.substring(at + 1);
    if (where.contains(",")) {
      throw new IllegalArgumentException(
          "a source is one node, and there is a comma between several; name one of them");
    }
    int colon = where.lastIndexOf(':');
    boolean hasPort = colon > where.lastIndexOf(']');
    String host = hasPort ? where.substring(0, colon) : where;
    if (host.isEmpty() || host.contains("/") || (host.indexOf(':') >= 0 && !host.startsWith("["))) {
      throw new IllegalArgumentException("a source must name a host behind ://");
    }
    KurrentAddress address =
        new KurrentAddress(
            host,
            hasPort ? port(where.substring(colon + 1)) : DEFAULT_PORT,
            who.length == 0 ? null : decoded("user", who[0]),
            who.length < 2 ? null : decoded("password", who[1]),
            flag(options, "tls"),
            flag(options, "tlsVerifyCert"),
            path(options, "tlsCaFile"),
            path(options, "userCertFile"),
            path(options, "userKeyFile"),
            deadline(options));
    options.keySet().removeAll(WITHOUT_EFFECT);
    if (!options.isEmpty()) {
      throw new IllegalArgumentException(
          "a source has no option " + options.keySet().iterator().next());
    }
    if ((address.certFile == null) != (address.keyFile == null)) {
      throw new IllegalArgumentException("userCertFile and userKeyFile go together");
    }
    return address;
  }

  private static void checkScheme(String scheme) {
    if (scheme.endsWith("+discover")) {
      throw new IllegalArgumentException(
          "a source is one node, and "
              + scheme
              + " looks for one in a cluster; name one of its nodes, with "
              + scheme.replace("+discover", ""));
    }
    if (!SCHEMES.contains(scheme)) {
      throw new IllegalArgumentException(
          "a source must begin with kurrentdb:// or esdb://, and not with " + scheme + "://");
    }
  }

  private static Map<String, String> options(String query) {
    Map<String, String> options = new LinkedHashMap<>();
    for (String one : query.split("&", -1)) {
      if (one.isEmpty()) {
        continue;
      }
      int equals = one.indexOf('=');
      if (equals < 1) {
        throw new IllegalArgumentException(
            "an option of a source must look like tls=false, and there is one without a value");
      }
      String name = one.substring(0, equals);
      String value = decoded(name, one.substring(equals + 1));
      if (options.put(name.toLowerCase(Locale.ROOT), value) != null) {
        throw new IllegalArgumentException("the source's option " + name + " is there twice");
      }
    }
    return options;
  }

  private static @Nullable String take(Map<String, String> options, String name) {
    return options.remove(name.toLowerCase(Locale.ROOT));
  }

  private static boolean flag(Map<String, String> options, String name) {
    String value = take(options, name);
    if (value == null || value.equalsIgnoreCase("true")) {
      return true;
    }
    if (value.equalsIgnoreCase("false")) {
      return false;
    }
    throw new IllegalArgumentException("the source's " + name + " must be true or false");
  }

  private static @Nullable Path path(Map<String, String> options, String name) {
    String value = take(options, name);
    return value == null ? null : Path.of(value);
  }

  private static Duration deadline(Map<String, String> options) {
    String value = take(options, "defaultDeadline");
    if (value == null) {
      return DEFAULT_DEADLINE;
    }
    try {
      int millis = Integer.parseInt(value);
      if (millis > 0) {
        return Duration.ofMillis(millis);
      }
    } catch (NumberFormatException e) {
      throw badDeadline(e);
    }
    throw badDeadline(null);
  }

  private static IllegalArgumentException badDeadline(@Nullable Throwable cause) {
    return new IllegalArgumentException(
        "the source's defaultDeadline must be a number of milliseconds above 0", cause);
  }

  private static int port(String text) {
    try {
      int port = Integer.parseInt(text);
      if (port > 0 && port <= 65_535) {
        return port;
      }
    } catch (NumberFormatException e) {
      throw badPort(e);
    }
    throw badPort(null);
  }

  private static IllegalArgumentException badPort(@Nullable Throwable cause) {
    return new IllegalArgumentException(
        "the source's port must be a number from 1 to 65535", cause);
  }

  /** With what %XX stands for; a plus is a plus. */
  private static String decoded(String what, String text) {
    try {
      return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("the source's " + what + " has a broken %XX", e);
    }
  }

  /** The same, with another password. */
  public KurrentAddress withPassword(String other) {
    return new KurrentAddress(
        host, port, user, other, tls, verify, caFile, certFile, keyFile, deadline);
  }

  /** Whether a password would travel to another machine in the clear. */
  public boolean exposesPassword() {
    boolean here =
        host.equalsIgnoreCase("localhost")
            || host.matches("127(\\.\\d{1,3}){3}")
            || host.equals("[::1]");
    return user != null && !tls && !here;
  }

  /** Where it is, without who calls. */
  @Override
  public String toString() {
    return host + ":" + port;
  }
}

package io.varve.server.ops.http;

import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Whether a request was meant for this server.
 *
 * <p>A page of another site can have its own name point at this machine (DNS rebinding), and would
 * then read what the console reads. Its requests name that site as their host. An address cannot be
 * taken over in this way, so addresses are fine, and beside them the names that are known.
 */
final class HostCheck {
  private static final Pattern IPV4 = Pattern.compile("\\d{1,3}(\\.\\d{1,3}){3}");
  private static final Pattern IPV6 = Pattern.compile("\\[[0-9A-Fa-f:.]+(%25[^\\]]*)?\\]");
  private static final Pattern PORT = Pattern.compile(":\\d{1,5}$");

  private final Set<String> names;

  HostCheck(Set<String> names) {
    this.names = names;
  }

  /**
   * Whether a header {@code Host} names this server.
   *
   * @param host its value; null when there is none
   */
  boolean allows(@Nullable String host) {
    if (host == null) {
      return false;
    }
    String name = PORT.matcher(host.strip()).replaceFirst("").toLowerCase(Locale.ROOT);
    return name.equals("localhost")
        || IPV4.matcher(name).matches()
        || IPV6.matcher(name).matches()
        || names.contains(name);
  }
}

package io.varve.bank.web;

import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import io.javalin.http.HandlerType;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Collection;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Keeps web pages of other sites from giving commands, and from reading what is here. A browser
 * sends whatever a page anywhere asks it to, also to a demo that listens on loopback alone; but it
 * says where the page is from and which host it asks for, and a page cannot change that. Programs
 * that are no browsers are let through, by any name that is ours.
 *
 * <p>A name of someone else that is made to resolve to this machine (DNS rebinding) would make
 * their page look like ours. So requests are answered under addresses, "localhost", and the names
 * that whoever started the demo has given it; under no other.
 */
final class SameSite {

  private static final Set<HandlerType> HARMLESS =
      Set.of(HandlerType.GET, HandlerType.HEAD, HandlerType.OPTIONS);

  /** An address, not a name that somebody's DNS could point at us. */
  private static final Pattern ADDRESS = Pattern.compile("[0-9.]+|\\[[0-9a-fA-F:.]+\\]");

  private static final Pattern PORT = Pattern.compile(":[0-9]*$");

  private final Set<String> ownNames;

  /**
   * @param ownNames the hosts' names under which it serves, besides localhost; without a port
   */
  SameSite(Collection<String> ownNames) {
    this.ownNames = ownNames.stream().map(SameSite::plain).collect(Collectors.toUnmodifiableSet());
  }

  void register(RoutesConfig routes) {
    routes.before(this::check);
  }

  private void check(Context context) {
    String host = context.header("Host");
    if (host != null && !isOurs(host)) {
      throw ApiException.forbidden(
          "unknown_host",
          "this bank is not served under the name in Host; if it is to be, start it with"
              + " --allow-host and that name");
    }
    if (!HARMLESS.contains(context.method())) {
      checkOrigin(context, host);
    }
  }

  private static void checkOrigin(Context context, @Nullable String host) {
    String fetchSite = context.header("Sec-Fetch-Site");
    String origin = context.header("Origin");
    boolean ownPage = fetchSite == null || Set.of("same-origin", "none").contains(fetchSite);
    if (!ownPage || (origin != null && !isFrom(origin, host))) {
      throw ApiException.forbidden(
          "cross_site", "commands are taken from this bank's own page, not from other sites");
    }
  }

  /** Whether the page came from the host that it sends to. */
  private static boolean isFrom(String origin, @Nullable String host) {
    try {
      String authority = new URI(origin).getRawAuthority();
      return authority != null && authority.equalsIgnoreCase(host);
    } catch (URISyntaxException e) {
      return false;
    }
  }

  private boolean isOurs(String hostAndPort) {
    String host = plain(PORT.matcher(hostAndPort).replaceFirst(""));
    return host.equals("localhost")
        || host.endsWith(".localhost") // nobody's DNS has any of these
        || ADDRESS.matcher(host).matches()
        || ownNames.contains(host);
  }

  /** Names are the same in any case, and with or without the dot of DNS's root. */
  private static String plain(String host) {
    String lower = host.toLowerCase(Locale.ROOT);
    return lower.endsWith(".") ? lower.substring(0, lower.length() - 1) : lower;
  }
}

package io.varve.bank.web;

import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import io.javalin.http.HandlerType;
import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Keeps web pages of other sites from giving commands. A browser sends whatever a page anywhere
 * asks it to, also to a demo that listens on loopback alone; but it says where the page is from,
 * and a page cannot change that. Programs that are no browsers do not say it, and are let through.
 */
final class SameSite {

  private static final Set<HandlerType> HARMLESS =
      Set.of(HandlerType.GET, HandlerType.HEAD, HandlerType.OPTIONS);

  /** An address, not a name that somebody's DNS could point at us. */
  private static final Pattern ADDRESS = Pattern.compile("[0-9.]+|\\[[0-9a-fA-F:.]+\\]");

  private SameSite() {}

  static void register(RoutesConfig routes) {
    routes.before(SameSite::check);
  }

  private static void check(Context context) {
    if (HARMLESS.contains(context.method())) {
      return;
    }
    String fetchSite = context.header("Sec-Fetch-Site");
    String origin = context.header("Origin");
    boolean ownPage = fetchSite == null || Set.of("same-origin", "none").contains(fetchSite);
    if (!ownPage || (origin != null && !isOurs(origin, context))) {
      throw ApiException.forbidden(
          "cross_site", "commands are taken from this bank's own page, not from other sites");
    }
  }

  /** Whether the page came from the host that it sends to, and that host can only be us. */
  private static boolean isOurs(String origin, Context context) {
    String host = context.header("Host");
    String authority = authority(origin);
    return host != null
        && authority != null
        && authority.equalsIgnoreCase(host)
        && (!isLoopback(context) || isLocalName(host));
  }

  private static @Nullable String authority(String origin) {
    try {
      return new URI(origin).getRawAuthority();
    } catch (URISyntaxException e) {
      return null;
    }
  }

  private static boolean isLoopback(Context context) {
    return InetAddress.ofLiteral(context.req().getLocalAddr()).isLoopbackAddress();
  }

  /**
   * A name of someone else that resolves to loopback would make their page look like ours.
   * "localhost" cannot be one.
   */
  private static boolean isLocalName(String hostAndPort) {
    String host = hostAndPort.replaceFirst(":[0-9]+$", "").toLowerCase(Locale.ROOT);
    return host.equals("localhost")
        || host.endsWith(".localhost")
        || ADDRESS.matcher(host).matches();
  }
}

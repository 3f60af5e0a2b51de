package io.varve.bank.web;

import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import io.javalin.http.Handler;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The page for people: {@code GET /} for a browser, and the files that it is made of. A program
 * that asks for {@code /} gets links instead.
 *
 * <p>The page may load, run and ask only what comes from here, and may not turn text into markup;
 * so what an owner calls an account stays text.
 */
final class PageRoutes {

  /** A file of the page, and what a browser compares to see whether it has changed. */
  private static final class PageFile {
    private final byte[] content;
    private final String type;
    private final String etag;

    PageFile(byte[] content, String type) {
      this.content = content;
      this.type = type;
      this.etag = hash(content);
    }

    private static String hash(byte[] content) {
      try {
        byte[] hash = MessageDigest.getInstance("SHA-256").digest(content);
        return '"' + HexFormat.of().formatHex(hash, 0, 12) + '"';
      } catch (NoSuchAlgorithmException e) {
        throw new IllegalStateException("every Java has SHA-256", e);
      }
    }
  }

  private static final String CONTENT_SECURITY_POLICY =
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
          + " base-uri 'none'; form-action 'none'; frame-ancestors 'none';"
          + " require-trusted-types-for 'script'; trusted-types 'none'";

  private static final Map<String, String> TYPES =
      Map.of(
          "html", "text/html; charset=utf-8",
          "css", "text/css; charset=utf-8",
          "js", "text/javascript; charset=utf-8",
          "svg", "image/svg+xml");

  /** The names that files of the page have; no other is looked up. */
  private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9-]{0,40}\\.([a-z]{2,4})");

  private static final String INDEX = "index.html";

  private final Handler links;
  private final Map<String, PageFile> files = new ConcurrentHashMap<>();

  /**
   * @param links answers a program that asks for {@code /}
   */
  PageRoutes(Handler links) {
    this.links = links;
  }

  void register(RoutesConfig routes) {
    routes.get("/", this::root);
    routes.get("/page/{file}", context -> answer(context, context.pathParam("file")));
  }

  private void root(Context context) throws Exception {
    context.header("Vary", "Accept");
    if (prefersPage(context.header("Accept"))) {
      answer(context, INDEX);
    } else {
      links.handle(context);
    }
  }

  /** Whether text/html is named, and liked at least as much as JSON. Browsers do; others do not. */
  private static boolean prefersPage(@Nullable String accept) {
    double html = 0;
    double json = 0;
    for (String range : accept == null ? new String[0] : accept.split(",", 100)) {
      String[] parts = range.strip().split("\\s*;\\s*", 10);
      double quality =
          Arrays.stream(parts)
              .filter(part -> part.matches("q=[01](\\.[0-9]{0,3})?"))
              .mapToDouble(part -> Double.parseDouble(part.substring(2)))
              .findFirst()
              .orElse(1);
      if (parts[0].equalsIgnoreCase("text/html")) {
        html = Math.max(html, quality);
      } else if (parts[0].equalsIgnoreCase("application/json")) {
        json = Math.max(json, quality);
      }
    }
    return html > 0 && html >= json;
  }

  private void answer(Context context, String name) throws IOException {
    PageFile file = file(name);
    if (file == null) {
      throw ApiException.notFound("there is nothing at " + context.path());
    }
    context
        .header("ETag", file.etag)
        .header("Cache-Control", "no-cache") // keep it, and ask whether it is still the same
        .header("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        .header("X-Content-Type-Options", "nosniff")
        .header("Referrer-Policy", "no-referrer")
        .header("Cross-Origin-Opener-Policy", "same-origin")
        .header("Cross-Origin-Resource-Policy", "same-origin");
    if (hasSame(context.header("If-None-Match"), file.etag)) {
      context.status(304);
    } else {
      context.contentType(file.type).result(file.content);
    }
  }

  private static boolean hasSame(@Nullable String ifNoneMatch, String etag) {
    return ifNoneMatch != null
        && Arrays.stream(ifNoneMatch.split(",", 100))
            .map(tag -> tag.strip().replaceFirst("^W/", ""))
            .anyMatch(tag -> tag.equals(etag) || tag.equals("*"));
  }

  private @Nullable PageFile file(String name) throws IOException {
    PageFile known = files.get(name);
    if (known != null) {
      return known;
    }
    Matcher matcher = NAME.matcher(name);
    String type = matcher.matches() ? TYPES.get(matcher.group(1)) : null;
    if (type == null) {
      return null;
    }
    try (InputStream in = PageRoutes.class.getResourceAsStream("/page/" + name)) {
      if (in == null) {
        return null;
      }
      PageFile file = new PageFile(in.readAllBytes(), type);
      files.put(name, file);
      return file;
    }
  }
}

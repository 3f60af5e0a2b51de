package io.varve.server.ops.console;

import io.varve.server.ops.http.Authenticator.Need;
import io.varve.server.ops.http.Response;
import io.varve.server.ops.http.Route;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The page's own files. They are read once, and there are no others. */
final class Page {
  private static final String FOLDER = "/console/";

  private static final List<String> FILES =
      List.of(
          "index.html",
          "console.css",
          "icon.svg",
          "main.js",
          "api.js",
          "dom.js",
          "format.js",
          "payload.js",
          "events.js",
          "overview.js",
          "streams.js",
          "log.js",
          "terms.js",
          "subscriptions.js",
          "groups.js",
          "theme.js");

  private static final Map<String, String> TYPES =
      Map.of(
          "html", "text/html; charset=utf-8",
          "css", "text/css; charset=utf-8",
          "js", "text/javascript; charset=utf-8",
          "svg", "image/svg+xml");

  private Page() {}

  static List<Route> routes() {
    List<Route> routes = new ArrayList<>();
    for (String file : FILES) {
      String text = read(file);
      String type = TYPES.getOrDefault(file.substring(file.lastIndexOf('.') + 1), "text/plain");
      routes.add(
          Route.get(
              file.equals("index.html") ? "/" : "/" + file,
              Need.BROWSE,
              _ -> Response.of(type, text)));
    }
    return routes;
  }

  private static String read(String file) {
    try (InputStream in = Page.class.getResourceAsStream(FOLDER + file)) {
      if (in == null) {
        throw new IllegalStateException("the console's file " + file + " is missing");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("the console's file " + file + " cannot be read", e);
    }
  }
}

package io.varve.server.ops.console;

import io.varve.server.event.StreamScope;
import io.varve.server.ops.http.BadRequest;
import io.varve.server.ops.http.Json;
import io.varve.server.ops.http.Request;
import io.varve.server.ops.http.Response;
import io.varve.server.read.VisibleEntries;
import io.varve.server.storage.TermCount;
import io.varve.server.storage.TermKind;
import java.util.List;

/** How many events carry each type, tag or category. */
final class Counts {
  private static final int MAX_PAGE = 500;
  private static final int PAGE = 100;

  private Counts() {}

  /** Whether events of system streams are, or may be, among those that are counted. */
  private static boolean isOfSystemEvents(TermKind kind, String text) {
    return text.startsWith("$")
        || (kind == TermKind.TAG && text.startsWith(StreamScope.SYSTEM_EVENT_TAG));
  }

  static Response of(ConsoleStore store, Request request) {
    TermKind kind =
        switch (request.needed("kind")) {
          case "type" -> TermKind.TYPE;
          case "tag" -> TermKind.TAG;
          case "category" -> TermKind.CATEGORY;
          default -> throw new BadRequest("kind must be type, tag or category");
        };
    request.caller().requireToReadAllWithoutException();
    boolean everything = request.caller().readable().everything();
    String after = request.text("after");
    int limit = (int) request.number("limit", 1, MAX_PAGE, PAGE);
    List<TermCount> found =
        VisibleEntries.of(
            after,
            limit + 1,
            // An empty text comes first, so nothing is behind it that is not behind none.
            (from, most) -> store.directory().counts(kind, from.isEmpty() ? null : from, most),
            TermCount::text,
            text -> everything || !isOfSystemEvents(kind, text));
    List<TermCount> shown = found.subList(0, Math.min(limit, found.size()));
    return Response.json(
        Json.write(
            json -> {
              json.name("terms").beginArray();
              for (TermCount term : shown) {
                json.beginObject();
                json.name("text").value(term.text());
                json.name("count").value(term.count());
                json.endObject();
              }
              json.endArray();
              json.name("more").value(found.size() > limit);
            }));
  }
}

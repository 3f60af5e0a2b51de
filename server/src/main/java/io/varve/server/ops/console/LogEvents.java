package io.varve.server.ops.console;

import io.varve.server.event.Query;
import io.varve.server.event.StreamScope;
import io.varve.server.ops.http.BadRequest;
import io.varve.server.ops.http.Json;
import io.varve.server.ops.http.Request;
import io.varve.server.ops.http.Response;
import io.varve.server.read.LogRead;
import io.varve.server.storage.EncodedEvent;
import java.util.List;
import java.util.Set;

/** Events of the log, under a query. */
final class LogEvents {
  private static final int MAX_PAGE = 200;
  private static final int PAGE = 50;
  private static final int MAX_TERMS = 20;

  private LogEvents() {}

  /** A page of the log, newest first from position {@code from}, or forwards. */
  static Response page(ConsoleStore store, Request request) {
    long from = request.number("from", 0, Long.MAX_VALUE, 0);
    boolean forwards = request.flag("forwards");
    int limit = (int) request.number("limit", 1, MAX_PAGE, PAGE);
    Query query = query(request);
    EventList events =
        EventList.of(
            store.reader().readLog(new LogRead(query, from, 0, null, null, !forwards, limit)),
            limit);
    return Response.json(
        Json.write(
            json -> {
              json.name("head").value(store.parts().storage().head().position());
              events.write(json);
            }));
  }

  /** One event, whole unless it is very large. */
  static Response one(ConsoleStore store, Request request) {
    long position = request.number("position", 1, Long.MAX_VALUE, 0);
    EncodedEvent event = position == 0 ? null : store.reader().eventAt(position);
    ShownEvent found = event == null ? null : ShownEvent.of(event, ShownEvent.LONG_BYTES);
    // What is hidden is answered like what is not there.
    if (found == null || !request.caller().readable().contains(found.event().stream().value())) {
      throw new BadRequest(404, "there is no event at position " + position);
    }
    return Response.json(
        Json.write(
            json -> {
              json.name("event");
              EventJson.write(json, found);
            }));
  }

  /** Which events: each of {@code type}, {@code tag}, {@code prefix} and {@code category}. */
  static Query query(Request request) {
    List<String> types = terms(request, "type");
    List<String> tags = terms(request, "tag");
    List<String> prefixes = terms(request, "prefix");
    List<String> categories = terms(request, "category");
    Query asked =
        types.isEmpty() && tags.isEmpty() && prefixes.isEmpty() && categories.isEmpty()
            ? Query.everything()
            : new Query(
                List.of(
                    new Query.Item(
                        Set.copyOf(types), Set.copyOf(tags), prefixes, Set.copyOf(categories))));
    return visible(asked, request.caller().readable());
  }

  /** The query about what somebody may read, who may read something. */
  private static Query visible(Query asked, StreamScope readable) {
    if (readable.isEmpty()) {
      throw new BadRequest(403, "this needs the permission read");
    }
    return readable.everything() ? asked : asked.within(readable);
  }

  private static List<String> terms(Request request, String name) {
    List<String> values = request.all(name);
    if (values.size() > MAX_TERMS) {
      throw new BadRequest(name + " may be there at most " + MAX_TERMS + " times");
    }
    return values;
  }
}

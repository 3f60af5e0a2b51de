package io.varve.server.ops.console;

import com.google.gson.stream.JsonWriter;
import io.varve.server.event.StreamId;
import io.varve.server.event.StreamScope;
import io.varve.server.event.StreamState;
import io.varve.server.ops.http.BadRequest;
import io.varve.server.ops.http.Json;
import io.varve.server.ops.http.Request;
import io.varve.server.ops.http.Response;
import io.varve.server.read.EventCursor;
import io.varve.server.read.StreamDirectory;
import io.varve.server.read.StreamLookUp;
import io.varve.server.read.StreamView;
import io.varve.server.read.VisibleEntries;
import io.varve.server.storage.StreamHead;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/** What streams there are, and the events of one. */
final class Streams {
  private static final int MAX_PAGE = 200;
  private static final int PAGE = 50;

  private Streams() {}

  /** Streams whose names begin with {@code prefix}, or those of a {@code category}, by name. */
  static Response list(ConsoleStore store, Request request) {
    String prefix = request.text("prefix");
    String category = request.text("category");
    String after = request.text("after");
    int limit = (int) request.number("limit", 1, MAX_PAGE, PAGE);
    if (!prefix.isEmpty() && !category.isEmpty()) {
      throw new BadRequest("prefix and category cannot both be given");
    }
    StreamDirectory directory = store.directory();
    StreamScope readable = request.caller().readable();
    boolean within =
        category.isEmpty() ? readable.containsPrefix(prefix) : readable.containsCategory(category);
    if (!readable.allButSystem() && !within) {
      throw new BadRequest(
          403, "this needs the permission read on all streams; search for those you may read");
    }
    List<StreamId> found =
        VisibleEntries.of(
            after,
            limit + 1,
            (from, most) ->
                category.isEmpty()
                    ? directory.startingWith(prefix, from, most)
                    : directory.ofCategory(category, from, most),
            StreamId::value,
            readable::contains);
    List<StreamId> shown = found.subList(0, Math.min(limit, found.size()));
    return Response.json(
        Json.write(
            json -> {
              json.name("streams").beginArray();
              for (StreamId stream : shown) {
                json.beginObject();
                head(json, stream, directory.headOf(stream));
                json.endObject();
              }
              json.endArray();
              json.name("more").value(found.size() > limit);
            }));
  }

  /** A stream's state and a page of its events, from version {@code from}, newest first if not. */
  static Response one(ConsoleStore store, Request request) {
    StreamId stream = new StreamId(request.needed("name"));
    request.caller().requireToRead(stream.value());
    long from = request.number("from", 0, Long.MAX_VALUE, 0);
    boolean forwards = request.flag("forwards");
    int limit = (int) request.number("limit", 1, MAX_PAGE, PAGE);
    StreamHead head = store.directory().headOf(stream);
    StreamLookUp<StreamView> view = store.reader().viewOf(stream, null);
    if (view instanceof StreamLookUp.NotFound && !head.exists()) {
      throw new BadRequest(404, "there is no stream " + stream);
    }
    long firstKept;
    EventList events;
    if (view instanceof StreamLookUp.Found<StreamView>(StreamView seen)) {
      firstKept = seen.firstKept();
      long start = forwards ? Math.max(from, firstKept) : from;
      events = events(store, seen, start, !forwards, limit);
    } else {
      firstKept = 0;
      events = EventList.none();
    }
    return Response.json(
        Json.write(
            json -> {
              json.name("stream").beginObject();
              head(json, stream, head);
              json.name("firstKept").value(firstKept);
              json.endObject();
              events.write(json);
            }));
  }

  private static EventList events(
      ConsoleStore store, StreamView view, long from, boolean backwards, int limit) {
    return store.reader().readStream(view, from, backwards, limit)
            instanceof StreamLookUp.Found<EventCursor>(EventCursor cursor)
        ? EventList.of(cursor, limit)
        : EventList.none();
  }

  private static void head(JsonWriter json, StreamId stream, StreamHead head) throws IOException {
    StreamState state = head.state();
    json.name("name").value(stream.value());
    json.name("category").value(stream.category());
    json.name("version").value(head.version());
    json.name("lastPosition").value(head.lastPosition());
    json.name("lastRecordedAt").value(head.exists() ? head.lastRecordedAt().toString() : null);
    json.name("createdAt").value(head.exists() ? head.createdAt().toString() : null);
    json.name("life").value(head.life().name().toLowerCase(Locale.ROOT));
    json.name("maxCount").value(state.maxCount());
    Duration maxAge = state.maxAge();
    json.name("maxAgeSeconds").value(maxAge == null ? null : maxAge.toSeconds());
    json.name("truncateBefore").value(state.truncateBefore());
  }
}

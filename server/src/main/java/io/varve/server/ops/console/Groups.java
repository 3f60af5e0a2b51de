package io.varve.server.ops.console;

import com.google.gson.stream.JsonWriter;
import io.varve.server.event.Query;
import io.varve.server.group.ConsumerGroups;
import io.varve.server.group.GroupInfo;
import io.varve.server.group.GroupSettings;
import io.varve.server.group.GroupSource;
import io.varve.server.group.GroupStop;
import io.varve.server.group.Parked;
import io.varve.server.ops.http.BadRequest;
import io.varve.server.ops.http.Json;
import io.varve.server.ops.http.Request;
import io.varve.server.ops.http.Response;
import io.varve.server.storage.EncodedEvent;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** Consumer groups: how they fare, who consumes, and what they gave up on. */
final class Groups {
  private static final int MAX_PAGE = 200;
  private static final int PAGE = 50;

  /** As many positions as one change may name. */
  private static final int MAX_POSITIONS = 90;

  /** A group answers within milliseconds, unless it is stuck at the disk. */
  private static final long PATIENCE_SECONDS = 10;

  private Groups() {}

  /** What a group is asked to do; null when there is no such group. */
  private interface Change {
    CompletableFuture<@Nullable Long> of(String name, List<Long> positions);
  }

  /** Groups by name, page by page. */
  static Response list(ConsoleStore store, Request request) {
    request.caller().requireAllGroups();
    String after = request.text("after");
    int limit = (int) request.number("limit", 1, MAX_PAGE, PAGE);
    List<GroupInfo> found = answer(groups(store).list(after, limit + 1));
    List<GroupInfo> shown = found.subList(0, Math.min(limit, found.size()));
    return Response.json(
        Json.write(
            json -> {
              json.name("groups").beginArray();
              for (GroupInfo info : shown) {
                json.beginObject();
                write(json, info);
                json.endObject();
              }
              json.endArray();
              json.name("more").value(found.size() > limit);
            }));
  }

  /** One group, with its settings and consumers. */
  static Response one(ConsoleStore store, Request request) {
    String name = request.needed("name");
    request.caller().requireGroup(name);
    GroupInfo info = there(answer(groups(store).info(name)), name);
    return Response.json(
        Json.write(
            json -> {
              write(json, info);
              settings(json, info.definition().settings());
              json.name("consumers").beginArray();
              for (GroupInfo.Consumer consumer : info.consumers()) {
                json.beginObject();
                json.name("name").value(consumer.name());
                json.name("inFlight").value(consumer.inFlight());
                json.name("credit").value(consumer.credit());
                json.name("connectedAt").value(consumer.connectedAt().toString());
                json.name("deliveriesPerSecond").value(consumer.deliveriesPerSecond());
                json.name("acksPerSecond").value(consumer.acksPerSecond());
                json.endObject();
              }
              json.endArray();
            }));
  }

  private static void write(JsonWriter json, GroupInfo info) throws IOException {
    json.name("name").value(info.definition().name());
    json.name("source").value(source(info.definition().source()));
    json.name("strategy")
        .value(info.definition().settings().strategy().name().toLowerCase(Locale.ROOT));
    json.name("createdAt").value(info.definition().createdAt().toString());
    json.name("checkpoint").value(info.checkpoint());
    json.name("lag").value(info.lag());
    json.name("inFlight").value(info.inFlight());
    json.name("retrying").value(info.retrying());
    json.name("parked").value(info.parked());
    json.name("replaying").value(info.replaying());
    json.name("deliveriesPerSecond").value(info.deliveriesPerSecond());
    json.name("acksPerSecond").value(info.acksPerSecond());
    json.name("consumerCount").value(info.consumers().size());
    json.name("problem").value(info.problem());
    GroupStop stop = info.stop();
    json.name("stopped").value(stop == null ? null : sentence(stop));
  }

  private static String sentence(GroupStop stop) {
    return "stopped by "
        + (stop.consumer().isEmpty() ? "a consumer" : stop.consumer())
        + " at "
        + stop.at()
        + ", at position "
        + stop.position()
        + (stop.reason().isEmpty() ? "" : ": " + stop.reason());
  }

  private static void settings(JsonWriter json, GroupSettings settings) throws IOException {
    json.name("ackTimeoutMillis").value(settings.ackTimeout().toMillis());
    json.name("maxRetries").value(settings.maxRetries());
    json.name("bufferSize").value(settings.bufferSize());
    json.name("maxInFlight").value(settings.maxInFlight());
  }

  private static String source(GroupSource source) {
    return switch (source) {
      case GroupSource.OfStream(var stream) -> "stream " + stream.value();
      case GroupSource.OfLog(Query query) when query.matchesEverything() -> "log";
      case GroupSource.OfLog(Query query) -> "log, " + words(query);
    };
  }

  private static String words(Query query) {
    List<String> items = new ArrayList<>();
    for (Query.Item item : query.items()) {
      List<String> parts = new ArrayList<>();
      item.types().stream().sorted().forEach(type -> parts.add("type " + type));
      item.tags().stream().sorted().forEach(tag -> parts.add("tag " + tag));
      item.streamPrefixes().forEach(prefix -> parts.add("streams " + prefix + "…"));
      item.categories().stream().sorted().forEach(name -> parts.add("category " + name));
      items.add(String.join(", ", parts));
    }
    return String.join("; or ", items);
  }

  // ---- parked events

  /** A group's parked events by rising position, each with the event itself where it still is. */
  static Response parked(ConsoleStore store, Request request) {
    String name = request.needed("group");
    request.caller().requireGroup(name);
    long after = request.number("after", 0, Long.MAX_VALUE, 0);
    int limit = (int) request.number("limit", 1, MAX_PAGE, PAGE);
    ConsumerGroups groups = groups(store);
    ConsumerGroups.ParkedPage page =
        there(answer(groups.parked(name, after, limit + 1, store.reads())), name);
    List<Parked> shown =
        page.events().subList(0, Math.min(limit, page.events().size())).stream()
            .filter(parked -> !request.caller().readable().except().has(parked.stream().value()))
            .toList();
    return Response.json(
        Json.write(
            json -> {
              json.name("parked").beginArray();
              for (Parked parked : shown) {
                json.beginObject();
                json.name("position").value(parked.position());
                json.name("stream").value(parked.stream().value());
                json.name("version").value(parked.version());
                json.name("reason").value(parked.reason());
                json.name("parkedAt").value(parked.at().toString());
                json.name("retryCount").value(parked.retryCount());
                json.name("replaying").value(page.isReplaying(parked));
                json.name("event");
                write(json, groups.event(parked));
                json.endObject();
              }
              json.endArray();
              json.name("more").value(page.events().size() > limit);
            }));
  }

  private static void write(JsonWriter json, @Nullable EncodedEvent event) throws IOException {
    if (event == null) {
      json.nullValue(); // hidden, or reclaimed
      return;
    }
    EventJson.write(json, ShownEvent.of(event, ShownEvent.SHORT_BYTES));
  }

  /** Delivers parked events again. */
  static Response replay(ConsoleStore store, Request request) {
    return change(request, groups(store)::replay);
  }

  /** Forgets parked events. */
  static Response discard(ConsoleStore store, Request request) {
    return change(request, groups(store)::discard);
  }

  /** For those at each {@code position}, or for {@code all}; one of both must be said. */
  private static Response change(Request request, Change change) {
    String name = request.needed("group");
    List<String> named = request.all("position");
    if (named.isEmpty() != request.flag("all")) {
      throw new BadRequest("either position or all=true must be there");
    }
    if (named.size() > MAX_POSITIONS) {
      throw new BadRequest("position may be there at most " + MAX_POSITIONS + " times");
    }
    List<Long> positions = named.stream().map(Groups::position).toList();
    long changed = there(answer(change.of(name, positions)), name);
    return Response.json(Json.write(json -> json.name("events").value(changed)));
  }

  private static Long position(String text) {
    try {
      return Long.valueOf(text);
    } catch (NumberFormatException e) {
      throw new BadRequest("position must be a whole number, was " + text);
    }
  }

  // ---- asking

  private static ConsumerGroups groups(ConsoleStore store) {
    return store.parts().groups();
  }

  private static <T> T there(@Nullable T found, String name) {
    if (found == null) {
      throw new BadRequest(404, "there is no consumer group " + name);
    }
    return found;
  }

  private static <T extends @Nullable Object> T answer(CompletableFuture<T> asked) {
    try {
      return asked.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new BadRequest(503, "the server stops");
    } catch (TimeoutException e) {
      throw new BadRequest(503, "the consumer groups do not answer; they may be busy: come again");
    } catch (ExecutionException e) {
      throw new IllegalStateException("the store of consumer groups failed", e.getCause());
    }
  }
}

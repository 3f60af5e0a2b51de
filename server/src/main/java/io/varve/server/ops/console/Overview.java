package io.varve.server.ops.console;

import com.google.gson.stream.JsonWriter;
import io.varve.server.ops.LongTask;
import io.varve.server.ops.Scavenger;
import io.varve.server.ops.http.Caller;
import io.varve.server.ops.http.Json;
import io.varve.server.ops.http.Response;
import io.varve.server.ops.metrics.StoreView;
import io.varve.server.ops.metrics.UpkeepView;
import io.varve.server.storage.StorageFigures;
import io.varve.server.subscription.SubscriptionStatus;
import java.io.IOException;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** How the server fares, and who follows it. */
final class Overview {
  /** More could not be taken in by a person, and the figures are in the metrics. */
  private static final int MAX_SUBSCRIPTIONS = 500;

  /** How the subject of a subscription to a stream begins. */
  private static final String STREAM = "stream ";

  private Overview() {}

  /** Who is looking. */
  static Response me(Caller caller, boolean changesAllowed) {
    return Response.json(
        Json.write(
            json -> {
              json.name("name").value(caller.name());
              json.name("changesAllowed").value(changesAllowed);
            }));
  }

  static Response of(ConsoleStore store, Caller caller, boolean changesAllowed, long uptimeNanos) {
    caller.requireToReadAll();
    StoreView parts = store.parts();
    StorageFigures figures = parts.storage().figures();
    Scavenger.Progress scavenge = parts.scavenger().progress();
    List<String> problems = parts.readiness().problems();
    List<SubscriptionStatus> subscriptions = parts.subscriptions().statuses();
    return Response.json(
        Json.write(
            json -> {
              json.name("release").value(store.release());
              json.name("address").value(store.address());
              json.name("storeId").value(parts.storage().storeId().toString());
              json.name("uptimeSeconds").value(TimeUnit.NANOSECONDS.toSeconds(uptimeNanos));
              json.name("changesAllowed").value(changesAllowed);
              json.name("ready").value(problems.isEmpty());
              json.name("problems").beginArray();
              for (String problem : problems) {
                json.value(problem);
              }
              json.endArray();
              json.name("head").value(parts.storage().head().position());
              json.name("events").value(figures.events());
              json.name("streams").value(figures.streams());
              json.name("storeBytes")
                  .value(
                      figures.diskBytes()
                          + parts.snapshots().diskBytes()
                          + parts.groups().diskBytes());
              json.name("groups").value(parts.groups().count());
              json.name("diskFreeBytes").value(parts.disk().freeBytes());
              json.name("diskSizeBytes").value(parts.disk().totalBytes());
              json.name("appendsPerSecond").value(store.traffic().appendsPerSecond());
              json.name("readsPerSecond").value(store.traffic().readsPerSecond());
              json.name("queued").value(parts.commitLog().waiting());
              json.name("queueLimit").value(parts.appendSettings().maxQueued());
              json.name("subscriptions").value(subscriptions.size());
              json.name("largestLag")
                  .value(subscriptions.stream().mapToLong(SubscriptionStatus::lag).max().orElse(0));
              UpkeepView upkeep = parts.upkeep();
              task(json, "backup", upkeep.backups().runs());
              task(json, "verify", upkeep.verifier().runs());
              task(json, "compact", upkeep.compactor().runs());
              task(json, "archive", upkeep.archiver().runs());
              json.name("archivedTo").value(parts.storage().archive().lastPosition());
              json.name("backedUpTo").value(upkeep.backedUpTo().getAsLong());
              json.name("findings").value(upkeep.verifier().lastFindings());
              json.name("scavengeRunning").value(scavenge.running());
              json.name("scavengedEvents").value(scavenge.events());
              json.name("scavengedAt")
                  .value(
                      scavenge.lastFinishedAt() == null
                          ? null
                          : scavenge.lastFinishedAt().toString());
            }));
  }

  private static void task(JsonWriter json, String name, LongTask.Runs runs) throws IOException {
    Instant doneAt = runs.lastDoneAt();
    json.name(name).beginObject();
    json.name("running").value(runs.running());
    json.name("failed").value(runs.failed());
    json.name("doneAt").value(doneAt == null ? null : doneAt.toString());
    json.endObject();
  }

  /** Those that are furthest behind first. */
  static Response subscriptions(ConsoleStore store, Caller caller) {
    caller.requireToReadAll();
    List<SubscriptionStatus> all = store.parts().subscriptions().statuses();
    List<SubscriptionStatus> shown =
        all.stream()
            .sorted(
                Comparator.comparingLong(SubscriptionStatus::lag)
                    .reversed()
                    .thenComparing(SubscriptionStatus::id))
            .limit(MAX_SUBSCRIPTIONS)
            .toList();
    return Response.json(
        Json.write(
            json -> {
              json.name("count").value(all.size());
              json.name("subscriptions").beginArray();
              for (SubscriptionStatus status : shown) {
                json.beginObject();
                json.name("id").value(status.id());
                json.name("subject").value(subject(status, caller));
                json.name("position").value(status.position());
                json.name("lag").value(status.lag());
                json.name("live").value(status.caughtUp());
                json.name("ageSeconds").value(status.age().toSeconds());
                json.endObject();
              }
              json.endArray();
            }));
  }

  /** What it follows, unless that would tell the name of a stream that they may not read. */
  private static String subject(SubscriptionStatus status, Caller caller) {
    boolean told =
        !status.subject().startsWith(STREAM)
            || caller.readable().contains(status.subject().substring(STREAM.length()));
    return told ? status.subject() : "a stream";
  }

  static Response scavenge(ConsoleStore store) {
    boolean started = store.parts().scavenger().start();
    return Response.json(Json.write(json -> json.name("started").value(started)));
  }
}

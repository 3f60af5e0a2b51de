package io.varve.server;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import io.varve.server.append.AppendCommand;
import io.varve.server.append.CommitLog;
import io.varve.server.append.Outcome;
import io.varve.server.event.ExpectedVersion;
import io.varve.server.event.NewEvent;
import io.varve.server.event.RecordedEvent;
import io.varve.server.event.StreamId;
import io.varve.server.read.EventCursor;
import io.varve.server.read.EventReader;
import io.varve.server.read.StreamLookUp;
import io.varve.server.read.StreamRead;
import io.varve.server.security.AccessChange;
import io.varve.server.security.AccessJournal;
import io.varve.server.security.AccessState;
import io.varve.server.security.AuditTrail;
import io.varve.server.security.Permission;
import io.varve.server.security.Role;
import io.varve.server.security.Secrets;
import io.varve.server.security.StreamAcls;
import io.varve.server.storage.DamagedDataException;
import io.varve.server.storage.EncodedEvent;
import io.varve.server.storage.EventRun;
import io.varve.server.storage.StorageException;
import io.varve.server.storage.StreamChange;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Access and audit as events of the system streams {@code $access} and {@code $audit}, written by
 * the same commit path as all others: so a backup has them, and nobody can change them afterwards.
 */
final class SystemJournal implements AccessJournal {
  private static final Logger log = LoggerFactory.getLogger(SystemJournal.class);
  private static final StreamId ACCESS = new StreamId("$access");
  private static final StreamId AUDIT = new StreamId("$audit");

  private static final Duration BETWEEN_TRIES = Duration.ofMillis(10);

  private final CommitLog commitLog;
  private final InstantSource clock;
  private final Supplier<UUID> eventIds;

  /** The append of the trail that is under way, or was the last, and what became of it. */
  private @Nullable CompletableFuture<Outcome> writing; // guarded by this

  /** What the store has not taken yet; belongs to the append while one is under way. */
  private volatile List<NewEvent> unwritten = List.of();

  private volatile @Nullable String auditProblem;

  SystemJournal(CommitLog commitLog, InstantSource clock, Supplier<UUID> eventIds) {
    this.commitLog = commitLog;
    this.clock = clock;
    this.eventIds = eventIds;
  }

  // ---- access

  /**
   * What is in the log about access.
   *
   * @param now tokens that have expired long before are left out
   * @param acls lists of streams, to which everybody is subject
   */
  static AccessState read(EventReader reader, Instant now, StreamAcls acls) {
    if (!(reader.readStream(new StreamRead(ACCESS, 0, false, 0, null))
        instanceof StreamLookUp.Found<EventCursor>(EventCursor cursor))) {
      return AccessState.none(acls);
    }
    AccessState.Fold fold = new AccessState.Fold(acls);
    while (!cursor.isDone()) {
      for (EventRun run : cursor.next().runs()) {
        for (EncodedEvent event : run.events()) {
          fold.add(change(event.decode()));
        }
      }
    }
    return fold.state(now);
  }

  /**
   * The lists of streams, as what is said about streams in the log has them. All of {@code
   * $streams} is read, as {@code $access} is; of its events only those are looked into that say
   * something.
   */
  static StreamAcls readAcls(EventReader reader) {
    StreamAcls acls = new StreamAcls();
    if (!(reader.readStream(new StreamRead(StreamChange.STREAM, 0, false, 0, null))
        instanceof StreamLookUp.Found<EventCursor>(EventCursor cursor))) {
      return acls;
    }
    while (!cursor.isDone()) {
      for (EventRun run : cursor.next().runs()) {
        for (EncodedEvent encoded : run.events()) {
          RecordedEvent event = encoded.decode();
          if (StreamChange.mayDescribe(event.data())) {
            StreamChange change =
                StreamChange.fromJson(event.position().value(), event.type(), event.data());
            if (change.description() != null) {
              acls.recall(change);
            }
          }
        }
      }
    }
    return acls;
  }

  /**
   * The change that an event of the system stream {@code $access} records.
   *
   * @throws DamagedDataException if it records none
   */
  static AccessChange change(RecordedEvent event) {
    try {
      return parsed(event);
    } catch (JsonParseException
        | IllegalArgumentException
        | IllegalStateException
        | UnsupportedOperationException
        | ClassCastException
        | NullPointerException
        | DateTimeException e) { // each a way of Gson's to say that something else is there
      long position = event.position().value();
      DamagedDataException damaged =
          new DamagedDataException(
              position, "the change of access at position " + position + " cannot be read");
      damaged.initCause(e);
      throw damaged;
    }
  }

  private static AccessChange parsed(RecordedEvent event) {
    JsonObject json = JsonParser.parseString(new String(event.data(), UTF_8)).getAsJsonObject();
    return switch (event.type()) {
      case "$UserSaved" ->
          new AccessChange.UserSaved(
              text(json, "name"),
              Role.of(text(json, "role")),
              Secrets.checked(text(json, "passwordHash")));
      case "$UserRemoved" -> new AccessChange.UserRemoved(text(json, "name"));
      case "$TokenCreated" -> {
        List<Permission> permissions = new ArrayList<>();
        for (JsonElement permission : json.getAsJsonArray("permissions")) {
          permissions.add(Permission.parse(permission.getAsString()));
        }
        yield new AccessChange.TokenCreated(
            text(json, "id"),
            text(json, "name"),
            text(json, "hash"),
            permissions,
            json.has("expiresAt") ? Instant.parse(text(json, "expiresAt")) : null);
      }
      case "$TokenRevoked" -> new AccessChange.TokenRevoked(text(json, "id"));
      default ->
          throw new StorageException(
              "this release does not know the event type " + event.type() + " of " + ACCESS);
    };
  }

  private static String text(JsonObject json, String name) {
    return json.get(name).getAsString();
  }

  @Override
  public void append(AccessChange change, String by, Consumer<Outcome> done) {
    propose(ACCESS, List.of(event(change, by, eventIds)), done);
  }

  /** The event of the system stream {@code $access} that records a change. */
  static NewEvent event(AccessChange change, String by, Supplier<UUID> eventIds) {
    JsonObject json = new JsonObject();
    json.addProperty("by", by);
    String type =
        switch (change) {
          case AccessChange.UserSaved user -> {
            json.addProperty("name", user.name());
            json.addProperty("role", user.role().word());
            json.addProperty("passwordHash", user.passwordHash());
            yield "$UserSaved";
          }
          case AccessChange.UserRemoved(String name) -> {
            json.addProperty("name", name);
            yield "$UserRemoved";
          }
          case AccessChange.TokenCreated token -> {
            json.addProperty("id", token.id());
            json.addProperty("name", token.name());
            json.addProperty("hash", token.hash());
            JsonArray permissions = new JsonArray();
            token.permissions().forEach(permission -> permissions.add(permission.text()));
            json.add("permissions", permissions);
            if (token.expiresAt() != null) {
              json.addProperty("expiresAt", token.expiresAt().toString());
            }
            yield "$TokenCreated";
          }
          case AccessChange.TokenRevoked(String id) -> {
            json.addProperty("id", id);
            yield "$TokenRevoked";
          }
        };
    return event(type, json, eventIds);
  }

  // ---- audit

  /**
   * Writes what has happened since the last time; nothing while the last of it is still being
   * written, so that what waits stays within the trail's bounds. What the store did not take is
   * proposed again the next time, before anything newer.
   */
  void write(AuditTrail trail) {
    var _ = write(trail::take);
  }

  /**
   * The same for the last time: all that there is, and waits until it is durable. What cannot be
   * written is told in the log.
   *
   * @param atMost how long it waits; a disk may hang
   */
  void writeAll(AuditTrail trail, Duration atMost) {
    long deadline = System.nanoTime() + atMost.toNanos();
    try {
      while (true) {
        CompletableFuture<Outcome> written = write(trail::takeAll);
        if (written == null) {
          return;
        }
        long left = Math.max(0, deadline - System.nanoTime());
        Outcome outcome = written.get(left, TimeUnit.NANOSECONDS);
        if (outcome instanceof Outcome.QueueFull && left > 0) {
          TimeUnit.NANOSECONDS.sleep(BETWEEN_TRIES.toNanos());
        } else if (!(outcome instanceof Outcome.Appended)) {
          log.error("the end of the audit trail is lost: {}", problem(outcome));
          return;
        }
      }
    } catch (TimeoutException e) {
      log.error("the end of the audit trail is not written within {}", atMost, e);
    } catch (ExecutionException e) {
      throw new IllegalStateException("an append always has an outcome", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      log.error("interrupted before the end of the audit trail was written", e);
    }
  }

  /** Begins to write, unless something is being written; null if all is. */
  private @Nullable CompletableFuture<Outcome> write(Supplier<List<AuditTrail.Counted>> trail) {
    CompletableFuture<Outcome> begun = new CompletableFuture<>();
    synchronized (this) {
      if (writing != null && !writing.isDone()) {
        return writing;
      }
      if (unwritten.isEmpty()) {
        unwritten = trail.get().stream().map(this::event).toList();
      }
      if (unwritten.isEmpty()) {
        return null;
      }
      writing = begun;
    }
    propose(
        AUDIT,
        unwritten,
        outcome -> {
          String problem = outcome instanceof Outcome.Appended ? null : problem(outcome);
          if (problem == null) {
            unwritten = List.of();
          } else if (!problem.equals(auditProblem)) {
            log.error("{} entries of the audit trail wait: {}", unwritten.size(), problem);
          }
          auditProblem = problem;
          begun.complete(outcome);
        });
    return begun;
  }

  private static String problem(Outcome outcome) {
    return "the store did not take them: " + outcome.getClass().getSimpleName();
  }

  private NewEvent event(AuditTrail.Counted counted) {
    AuditTrail.Entry entry = counted.entry();
    JsonObject json = new JsonObject();
    json.addProperty("who", entry.who());
    json.addProperty("from", entry.from());
    json.addProperty("what", entry.what());
    json.addProperty("about", entry.about());
    json.addProperty("outcome", entry.outcome());
    json.addProperty("count", counted.count());
    return event("$" + entry.kind(), json, eventIds);
  }

  // ---- both

  private static NewEvent event(String type, JsonObject json, Supplier<UUID> eventIds) {
    return new NewEvent(
        eventIds.get(),
        true,
        type,
        json.toString().getBytes(UTF_8),
        "application/json",
        Map.of(),
        List.of(),
        null);
  }

  private void propose(StreamId stream, List<NewEvent> events, Consumer<Outcome> done) {
    commitLog.propose(
        AppendCommand.of(stream, new ExpectedVersion.Any(), events, null, clock.instant()), done);
  }
}

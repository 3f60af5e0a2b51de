package io.varve.server.api.grpc;

import static io.varve.server.security.Action.APPEND;
import static io.varve.server.security.Action.CONSUME;
import static io.varve.server.security.Action.MANAGE;
import static io.varve.server.security.Action.READ;
import static io.varve.server.security.StreamRight.DELETE;
import static io.varve.server.security.StreamRight.WRITE_METADATA;

import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import io.varve.proto.v1.AccessGrpc;
import io.varve.proto.v1.AdminGrpc;
import io.varve.proto.v1.ConsumeRequest;
import io.varve.proto.v1.ConsumerGroup;
import io.varve.proto.v1.ConsumerGroupsCreateRequest;
import io.varve.proto.v1.ConsumerGroupsGrpc;
import io.varve.proto.v1.EventStoreGrpc;
import io.varve.proto.v1.GetEventRequest;
import io.varve.proto.v1.ListStreamsRequest;
import io.varve.proto.v1.SaveSnapshotRequest;
import io.varve.proto.v1.SaveUserRequest;
import io.varve.proto.v1.SnapshotsGrpc;
import io.varve.proto.v1.StreamAppend;
import io.varve.proto.v1.StreamsGrpc;
import io.varve.proto.v1.TransactRequest;
import io.varve.server.event.StreamScope;
import io.varve.server.security.Action;
import io.varve.server.security.StreamRight;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What each method needs. A method that is not listed needs {@code administer}, so that one that is
 * added and forgotten is closed rather than open. What depends on more than the request is asked
 * where it is known: reads of the log under {@link Caller#visible}, look-ups of events by {@link
 * Caller#mayRead}, appends on a pipeline one by one.
 */
final class AccessRules {
  /** What a method needs, looked at for each message that the caller sends. */
  interface Need {
    /** Throws a {@link Refusal}. */
    void check(Caller caller, Message request);
  }

  /**
   * @param audited whether calls that were allowed stand in the audit trail as well
   */
  record Rule(Need need, boolean audited) {
    /** Refuses a message that its sender may not send. */
    void check(Caller caller, Object request) {
      need.check(caller, (Message) request);
    }
  }

  private static final Rule ADMINISTER =
      new Rule((caller, _) -> caller.requireAdministrator(), true);

  private static final Map<String, Rule> RULES = new HashMap<>();

  static {
    String store = EventStoreGrpc.SERVICE_NAME;
    rule(store, "Append", stream(APPEND));
    rule(store, "Transact", AccessRules::transact);
    rule(store, "AppendPipeline", (caller, _) -> caller.requireSome(APPEND));
    rule(store, "ReadStream", stream(READ));
    rule(store, "SubscribeToStream", stream(READ));
    rule(store, "ReadLog", (caller, _) -> caller.requireSome(READ));
    rule(store, "SubscribeToLog", (caller, _) -> caller.requireSome(READ));
    rule(store, "GetEvent", AccessRules::getEvent);
    rule(store, "GetTracking", (caller, _) -> caller.requireSome(READ));

    String streams = StreamsGrpc.SERVICE_NAME;
    rule(streams, "GetStream", stream(READ));
    rule(streams, "ListStreams", AccessRules::listStreams);
    rule(streams, "ListCategories", (caller, _) -> caller.requireAllWithoutException(READ));
    rule(streams, "ListEventTypes", (caller, _) -> caller.requireAllWithoutException(READ));
    audited(streams, "SetRetention", stream(MANAGE, WRITE_METADATA));
    audited(streams, "Truncate", stream(MANAGE, WRITE_METADATA));
    audited(streams, "Delete", stream(MANAGE, DELETE));
    audited(streams, "Tombstone", stream(MANAGE, DELETE));

    String snapshots = SnapshotsGrpc.SERVICE_NAME;
    rule(
        snapshots,
        "SaveSnapshot",
        (caller, request) ->
            caller.require(APPEND, ((SaveSnapshotRequest) request).getSnapshot().getStream()));
    rule(snapshots, "GetSnapshot", stream(READ));
    rule(snapshots, "ListSnapshots", stream(READ));
    rule(snapshots, "DeleteSnapshots", stream(APPEND));

    String groups = ConsumerGroupsGrpc.SERVICE_NAME;
    audited(groups, "Create", AccessRules::createGroup);
    audited(groups, "Update", group("name"));
    audited(groups, "Delete", group("name"));
    rule(groups, "Get", group("name"));
    rule(groups, "List", (caller, _) -> caller.requireAll(CONSUME));
    rule(
        groups,
        "Consume",
        (caller, request) -> {
          if (((ConsumeRequest) request).hasStart()) {
            caller.require(CONSUME, ((ConsumeRequest) request).getStart().getGroup());
          }
        });
    rule(groups, "ListParked", group("group"));
    audited(groups, "ReplayParked", group("group"));
    audited(groups, "DiscardParked", group("group"));

    String admin = AdminGrpc.SERVICE_NAME;
    rule(admin, "GetServerInfo", (_, _) -> {});
    rule(admin, "GetStatistics", (caller, _) -> caller.requireAll(READ));
    rule(admin, "ListArchive", (caller, _) -> caller.requireAll(READ));
    for (String act :
        List.of("CreateBackup", "Verify", "Archive", "VerifyArchive", "Scavenge", "Compact")) {
      RULES.put(admin + "/" + act, ADMINISTER);
    }

    String access = AccessGrpc.SERVICE_NAME;
    rule(access, "WhoAmI", (_, _) -> {});
    rule(access, "ListUsers", (caller, _) -> caller.requireAdministrator());
    rule(access, "ListTokens", (caller, _) -> caller.requireAdministrator());
    for (String act : new String[] {"SaveUser", "RemoveUser", "CreateToken", "RevokeToken"}) {
      RULES.put(access + "/" + act, ADMINISTER);
    }
  }

  static {
    // UmaDB's protocol, under both of its names; its events live in one stream.
    for (String umadb : new String[] {"umadb.v1.DCB", "umadb.UmaDBService"}) {
      rule(umadb, "Append", (caller, _) -> caller.require(APPEND, "umadb"));
      rule(umadb, "Read", (caller, _) -> caller.requireSome(READ));
      rule(umadb, "Subscribe", (caller, _) -> caller.requireSome(READ));
      rule(umadb, "Head", (caller, _) -> caller.requireSome(READ));
      rule(umadb, "GetTrackingInfo", (caller, _) -> caller.requireSome(READ));
    }
  }

  static {
    // KurrentDB's protocol. Its requests name streams and groups in ways of their own: what depends
    // on a name is asked in its edge, before anything is looked up.
    String streams = "event_store.client.streams.Streams";
    rule(streams, "Read", (caller, _) -> caller.requireSome(READ));
    Need writing = (caller, _) -> caller.requireSome(APPEND, MANAGE); // to manage: "$$..."
    rule(streams, "Append", writing);
    rule(streams, "BatchAppend", writing);
    audited(streams, "Delete", (caller, _) -> caller.requireSome(MANAGE));
    audited(streams, "Tombstone", (caller, _) -> caller.requireSome(MANAGE));

    String several = "kurrentdb.protocol.v2.streams.StreamsService";
    rule(several, "AppendSession", (caller, _) -> caller.requireSome(APPEND));
    rule(several, "AppendRecords", (caller, _) -> caller.requireSome(APPEND));

    String groups = "event_store.client.persistent_subscriptions.PersistentSubscriptions";
    Need consuming = (caller, _) -> caller.requireSome(CONSUME);
    audited(groups, "Create", consuming);
    audited(groups, "Update", consuming);
    audited(groups, "Delete", consuming);
    audited(groups, "ReplayParked", consuming);
    rule(groups, "GetInfo", consuming);
    rule(groups, "List", consuming);
    rule(groups, "Read", consuming);
    RULES.put(groups + "/RestartSubsystem", ADMINISTER);

    String projections = "event_store.client.projections.Projections";
    rule(projections, "Statistics", (caller, _) -> caller.requireSome(READ));
    RULES.put(projections + "/Enable", ADMINISTER);
    RULES.put(projections + "/Disable", ADMINISTER);

    String operations = "event_store.client.operations.Operations";
    String users = "event_store.client.users.Users";
    for (String act :
        List.of(
            operations + "/StartScavenge",
            operations + "/StopScavenge",
            operations + "/MergeIndexes",
            operations + "/RestartPersistentSubscriptions",
            users + "/Create",
            users + "/Update",
            users + "/Delete",
            users + "/ResetPassword")) {
      RULES.put(act, ADMINISTER);
    }
    // Whoever is no administrator may ask and change what is their own. A change is told once it is
    // made: nobody is to fill the trail with what comes to nothing.
    rule(users, "ChangePassword", (_, _) -> {});
    rule(users, "Details", (_, _) -> {});
  }

  private AccessRules() {}

  private static void rule(String service, String method, Need need) {
    RULES.put(service + "/" + method, new Rule(need, false));
  }

  private static void audited(String service, String method, Need need) {
    RULES.put(service + "/" + method, new Rule(need, true));
  }

  /** The rule for a method, by its full name. */
  static Rule of(String method) {
    return RULES.getOrDefault(method, ADMINISTER);
  }

  /** The full names of the methods that somebody has thought of. */
  static Set<String> methods() {
    return Set.copyOf(RULES.keySet());
  }

  /** What a request is about, for the audit trail; empty if it names nothing. */
  static String about(Object request) {
    return about((Message) request);
  }

  private static String about(Message message) {
    for (String name : new String[] {"stream", "name", "group", "id", "token_id", "folder"}) {
      FieldDescriptor field = message.getDescriptorForType().findFieldByName(name);
      if (field != null && field.getJavaType() == FieldDescriptor.JavaType.STRING) {
        return (String) message.getField(field);
      }
    }
    return switch (message) {
      case ConsumerGroupsCreateRequest create -> create.getGroup().getName();
      case SaveUserRequest save -> save.getUser().getName();
      default -> aboutInOptions(message);
    };
  }

  /** Requests of KurrentDB's protocol have everything in their options. */
  private static String aboutInOptions(Message message) {
    FieldDescriptor options = message.getDescriptorForType().findFieldByName("options");
    if (options == null || options.getJavaType() != FieldDescriptor.JavaType.MESSAGE) {
      return "";
    }
    Message inside = (Message) message.getField(options);
    StringBuilder about = new StringBuilder();
    for (String name :
        new String[] {"stream", "stream_identifier", "all", "group_name", "login_name"}) {
      FieldDescriptor field = inside.getDescriptorForType().findFieldByName(name);
      String part = field == null ? "" : named(inside, field);
      if (!part.isEmpty()) {
        about.append(about.isEmpty() ? "" : "::").append(part);
      }
    }
    return about.toString();
  }

  /** A text, the name of a stream, or what has one; empty if it is not there. */
  private static String named(Message message, FieldDescriptor field) {
    if (field.isRepeated()) {
      return "";
    }
    return switch (field.getJavaType()) {
      case STRING -> (String) message.getField(field);
      case BYTE_STRING -> ((ByteString) message.getField(field)).toStringUtf8();
      case MESSAGE -> {
        if (!message.hasField(field)) {
          yield "";
        }
        if (field.getName().equals("all")) {
          yield "$all";
        }
        Message inside = (Message) message.getField(field);
        for (String name : new String[] {"stream_identifier", "stream_name"}) {
          FieldDescriptor deeper = inside.getDescriptorForType().findFieldByName(name);
          if (deeper != null) {
            yield named(inside, deeper);
          }
        }
        yield "";
      }
      default -> "";
    };
  }

  private static Need stream(Action action) {
    return (caller, request) -> caller.require(action, text(request, "stream"));
  }

  private static Need stream(Action action, StreamRight right) {
    return (caller, request) -> caller.require(action, right, text(request, "stream"));
  }

  private static Need group(String field) {
    return (caller, request) -> caller.require(CONSUME, text(request, field));
  }

  private static String text(Message request, String field) {
    return (String) request.getField(request.getDescriptorForType().findFieldByName(field));
  }

  private static void transact(Caller caller, Message message) {
    TransactRequest request = (TransactRequest) message;
    caller.requireSome(APPEND);
    for (StreamAppend append : request.getStreamsList()) {
      caller.require(APPEND, append.getStream());
    }
  }

  /** Any other event is looked at once it is found. */
  private static void getEvent(Caller caller, Message message) {
    GetEventRequest request = (GetEventRequest) message;
    caller.requireSome(READ);
    if (request.hasStreamVersion()) {
      caller.require(READ, request.getStreamVersion().getStream());
    }
  }

  private static void listStreams(Caller caller, Message message) {
    ListStreamsRequest request = (ListStreamsRequest) message;
    StreamScope scope = caller.principal().scopeOf(READ);
    boolean within =
        scope.allButSystem()
            || switch (request.getFilterCase()) {
              case PREFIX -> scope.containsPrefix(request.getPrefix());
              case CATEGORY -> scope.containsCategory(request.getCategory());
              case FILTER_NOT_SET -> false;
            };
    if (!within) {
      throw Errors.permissionDenied(READ.word(), "all streams; ask for those you may read");
    }
  }

  /** Whoever makes a group hands what it delivers to its consumers. */
  private static void createGroup(Caller caller, Message message) {
    ConsumerGroup group = ((ConsumerGroupsCreateRequest) message).getGroup();
    caller.require(CONSUME, group.getName());
    if (group.hasStream()) {
      caller.require(READ, group.getStream());
    } else {
      caller.requireToReadAllForOthers(Checks.shape(group.getQuery()));
    }
  }
}

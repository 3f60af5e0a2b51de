package io.varve.server.api.kurrent;

import io.varve.server.api.grpc.Caller;
import io.varve.server.event.StreamId;
import io.varve.server.security.Action;
import io.varve.server.security.StreamRight;

/**
 * What a caller must be allowed, by the names that this protocol has for streams and groups. Asked
 * before anything is looked up, so that a refusal tells nothing of what is there. Each method
 * throws a {@link io.varve.server.api.grpc.Refusal}.
 */
final class Rights {
  private Rights() {}

  /**
   * To read or follow a stream. Links are shown to whoever may read something: of them, those to
   * events that the caller may read.
   */
  static void toRead(Caller caller, StreamId name) {
    switch (StreamKind.of(name)) {
      case StreamKind.Plain(StreamId stream) -> caller.require(Action.READ, stream.value());
      case StreamKind.MetadataOf(StreamId stream) ->
          caller.require(Action.READ, StreamRight.READ_METADATA, stream.value());
      case StreamKind.Links _ -> caller.requireSome(Action.READ);
    }
  }

  /** To append to a stream; what is appended to a metadata stream decides what is kept. */
  static void toAppend(Caller caller, StreamId name) {
    switch (StreamKind.of(name)) {
      case StreamKind.Plain(StreamId stream) -> caller.require(Action.APPEND, stream.value());
      case StreamKind.MetadataOf(StreamId stream) ->
          caller.require(Action.MANAGE, StreamRight.WRITE_METADATA, stream.value());
      case StreamKind.Links links -> caller.require(Action.APPEND, links.name());
    }
  }

  static void toDelete(Caller caller, StreamId stream) {
    caller.require(Action.MANAGE, StreamRight.DELETE, stream.value());
  }

  static void toConsume(Caller caller, GroupName group) {
    caller.require(Action.CONSUME, asPermitted(group));
    if (group.isOnLog()) {
      return; // of each event it is asked when it is delivered
    }
    switch (StreamKind.of(new StreamId(group.source()))) {
      case StreamKind.Plain(StreamId stream) ->
          caller.requireNotDenied(Action.CONSUME, StreamRight.READ, stream.value());
      case StreamKind.MetadataOf(StreamId stream) ->
          caller.requireNotDenied(Action.CONSUME, StreamRight.READ_METADATA, stream.value());
      case StreamKind.Links _ -> {}
    }
  }

  static boolean mayConsume(Caller caller, GroupName group) {
    if (!caller.principal().may(Action.CONSUME, asPermitted(group))) {
      return false;
    }
    if (group.isOnLog()) {
      return true;
    }
    return switch (StreamKind.of(new StreamId(group.source()))) {
      case StreamKind.Plain(StreamId stream) ->
          !caller.principal().isDenied(StreamRight.READ, stream.value());
      case StreamKind.MetadataOf(StreamId stream) ->
          !caller.principal().isDenied(StreamRight.READ_METADATA, stream.value());
      case StreamKind.Links _ -> true;
    };
  }

  /**
   * The name that a permission for a group is about: its whole name, or its own where its source is
   * the log or a view of it, which shows nothing of the server's own. Other names that begin with
   * "$" are the administrators'.
   */
  private static String asPermitted(GroupName group) {
    boolean view =
        group.isOnLog()
            || !(StreamKind.of(new StreamId(group.source())) instanceof StreamKind.Plain);
    return view ? group.group() : group.whole();
  }
}

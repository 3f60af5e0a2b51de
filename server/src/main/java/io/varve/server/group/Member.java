package io.varve.server.group;

import io.varve.server.measure.RateMeter;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** A consumer that has joined a group. Owned by the group's turn. */
final class Member {
  static final long MAX_CREDIT = 1_000_000;

  final String name;

  /** How many events it may hold unanswered, if the group lets it. */
  final int maxInFlight;

  final GroupConsumer consumer;
  final Instant connectedAt;
  final RateMeter deliveries;
  final RateMeter acks;

  /** The server's name for it, once it has joined. */
  String id = "";

  /** Whether its membership is over. */
  boolean gone;

  /** How many more events it may be sent, as far as its own credit goes. */
  long credit;

  /** Whether it has ever given credit. */
  boolean active;

  int inFlight;

  /** Whether it can be given more in this turn. */
  boolean open;

  /** Whether there are events that it must not be given in this turn. */
  boolean screened;

  /** What it is given in this turn. */
  final List<GroupConsumer.Delivery> batch = new ArrayList<>();

  long batchBytes;

  Member(
      String name,
      int maxInFlight,
      GroupConsumer consumer,
      Instant connectedAt,
      RateMeter deliveries,
      RateMeter acks) {
    this.name = name;
    this.maxInFlight = maxInFlight;
    this.consumer = consumer;
    this.connectedAt = connectedAt;
    this.deliveries = deliveries;
    this.acks = acks;
  }

  boolean hasRoom(int groupsMaxInFlight) {
    return open && credit > 0 && inFlight < Math.min(maxInFlight, groupsMaxInFlight);
  }
}

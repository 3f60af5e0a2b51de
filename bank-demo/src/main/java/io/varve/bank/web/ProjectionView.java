package io.varve.bank.web;

import io.varve.client.eventsourcing.projection.ProjectionStatus;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * How a projection is, as JSON.
 *
 * @param state what it does; {@link ProjectionStatus.State} has the names and what they mean
 * @param generation the generation that is served; 0: none yet
 * @param head the newest position of the log that the projections have heard of
 * @param lag how many positions it is behind the head
 * @param eventsPerSecond how many events took effect a second, lately, to one decimal
 * @param parked how many events it has put aside
 * @param failure what went wrong last; absent: nothing since it last made progress
 * @param rebuild the generation that is being built beside the one that is served; absent: none
 */
record ProjectionView(
    String name,
    String state,
    int generation,
    long position,
    long head,
    long lag,
    double eventsPerSecond,
    int parked,
    @Nullable String failure,
    @Nullable RebuildView rebuild) {

  /**
   * @param fraction how much of the log it has behind it, from 0 to 1
   */
  record RebuildView(int generation, long position, long head, double fraction) {

    static @Nullable RebuildView of(ProjectionStatus.@Nullable Rebuild rebuild) {
      return rebuild == null
          ? null
          : new RebuildView(
              rebuild.generation(), rebuild.position(), rebuild.head(), rebuild.fraction());
    }
  }

  static ProjectionView of(ProjectionStatus status) {
    return new ProjectionView(
        status.name(),
        status.state().name().toLowerCase(Locale.ROOT),
        status.generation(),
        status.position(),
        status.head(),
        status.lagInPositions(),
        Math.round(status.eventsPerSecond() * 10) / 10.0,
        status.parked(),
        status.failure(),
        RebuildView.of(status.rebuild()));
  }
}

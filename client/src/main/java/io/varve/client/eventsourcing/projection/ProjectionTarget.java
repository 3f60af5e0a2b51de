package io.varve.client.eventsourcing.projection;

import io.varve.client.streams.EventStore;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What a projection writes to, and where its checkpoint is kept. There are four, and applications
 * may add their own:
 *
 * <ul>
 *   <li>a SQL database ({@code SqlReadModel} of the package {@code sql}): the checkpoint moves in
 *       the transaction that writes the rows, so each event takes effect <em>exactly once</em>, and
 *       of several programs one feeds a projection while the others stand by;
 *   <li>{@link #inMemory}: the checkpoint is gone when the program is;
 *   <li>{@link #file}: in a file, for one program at a time;
 *   <li>{@link #inStore}: in the event store itself.
 * </ul>
 *
 * <p>With the last three, effect and checkpoint are two things: after a crash the events since the
 * last saved checkpoint come again (<em>at least once</em>), so handlers must bear a repeat. How
 * many those may be says {@link SavePolicy}.
 *
 * @param <T> what handlers write to
 */
public interface ProjectionTarget<T> {

  /** Keeps the checkpoint beside the object, in memory. */
  static <T> ProjectionTarget<T> inMemory(T target) {
    return new SavingTarget<>(target, new MemoryCheckpoints(), SavePolicy.every(1));
  }

  /**
   * Keeps the checkpoint in a file, which is replaced as a whole and forced to disk. A second
   * program, or a second runner, stands by until the first one ends.
   *
   * @param target what handlers write to
   * @param file the file, one for each projection; its folder must exist. Another one with {@code
   *     .lock} behind its name is beside it
   */
  static <T> ProjectionTarget<T> file(T target, Path file, SavePolicy saves) {
    return new SavingTarget<>(target, new FileCheckpoints(file), saves);
  }

  /**
   * Keeps the checkpoint in the event store, as the progress of the source {@code
   * projection-<name>-v<version>}. Nothing keeps two programs from feeding the same projection, but
   * the one that finds the progress moved by the other stands by until it has not moved for a
   * while.
   */
  static <T> ProjectionTarget<T> inStore(T target, EventStore store, SavePolicy saves) {
    return new SavingTarget<>(target, new StoreCheckpoints(store), saves);
  }

  /**
   * Whether the effects of many events and the checkpoint behind them are one transaction. If not,
   * events are handed over one by one.
   */
  boolean isAtomic();

  /**
   * Which generations of the projection there are for this program to feed; makes the first one if
   * there is none.
   */
  default Plan plan(Projection<T> projection, String owner) throws Exception {
    return Plan.ONLY;
  }

  /**
   * Makes this owner the one that feeds a generation, if nobody else is.
   *
   * @param owner tells apart those who compete
   * @return empty: somebody else feeds it, or it is there no more
   */
  Optional<Tenure<T>> claim(Projection<T> projection, int generation, String owner)
      throws Exception;

  /**
   * Begins another generation, from the log's first event, beside the one that is served; the one
   * that is being built already if there is one.
   *
   * @return its number
   * @throws UnsupportedOperationException there are no generations here
   */
  default int beginRebuild(Projection<T> projection, String owner) throws Exception {
    throw new UnsupportedOperationException(
        projection.name() + " cannot be rebuilt beside itself: its target has no generations");
  }

  /** The position up to which what is asked holds everything, whoever feeds it; 0: nothing yet. */
  long servedPosition(Projection<T> projection) throws Exception;

  /** The events that were put aside because the generation that is served could not take them. */
  List<ParkedEvent> parked(Projection<T> projection) throws Exception;

  /** Gives an event up that was put aside; false: it is not there. */
  boolean discardParked(Projection<T> projection, long position) throws Exception;

  /** Tidies up what no generation needs any more. Called now and then. */
  default void cleanUp(Projection<T> projection, Set<Integer> fedHere) throws Exception {}

  /** How long somebody who stands by waits before claiming again. */
  default Duration standbyPause() {
    return Duration.ofSeconds(1);
  }

  /**
   * The generations of a projection, as one program sees them.
   *
   * @param live the one that is served; 0: none yet
   * @param feed those that a program of this version feeds
   * @param why for people, why the one that is served is not among them; empty: it is
   */
  record Plan(int live, List<Integer> feed, String why) {

    /** One generation, which is served from the start. */
    public static final Plan ONLY = new Plan(1, List.of(1), "");

    public Plan {
      feed = List.copyOf(feed);
    }
  }
}

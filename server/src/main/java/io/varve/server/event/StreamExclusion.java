package io.varve.server.event;

/**
 * Streams that are left out of a scope whatever else is in it, each by its name. Which they are may
 * change at any time, and holds from then on for whoever has the scope. Two of them are equal only
 * if they are the same. Thread-safe.
 */
public interface StreamExclusion {

  /** Leaves nothing out, ever. */
  StreamExclusion NONE =
      new StreamExclusion() {
        @Override
        public boolean has(String stream) {
          return false;
        }

        @Override
        public boolean isEmpty() {
          return true;
        }

        @Override
        public boolean mayConcern(Query query) {
          return false;
        }
      };

  /** Whether a stream is left out. Asked for each event, so it is quick while nothing is. */
  boolean has(String stream);

  /** Whether no stream is left out now. */
  boolean isEmpty();

  /** Whether an event of a stream that is left out now could match a query. */
  boolean mayConcern(Query query);
}

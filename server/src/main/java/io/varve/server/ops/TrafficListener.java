package io.varve.server.ops;

/**
 * Hears of events that are handed to the transport. Called on any thread: must be short and must
 * not throw.
 */
public interface TrafficListener {

  /** Tells two listeners. */
  static TrafficListener both(TrafficListener first, TrafficListener second) {
    return new TrafficListener() {
      @Override
      public void read(int events) {
        first.read(events);
        second.read(events);
      }

      @Override
      public void delivered(int events) {
        first.delivered(events);
        second.delivered(events);
      }
    };
  }

  /** So many events have been sent to somebody who reads. */
  void read(int events);

  /** So many events have been sent to a subscriber. */
  void delivered(int events);
}

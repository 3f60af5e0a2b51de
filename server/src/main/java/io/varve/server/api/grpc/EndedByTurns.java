package io.varve.server.api.grpc;

import io.grpc.ServerCall;
import java.util.concurrent.locks.ReentrantLock;

/**
 * What a call brings, for a call that the server may end at any moment and from any thread. From
 * then on nothing that comes reaches the listener, though gRPC goes on to deliver what had been
 * sent; and it hears at once, instead of when the transport is done with the call, that its caller
 * has gone. It hears one thing at a time, as gRPC promises, and {@link #end} waits for nothing.
 */
final class EndedByTurns<Q> extends ServerCall.Listener<Q> {
  private final ServerCall.Listener<Q> listener;
  private final ReentrantLock turn = new ReentrantLock();
  private volatile boolean ended;
  private volatile boolean over; // written by whoever has the turn

  EndedByTurns(ServerCall.Listener<Q> listener) {
    this.listener = listener;
  }

  /** Ends it: if somebody has the turn, once that is over. */
  void end() {
    ended = true;
    tellIfEnded();
  }

  /** Whoever gives a turn back looks here again, so an end that finds no turn free is not lost. */
  private void tellIfEnded() {
    while (ended && !over && !turn.isHeldByCurrentThread() && turn.tryLock()) {
      try {
        tellOnce(listener::onCancel);
      } finally {
        turn.unlock();
      }
    }
  }

  private void tellOnce(Runnable last) {
    if (!over) {
      over = true;
      last.run();
    }
  }

  private void inTurn(Runnable event) {
    turn.lock();
    try {
      if (!ended && !over) {
        event.run();
      }
    } finally {
      turn.unlock();
      tellIfEnded();
    }
  }

  @Override
  public void onMessage(Q message) {
    inTurn(() -> listener.onMessage(message));
  }

  @Override
  public void onHalfClose() {
    inTurn(listener::onHalfClose);
  }

  @Override
  public void onReady() {
    inTurn(listener::onReady);
  }

  @Override
  public void onCancel() {
    end();
  }

  @Override
  public void onComplete() {
    inTurn(() -> tellOnce(listener::onComplete));
  }
}

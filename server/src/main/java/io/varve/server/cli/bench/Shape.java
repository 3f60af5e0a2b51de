package io.varve.server.cli.bench;

/**
 * A kind of load on a store. What it needs it writes itself, before the time begins, to streams of
 * its own whose names begin with {@code bench-}; nobody removes them.
 */
public interface Shape {
  /** Loads the store, and tells what came of it. */
  ShapeResult run(Stores stores, LoadPlan plan);
}

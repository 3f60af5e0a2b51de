package io.varve.bank.web;

import io.javalin.http.Context;
import io.varve.bank.readmodel.ReadModel;
import io.varve.bank.store.HeadAtStart;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a query from being answered from before the command that came first. Every query waits, up
 * to a bound, until the read model has the commands that went through this process, all that was in
 * the log when it started, and the position that the caller names. After the bound it is answered
 * all the same, and the answer says that it is behind.
 */
final class ReadYourWrites {

  private final ReadModel readModel;
  private final HeadAtStart start;
  private final Duration patience;
  private final AtomicLong newestCommand = new AtomicLong();

  ReadYourWrites(ReadModel readModel, HeadAtStart start, Duration patience) {
    this.readModel = readModel;
    this.start = start;
    this.patience = patience;
  }

  /** Notes the position of a command's last event, and tells the caller. */
  void wrote(Context context, long position) {
    newestCommand.accumulateAndGet(position, Math::max);
    context.header(RequestHeaders.POSITION, Long.toString(position));
  }

  /**
   * Waits before a query of what a projection serves.
   *
   * @return the position that the answer must not be before; 0: any answer will do, for the rows
   *     are behind
   */
  long await(Context context, QueryParameters parameters, String projection)
      throws InterruptedException {
    long begun = System.nanoTime();
    long named = named(context, parameters);
    OptionalLong before = start.await(patience); // a kill takes newestCommand along
    long wanted = LongStream.of(named, before.orElse(0), newestCommand.get()).max().orElseThrow();
    Duration left = patience.minusNanos(System.nanoTime() - begun);
    boolean reached =
        readModel.awaitPosition(projection, wanted, left.isNegative() ? Duration.ZERO : left);
    if (!reached || before.isEmpty()) {
      context.header(RequestHeaders.BEHIND, "true");
    }
    // Events that do not concern the projection are in its rows without its having come to them.
    long position = Math.max(readModel.position(projection), reached ? wanted : 0);
    context.header(RequestHeaders.POSITION, Long.toString(position));
    return reached ? wanted : 0;
  }

  private static long named(Context context, QueryParameters parameters) {
    Long parameter = parameters.position(QueryParameters.AFTER);
    if (parameter != null) {
      return parameter;
    }
    @Nullable String header = context.header(RequestHeaders.AFTER);
    try {
      return header == null ? 0 : Long.parseLong(header);
    } catch (NumberFormatException e) {
      throw ApiException.badField(
          RequestHeaders.AFTER, RequestHeaders.AFTER + " must be a whole number");
    }
  }
}

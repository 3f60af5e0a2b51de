package io.varve.server.api.grpc;

import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallExecutorSupplier;
import io.varve.proto.v1.AccessGrpc;
import io.varve.proto.v1.AdminGrpc;
import io.varve.proto.v1.ConsumerGroupsGrpc;
import io.varve.proto.v1.EventStoreGrpc;
import io.varve.proto.v1.SnapshotsGrpc;
import io.varve.proto.v1.StreamsGrpc;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;

/**
 * Which threads run a call.
 *
 * <p>A connection's thread hands over what may wait or take long, and does the rest itself: to wake
 * another costs more than to read a small stream.
 *
 * <ul>
 *   <li>A read of a stream is all its own; the endpoint hands over what is not in memory, and every
 *       page but the first. Where access is controlled, which may have to look things up, and where
 *       its request is compressed, it is a pool's.
 *   <li>Another call of one request begins there, where no more is done than looking at its
 *       headers; what it asks for is done by a pool. So a thread of the pool is woken once for it,
 *       by its request, and not by its headers as well.
 *   <li>Calls of many requests are a pool's from the start, and so are those with a password, since
 *       hashing one takes a third of a second.
 * </ul>
 */
final class CallThreads implements ServerCallExecutorSupplier {
  private static final String PASSWORD = "basic";

  private static final Metadata.Key<String> ENCODING =
      Metadata.Key.of("grpc-encoding", Metadata.ASCII_STRING_MARSHALLER);

  private static final String READ_STREAM =
      EventStoreGrpc.getReadStreamMethod().getFullMethodName();

  private static final Set<String> READS =
      Set.of(
          READ_STREAM,
          EventStoreGrpc.getReadLogMethod().getFullMethodName(),
          EventStoreGrpc.getGetEventMethod().getFullMethodName(),
          ConsumerGroupsGrpc.getListParkedMethod().getFullMethodName());

  /**
   * Services all of whose calls look at the disk. Saving a snapshot is among them: a database that
   * is busy may make its writers wait.
   */
  private static final Set<String> READING_SERVICES =
      Set.of(
          StreamsGrpc.SERVICE_NAME,
          SnapshotsGrpc.SERVICE_NAME,
          AdminGrpc.SERVICE_NAME,
          AccessGrpc.SERVICE_NAME);

  private final Executor calls;
  private final Executor reads;
  private final boolean isOpen;

  /** The guests' methods that read; known before the port opens. */
  private final Set<String> guestReads = ConcurrentHashMap.newKeySet();

  /**
   * @param calls runs appends and whatever else is short
   * @param reads runs reads, which may take long
   * @param isOpen whether everybody may do everything
   */
  CallThreads(Executor calls, Executor reads, boolean isOpen) {
    this.calls = calls;
    this.reads = reads;
    this.isOpen = isOpen;
  }

  /** Before the port opens: what of a guest's protocol reads. */
  void readsToo(MethodDescriptor<?, ?> method) {
    guestReads.add(method.getFullMethodName());
  }

  @Override
  public <Q, R> Executor getExecutor(ServerCall<Q, R> call, Metadata headers) {
    MethodDescriptor<Q, R> method = call.getMethodDescriptor();
    if (isOpen && method.getFullMethodName().equals(READ_STREAM) && !isCompressed(headers)) {
      return Runnable::run;
    }
    Executor pool = isRead(method) ? reads : calls;
    return method.getType().clientSendsOneMessage() && !hasPassword(headers)
        ? new AfterItsBeginning(pool)
        : pool;
  }

  private boolean isRead(MethodDescriptor<?, ?> method) {
    return READS.contains(method.getFullMethodName())
        || READING_SERVICES.contains(method.getServiceName())
        || guestReads.contains(method.getFullMethodName());
  }

  /** Requests may be; a few bytes of them may become megabytes. */
  private static boolean isCompressed(Metadata headers) {
    String encoding = headers.get(ENCODING);
    return encoding != null && !encoding.equals("identity");
  }

  private static boolean hasPassword(Metadata headers) {
    String authorization = headers.get(AccessGuard.AUTHORIZATION);
    return authorization != null && authorization.toLowerCase(Locale.ROOT).startsWith(PASSWORD);
  }

  /** Of one call: runs the first task on the thread that brings it, and all others on the pool. */
  private static final class AfterItsBeginning implements Executor {
    private final Executor pool;
    private boolean begun; // gRPC brings a call's next task only after the one before

    AfterItsBeginning(Executor pool) {
      this.pool = pool;
    }

    @Override
    public void execute(Runnable task) {
      if (begun) {
        pool.execute(task);
      } else {
        begun = true;
        task.run();
      }
    }
  }
}

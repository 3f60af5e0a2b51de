package io.varve.client.connection;

import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import io.varve.client.connection.PagedReader.Page;
import io.varve.client.streams.EventReader;
import io.varve.client.streams.ReadLog;
import io.varve.client.streams.ReadStream;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.VarveException;
import io.varve.proto.v1.EventStoreGrpc;
import io.varve.proto.v1.GetEventRequest;
import io.varve.proto.v1.GetEventResponse;
import io.varve.proto.v1.ReadLogRequest;
import io.varve.proto.v1.ReadStreamRequest;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The calls that write nothing. While the link is lost they are repeated with back-off until the
 * deadline; a read only as long as it has not begun, for what it has given cannot be taken back.
 */
final class ReadCalls {

  private static final Logger log = LoggerFactory.getLogger(ReadCalls.class);

  private final ManagedChannel channel;
  private final String server;
  private final ConnectionSettings settings;
  private final CountDownLatch closing;

  /**
   * @param closing ends all waiting between tries
   */
  ReadCalls(
      ManagedChannel channel, String server, ConnectionSettings settings, CountDownLatch closing) {
    this.channel = channel;
    this.server = server;
    this.settings = settings;
    this.closing = closing;
  }

  EventReader readStream(ReadStream read) {
    ReadStreamRequest request = ProtoMapping.readStreamRequest(read);
    return patiently(
        left ->
            PagedReader.open(
                channel,
                EventStoreGrpc.getReadStreamMethod(),
                request,
                server,
                settings.deadline(),
                page ->
                    new Page(
                        page.getHeadPosition(),
                        ProtoMapping.recordedEvents(page.getEventsList()))));
  }

  EventReader readLog(ReadLog read) {
    ReadLogRequest request = ProtoMapping.readLogRequest(read);
    return patiently(
        left ->
            PagedReader.open(
                channel,
                EventStoreGrpc.getReadLogMethod(),
                request,
                server,
                settings.deadline(),
                page ->
                    new Page(
                        page.getHeadPosition(),
                        ProtoMapping.recordedEvents(page.getEventsList()))));
  }

  Optional<RecordedEvent> getEvent(GetEventRequest request) {
    return patiently(
        left -> {
          CallOptions options =
              CallOptions.DEFAULT.withDeadlineAfter(left.toNanos(), TimeUnit.NANOSECONDS);
          try {
            GetEventResponse response =
                ClientCalls.blockingUnaryCall(
                    channel, EventStoreGrpc.getGetEventMethod(), options, request);
            return Optional.of(ProtoMapping.recordedEvent(response.getEvent()));
          } catch (StatusRuntimeException e) {
            StoreError error = StoreError.of(server, e.getStatus(), e.getTrailers());
            if (error.isNoSuchEvent()) {
              return Optional.empty();
            }
            throw new CallFailedException(error);
          }
        });
  }

  /** One try of a call that writes nothing, so that repeating it is harmless. */
  private interface Attempt<T> {
    T run(Duration left) throws CallFailedException;
  }

  /** Repeats a call while the link is lost, with back-off, until the deadline. */
  private <T> T patiently(Attempt<T> attempt) {
    long deadline = System.nanoTime() + settings.deadline().toNanos();
    for (int failures = 0; ; failures++) {
      requireOpen();
      try {
        return attempt.run(Duration.ofNanos(Math.max(1, deadline - System.nanoTime())));
      } catch (CallFailedException e) {
        VarveException exception = e.error().toException();
        Duration pause = settings.callBackoff().after(failures);
        boolean inTime = System.nanoTime() + pause.toNanos() - deadline < 0;
        if (!e.error().isLinkLost() || !inTime || Thread.currentThread().isInterrupted()) {
          throw exception;
        }
        if (failures == 0) {
          log.warn("trying again for {}: {}", settings.deadline(), exception.getMessage());
        }
        awaitOrThrow(pause, exception);
        channel.resetConnectBackoff(); // this back-off rules, not the channel's
      }
    }
  }

  private void awaitOrThrow(Duration pause, VarveException exception) {
    try {
      if (closing.await(pause.toNanos(), TimeUnit.NANOSECONDS)) {
        throw exception;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw exception;
    }
  }

  private void requireOpen() {
    if (closing.getCount() == 0) {
      throw new IllegalStateException("the client is closed");
    }
  }
}

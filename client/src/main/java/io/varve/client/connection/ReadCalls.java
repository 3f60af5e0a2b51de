package io.varve.client.connection;

import io.grpc.ManagedChannel;
import io.varve.client.streams.EventReader;
import io.varve.client.streams.ReadLog;
import io.varve.client.streams.ReadStream;
import io.varve.client.streams.RecordedEvent;
import io.varve.proto.v1.EventStoreGrpc;
import io.varve.proto.v1.GetEventRequest;
import io.varve.proto.v1.ReadLogRequest;
import io.varve.proto.v1.ReadStreamRequest;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.function.Supplier;

/**
 * Reads and look-ups. While the link is lost they are repeated with back-off until the deadline; a
 * read only as long as it has not begun, for what it has given cannot be taken back.
 */
final class ReadCalls {

  private final ManagedChannel channel;
  private final String server;
  private final ConnectionSettings settings;
  private final Patience patience;
  private final UnaryCalls calls;
  private final Executor pool;

  /**
   * @param closing ends all waiting between tries
   * @param pool runs the calls' callbacks while nobody waits for them
   */
  ReadCalls(
      ManagedChannel channel,
      String server,
      ConnectionSettings settings,
      CountDownLatch closing,
      UnaryCalls calls,
      Executor pool) {
    this.channel = channel;
    this.server = server;
    this.settings = settings;
    this.patience = new Patience(channel, settings, closing);
    this.calls = calls;
    this.pool = pool;
  }

  EventReader readStream(ReadStream read) {
    ReadStreamRequest request = ProtoMapping.readStreamRequest(read);
    return patience.whileLinkIsLost(
        left ->
            PagedReader.open(
                channel,
                Pages.READ_STREAM,
                request,
                server,
                settings.deadline(),
                pool,
                Supplier::get));
  }

  EventReader readLog(ReadLog read) {
    ReadLogRequest request = ProtoMapping.readLogRequest(read);
    return patience.whileLinkIsLost(
        left ->
            PagedReader.open(
                channel,
                Pages.READ_LOG,
                request,
                server,
                settings.deadline(),
                pool,
                Supplier::get));
  }

  Optional<RecordedEvent> getEvent(GetEventRequest request) {
    return calls
        .look(EventStoreGrpc.getGetEventMethod(), request, StoreError::isNoSuchEvent)
        .map(response -> ProtoMapping.recordedEvent(response.getEvent()));
  }
}

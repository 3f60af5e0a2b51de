package io.varve.server.api.grpc;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Value;
import io.varve.proto.v1.ReadLogResponse;
import io.varve.proto.v1.RecordedEvent;
import io.varve.server.storage.DamagedDataException;
import io.varve.server.storage.EncodedEvent;
import io.varve.server.storage.EventPage;
import io.varve.server.storage.EventRun;

/** Pages of events as the caller wants to see their payloads. */
final class PayloadViews {
  private PayloadViews() {}

  /**
   * The events as frames of a repeated field 1: as they are stored, or with JSON payloads lifted
   * out.
   */
  static EncodedResponse frames(EventPage page, boolean json) {
    EncodedResponse response = new EncodedResponse();
    if (!json) {
      return response.append(page.runs());
    }
    // Every message with events has them in field 1, so any of them writes the same frames.
    ReadLogResponse.Builder lifted = ReadLogResponse.newBuilder();
    for (EventRun run : page.runs()) {
      for (EncodedEvent event : run.events()) {
        lifted.addEvents(withJson(event));
      }
    }
    return response.append(lifted.build().toByteArray());
  }

  /** One event in the frame of a field 1: as it is stored, or with a JSON payload lifted out. */
  static EncodedResponse frame(EncodedEvent event, boolean json) {
    return json
        ? EncodedResponse.of(ReadLogResponse.newBuilder().addEvents(withJson(event)).build())
        : new EncodedResponse().append(event);
  }

  private static RecordedEvent withJson(EncodedEvent event) {
    try {
      RecordedEvent recorded =
          RecordedEvent.parser()
              .parseFrom(event.bytes(), event.start(), event.end() - event.start());
      if (recorded.getPayloadCase() != RecordedEvent.PayloadCase.DATA) {
        return recorded;
      }
      Value json = JsonPayloads.parse(recorded.getData().asReadOnlyByteBuffer());
      return json == null ? recorded : recorded.toBuilder().setJson(json).build();
    } catch (InvalidProtocolBufferException e) {
      DamagedDataException damaged =
          new DamagedDataException(event.position(), "stored bytes cannot be read as an event");
      damaged.initCause(e);
      throw damaged;
    }
  }
}

package io.varve.server.api.umadb;

import com.google.protobuf.UnsafeByteOperations;
import io.varve.proto.umadb.v1.Event;
import io.varve.proto.umadb.v1.MetadataEntry;
import io.varve.proto.umadb.v1.SequencedEvent;
import io.varve.proto.umadb.v1.TrackingInfo;
import io.varve.server.event.RecordedEvent;
import io.varve.server.event.Tracking;
import io.varve.server.storage.EncodedEvent;

/** Stored events as UmaDB's clients read them. */
final class SequencedEvents {
  private SequencedEvents() {}

  static SequencedEvent of(EncodedEvent stored) {
    RecordedEvent recorded = stored.decode();
    Event.Builder event =
        Event.newBuilder()
            .setEventType(recorded.type())
            .addAllTags(StreamTag.tagsOf(recorded))
            .setData(UnsafeByteOperations.unsafeWrap(recorded.data())) // nobody changes it
            .setUuid(recorded.id().toString());
    recorded
        .metadata()
        .forEach(
            (key, value) ->
                event.addMetadata(MetadataEntry.newBuilder().setKey(key).setValue(value)));
    SequencedEvent.Builder sequenced =
        SequencedEvent.newBuilder().setPosition(recorded.position().value()).setEvent(event);
    Tracking tracking = recorded.tracking();
    if (tracking != null) {
      sequenced.setTrackingInfo(
          TrackingInfo.newBuilder().setSource(tracking.source()).setPosition(tracking.position()));
    }
    return sequenced.build();
  }
}

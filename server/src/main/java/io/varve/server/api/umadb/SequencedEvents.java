package io.varve.server.api.umadb;

import com.google.protobuf.UnsafeByteOperations;
import io.varve.proto.umadb.v1.Event;
import io.varve.proto.umadb.v1.MetadataEntry;
import io.varve.proto.umadb.v1.SequencedEvent;
import io.varve.proto.umadb.v1.TrackingInfo;
import io.varve.server.event.RecordedEvent;
import io.varve.server.event.Tracking;
import io.varve.server.storage.EncodedEvent;
import io.varve.server.storage.EventPage;
import io.varve.server.storage.EventRun;
import java.util.ArrayList;
import java.util.List;

/** Stored events as UmaDB's clients read them. */
final class SequencedEvents {
  private SequencedEvents() {}

  /** The events of a page, in its order. */
  static List<SequencedEvent> of(EventPage page) {
    List<SequencedEvent> events = new ArrayList<>(page.count());
    for (EventRun run : page.runs()) {
      for (EncodedEvent event : run.events()) {
        events.add(of(event.decode()));
      }
    }
    return events;
  }

  private static SequencedEvent of(RecordedEvent recorded) {
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

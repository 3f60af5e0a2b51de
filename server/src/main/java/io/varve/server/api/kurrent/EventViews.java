package io.varve.server.api.kurrent;

import io.varve.proto.kurrent.streams.ReadEvent;
import io.varve.server.api.grpc.Caller;
import io.varve.server.event.RecordedEvent;
import io.varve.server.event.StreamId;
import io.varve.server.read.EventReader;
import io.varve.server.read.StreamLookUp;
import io.varve.server.read.StreamView;
import io.varve.server.storage.EncodedEvent;
import io.varve.server.storage.StreamChange;
import org.jspecify.annotations.Nullable;

/** Shows stored events as this protocol's readers see them. Thread-safe. */
final class EventViews {
  private final EventReader reader;
  private final StreamDescriptions descriptions;

  EventViews(EventReader reader, StreamDescriptions descriptions) {
    this.reader = reader;
    this.descriptions = descriptions;
  }

  /**
   * An event, and the link that led to it.
   *
   * @param event null if the link leads nowhere
   * @param link null if none did
   */
  record Resolved(@Nullable SeenEvent event, @Nullable SeenEvent link) {

    /** The event by which readers know their place: the link if there is one. */
    SeenEvent original() {
      SeenEvent one = link == null ? event : link;
      if (one == null) {
        throw new IllegalStateException("neither an event nor a link");
      }
      return one;
    }

    ReadEvent toProto(boolean idAsText) {
      ReadEvent.Builder read = ReadEvent.newBuilder().setCommitPosition(original().position());
      if (event != null) {
        read.setEvent(event.toProto(idAsText));
      }
      if (link != null) {
        read.setLink(link.toProto(idAsText));
      }
      return read.build();
    }
  }

  /** How the stored events of one read or subscription are shown; null for what is not for it. */
  interface View {
    @Nullable Resolved of(EncodedEvent stored);
  }

  /**
   * Events of the log or of a stream, as far as they pass the filter.
   *
   * @param reader to whom nothing is shown behind a link that they may not read
   */
  View events(RecordFilter filter, boolean resolveLinks, Caller reader) {
    return stored -> {
      SeenEvent event = seen(stored);
      if (!filter.passes(event)) {
        return null;
      }
      return resolveLinks ? resolved(event, reader) : new Resolved(event, null);
    };
  }

  /** Events as links to them; a link leads nowhere if its event is not seen in its stream. */
  View links(StreamKind.Links links, boolean resolveLinks) {
    return stored -> {
      SeenEvent event = seen(stored);
      if (!links.has(event)) {
        return null;
      }
      SeenEvent link = event.linkedFrom(links.name());
      return resolveLinks
          ? new Resolved(isSeenInItsStream(event) ? event : null, link)
          : new Resolved(link, null);
    };
  }

  /** Whether an event of the log is one that readers of its stream are shown. */
  private boolean isSeenInItsStream(SeenEvent event) {
    return reader.viewOf(new StreamId(event.stream()), null)
            instanceof StreamLookUp.Found<StreamView>(StreamView view)
        && Wire.version(event.revision()) >= view.firstKept();
  }

  SeenEvent seen(EncodedEvent stored) {
    RecordedEvent event = stored.decode();
    return event.stream().equals(StreamChange.STREAM)
        ? descriptions.seen(event)
        : SeenEvent.of(event);
  }

  private Resolved resolved(SeenEvent event, Caller reader) {
    return event.type().equals(SeenEvent.LINK)
        ? new Resolved(target(event, reader), event)
        : new Resolved(event, null);
  }

  /** What a link leads to; null if that is not there, or not any more, or not for this reader. */
  private @Nullable SeenEvent target(SeenEvent link, Caller asking) {
    String text = link.data().toStringUtf8();
    int at = text.indexOf('@');
    if (at < 1 || at == text.length() - 1) {
      return null;
    }
    long revision;
    try {
      revision = Long.parseLong(text.substring(0, at));
    } catch (NumberFormatException e) {
      return null;
    }
    StreamId stream = new StreamId(text.substring(at + 1));
    if (revision < 0
        || !(StreamKind.of(stream) instanceof StreamKind.Plain)
        || !asking.mayRead(stream.value())) {
      return null;
    }
    return reader.eventOf(stream, Wire.version(revision))
            instanceof StreamLookUp.Found<EncodedEvent>(EncodedEvent found)
        ? seen(found)
        : null;
  }
}

package io.varve.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Channel;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.varve.proto.v1.EventStoreGrpc;
import io.varve.proto.v1.GetEventRequest;
import io.varve.proto.v1.GetTrackingRequest;
import io.varve.proto.v1.Query;
import io.varve.proto.v1.QueryItem;
import io.varve.proto.v1.ReadLogRequest;
import io.varve.proto.v1.ReadLogResponse;
import io.varve.proto.v1.ReadStreamRequest;
import io.varve.proto.v1.ReadStreamResponse;
import io.varve.proto.v1.RecordedEvent;
import io.varve.server.Ledger.Place;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Reads a store in every way, on a disk on which not every read succeeds: each is answered rightly,
 * or its reader is told that it is not.
 */
final class EveryRead {
  private final EventStoreGrpc.EventStoreBlockingStub store;
  private final Ledger ledger;
  private final Random random;
  private int told;

  private EveryRead(Channel channel, Ledger ledger, Random random) {
    this.store = EventStoreGrpc.newBlockingStub(channel);
    this.ledger = ledger;
    this.random = random;
  }

  /**
   * Reads everything.
   *
   * @param ledger what is there: has been checked against this store before
   * @return how many reads were not answered to their end
   */
  static int of(Channel channel, Ledger ledger, Random random) {
    EveryRead reads = new EveryRead(channel, ledger, random);
    reads.logAndStreams();
    reads.byTag();
    reads.byId();
    reads.progress();
    return reads.told;
  }

  private void logAndStreams() {
    List<Place> log = ledger.log();
    readLog(log, ReadLogRequest.newBuilder());
    readLog(log.reversed(), ReadLogRequest.newBuilder().setBackwards(true));
    for (String stream : log.stream().map(Place::stream).distinct().toList()) {
      List<Place> events = log.stream().filter(p -> p.stream().equals(stream)).toList();
      ReadStreamRequest.Builder read = ReadStreamRequest.newBuilder().setStream(stream);
      readStream(events, read);
      readStream(events.reversed(), read.clone().setBackwards(true));
    }
  }

  private void byTag() {
    ledger
        .tagged()
        .forEach(
            (tag, events) -> {
              QueryItem item = QueryItem.newBuilder().addTags(tag).build();
              readLog(
                  events, ReadLogRequest.newBuilder().setQuery(Query.newBuilder().addItems(item)));
            });
  }

  private void byId() {
    List<Place> log = ledger.log();
    for (int i = 0; i < 50; i++) {
      Place place = log.get(random.nextInt(log.size()));
      GetEventRequest get = GetEventRequest.newBuilder().setId(place.id()).build();
      read(
          List.of(place),
          () -> List.of(store.getEvent(get)).iterator(),
          answer -> List.of(answer.getEvent()));
    }
  }

  private void progress() {
    for (Map.Entry<String, Long> source : ledger.progress().entrySet()) {
      GetTrackingRequest get = GetTrackingRequest.newBuilder().setSource(source.getKey()).build();
      try {
        assertThat(store.getTracking(get).getPosition())
            .as("the progress of %s", source.getKey())
            .isEqualTo(source.getValue());
      } catch (StatusRuntimeException e) {
        isTold(e);
      }
    }
  }

  private void readLog(List<Place> expected, ReadLogRequest.Builder request) {
    read(expected, () -> store.readLog(request.build()), ReadLogResponse::getEventsList);
  }

  private void readStream(List<Place> expected, ReadStreamRequest.Builder request) {
    read(expected, () -> store.readStream(request.build()), ReadStreamResponse::getEventsList);
  }

  private <T> void read(
      List<Place> expected, Supplier<Iterator<T>> read, Function<T, List<RecordedEvent>> events) {
    List<Place> found = new ArrayList<>();
    try {
      read.get()
          .forEachRemaining(
              page -> events.apply(page).forEach(event -> found.add(Ledger.placeOf(event))));
    } catch (StatusRuntimeException e) {
      isTold(e);
      assertThat(found).isEqualTo(expected.subList(0, Math.min(found.size(), expected.size())));
      return;
    }
    assertThat(found).isEqualTo(expected);
  }

  private void isTold(StatusRuntimeException end) {
    assertThat(end.getStatus().getCode())
        .as("how a read ends whose disk fails: %s", end.getStatus())
        .isIn(Code.INTERNAL, Code.DATA_LOSS, Code.UNAVAILABLE);
    told++;
  }
}

package io.varve.client.eventsourcing;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.eventsourcing.json.JsonEvents;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.SubscribeToStream;
import io.varve.client.streams.Subscription;
import io.varve.client.testkit.InMemoryEventStore;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class TypedListenerTest {

  sealed interface DoorEvent {
    record Opened(String by) implements DoorEvent {}
  }

  private final EventTypes<DoorEvent> types =
      JsonEvents.builder(DoorEvent.class)
          .schemaVersion(DoorEvent.Opened.class, 2)
          .upcast(JsonEvents.upcast("Opened", 1, 2, door -> door.put("by", "somebody")))
          .build();
  private final EventStore store = new InMemoryEventStore();

  @AfterEach
  void close() {
    store.close();
  }

  private void append(NewEvent event) {
    store.append("door-1", ExpectedVersion.any(), event);
  }

  @Test
  void a_subscription_delivers_old_events_as_what_they_are_now() throws Exception {
    append(NewEvent.json("Opened", "{}"));
    BlockingQueue<Object> heard = new LinkedBlockingQueue<>();

    try (Subscription _ =
        store.subscribeToStream(
            SubscribeToStream.of("door-1"), types.listener(event -> heard.add(event.event())))) {
      append(types.encode(new DoorEvent.Opened("ada"), EventContext.begin()));

      assertThat(List.of(heard.poll(30, TimeUnit.SECONDS), heard.poll(30, TimeUnit.SECONDS)))
          .isEqualTo(List.of(new DoorEvent.Opened("somebody"), new DoorEvent.Opened("ada")));
    }
  }

  @Test
  void an_event_that_cannot_be_read_ends_the_subscription_and_the_listener_hears_why()
      throws Exception {
    append(NewEvent.json("Exploded", "{}"));
    CompletableFuture<@Nullable Throwable> closed = new CompletableFuture<>();
    CompletableFuture<Long> caughtUp = new CompletableFuture<>();

    TypedListener<DoorEvent> listener =
        new TypedListener<>() {
          @Override
          public void onEvent(TypedEvent<DoorEvent> event) {
            throw new AssertionError("not readable: " + event);
          }

          @Override
          public void onCaughtUp(long position) {
            caughtUp.complete(position);
          }

          @Override
          public void onClosed(@Nullable Throwable cause) {
            closed.complete(cause);
          }
        };
    store.subscribeToStream(SubscribeToStream.of("door-1"), types.listener(listener));
    assertThat(closed.get(30, TimeUnit.SECONDS)).isInstanceOf(UndecodableEventException.class);

    try (Subscription _ =
        store.subscribeToStream(SubscribeToStream.of("door-2"), types.listener(listener))) {
      assertThat(caughtUp.get(30, TimeUnit.SECONDS)).isEqualTo(1);
    }
  }
}

package io.varve.client.eventsourcing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.StringValue;
import io.varve.client.eventsourcing.json.JsonEvents;
import io.varve.client.eventsourcing.protobuf.ProtobufEvents;
import io.varve.client.streams.EventIds;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.RecordedEvent;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class EventTypesTest {

  sealed interface ShopEvent {
    record Opened(String name) implements ShopEvent {}

    sealed interface Money extends ShopEvent {
      BigDecimal amount();

      @EventType(value = "MoneyTaken", schemaVersion = 2)
      record Taken(BigDecimal amount, String from) implements Money {}

      record Given(BigDecimal amount) implements Money {}
    }

    record Unrecognised(String type) implements ShopEvent {}
  }

  sealed interface OtherEvent {
    record Opened(int door) implements OtherEvent {}
  }

  sealed interface LeakyEvent {
    non-sealed class Anything implements LeakyEvent {}
  }

  private static final EventContext CONTEXT = EventContext.of("conversation", "command");

  private final EventTypes<ShopEvent> types =
      JsonEvents.builder(ShopEvent.class)
          .upcast(JsonEvents.upcast("MoneyTaken", 1, 2, payload -> payload.put("from", "somebody")))
          .tags(ShopEvent.Money.class, money -> List.of("cents:" + money.amount().scale()))
          .tags(ShopEvent.class, _ -> List.of("shop"))
          .build();

  private static RecordedEvent stored(NewEvent event) {
    return new RecordedEvent("shop-1", 3, 17, Instant.EPOCH, event);
  }

  private static RecordedEvent stored(String type, int schemaVersion, String json) {
    return stored(
        NewEvent.builder(type)
            .json(json)
            .metadata(EventTypes.SCHEMA_VERSION, "" + schemaVersion)
            .build());
  }

  private static <E> List<E> read(EventTypes<E> types, RecordedEvent event) {
    return types.decode(event).stream().map(TypedEvent::event).toList();
  }

  // ---- names

  @Test
  void every_class_that_a_sealed_family_permits_is_known_by_its_simple_name_or_its_annotation() {
    assertThat(types.names()).containsExactly("Given", "MoneyTaken", "Opened", "Unrecognised");
    assertThat(types.nameOf(ShopEvent.Money.Taken.class)).isEqualTo("MoneyTaken");
  }

  @Test
  void two_classes_of_one_name_are_refused_when_the_types_are_built() {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                EventTypes.builder(Object.class, JsonEvents.codecs())
                    .include(types)
                    .include(JsonEvents.of(OtherEvent.class))
                    .build())
        .withMessageContaining("\"Opened\"")
        .withMessageContaining("ShopEvent$Opened")
        .withMessageContaining("OtherEvent$Opened");
  }

  @Test
  void a_naming_function_leaves_annotated_names_alone() {
    EventTypes<ShopEvent> named =
        JsonEvents.builder(ShopEvent.class).names(type -> "Shop" + type.getSimpleName()).build();

    assertThat(named.names())
        .containsExactly("MoneyTaken", "ShopGiven", "ShopOpened", "ShopUnrecognised");
  }

  @Test
  void a_family_with_an_open_end_is_refused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> JsonEvents.of(LeakyEvent.class))
        .withMessageContaining("Anything")
        .withMessageContaining("must be final");
  }

  @Test
  void the_stored_names_of_a_class_are_the_present_one_and_those_that_lead_to_it() {
    EventTypes<ShopEvent> renamed =
        JsonEvents.builder(ShopEvent.class)
            .upcast(Upcaster.rename("Credited", "Given"))
            .upcast(Upcaster.rename("Gifted", "Credited"))
            .build();

    assertThat(renamed.storedNames(ShopEvent.Money.Given.class))
        .containsExactly("Credited", "Gifted", "Given");
    assertThat(renamed.storedNames(ShopEvent.Money.class))
        .containsExactly("Credited", "Gifted", "Given", "MoneyTaken");
  }

  // ---- writing

  @Test
  void an_event_is_written_with_its_name_schema_version_tags_and_where_it_came_from() {
    UUID id = EventIds.next();

    NewEvent written =
        types.encode(
            id,
            new ShopEvent.Money.Taken(new BigDecimal("2.50"), "ada"),
            CONTEXT.with("user", "eve").occurredAt(Instant.EPOCH));

    assertThat(written.id()).isEqualTo(id);
    assertThat(written.type()).isEqualTo("MoneyTaken");
    assertThat(written.contentType()).isEqualTo("application/json");
    assertThat(written.dataAsString()).isEqualTo("{\"amount\":2.50,\"from\":\"ada\"}");
    assertThat(written.metadata())
        .isEqualTo(
            Map.of(
                "schema-version", "2",
                "correlation-id", "conversation",
                "causation-id", "command",
                "user", "eve"));
    assertThat(written.tags()).containsExactly("cents:2", "shop");
    assertThat(written.occurredAt()).isEqualTo(Instant.EPOCH);
  }

  @Test
  void a_payload_of_schema_version_1_says_nothing_of_it() {
    NewEvent written = types.encode(new ShopEvent.Opened("corner"), CONTEXT);

    assertThat(written.metadata()).doesNotContainKey(EventTypes.SCHEMA_VERSION);
    assertThat(read(types, stored(written))).containsExactly(new ShopEvent.Opened("corner"));
  }

  @Test
  void metadata_that_was_copied_from_another_event_does_not_change_what_this_one_is_written_as() {
    EventContext copied = CONTEXT.with(EventTypes.SCHEMA_VERSION, "2");

    NewEvent written = types.encode(new ShopEvent.Opened("corner"), copied);

    assertThat(read(types, stored(written))).containsExactly(new ShopEvent.Opened("corner"));
  }

  @Test
  void an_event_of_a_class_that_is_not_registered_is_refused() {
    EventTypes<Object> few =
        EventTypes.builder(Object.class, JsonEvents.codecs())
            .register(OtherEvent.Opened.class)
            .build();

    assertThatIllegalArgumentException()
        .isThrownBy(() -> few.encode("text", CONTEXT))
        .withMessageContaining("java.lang.String");
  }

  // ---- reading

  @Test
  void money_keeps_every_digit_through_an_upcaster() {
    assertThat(read(types, stored("MoneyTaken", 1, "{\"amount\":12345678901234567890.10}")))
        .containsExactly(
            new ShopEvent.Money.Taken(new BigDecimal("12345678901234567890.10"), "somebody"));
  }

  @Test
  void upcasters_follow_one_another() {
    EventTypes<ShopEvent> chained =
        JsonEvents.builder(ShopEvent.class)
            .schemaVersion(ShopEvent.Money.Taken.class, 4)
            .upcast(Upcaster.rename("Grabbed", "MoneyTaken"))
            .upcast(JsonEvents.upcast("MoneyTaken", 1, 2, p -> p.put("from", "one")))
            .upcast(
                JsonEvents.upcast(
                    "MoneyTaken", 2, 4, p -> p.put("from", p.get("from").asString() + "+two")))
            .build();

    assertThat(read(chained, stored("Grabbed", 1, "{\"amount\":1}")))
        .containsExactly(new ShopEvent.Money.Taken(BigDecimal.ONE, "one+two"));
  }

  @Test
  void one_stored_event_may_be_several_in_their_order() {
    EventTypes<ShopEvent> split =
        JsonEvents.builder(ShopEvent.class)
            .upcast(
                JsonEvents.split(
                    "OpenedWithGift",
                    1,
                    List.of("Opened", "Given"),
                    old -> {
                      var opened = old.deepCopy();
                      opened.remove("amount");
                      var given = old.deepCopy();
                      given.remove("name");
                      return List.of(
                          new JsonEvents.Part("Opened", 1, opened),
                          new JsonEvents.Part("Given", 1, given));
                    }))
            .build();

    List<TypedEvent<ShopEvent>> events =
        split.decode(stored("OpenedWithGift", 1, "{\"name\":\"corner\",\"amount\":5}"));

    assertThat(events.stream().map(TypedEvent::event))
        .containsExactly(
            new ShopEvent.Opened("corner"), new ShopEvent.Money.Given(new BigDecimal("5")));
    assertThat(events.stream().map(TypedEvent::part)).containsExactly(0, 1);
    assertThat(events.stream().map(TypedEvent::version)).containsOnly(3L);
  }

  @Test
  void an_event_that_has_lost_its_meaning_is_dropped() {
    EventTypes<ShopEvent> dropping =
        JsonEvents.builder(ShopEvent.class).upcast(Upcaster.drop("Pinged", 1)).build();

    assertThat(dropping.decode(stored("Pinged", 1, "{}"))).isEmpty();
  }

  @Test
  void upcasters_that_lead_in_a_circle_are_found_out() {
    EventTypes<ShopEvent> circle =
        JsonEvents.builder(ShopEvent.class)
            .upcast(Upcaster.rename("A", "B"))
            .upcast(Upcaster.rename("B", "A"))
            .build();

    assertThatThrownBy(() -> circle.decode(stored("A", 1, "{}")))
        .isInstanceOf(UndecodableEventException.class)
        .hasMessageContaining("circle");
  }

  @Test
  void two_upcasters_from_one_schema_are_refused() {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                JsonEvents.builder(ShopEvent.class)
                    .upcast(Upcaster.drop("MoneyTaken", 1))
                    .upcast(Upcaster.rename("MoneyTaken", "Given")))
        .withMessageContaining("two upcasters from \"MoneyTaken\" of schema version 1");
  }

  @Test
  void an_upcaster_that_takes_what_is_written_now_is_refused() {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> JsonEvents.builder(ShopEvent.class).upcast(Upcaster.drop("Opened", 1)).build())
        .withMessageContaining("raise the schema version");
  }

  @Test
  void an_unknown_type_fails_unless_another_choice_is_declared() {
    assertThatThrownBy(() -> types.decode(stored("Exploded", 1, "{}")))
        .isInstanceOf(UndecodableEventException.class)
        .hasMessage(
            "cannot read event \"Exploded\" in stream \"shop-1\" at version 3 (position 17):"
                + " no class is registered for type \"Exploded\"");
  }

  @Test
  void an_unknown_type_is_passed_over_if_so_declared() {
    EventTypes<ShopEvent> skipping = JsonEvents.builder(ShopEvent.class).skipUnknown().build();

    assertThat(skipping.decode(stored("Exploded", 1, "{}"))).isEmpty();
  }

  @Test
  void who_wants_to_hears_of_what_is_passed_over() {
    List<String> heard = new ArrayList<>();
    EventTypes<ShopEvent> skipping =
        JsonEvents.builder(ShopEvent.class).skipUnknown(event -> heard.add(event.type())).build();

    assertThat(skipping.decode(stored("Exploded", 1, "{}"))).isEmpty();
    assertThat(heard).containsExactly("Exploded");
  }

  @Test
  void what_cannot_be_read_is_passed_over_if_so_declared_and_who_wants_to_hears_why() {
    List<String> heard = new ArrayList<>();
    EventTypes<ShopEvent> skipping =
        JsonEvents.builder(ShopEvent.class)
            .skipUnreadable(e -> heard.add(String.valueOf(e.getMessage())))
            .build();

    assertThat(skipping.decode(stored("MoneyTaken", 1, "{"))).isEmpty();
    assertThat(skipping.decode(stored("Exploded", 1, "{}"))).isEmpty();
    assertThat(heard).hasSize(2);
    assertThat(heard.getFirst()).contains("MoneyTaken");
    assertThat(heard.getLast()).contains("no class is registered for type \"Exploded\"");
  }

  @Test
  void an_unknown_type_is_handed_over_if_so_declared() {
    EventTypes<ShopEvent> raw =
        JsonEvents.builder(ShopEvent.class)
            .unknownAs(event -> new ShopEvent.Unrecognised(event.type()))
            .build();

    assertThat(read(raw, stored("Exploded", 1, "{}")))
        .containsExactly(new ShopEvent.Unrecognised("Exploded"));
  }

  @Test
  void a_schema_version_of_a_newer_release_is_unknown() {
    assertThatThrownBy(() -> types.decode(stored("MoneyTaken", 3, "{}")))
        .isInstanceOf(UndecodableEventException.class)
        .hasMessageContaining("its schema version is 3, and the program knows 2");
  }

  @Test
  void a_schema_version_that_is_no_number_is_told() {
    RecordedEvent odd =
        stored(NewEvent.builder("Opened").json("{}").metadata("schema-version", "new").build());

    assertThatThrownBy(() -> types.decode(odd))
        .isInstanceOf(UndecodableEventException.class)
        .hasMessageContaining("no number from 1: \"new\"");
  }

  @Test
  void a_payload_that_is_not_the_types_is_told_with_its_place() {
    assertThatThrownBy(() -> types.decode(stored("Opened", 1, "{\"name\":")))
        .isInstanceOf(UndecodableEventException.class)
        .hasMessageContaining("position 17")
        .hasMessageContaining("its payload is no Opened");
  }

  @Test
  void members_that_a_newer_release_added_are_passed_over() {
    assertThat(read(types, stored("Opened", 1, "{\"name\":\"corner\",\"floor\":2}")))
        .containsExactly(new ShopEvent.Opened("corner"));
  }

  // ---- other codecs

  @Test
  void one_class_may_be_written_as_a_protobuf_message() {
    EventTypes<ShopEvent> mixed =
        JsonEvents.builder(ShopEvent.class)
            .codec(
                ShopEvent.Opened.class,
                ProtobufEvents.codec(
                    StringValue.parser(),
                    opened -> StringValue.of(opened.name()),
                    message -> new ShopEvent.Opened(message.getValue())))
            .build();

    NewEvent written = mixed.encode(new ShopEvent.Opened("corner"), CONTEXT);

    assertThat(written.contentType()).isEqualTo("application/x-protobuf");
    assertThat(written.data()).isEqualTo(StringValue.of("corner").toByteArray());
    assertThat(read(mixed, stored(written))).containsExactly(new ShopEvent.Opened("corner"));
  }

  @Test
  void generated_messages_may_be_the_events_themselves() {
    EventTypes<Object> messages =
        EventTypes.builder(Object.class, JsonEvents.codecs())
            .codec(StringValue.class, ProtobufEvents.codec(StringValue.parser()))
            .name(StringValue.class, "Said")
            .build();

    NewEvent written = messages.encode(StringValue.of("hello"), CONTEXT);

    assertThat(written.type()).isEqualTo("Said");
    assertThat(read(messages, stored(written))).containsExactly(StringValue.of("hello"));
  }

  @Test
  void a_broken_message_is_told_with_its_place() {
    EventTypes<Object> messages =
        EventTypes.builder(Object.class, JsonEvents.codecs())
            .codec(StringValue.class, ProtobufEvents.codec(StringValue.parser()))
            .build();

    assertThatThrownBy(
            () -> messages.decode(stored(NewEvent.of("StringValue", new byte[] {10, 99}))))
        .isInstanceOf(UndecodableEventException.class)
        .hasMessageContaining("position 17");
  }

  // ---- events that are only read

  private static final EventTypes<OtherEvent> READ_ONLY =
      EventTypes.readOnly(
              OtherEvent.class,
              stored -> new OtherEvent.Opened(Integer.parseInt(stored.metadata().get("door"))))
          .build();

  private static RecordedEvent door(String number, int schemaVersion) {
    return stored(
        NewEvent.builder("Opened")
            .metadata("door", number)
            .metadata(EventTypes.SCHEMA_VERSION, "" + schemaVersion)
            .build());
  }

  @Test
  void what_is_only_read_is_made_of_the_whole_recorded_event_whatever_its_schema_version() {
    assertThat(read(READ_ONLY, door("7", 1))).containsExactly(new OtherEvent.Opened(7));
    assertThat(read(READ_ONLY, door("7", 3))).containsExactly(new OtherEvent.Opened(7));
    assertThat(READ_ONLY.knows("Opened", 3)).isTrue();
    assertThat(READ_ONLY.storedNames(OtherEvent.class)).containsExactly("Opened");
  }

  @Test
  void what_is_only_read_and_cannot_be_says_so() {
    assertThatThrownBy(() -> READ_ONLY.decode(door("seven", 1)))
        .isInstanceOf(UndecodableEventException.class)
        .hasMessageContaining("it is no Opened");
  }

  @Test
  void what_is_only_read_cannot_be_written_even_among_others() {
    EventTypes<Object> all =
        EventTypes.builder(Object.class, JsonEvents.codecs())
            .include(READ_ONLY)
            .register(ShopEvent.Money.Given.class)
            .build();

    assertThat(read(all, door("7", 2))).containsExactly(new OtherEvent.Opened(7));
    assertThat(all.encode(new ShopEvent.Money.Given(BigDecimal.ONE), CONTEXT).type())
        .isEqualTo("Given");
    assertThatThrownBy(() -> all.encode(new OtherEvent.Opened(7), CONTEXT))
        .isInstanceOf(UnsupportedOperationException.class)
        .hasMessageContaining("OtherEvent$Opened is only read");
  }

  @Test
  void no_upcaster_leads_to_what_is_only_read_nor_from_there() {
    for (Upcaster step :
        List.of(Upcaster.rename("Unlocked", "Opened"), Upcaster.drop("Opened", 2))) {
      assertThatIllegalArgumentException()
          .isThrownBy(
              () ->
                  EventTypes.builder(OtherEvent.class, JsonEvents.codecs())
                      .include(READ_ONLY)
                      .upcast(step)
                      .build())
          .withMessageContaining("no upcaster changes");
    }
  }
}

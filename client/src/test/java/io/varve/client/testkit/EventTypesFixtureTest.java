package io.varve.client.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.client.eventsourcing.EventTypes;
import io.varve.client.eventsourcing.json.JsonEvents;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EventTypesFixtureTest {

  sealed interface DoorEvent {
    record Opened(String by, int times) implements DoorEvent {}

    record Closed() implements DoorEvent {}
  }

  private static final EventTypes<DoorEvent> TYPES =
      JsonEvents.builder(DoorEvent.class)
          .schemaVersion(DoorEvent.Opened.class, 2)
          .upcast(JsonEvents.upcast("Opened", 1, 2, door -> door.put("times", 1)))
          .build();

  private static final String OPENED = "Opened 2 application/json {\"by\":\"ada\",\"times\":3}";
  private static final String CLOSED = "Closed 1 application/json {}";

  private final EventTypesFixture<DoorEvent> fixture = EventTypesFixture.of(TYPES);
  @TempDir Path folder;

  private EventTypesFixture<DoorEvent>.Samples samples() {
    return fixture.samples(new DoorEvent.Opened("ada", 3), new DoorEvent.Closed());
  }

  private Path golden(String... lines) throws IOException {
    return Files.write(folder.resolve("door.golden"), List.of(lines));
  }

  @Test
  void a_stored_event_is_read_as_the_upcasters_lift_it() {
    fixture.stored("Opened", 1, "{\"by\":\"ada\"}").isReadAs(new DoorEvent.Opened("ada", 1));
  }

  @Test
  void a_stored_event_that_is_read_otherwise_fails_and_shows_both() {
    assertThatThrownBy(
            () ->
                fixture
                    .stored("Opened", 1, "{\"by\":\"ada\"}")
                    .isReadAs(new DoorEvent.Opened("ada", 2)))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("Opened[by=ada, times=1]\nand not as\n  Opened[by=ada, times=2]");
  }

  @Test
  void samples_that_are_written_as_the_golden_file_says_pass() throws IOException {
    samples().matchGoldenFile(golden(OPENED, CLOSED));
  }

  @Test
  void a_changed_shape_fails_and_says_what_to_do() throws IOException {
    Path file = golden("Opened 2 application/json {\"who\":\"ada\",\"times\":3}", CLOSED);

    assertThatThrownBy(() -> samples().matchGoldenFile(file))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining(OPENED)
        .hasMessageContaining("raise the schema version");
  }

  @Test
  void a_type_without_a_sample_fails() throws IOException {
    Path file = golden(OPENED, CLOSED);

    assertThatThrownBy(() -> fixture.samples(new DoorEvent.Closed()).matchGoldenFile(file))
        .isInstanceOf(AssertionError.class)
        .hasMessage("there is no sample of [Opened]");
  }

  @Test
  void an_old_line_that_can_no_longer_be_read_fails() throws IOException {
    Path file = golden("Slammed 1 application/json {}", OPENED, CLOSED);

    assertThatThrownBy(() -> samples().matchGoldenFile(file))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("not known any more: Slammed 1");
  }

  @Test
  void a_line_of_the_present_schema_that_nothing_is_written_as_any_more_fails() throws IOException {
    Path file = golden("Opened 2 application/json {\"who\":\"ada\",\"times\":3}", OPENED, CLOSED);

    assertThatThrownBy(() -> samples().matchGoldenFile(file))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("no sample is written so any more: Opened 2")
        .hasMessageContaining("Raise the schema version");
  }

  @Test
  void a_line_that_its_upcaster_cannot_lift_any_more_fails() throws IOException {
    Path file = golden("Opened 1 application/json []", OPENED, CLOSED);

    assertThatThrownBy(() -> samples().matchGoldenFile(file))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("cannot be read any more: Opened 1");
  }

  @Test
  void an_old_line_that_upcasters_still_lift_passes() throws IOException {
    samples().matchGoldenFile(golden("Opened 1 application/json {\"by\":\"ada\"}", OPENED, CLOSED));
  }

  @Test
  void an_event_that_does_not_survive_writing_fails() {
    EventTypes<DoorEvent> forgetful =
        JsonEvents.builder(DoorEvent.class)
            .codec(
                DoorEvent.Opened.class,
                new io.varve.client.eventsourcing.PayloadCodec<>() {
                  @Override
                  public String contentType() {
                    return "";
                  }

                  @Override
                  public byte[] encode(DoorEvent.Opened value) {
                    return new byte[0];
                  }

                  @Override
                  public DoorEvent.Opened decode(byte[] data) {
                    return new DoorEvent.Opened("", 0);
                  }
                })
            .build();

    assertThatThrownBy(
            () ->
                EventTypesFixture.of(forgetful)
                    .samples(new DoorEvent.Opened("ada", 3))
                    .surviveWriting())
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("written and read again, Opened[by=ada, times=3]");
  }

  @Test
  void a_golden_file_is_written_when_asked_for() throws IOException {
    Path file = folder.resolve("new.golden");
    System.setProperty(EventTypesFixture.WRITE_GOLDEN_FILES, "true");
    try {
      samples().matchGoldenFile(file);
    } finally {
      System.clearProperty(EventTypesFixture.WRITE_GOLDEN_FILES);
    }
    assertThat(file).hasContent(OPENED + "\n" + CLOSED);
  }
}

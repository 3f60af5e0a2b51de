package io.varve.server.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.client.VarveClient;
import io.varve.client.streams.AppendResult;
import io.varve.client.streams.EventReader;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.ForwardingEventStore;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.ReadStream;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.VarveException;
import io.varve.server.RunningServer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The order in which an import writes the events of a stream, at a store that is short of room. */
class ImportOrderTest {
  @RegisterExtension static final RunningServer SERVER = new RunningServer();

  private static final int EVENTS = 30;
  private static final int STREAMS = 3;

  private final String run = UUID.randomUUID() + "-";
  private final List<UUID> ids = new ArrayList<>();
  private VarveClient store;

  @BeforeEach
  void connect() {
    store = SERVER.server().client();
    for (int i = 0; i < STREAMS * EVENTS; i++) {
      ids.add(UUID.randomUUID());
    }
  }

  @AfterEach
  void disconnect() {
    store.close();
  }

  /**
   * The worst that an overload may do: nothing in flight is decided before somebody waits for an
   * answer, and then the last first.
   */
  private static final class Overtaking extends ForwardingEventStore {
    private final Deque<Runnable> held = new ArrayDeque<>();

    Overtaking(EventStore store) {
      super(store);
    }

    @Override
    public CompletableFuture<AppendResult> appendAsync(
        String stream, ExpectedVersion expected, List<NewEvent> events) {
      CompletableFuture<AppendResult> answer =
          new CompletableFuture<>() {
            @Override
            public AppendResult join() {
              while (!held.isEmpty()) {
                held.pop().run();
              }
              return super.join();
            }
          };
      held.push(
          () -> {
            try {
              answer.complete(append(stream, expected, events));
            } catch (VarveException e) {
              answer.completeExceptionally(e);
            }
          });
      return answer;
    }
  }

  private String stream(int number) {
    return run + number;
  }

  /** Events of the streams in turn, each with a version or not. */
  private String lines(LongFunction<String> version) {
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < STREAMS * EVENTS; i++) {
      lines.append(
          "{\"stream\":\"%s\",\"type\":\"T\",%s\"id\":\"%s\"}\n"
              .formatted(stream(i % STREAMS), version.apply(i / STREAMS + 1L), ids.get(i)));
    }
    return lines.toString();
  }

  private static String said(long version) {
    return "\"version\":" + version + ",";
  }

  private ImportRun.Result imported(String lines, boolean renumber) throws IOException {
    try (InputLines input = new InputLines(new ByteArrayInputStream(lines.getBytes(UTF_8)));
        Progress progress = new Progress(new PrintWriter(new StringWriter()), false, "import")) {
      return new ImportRun(
              new Overtaking(store),
              input,
              new ImportRun.Settings(renumber, false, false, new UUID(1, 1), null, null, 0),
              progress)
          .run();
    }
  }

  private void eachStreamIsInItsOrder() {
    for (int number = 0; number < STREAMS; number++) {
      List<UUID> expected = new ArrayList<>();
      for (int i = number; i < ids.size(); i += STREAMS) {
        expected.add(ids.get(i));
      }
      assertThat(idsOf(stream(number))).isEqualTo(expected);
    }
  }

  private List<UUID> idsOf(String stream) {
    try (EventReader events = store.readStream(ReadStream.of(stream))) {
      return events.toList().stream().map(RecordedEvent::id).toList();
    }
  }

  @Test
  void events_that_get_new_versions_keep_their_order() throws Exception {
    assertThat(imported(lines(ImportOrderTest::said), true).events()).isEqualTo(ids.size());

    eachStreamIsInItsOrder();
  }

  @Test
  void events_without_a_version_keep_their_order_among_others_that_have_one() throws Exception {
    String lines = lines(version -> version % 3 == 0 ? said(version) : "");

    assertThat(imported(lines, false).events()).isEqualTo(ids.size());

    eachStreamIsInItsOrder();
  }

  @Test
  void an_event_that_was_overtaken_by_others_with_versions_is_no_conflict() throws Exception {
    assertThat(imported(lines(ImportOrderTest::said), false).events()).isEqualTo(ids.size());

    eachStreamIsInItsOrder();
  }

  @Test
  void behind_an_event_that_is_refused_none_of_its_stream_is_written_before_it() throws Exception {
    String whole = lines(ImportOrderTest::said);
    String refused = ids.get(STREAMS).toString();
    String tooLong = "\"tags\":[\"%s\"],\"id\":\"%s\"".formatted("x".repeat(100_000), refused);
    assertThatThrownBy(() -> imported(whole.replace("\"id\":\"" + refused + "\"", tooLong), true))
        .isInstanceOf(CommandFailure.class)
        .hasMessageContaining("line " + (STREAMS + 1));
    assertThat(idsOf(stream(0))).containsExactly(ids.getFirst());

    imported(whole, true); // once it is accepted

    eachStreamIsInItsOrder();
  }
}

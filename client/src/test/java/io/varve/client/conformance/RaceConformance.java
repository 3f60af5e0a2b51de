package io.varve.client.conformance;

import static io.varve.client.streams.ExpectedVersion.any;
import static io.varve.client.streams.ExpectedVersion.exactly;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.streams.AppendResult;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.Query;
import io.varve.client.streams.ReadLog;
import io.varve.client.streams.ReadStream;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.SubscribeToLog;
import io.varve.client.streams.SubscribeToStream;
import io.varve.client.streams.Subscription;
import io.varve.client.streams.VersionConflictException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** Many writers and followers at once. */
abstract class RaceConformance extends StoreTests {

  private static final int WRITERS = 64;

  @Test
  void racing_writers_under_expected_versions_leave_a_stream_without_gaps() throws Exception {
    int each = 5;
    List<Callable<List<AppendResult>>> writers = new ArrayList<>();
    for (int w = 0; w < WRITERS; w++) {
      String writer = "writer-" + w;
      writers.add(() -> appendUnderExpectedVersions(writer, each));
    }

    List<AppendResult> acknowledged = together(writers).stream().flatMap(List::stream).toList();

    List<RecordedEvent> recorded = read(ReadStream.of(ACCOUNT));
    assertThat(versions(recorded))
        .isEqualTo(LongStream.rangeClosed(1, (long) WRITERS * each).boxed().toList());
    assertThat(positions(recorded)).isSorted().doesNotHaveDuplicates();
    assertThat(acknowledged.stream().map(AppendResult::version).sorted())
        .isEqualTo(versions(recorded));
    for (AppendResult result : acknowledged) {
      assertThat(recorded.get((int) result.version() - 1).position()).isEqualTo(result.position());
    }
  }

  private List<AppendResult> appendUnderExpectedVersions(String writer, int count) {
    List<AppendResult> results = new ArrayList<>();
    long version = 0;
    while (results.size() < count) {
      NewEvent event = NewEvent.of("Raced", (writer + " " + results.size()).getBytes(UTF_8));
      try {
        AppendResult result = store.append(ACCOUNT, exactly(version), event);
        assertThat(result.version()).isEqualTo(version + 1);
        results.add(result);
        version = result.version();
      } catch (VersionConflictException conflict) {
        assertThat(conflict.actualVersion()).isNotEqualTo(version);
        version = conflict.actualVersion();
      }
    }
    return results;
  }

  @Test
  void of_racing_writers_who_all_expect_no_stream_one_wins() throws Exception {
    List<Callable<Boolean>> writers = new ArrayList<>();
    for (int w = 0; w < WRITERS; w++) {
      writers.add(
          () -> {
            try {
              return store.append(ACCOUNT, exactly(0), events(2)).version() == 2;
            } catch (VersionConflictException conflict) {
              return false;
            }
          });
    }

    assertThat(together(writers)).containsOnlyOnce(true);
    assertThat(read(ReadLog.all())).hasSize(2);
  }

  @Test
  void racing_repeats_of_one_append_write_it_once() throws Exception {
    List<NewEvent> events = events(3);
    List<Callable<AppendResult>> writers = new ArrayList<>();
    for (int w = 0; w < WRITERS; w++) {
      writers.add(() -> store.append(ACCOUNT, any(), events));
    }

    List<AppendResult> results = together(writers);

    assertThat(results.stream().filter(result -> !result.deduplicated())).hasSize(1);
    assertThat(results).allMatch(result -> result.version() == 3 && result.position() == 3);
    assertThat(asWritten(read(ReadLog.all()))).isEqualTo(events);
  }

  @Test
  void subscribers_that_start_in_the_past_under_write_load_see_everything_once_and_in_order()
      throws Exception {
    given("history-1", 3_000);
    RecordingListener all = new RecordingListener();
    RecordingListener some = new RecordingListener();
    RecordingListener one = new RecordingListener();
    RecordingListener late = new RecordingListener();
    List<Callable<Integer>> writers = new ArrayList<>();
    for (int w = 0; w < 8; w++) {
      String stream = (w % 2 == 0 ? "even-" : "odd-") + w;
      writers.add(() -> appendInFlight(stream, 250));
    }
    List<Subscription> subscriptions = new ArrayList<>();
    subscriptions.add(store.subscribeToLog(SubscribeToLog.all(), all));
    subscriptions.add(
        store.subscribeToLog(SubscribeToLog.all().query(Query.categories("even")), some));
    subscriptions.add(store.subscribeToStream(SubscribeToStream.of("odd-1"), one));
    writers.add(
        () -> {
          await().until(() -> all.events.size() > 3_500); // in the middle of the load
          subscriptions.add(store.subscribeToLog(SubscribeToLog.all().after(1_000), late));
          return 0;
        });

    together(writers);

    List<RecordedEvent> log = read(ReadLog.all());
    assertThat(log).hasSize(5_000);
    await().until(() -> all.events.size() >= 5_000 && some.events.size() >= 1_000);
    await().until(() -> one.events.size() >= 250 && late.events.size() >= 4_000);
    subscriptions.forEach(Subscription::close);
    assertThat(all.events).isEqualTo(log);
    assertThat(some.events)
        .isEqualTo(log.stream().filter(e -> e.stream().startsWith("even-")).toList());
    assertThat(one.events).isEqualTo(read(ReadStream.of("odd-1")));
    assertThat(late.events).isEqualTo(log.subList(1_000, 5_000));
    for (RecordingListener follower : List.of(all, some, one, late)) {
      assertThat(follower.mistakes).isEmpty();
      assertThat(follower.causes).isEmpty();
    }
  }

  private int appendInFlight(String stream, int count) {
    List<CompletableFuture<AppendResult>> answers = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      answers.add(store.appendAsync(stream, exactly(i), List.of(event("Raced"))));
    }
    answers.forEach(CompletableFuture::join);
    return count;
  }

  @Test
  void readers_under_write_load_never_see_a_gap_or_an_event_before_an_earlier_one()
      throws Exception {
    List<Callable<Integer>> everybody = new ArrayList<>();
    for (int w = 0; w < 4; w++) {
      String stream = "load-" + w;
      everybody.add(() -> appendInFlight(stream, 200));
    }
    for (int r = 0; r < 2; r++) {
      everybody.add(this::readUntilAllIsThere);
    }

    together(everybody);

    Set<String> ids = new HashSet<>();
    read(ReadLog.all()).forEach(event -> ids.add(event.id().toString()));
    assertThat(ids).hasSize(800);
  }

  private int readUntilAllIsThere() {
    int[] seen = new int[1];
    await()
        .until(
            () -> {
              List<RecordedEvent> log = read(ReadLog.all());
              assertThat(log.size()).isGreaterThanOrEqualTo(seen[0]);
              assertThat(positions(log))
                  .isEqualTo(LongStream.rangeClosed(1, log.size()).boxed().toList());
              seen[0] = log.size();
              return seen[0] == 800;
            });
    return seen[0];
  }
}

package io.varve.server.security;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.server.security.AuditTrail.Counted;
import io.varve.server.security.AuditTrail.Entry;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class AuditTrailTest {
  private long nanos = Long.MAX_VALUE - 7; // such a clock may turn over
  private final AuditTrail trail = new AuditTrail(() -> nanos);

  private static Entry refused(String about) {
    return new Entry("Refused", "user mallory", "10.0.0.7", "S/M", about, "lacks read");
  }

  private static Entry done(String about) {
    return new Entry("Done", "user root", "10.0.0.1", "Streams/Delete", about, "OK");
  }

  private static long total(List<Counted> taken) {
    return taken.stream().mapToLong(Counted::count).sum();
  }

  @Test
  void equal_refusals_are_one_entry_with_their_count() {
    for (int i = 0; i < 10_000; i++) {
      trail.refused(refused("same"));
    }
    trail.done(done("a"));
    trail.done(done("a"));

    assertThat(trail.take())
        .containsExactlyInAnyOrder(
            new Counted(refused("same"), 10_000),
            new Counted(done("a"), 1),
            new Counted(done("a"), 1));
    assertThat(trail.take()).isEmpty();
  }

  @Test
  void a_day_of_ever_new_refusals_writes_a_hundred_entries_a_minute_and_none_goes_uncounted() {
    long sent = 0;
    List<Counted> taken = new ArrayList<>();
    int halfSeconds = 2 * 60 * 60;
    for (int i = 0; i < halfSeconds; i++) {
      for (int j = 0; j < 150; j++) {
        trail.refused(refused("stream-" + i + "-" + j));
        sent++;
      }
      nanos += TimeUnit.MILLISECONDS.toNanos(500);
      taken.addAll(trail.take());
    }
    assertThat(taken).hasSizeBetween(100 * 59, 100 * 62); // of an hour
    taken.addAll(trail.takeAll());
    assertThat(total(taken)).isEqualTo(sent);
    assertThat(trail.takeAll()).isEmpty();
  }

  @Test
  void acts_that_nobody_takes_are_bounded_and_counted() {
    for (int i = 0; i < 5_000; i++) {
      trail.done(done("stream-" + i));
    }
    List<Counted> taken = trail.take();
    assertThat(taken).hasSize(1_025);
    assertThat(total(taken)).isEqualTo(5_000);
  }

  @Test
  void a_name_of_whatever_length_makes_a_short_entry() {
    trail.refused(refused("x".repeat(1 << 20)));
    assertThat(trail.take().getFirst().entry().about()).hasSizeLessThan(300);
  }
}

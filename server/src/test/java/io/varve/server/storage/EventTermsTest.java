package io.varve.server.storage;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.server.event.NewEvent;
import io.varve.server.event.StreamId;
import io.varve.server.fixture.RandomEvents;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EventTermsTest {
  private static final List<String> TEXTS = List.of("a", "b", "ab", "müde", "𝛼", "a\u0000");

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void they_are_those_of_the_summary_whatever_the_events_before_were(long seed) {
    Random random = new Random(seed);
    RandomEvents events = new RandomEvents(random);
    EventRunBuilder builder = new EventRunBuilder(0);
    for (int i = 1; i <= 500; i++) {
      StreamId stream = random.nextInt(8) == 0 ? events.stream() : new StreamId(text(random));
      List<String> tags = new ArrayList<>(TEXTS);
      Collections.shuffle(tags, random);
      NewEvent event = events.next(text(random), tags.subList(0, random.nextInt(3)));
      builder.add(
          EventCodec.encodeHeader(i, 1, Instant.EPOCH), EventCodec.encodeBody(stream, event), i);
    }
    EventTerms terms = new EventTerms(true);
    EventTerms withoutTags = new EventTerms(false);
    for (EncodedEvent event : builder.build().events()) {
      EventSummary summary = event.summary();

      terms.read(event);
      withoutTags.read(event);

      assertThat(terms.stream()).isEqualTo(summary.stream().value());
      assertThat(terms.type()).isEqualTo(summary.type());
      assertThat(terms.tags()).isEqualTo(summary.tags());
      assertThat(withoutTags.stream()).isEqualTo(summary.stream().value());
      assertThat(withoutTags.type()).isEqualTo(summary.type());
      assertThat(withoutTags.tags()).isEmpty();
    }
  }

  private static String text(Random random) {
    return TEXTS.get(random.nextInt(TEXTS.size()));
  }
}

package io.varve.server.api.kurrent;

import io.varve.proto.kurrent.FilterExpression;
import io.varve.proto.kurrent.FilterOptions;
import io.varve.server.api.grpc.Caller;
import io.varve.server.event.Query;
import io.varve.server.storage.StreamChange;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;

/**
 * Which events of the log are wanted, by the name of the stream or by the type. Prefixes of streams
 * are looked up in the index; anything else is found by looking at every event.
 */
final class RecordFilter {
  private static final int USUAL_WINDOW = 32;
  private static final int MAX_PREFIXES = 1_000;
  private static final int MAX_PATTERN = 4_096;

  /** Looks at characters of one text before an expression counts as endless. */
  private static final int MAX_LOOKS = 200_000;

  private static final RecordFilter EVERYTHING =
      new RecordFilter(false, null, List.of(), Query.everything());

  private final boolean byType;
  private final @Nullable Pattern pattern;
  private final List<String> prefixes;
  private final Query query;

  private RecordFilter(
      boolean byType, @Nullable Pattern pattern, List<String> prefixes, Query query) {
    this.byType = byType;
    this.pattern = pattern;
    this.prefixes = prefixes;
    this.query = query;
  }

  /** The filter that everything passes. */
  static RecordFilter everything() {
    return EVERYTHING;
  }

  static RecordFilter of(FilterOptions options) {
    return switch (options.getFilterCase()) {
      case STREAM_IDENTIFIER -> of(options.getStreamIdentifier(), false);
      case EVENT_TYPE -> of(options.getEventType(), true);
      case FILTER_NOT_SET -> EVERYTHING;
    };
  }

  private static RecordFilter of(FilterExpression expression, boolean byType) {
    String regex = expression.getRegex();
    if (!regex.isEmpty()) {
      return new RecordFilter(byType, compile(regex), List.of(), Query.everything());
    }
    List<String> prefixes = List.copyOf(expression.getPrefixList());
    if (prefixes.size() > MAX_PREFIXES) {
      throw KurrentErrors.invalid("prefix", "must have at most " + MAX_PREFIXES + " entries");
    }
    if (prefixes.isEmpty()) {
      return EVERYTHING;
    }
    boolean looksAtAll = byType || prefixes.stream().anyMatch(String::isEmpty);
    return new RecordFilter(
        byType, null, prefixes, looksAtAll ? Query.everything() : ofStreams(prefixes));
  }

  /** What is decided about a stream lies in a stream of the server's, under another name. */
  private static Query ofStreams(List<String> prefixes) {
    Set<String> looked = new LinkedHashSet<>(prefixes);
    looked.add(StreamChange.STREAM.value());
    return ofThese(looked);
  }

  private static Query ofThese(Collection<String> looked) {
    return new Query(List.of(new Query.Item(Set.of(), Set.of(), List.copyOf(looked), Set.of())));
  }

  private static Pattern compile(String regex) {
    if (regex.length() > MAX_PATTERN) {
      throw KurrentErrors.invalid("regex", "must have at most " + MAX_PATTERN + " characters");
    }
    try {
      return Pattern.compile(regex);
    } catch (PatternSyntaxException e) {
      throw KurrentErrors.invalid("regex", "is not a regular expression: " + e.getDescription());
    }
  }

  /** How many events a subscription may pass over before it is told how far it has come. */
  static int checkpointInterval(FilterOptions options) {
    long window =
        options.getWindowCase() == FilterOptions.WindowCase.MAX
            ? Integer.toUnsignedLong(options.getMax())
            : USUAL_WINDOW;
    long multiplier = Integer.toUnsignedLong(options.getCheckpointIntervalMultiplier());
    if (window == 0 || multiplier == 0) {
      throw KurrentErrors.invalid(
          "filter", "must have a window and a checkpoint interval multiplier above zero");
    }
    return (int) Math.min(Integer.MAX_VALUE, window * multiplier);
  }

  /** Finds all events that pass, and perhaps others. */
  Query query() {
    return query;
  }

  /**
   * The same for a group that somebody makes for others. Only whoever may read what is decided
   * about streams can have that delivered; by prefixes of streams others get the events alone.
   */
  Query queryFor(Caller maker) {
    boolean byPrefix = !byType && !prefixes.isEmpty() && !query.hasNoTerms();
    return byPrefix && !maker.mayRead(StreamChange.STREAM.value()) ? ofThese(prefixes) : query;
  }

  boolean passes(SeenEvent event) {
    String text = byType ? event.type() : event.stream();
    if (pattern != null) {
      return pattern.matcher(new PatientText(text, new int[] {MAX_LOOKS})).find();
    }
    return prefixes.isEmpty() || prefixes.stream().anyMatch(text::startsWith);
  }

  /**
   * A text that may be looked at a bounded number of times: some expressions never come to an end.
   */
  @SuppressWarnings("ArrayRecordComponent") // a counter that parts share; never compared
  private record PatientText(String text, int[] looks) implements CharSequence {
    @Override
    public int length() {
      return text.length();
    }

    @Override
    public char charAt(int index) {
      if (looks[0]-- <= 0) {
        throw KurrentErrors.invalid("regex", "takes too long to be looked for");
      }
      return text.charAt(index);
    }

    @Override
    public CharSequence subSequence(int start, int end) {
      return new PatientText(text.substring(start, end), looks);
    }

    @Override
    public String toString() {
      return text;
    }
  }
}

package io.varve.bank.web;

import io.javalin.http.Context;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.Year;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The parameters of a query, read strictly: an unknown name, a name given twice or a malformed
 * value is a bad request that names the parameter.
 */
final class QueryParameters {

  private static final Instant EARLIEST = Instant.parse("0001-01-01T00:00:00Z");
  private static final Instant LATEST = Instant.parse("9999-12-31T23:59:59.999999999Z");

  /** Such a parameter would be taken for absent, and the caller be told of something else. */
  private static final Pattern BROKEN_ESCAPE = Pattern.compile("%(?![0-9a-fA-F]{2})");

  /** Every query may say which position its answer must not be before. */
  static final String AFTER = "after";

  private final Context context;

  private QueryParameters(Context context) {
    this.context = context;
  }

  static QueryParameters of(Context context, Set<String> names) {
    String query = context.queryString();
    if (query != null && BROKEN_ESCAPE.matcher(query).find()) {
      throw ApiException.badRequest("the query has a % that no two hexadecimal digits follow");
    }
    context
        .queryParamMap()
        .forEach(
            (name, values) -> {
              if (!names.contains(name) && !name.equals(AFTER)) {
                throw ApiException.badField(name, "unknown parameter '" + name + "'");
              }
              if (values.size() > 1) {
                throw ApiException.badField(name, name + " is given more than once");
              }
            });
    return new QueryParameters(context);
  }

  /** For what takes no parameters. */
  static void none(Context context) {
    QueryParameters _ = of(context, Set.of());
  }

  int number(String name, int absent, int min, int max) {
    String value = context.queryParam(name);
    if (value == null) {
      return absent;
    }
    Long number = parse(name, value, Long::parseLong, "a whole number");
    if (number < min || number > max) {
      throw ApiException.badField(name, name + " must be between " + min + " and " + max);
    }
    return number.intValue();
  }

  @Nullable Long position(String name) {
    String value = context.queryParam(name);
    if (value == null) {
      return null;
    }
    Long position = parse(name, value, Long::parseLong, "a whole number");
    if (position < 0) {
      throw ApiException.badField(name, name + " must not be negative");
    }
    return position;
  }

  @Nullable String text(String name) {
    return context.queryParam(name);
  }

  Instant time(String name, Instant absent) {
    Instant given = time(name);
    return given == null ? absent : given;
  }

  @Nullable Instant time(String name) {
    String value = context.queryParam(name);
    return value == null
        ? null
        : parse(
            name,
            // A plus sign in a query string is a space by the time that we see it.
            value.replace(' ', '+'),
            QueryParameters::instant,
            "an RFC 3339 time such as 2026-01-31T12:00:00Z");
  }

  /** RFC 3339 has years of four digits, and the store keeps no others. */
  private static Instant instant(String text) {
    Instant instant = OffsetDateTime.parse(text).toInstant();
    if (instant.isBefore(EARLIEST) || instant.isAfter(LATEST)) {
      throw new DateTimeException("beyond the years 1 to 9999");
    }
    return instant;
  }

  LocalDate day(String name, LocalDate absent) {
    String value = context.queryParam(name);
    return value == null
        ? absent
        : parse(name, value, LocalDate::parse, "a day such as 2026-01-31");
  }

  Year year(String name, Year absent) {
    return Year.of(number(name, absent.getValue(), 1970, 9999));
  }

  private static <T> T parse(
      String name, String value, Function<String, T> parser, String expected) {
    try {
      return parser.apply(value);
    } catch (DateTimeException | NumberFormatException e) {
      throw ApiException.badField(name, name + " must be " + expected);
    }
  }
}

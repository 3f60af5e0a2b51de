package io.varve.bank.web;

import io.javalin.http.Context;
import java.util.UUID;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The headers that commands and queries share. */
final class RequestHeaders {

  /** Makes a command safe to repeat. */
  static final String IDEMPOTENCY_KEY = "Idempotency-Key";

  /**
   * The conversation that a command belongs to; made up, and answered, when the caller has none.
   */
  static final String CORRELATION_ID = "X-Correlation-Id";

  /** Answered: the log position of a command's event, or that an answer is true as of. */
  static final String POSITION = "Varve-Position";

  /**
   * Asked, as is the query parameter {@code after}: the position that an answer must not be before.
   */
  static final String AFTER = "Varve-After";

  /** Answered: the read model did not get there in time, and the answer may be older than that. */
  static final String BEHIND = "Varve-Behind";

  private static final Pattern VISIBLE = Pattern.compile("[\\x21-\\x7e]{1,200}");

  private RequestHeaders() {}

  static @Nullable String idempotencyKey(Context context) {
    return visible(context, IDEMPOTENCY_KEY);
  }

  static String correlationId(Context context) {
    String given = visible(context, CORRELATION_ID);
    String id = given == null ? UUID.randomUUID().toString() : given;
    context.header(CORRELATION_ID, id);
    return id;
  }

  private static @Nullable String visible(Context context, String header) {
    String value = context.header(header);
    if (value != null && !VISIBLE.matcher(value).matches()) {
      throw ApiException.badField(
          header, header + " must be 1 to 200 visible ASCII characters without spaces");
    }
    return value;
  }
}

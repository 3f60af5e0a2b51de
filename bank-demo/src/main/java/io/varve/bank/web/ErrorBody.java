package io.varve.bank.web;

import io.varve.client.eventsourcing.Refusal;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What an error looks like: RFC 9457 problem details, and {@code error} as the sentence to show.
 *
 * @param code what went wrong, for programs
 * @param field the field of the request that it is about
 */
record ErrorBody(
    String error,
    @Nullable String code,
    @Nullable String field,
    String type,
    String title,
    int status) {

  static ErrorBody of(int status, String error, @Nullable String code, @Nullable String field) {
    return new ErrorBody(error, code, field, "about:blank", title(status), status);
  }

  /** The error under a name for programs, as {@code INSUFFICIENT_FUNDS} is insufficient_funds. */
  static String code(Refusal refusal) {
    return refusal.code().toLowerCase(Locale.ROOT);
  }

  private static String title(int status) {
    return switch (status) {
      case 400 -> "Bad Request";
      case 403 -> "Forbidden";
      case 404 -> "Not Found";
      case 405 -> "Method Not Allowed";
      case 409 -> "Conflict";
      case 408 -> "Request Timeout";
      case 413 -> "Content Too Large";
      case 414 -> "URI Too Long";
      case 417 -> "Expectation Failed";
      case 426 -> "Upgrade Required";
      case 431 -> "Request Header Fields Too Large";
      case 501 -> "Not Implemented";
      case 505 -> "HTTP Version Not Supported";
      case 502 -> "Bad Gateway";
      case 503 -> "Service Unavailable";
      default -> status < 500 ? "Request Refused" : "Internal Server Error";
    };
  }
}

package io.varve.bank.web;

import org.jspecify.annotations.Nullable;

/**
 * An answer that is not the one that was asked for, on its way to the caller as an error body. It
 * carries no stack trace, for it is about the request.
 */
final class ApiException extends RuntimeException {

  private static final long serialVersionUID = 1;

  private final int status;
  private final @Nullable String code;
  private final @Nullable String field;

  private ApiException(int status, String message, @Nullable String code, @Nullable String field) {
    super(message, null, false, false);
    this.status = status;
    this.code = code;
    this.field = field;
  }

  /** The request is wrong in this field. */
  static ApiException badField(String field, String message) {
    return new ApiException(400, message, "bad_input", field);
  }

  /** The request is wrong as a whole. */
  static ApiException badRequest(String message) {
    return new ApiException(400, message, "bad_input", null);
  }

  static ApiException forbidden(String code, String message) {
    return new ApiException(403, message, code, null);
  }

  static ApiException notFound(String message) {
    return new ApiException(404, message, "not_found", null);
  }

  /** A rule of the bank stands against it, or others were faster. */
  static ApiException conflict(String code, String message) {
    return new ApiException(409, message, code, null);
  }

  static ApiException unavailable(String message) {
    return new ApiException(503, message, "unavailable", null);
  }

  int status() {
    return status;
  }

  ErrorBody body() {
    return ErrorBody.of(status, String.valueOf(getMessage()), code, field);
  }
}

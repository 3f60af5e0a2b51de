package io.varve.client.streams;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** A request that is malformed or over a limit. Nothing was written; repeating it is of no use. */
public final class InvalidRequestException extends VarveException {

  private static final long serialVersionUID = 1;

  /**
   * What is wrong with one field.
   *
   * @param field as the contract names it, such as {@code events[3].type}
   * @param description a sentence; for a limit it names the limit and the value
   */
  public record FieldViolation(String field, String description) {}

  private final transient List<FieldViolation> violations;

  /** Made by stores, and by tests of code that handles it. */
  public InvalidRequestException(
      String message, List<FieldViolation> violations, @Nullable Throwable cause) {
    super(message, cause);
    this.violations = List.copyOf(violations);
  }

  /** The fields that are wrong; empty if the store did not name one. */
  public List<FieldViolation> violations() {
    return violations;
  }

  /** Always false: the request must change first. */
  @Override
  public boolean retryable() {
    return false;
  }
}

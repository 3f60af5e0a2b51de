package io.varve.bank.web;

import io.javalin.http.Context;
import io.varve.bank.domain.Money;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * The JSON object that a command comes with, read strictly: whatever is missing, malformed, out of
 * bounds or unknown is a bad request that names the field.
 */
final class CommandBody {

  private static final int MAX_DESCRIPTION = 500;
  private static final int MAX_NAME = 100;
  private static final int MAX_RATE_DECIMALS = 6;
  private static final Pattern DECIMAL = Pattern.compile("[+-]?[0-9]{1,30}(\\.[0-9]{1,30})?");
  private static final Pattern CONTROL = Pattern.compile("\\p{Cntrl}");

  private final JsonNode object;

  private CommandBody(JsonNode object) {
    this.object = object;
  }

  /** The request's body, which may hold these fields and no others. */
  static CommandBody of(Context context, Set<String> fields) {
    byte[] text = context.bodyAsBytes();
    JsonNode node;
    try {
      node = text.length == 0 ? null : Json.parse(text);
    } catch (JacksonException e) {
      throw ApiException.badRequest("the body is not valid JSON: " + e.getOriginalMessage());
    }
    if (node == null || !node.isObject()) {
      throw ApiException.badRequest("the body must be a JSON object with " + listed(fields));
    }
    for (String name : node.propertyNames()) {
      if (!fields.contains(name)) {
        throw ApiException.badField(
            name, "unknown field '" + name + "'; known are " + listed(fields));
      }
    }
    return new CommandBody(node);
  }

  /** Nothing is expected; an empty object is as good as nothing. */
  static void expectNone(Context context) {
    if (context.bodyAsBytes().length > 0) {
      of(context, Set.of());
    }
  }

  private static String listed(Set<String> fields) {
    return fields.isEmpty() ? "no fields" : String.join(", ", fields.stream().sorted().toList());
  }

  /** A sum to move: greater than zero. */
  Money amount(String field) {
    Money amount = money(field);
    if (!amount.isPositive()) {
      throw ApiException.badField(field, field + " must be greater than zero");
    }
    return amount;
  }

  /** A sum to begin with: zero or more. */
  Money amountOrZero(String field) {
    Money amount = money(field);
    if (amount.isNegative()) {
      throw ApiException.badField(field, field + " must not be negative");
    }
    return amount;
  }

  private Money money(String field) {
    BigDecimal number = number(field);
    // Compared before it is counted out: 1e999999999 is a short text and a very long number.
    if (number.abs().compareTo(Money.MAX_AMOUNT.toBigDecimal()) > 0) {
      throw ApiException.badField(field, field + " must be at most " + Money.MAX_AMOUNT);
    }
    if (number.signum() != 0 && number.stripTrailingZeros().scale() > 2) {
      throw ApiException.badField(field, field + " must have at most two decimals");
    }
    return number.signum() == 0 ? Money.ZERO : Money.of(number);
  }

  /** A rate of interest: a fraction above zero and at most one. */
  BigDecimal rate(String field) {
    BigDecimal rate = number(field);
    if (rate.signum() <= 0 || rate.compareTo(BigDecimal.ONE) > 0) {
      throw ApiException.badField(
          field, field + " must be a fraction above 0 and at most 1; 0.05 is five per cent");
    }
    BigDecimal shortest = rate.stripTrailingZeros();
    if (shortest.scale() > MAX_RATE_DECIMALS) {
      throw ApiException.badField(
          field, field + " must have at most " + MAX_RATE_DECIMALS + " decimals");
    }
    return shortest;
  }

  private BigDecimal number(String field) {
    JsonNode value = required(field);
    if (value.isNumber()) {
      return value.decimalValue();
    }
    if (value.isString() && DECIMAL.matcher(value.stringValue()).matches()) {
      return new BigDecimal(value.stringValue());
    }
    throw ApiException.badField(field, field + " must be a number");
  }

  /** A name of a person: some characters, none of them control characters. */
  String name(String field) {
    String name = text(field, MAX_NAME).strip();
    if (name.isEmpty()) {
      throw ApiException.badField(field, field + " must not be blank");
    }
    return name;
  }

  /** The id of an account, which need not exist. */
  String accountId(String field) {
    String id = text(field, MAX_NAME);
    if (!Ids.isWellFormed(id)) {
      throw ApiException.badField(field, field + " is not the id of an account");
    }
    return id;
  }

  /** Some words; null when there are none. */
  @Nullable String description(String field) {
    JsonNode value = object.get(field);
    if (value == null || value.isNull()) {
      return null;
    }
    String description = text(field, MAX_DESCRIPTION).strip();
    return description.isEmpty() ? null : description;
  }

  private String text(String field, int maxCharacters) {
    JsonNode value = required(field);
    if (!value.isString()) {
      throw ApiException.badField(field, field + " must be a string");
    }
    String text = value.stringValue();
    if (text.length() > maxCharacters) {
      throw ApiException.badField(
          field, field + " must have at most " + maxCharacters + " characters");
    }
    if (CONTROL.matcher(text).find()) {
      throw ApiException.badField(field, field + " must not hold control characters");
    }
    if (!StandardCharsets.UTF_8.newEncoder().canEncode(text)) {
      throw ApiException.badField(field, field + " must not hold half a surrogate pair");
    }
    return text;
  }

  private JsonNode required(String field) {
    JsonNode value = object.get(field);
    if (value == null || value.isNull()) {
      throw ApiException.badField(field, field + " is missing");
    }
    return value;
  }
}

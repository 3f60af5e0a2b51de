package io.varve.server.ops.http;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What was asked for: the parameters in the address, and headers.
 *
 * <p>Each parameter that is not understood, or out of bounds, is a {@link BadRequest} that names
 * it.
 */
public final class Request {
  private static final int MAX_PARAMETERS = 100;

  private final Map<String, List<String>> parameters;
  private final Headers headers;
  private final Caller caller;

  /** Looks up a header; null if it is not there. */
  interface Headers {
    @Nullable String first(String name);
  }

  Request(@Nullable String rawQuery, Headers headers, Caller caller) {
    this(parse(rawQuery), headers, caller);
  }

  private Request(Map<String, List<String>> parameters, Headers headers, Caller caller) {
    this.parameters = parameters;
    this.headers = headers;
    this.caller = caller;
  }

  /** The same of somebody who is known. */
  Request from(Caller known) {
    return new Request(parameters, headers, known);
  }

  /** Who asks. */
  public Caller caller() {
    return caller;
  }

  private static Map<String, List<String>> parse(@Nullable String rawQuery) {
    Map<String, List<String>> parameters = new LinkedHashMap<>();
    if (rawQuery == null || rawQuery.isEmpty()) {
      return parameters;
    }
    String[] pairs = rawQuery.split("&", MAX_PARAMETERS + 1);
    if (pairs.length > MAX_PARAMETERS) {
      throw new BadRequest("there may be at most " + MAX_PARAMETERS + " parameters");
    }
    for (String pair : pairs) {
      int equals = pair.indexOf('=');
      String name = equals < 0 ? pair : pair.substring(0, equals);
      String value = equals < 0 ? "" : pair.substring(equals + 1);
      parameters.computeIfAbsent(decode(name), _ -> new ArrayList<>()).add(decode(value));
    }
    return parameters;
  }

  private static String decode(String text) {
    try {
      return URLDecoder.decode(text, StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      throw new BadRequest("a parameter is not encoded as URLs are");
    }
  }

  /** The group that a change is about, as given; "" for none. */
  String about() {
    List<String> groups = all("group");
    return groups.isEmpty() ? "" : groups.getFirst();
  }

  /** A header; null if it is not there. */
  public @Nullable String header(String name) {
    return headers.first(name);
  }

  /** Whether a parameter is there, be it empty. */
  public boolean has(String name) {
    return parameters.containsKey(name);
  }

  /** A parameter that is text; "" if it is not there. */
  public String text(String name) {
    List<String> values = all(name);
    if (values.size() > 1) {
      throw new BadRequest(name + " must be there once, is there " + values.size() + " times");
    }
    return values.isEmpty() ? "" : values.getFirst();
  }

  /** A parameter that must be there. */
  public String needed(String name) {
    String value = text(name);
    if (value.isEmpty()) {
      throw new BadRequest(name + " must not be empty");
    }
    return value;
  }

  /** All values of a parameter that may be there several times, empty ones left out. */
  public List<String> all(String name) {
    return parameters.getOrDefault(name, List.of()).stream()
        .filter(value -> !value.isEmpty())
        .toList();
  }

  /** A parameter that is a whole number within bounds. */
  public long number(String name, long least, long most, long whenAbsent) {
    String value = text(name);
    if (value.isEmpty()) {
      return whenAbsent;
    }
    long number;
    try {
      number = Long.parseLong(value);
    } catch (NumberFormatException e) {
      throw new BadRequest(name + " must be a whole number, was " + value);
    }
    if (number < least || number > most) {
      throw new BadRequest(name + " must be from " + least + " to " + most + ", was " + number);
    }
    return number;
  }

  /** A parameter that is {@code true} or {@code false}. */
  public boolean flag(String name) {
    String value = text(name);
    return switch (value) {
      case "", "false" -> false;
      case "true" -> true;
      default -> throw new BadRequest(name + " must be true or false, was " + value);
    };
  }
}

package io.varve.client.eventsourcing.json;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.varve.client.eventsourcing.EventPayload;
import io.varve.client.eventsourcing.EventTypes;
import io.varve.client.eventsourcing.PayloadCodec;
import io.varve.client.eventsourcing.Upcaster;
import io.varve.client.streams.NewEvent;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JavaType;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.cfg.JsonNodeFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Events as JSON: one object for each event, one member for each component of its record. Members
 * that are null are left out; members that the class does not know are passed over, so that a newer
 * release may add some. Numbers with a fraction keep every digit.
 *
 * <pre>{@code
 * EventTypes<AccountEvent> types = JsonEvents.of(AccountEvent.class);
 * PayloadCodec<Account> snapshots = JsonEvents.codecs().of(Account.class);
 * }</pre>
 */
public final class JsonEvents {

  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
          .changeDefaultPropertyInclusion(
              included -> included.withValueInclusion(JsonInclude.Include.NON_NULL))
          .build();

  private JsonEvents() {}

  /** All events of a sealed family, as JSON, under their simple names. */
  public static <E> EventTypes<E> of(Class<E> family) {
    return builder(family).build();
  }

  /** Starts with all events of a sealed family, as JSON. */
  public static <E> EventTypes.Builder<E> builder(Class<E> family) {
    return EventTypes.builder(family, codecs());
  }

  /** JSON for whatever class there is, written as the events are. */
  public static PayloadCodec.Source codecs() {
    return codecs(MAPPER);
  }

  /** JSON for whatever class there is, written by the application's own mapper. */
  public static PayloadCodec.Source codecs(JsonMapper mapper) {
    return new JsonCodecs(mapper);
  }

  /** Starts a mapper from the settings that this class writes with, for those who add modules. */
  public static JsonMapper.Builder mapper() {
    return MAPPER.rebuild();
  }

  /**
   * A step from one schema version of a type to the next that changes the payload's object in
   * place.
   *
   * <pre>{@code
   * JsonEvents.upcast("OrderPlaced", 1, 2, order -> order.put("email", "unknown"));
   * }</pre>
   */
  public static Upcaster upcast(String type, int from, int to, Consumer<ObjectNode> change) {
    if (to <= from) {
      throw new IllegalArgumentException(
          "an upcaster leads to a higher schema version, not from " + from + " to " + to);
    }
    return Upcaster.of(
        type,
        from,
        old -> {
          ObjectNode tree = tree(old);
          change.accept(tree);
          return List.of(payload(old, tree).as(type, to));
        });
  }

  /**
   * A step from one schema version of a type that makes several events of one, or none.
   *
   * @param leadsTo the types of what it may give
   * @param split gives what the event is now; each a type, its schema version, and an object
   */
  public static Upcaster split(
      String type, int from, List<String> leadsTo, Function<ObjectNode, List<Part>> split) {
    return Upcaster.of(
        type,
        from,
        leadsTo,
        old ->
            split.apply(tree(old)).stream()
                .map(part -> payload(old, part.data()).as(part.type(), part.schemaVersion()))
                .toList());
  }

  /**
   * One of several events that an old one is now.
   *
   * @param type its type
   * @param schemaVersion the schema version of its payload, from 1
   * @param data the payload
   */
  public record Part(String type, int schemaVersion, ObjectNode data) {}

  private static ObjectNode tree(EventPayload payload) {
    JsonNode tree = MAPPER.readTree(payload.data());
    if (tree instanceof ObjectNode object) {
      return object;
    }
    throw new IllegalArgumentException("its payload is no JSON object");
  }

  private static EventPayload payload(EventPayload old, JsonNode tree) {
    return old.withData(MAPPER.writeValueAsBytes(tree));
  }

  private record JsonCodecs(JsonMapper mapper) implements PayloadCodec.Source {

    @Override
    public <T> PayloadCodec<T> of(Class<T> type) {
      return new JsonCodec<>(mapper, mapper.constructType(type));
    }
  }

  private record JsonCodec<T>(JsonMapper mapper, JavaType type) implements PayloadCodec<T> {

    @Override
    public String contentType() {
      return NewEvent.JSON;
    }

    @Override
    public byte[] encode(T value) {
      return mapper.writerFor(type).writeValueAsBytes(value);
    }

    @Override
    public T decode(byte[] data) {
      T value = mapper.readValue(data, type);
      if (value == null) {
        throw new IllegalArgumentException("the JSON is null");
      }
      return value;
    }
  }
}

package io.varve.server.api.kurrent;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import com.google.protobuf.ByteString;
import com.google.protobuf.Value;
import io.varve.proto.kurrent.v2.streams.AppendRecord;
import io.varve.proto.kurrent.v2.streams.SchemaFormat;
import io.varve.server.api.grpc.Checks;
import io.varve.server.event.NewEvent;
import io.varve.server.event.StreamId;
import java.util.Map;
import java.util.UUID;
import java.util.function.Supplier;

/**
 * From records to events: their properties and what is said of their schema become one JSON object,
 * which is the event's custom metadata to the other services.
 */
final class Records {
  private static final String SCHEMA_NAME = "$schema.name";
  private static final String SCHEMA_FORMAT = "$schema.format";
  private static final String SCHEMA_ID = "$schema.id";

  /** Up to here every whole number is a double, and a double that is whole is meant as one. */
  private static final double LARGEST_WHOLE = 1L << 53;

  private final Checks checks;
  private final Proposals proposals;
  private final Supplier<UUID> eventIds;

  /**
   * @param eventIds makes ids for records that come without one
   */
  Records(Checks checks, Supplier<UUID> eventIds) {
    this.checks = checks;
    this.proposals = new Proposals(checks);
    this.eventIds = eventIds;
  }

  int maxEvents() {
    return proposals.maxEvents();
  }

  long maxBytes() {
    return proposals.maxBytes();
  }

  /** Refuses more streams than an append may write to. */
  void boundStreams(int count) {
    checks.count("streams", count, checks.limits().transactStreams());
  }

  /** Refuses more checks than an append may have: the commit waits for all of them. */
  void boundChecks(int count) {
    checks.count("checks", count, checks.limits().transactStreams());
  }

  /** A stream to write to. */
  StreamId stream(String name) {
    StreamId stream = new StreamId(checks.text("stream", name, checks.limits().streamNameBytes()));
    if (stream.isSystem()) {
      throw KurrentErrors.accessDenied(
          "stream " + stream + " is a system stream, which only the server itself writes to");
    }
    return stream;
  }

  /** A stream to look at. */
  StreamId lookedAt(String name) {
    return new StreamId(checks.text("stream", name, checks.limits().streamNameBytes()));
  }

  NewEvent event(StreamId stream, AppendRecord record) {
    UUID id = record.hasRecordId() ? id(record.getRecordId()) : eventIds.get();
    String type = record.getSchema().getName();
    if (!type.matches("[\\p{L}\\p{N}_.$:-]+")) {
      throw KurrentErrors.invalid(
          "schema.name", "must have letters, digits, and _ . $ : - and nothing else");
    }
    Form form = form(record.getSchema().getFormat());
    ByteString properties = properties(record, type, form.name());
    long most = checks.limits().payloadBytes();
    if (record.getData().size() > most) {
      throw StreamErrors.recordTooLarge(
          stream.value(), id.toString(), record.getData().size(), most);
    }
    return proposals.event(
        id, !record.hasRecordId(), type, form.contentType(), properties, record.getData());
  }

  private static UUID id(String text) {
    try {
      UUID id = UUID.fromString(text);
      if (id.getMostSignificantBits() != 0 || id.getLeastSignificantBits() != 0) {
        return id;
      }
    } catch (IllegalArgumentException e) {
      throw notAnId();
    }
    throw notAnId();
  }

  private static RuntimeException notAnId() {
    return KurrentErrors.invalid("record_id", "must be UUID text, and not all zeros");
  }

  /** A form of payloads: what it is called, and its content type. */
  private record Form(String name, String contentType) {}

  private static Form form(SchemaFormat format) {
    return switch (format) {
      case SCHEMA_FORMAT_JSON -> new Form("Json", SeenEvent.JSON);
      case SCHEMA_FORMAT_PROTOBUF -> new Form("Protobuf", "application/x-protobuf");
      case SCHEMA_FORMAT_AVRO -> new Form("Avro", "application/avro");
      case SCHEMA_FORMAT_BYTES -> new Form("Bytes", SeenEvent.BYTES);
      case SCHEMA_FORMAT_UNSPECIFIED, UNRECOGNIZED ->
          throw KurrentErrors.invalid("schema.format", "must be set");
    };
  }

  private static ByteString properties(AppendRecord record, String type, String form) {
    JsonObject json = new JsonObject();
    for (Map.Entry<String, Value> property : record.getPropertiesMap().entrySet()) {
      json.add(property.getKey(), json(property.getValue(), 0));
    }
    json.addProperty(SCHEMA_NAME, type);
    json.addProperty(SCHEMA_FORMAT, form);
    if (record.getSchema().hasId()) {
      json.addProperty(SCHEMA_ID, record.getSchema().getId());
    }
    return ByteString.copyFromUtf8(json.toString());
  }

  private static JsonElement json(Value value, int depth) {
    if (depth > 50) {
      throw KurrentErrors.invalid("properties", "must not be nested deeper than 50 levels");
    }
    return switch (value.getKindCase()) {
      case NULL_VALUE, KIND_NOT_SET -> JsonNull.INSTANCE;
      case BOOL_VALUE -> new JsonPrimitive(value.getBoolValue());
      case STRING_VALUE -> new JsonPrimitive(value.getStringValue());
      case NUMBER_VALUE -> number(value.getNumberValue());
      case LIST_VALUE -> {
        JsonArray array = new JsonArray();
        value.getListValue().getValuesList().forEach(one -> array.add(json(one, depth + 1)));
        yield array;
      }
      case STRUCT_VALUE -> {
        JsonObject object = new JsonObject();
        value
            .getStructValue()
            .getFieldsMap()
            .forEach((name, one) -> object.add(name, json(one, depth + 1)));
        yield object;
      }
    };
  }

  private static JsonElement number(double number) {
    if (Double.isNaN(number) || Double.isInfinite(number)) {
      throw KurrentErrors.invalid("properties", "must not have numbers that are no numbers");
    }
    boolean whole = Math.rint(number) == number && Math.abs(number) <= LARGEST_WHOLE;
    return whole ? new JsonPrimitive((long) number) : new JsonPrimitive(number);
  }
}

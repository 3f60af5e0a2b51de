package io.varve.server.api.grpc;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.Duration;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.Message;
import com.google.protobuf.Struct;
import com.google.protobuf.Timestamp;
import com.google.protobuf.TypeRegistry;
import com.google.protobuf.Value;
import com.google.protobuf.util.JsonFormat;
import io.varve.proto.v1.AccessServiceProto;
import io.varve.proto.v1.AdminServiceProto;
import io.varve.proto.v1.ConsumerGroupsServiceProto;
import io.varve.proto.v1.ErrorsProto;
import io.varve.proto.v1.EventStoreServiceProto;
import io.varve.proto.v1.SnapshotsServiceProto;
import io.varve.proto.v1.StreamsServiceProto;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/**
 * Every message of the contract as bytes and as JSON, held against those of the release that
 * introduced it: with each field, and with each member of each oneof. When the first test fails,
 * clients that are already out there can no longer be talked to: take the change back, and do not
 * correct the file. When the second fails, the contract has grown: add the lines that it prints.
 */
class GoldenWireTest {
  private static final String PACKAGE = "varve.v1";
  private static final String BETWEEN = " = 0x";

  /** Messages within messages are followed so far down. */
  private static final int DEPTH = 3;

  @Test
  void what_was_sent_by_any_release_is_read_as_it_was_meant() throws Exception {
    Map<String, Descriptor> types = types();
    List<String> golden = golden();
    assertThat(golden).hasSizeGreaterThan(100);
    for (String line : golden) {
      String name = line.substring(0, line.indexOf(' '));
      int between = line.lastIndexOf(BETWEEN);
      byte[] bytes = HexFormat.of().parseHex(line.substring(between + BETWEEN.length()));
      Descriptor type = requireNonNull(types.get(name), () -> "there is no " + name + " any more");

      DynamicMessage message = DynamicMessage.parseFrom(type, bytes);

      assertThat(line(message)).isEqualTo(line);
      assertThat(message.getUnknownFields().asMap()).as(line).isEmpty();
    }
  }

  @Test
  void every_field_of_every_message_has_its_golden_bytes() throws Exception {
    List<String> missing = new ArrayList<>();
    for (Descriptor type : types().values()) {
      int variants = 1;
      for (var oneof : type.getOneofs()) {
        variants = Math.max(variants, oneof.getFieldCount());
      }
      for (int variant = 0; variant < variants; variant++) {
        missing.add(line(build(type, variant, DEPTH)));
      }
    }
    missing.removeAll(golden());

    assertThat(missing)
        .as("lines that are to be added to golden-wire-v1.txt:\n" + String.join("\n", missing))
        .isEmpty();
  }

  private static List<String> golden() throws IOException {
    try (InputStream in = GoldenWireTest.class.getResourceAsStream("golden-wire-v1.txt")) {
      return in == null ? List.of() : new String(in.readAllBytes(), UTF_8).lines().toList();
    }
  }

  private static String line(Message message) throws IOException {
    return message.getDescriptorForType().getFullName()
        + " "
        + JsonFormat.printer()
            .usingTypeRegistry(TypeRegistry.newBuilder().add(Timestamp.getDescriptor()).build())
            .omittingInsignificantWhitespace()
            .print(message)
        + BETWEEN
        + HexFormat.of().formatHex(message.toByteArray());
  }

  // ---- the contract

  private static Map<String, Descriptor> types() {
    Map<String, FileDescriptor> files = new LinkedHashMap<>();
    for (FileDescriptor file :
        List.of(
            AccessServiceProto.getDescriptor(),
            AdminServiceProto.getDescriptor(),
            ConsumerGroupsServiceProto.getDescriptor(),
            ErrorsProto.getDescriptor(),
            EventStoreServiceProto.getDescriptor(),
            SnapshotsServiceProto.getDescriptor(),
            StreamsServiceProto.getDescriptor())) {
      add(file, files);
    }
    Map<String, Descriptor> types = new TreeMap<>();
    files.values().forEach(file -> file.getMessageTypes().forEach(type -> add(type, types)));
    return types;
  }

  private static void add(FileDescriptor file, Map<String, FileDescriptor> files) {
    if (file.getPackage().equals(PACKAGE) && files.put(file.getName(), file) == null) {
      file.getDependencies().forEach(other -> add(other, files));
    }
  }

  private static void add(Descriptor type, Map<String, Descriptor> types) {
    if (!type.getOptions().getMapEntry()) {
      types.put(type.getFullName(), type);
    }
    type.getNestedTypes().forEach(nested -> add(nested, types));
  }

  // ---- messages in which everything is set

  private static Message build(Descriptor type, int variant, int depth) {
    return switch (type.getFullName()) {
      case "google.protobuf.Timestamp" ->
          Timestamp.newBuilder().setSeconds(1_700_000_000).setNanos(123_456_789).build();
      case "google.protobuf.Duration" ->
          Duration.newBuilder().setSeconds(1).setNanos(500_000_000).build();
      case "google.protobuf.Any" -> Any.pack(Timestamp.getDefaultInstance());
      case "google.protobuf.Value" -> Value.newBuilder().setStringValue("text").build();
      case "google.protobuf.Struct" ->
          Struct.newBuilder()
              .putFields("key", Value.newBuilder().setBoolValue(true).build())
              .build();
      default -> ours(type, variant, depth);
    };
  }

  private static Message ours(Descriptor type, int variant, int depth) {
    DynamicMessage.Builder message = DynamicMessage.newBuilder(type);
    for (FieldDescriptor field : type.getFields()) {
      boolean isMessage = field.getJavaType() == FieldDescriptor.JavaType.MESSAGE;
      if (isMessage && depth == 0) {
        continue;
      }
      if (field.getRealContainingOneof() != null) {
        List<FieldDescriptor> members = field.getRealContainingOneof().getFields();
        if (members.indexOf(field) != variant % members.size()) {
          continue;
        }
      }
      Object value = isMessage ? build(field.getMessageType(), variant, depth - 1) : scalar(field);
      if (field.isRepeated()) {
        message.addRepeatedField(field, value);
      } else {
        message.setField(field, value);
      }
    }
    return message.build();
  }

  private static Object scalar(FieldDescriptor field) {
    return switch (field.getJavaType()) {
      case BOOLEAN -> true;
      case BYTE_STRING -> ByteString.copyFrom(new byte[] {0, 1, -1});
      case DOUBLE -> 1.5 + field.getNumber();
      case FLOAT -> 2.5f + field.getNumber();
      case INT -> 300 + field.getNumber();
      case LONG -> 70_000_000_000L + field.getNumber();
      case STRING -> field.getName() + " ü";
      case ENUM -> {
        // Not the last: one that is added would change it.
        List<EnumValueDescriptor> values = field.getEnumType().getValues();
        yield values.get(Math.min(1, values.size() - 1));
      }
      case MESSAGE -> throw new IllegalArgumentException("a message is no scalar");
    };
  }
}

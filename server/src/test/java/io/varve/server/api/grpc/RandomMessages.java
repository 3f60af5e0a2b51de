package io.varve.server.api.grpc;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;

/**
 * Messages of any type as bytes, from a seed. Plausible ones have values that make sense somewhere;
 * wild ones have the extremes of every field, text that is no UTF-8, fields that nobody knows,
 * several members of a oneof, and lists and nesting without end.
 */
final class RandomMessages {
  private static final List<String> WORDS =
      List.of(
          "account-1",
          "account-2",
          "order-7",
          "account",
          "A",
          "Deposited",
          "owner:7",
          "group",
          "application/json",
          "default",
          "0198c0de-0000-7000-8000-0000000000a1",
          "0198c0de-0000-7000-8000-0000000000a2",
          "{\"a\": 1}",
          "reader",
          "read:account-");

  private static final List<ByteString> WILD_TEXTS =
      List.of(
          ByteString.EMPTY,
          ByteString.copyFromUtf8("$streams"),
          ByteString.copyFromUtf8("../../backup"),
          ByteString.copyFromUtf8("a\u0000b\n"),
          ByteString.copyFromUtf8("🏦".repeat(200)),
          ByteString.copyFromUtf8("x".repeat(513)),
          ByteString.copyFromUtf8("x".repeat(5_000)),
          ByteString.copyFrom(new byte[] {(byte) 0xc3, 0x28}),
          ByteString.copyFrom(new byte[] {(byte) 0xed, (byte) 0xa0, (byte) 0x80}));

  private static final long[] WILD_NUMBERS = {
    0, 1, -1, Long.MIN_VALUE, Long.MAX_VALUE, Integer.MIN_VALUE, Integer.MAX_VALUE, 1L << 32, 10_001
  };
  private static final double[] WILD_FRACTIONS = {
    0, -0.0, Double.NaN, Double.POSITIVE_INFINITY, Double.MIN_VALUE, -Double.MAX_VALUE
  };

  private static final List<FieldDescriptor> NONE = List.of();
  private static final int PLAUSIBLE_DEPTH = 5;
  private static final int WILD_DEPTH = 7;
  private static final int DEEPEST = 150;
  private static final int LONGEST_LIST = 5_000;
  private static final int HUGE_BYTES = 256 * 1024;
  private static final int MOST_BYTES = 512 * 1024;

  private final Random random;

  RandomMessages(Random random) {
    this.random = random;
  }

  byte[] plausible(Descriptor type) {
    return message(type, false, PLAUSIBLE_DEPTH).toByteArray();
  }

  byte[] wild(Descriptor type) {
    int depth = random.nextInt(40) == 0 ? DEEPEST : WILD_DEPTH;
    return message(type, true, depth).toByteArray();
  }

  private ByteString message(Descriptor type, boolean wild, int depth) {
    ByteString.Output bytes = ByteString.newOutput();
    CodedOutputStream out = CodedOutputStream.newInstance(bytes);
    try {
      if (depth > WILD_DEPTH) {
        straightDown(out, type, depth);
      }
      for (FieldDescriptor field : depth > WILD_DEPTH ? NONE : type.getFields()) {
        int times = times(field, wild, depth);
        for (int i = 0; i < times && out.getTotalBytesWritten() < MOST_BYTES; i++) {
          write(out, field, wild, depth);
        }
      }
      if (wild && random.nextInt(10) == 0) {
        out.writeUInt64(1_000 + random.nextInt(1_000_000), random.nextLong());
        out.writeBytes(1 + random.nextInt(40), ByteString.copyFrom(bytes(20)));
      }
      out.flush();
    } catch (IOException e) {
      throw new UncheckedIOException("a writer into memory failed", e);
    }
    return bytes.toByteString();
  }

  /** A message within a message, as far as the type goes. */
  private void straightDown(CodedOutputStream out, Descriptor type, int depth) throws IOException {
    List<FieldDescriptor> messages =
        type.getFields().stream()
            .filter(field -> field.getJavaType() == FieldDescriptor.JavaType.MESSAGE)
            .toList();
    if (!messages.isEmpty()) {
      write(out, messages.get(random.nextInt(messages.size())), true, depth);
    }
  }

  private int times(FieldDescriptor field, boolean wild, int depth) {
    if (depth == 0 && field.getJavaType() == FieldDescriptor.JavaType.MESSAGE) {
      return 0;
    }
    if (field.isRepeated()) {
      return wild && depth > WILD_DEPTH - 2 && random.nextInt(60) == 0
          ? LONGEST_LIST
          : random.nextInt(3);
    }
    if (field.getContainingOneof() != null) {
      int others = field.getContainingOneof().getFieldCount();
      return random.nextInt(others + (wild ? 0 : 1)) == 0 ? 1 : 0;
    }
    boolean names = field.getJavaType() == FieldDescriptor.JavaType.STRING && !wild;
    return random.nextInt(10) < (names ? 9 : 5) ? 1 : 0;
  }

  private void write(CodedOutputStream out, FieldDescriptor field, boolean wild, int depth)
      throws IOException {
    int number = field.getNumber();
    switch (field.getType()) {
      case MESSAGE, GROUP ->
          out.writeBytes(number, message(field.getMessageType(), wild, depth - 1));
      case STRING -> out.writeBytes(number, text(wild));
      case BYTES -> out.writeBytes(number, ByteString.copyFrom(bytes(size(wild))));
      case BOOL -> out.writeBool(number, random.nextBoolean());
      case ENUM -> out.writeEnum(number, enumeration(field, wild));
      case DOUBLE -> out.writeDouble(number, fraction(wild));
      case FLOAT -> out.writeFloat(number, (float) fraction(wild));
      case FIXED32, SFIXED32 -> out.writeFixed32(number, (int) whole(wild));
      case FIXED64, SFIXED64 -> out.writeFixed64(number, whole(wild));
      case SINT32 -> out.writeSInt32(number, (int) whole(wild));
      case SINT64 -> out.writeSInt64(number, whole(wild));
      case INT32, UINT32, INT64, UINT64 -> out.writeUInt64(number, whole(wild));
    }
  }

  private ByteString text(boolean wild) {
    if (wild && random.nextInt(3) == 0) {
      return random.nextInt(20) == 0
          ? ByteString.copyFrom("y".repeat(HUGE_BYTES), StandardCharsets.US_ASCII)
          : WILD_TEXTS.get(random.nextInt(WILD_TEXTS.size()));
    }
    return ByteString.copyFromUtf8(WORDS.get(random.nextInt(WORDS.size())));
  }

  private int size(boolean wild) {
    return wild && random.nextInt(20) == 0 ? HUGE_BYTES : random.nextInt(40);
  }

  private int enumeration(FieldDescriptor field, boolean wild) {
    if (wild && random.nextInt(3) == 0) {
      return random.nextBoolean() ? -1 : 99;
    }
    List<EnumValueDescriptor> values = field.getEnumType().getValues();
    return values.get(random.nextInt(values.size())).getNumber();
  }

  private double fraction(boolean wild) {
    return wild ? WILD_FRACTIONS[random.nextInt(WILD_FRACTIONS.length)] : random.nextInt(9) / 2.0;
  }

  private long whole(boolean wild) {
    return wild && random.nextBoolean()
        ? WILD_NUMBERS[random.nextInt(WILD_NUMBERS.length)]
        : random.nextInt(4);
  }

  private byte[] bytes(int count) {
    byte[] bytes = new byte[count];
    random.nextBytes(bytes);
    return bytes;
  }
}

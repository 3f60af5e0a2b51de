package io.varve.client.eventsourcing.protobuf;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;
import io.varve.client.eventsourcing.PayloadCodec;
import java.util.function.Function;

/**
 * Events as protobuf messages: either the generated classes are the events, or each event is turned
 * into a message and back.
 *
 * <pre>{@code
 * EventTypes<OrderEvent> types =
 *     JsonEvents.builder(OrderEvent.class)
 *         .codec(Placed.class, ProtobufEvents.codec(PlacedMessage.parser(), Placed::toMessage, Placed::of))
 *         .build();
 * }</pre>
 */
public final class ProtobufEvents {

  /** The content type of the payloads. */
  public static final String PROTOBUF = "application/x-protobuf";

  private ProtobufEvents() {}

  /** The message itself is the event. */
  public static <M extends MessageLite> PayloadCodec<M> codec(Parser<M> parser) {
    return codec(parser, message -> message, message -> message);
  }

  /**
   * The event is turned into a message, and back.
   *
   * @param parser of the message, as its class's {@code parser()} gives it
   */
  public static <T, M extends MessageLite> PayloadCodec<T> codec(
      Parser<M> parser, Function<T, M> toMessage, Function<M, T> fromMessage) {
    return new MessageCodec<>(parser, toMessage, fromMessage);
  }

  private record MessageCodec<T, M extends MessageLite>(
      Parser<M> parser, Function<T, M> toMessage, Function<M, T> fromMessage)
      implements PayloadCodec<T> {

    @Override
    public String contentType() {
      return PROTOBUF;
    }

    @Override
    public byte[] encode(T value) {
      return toMessage.apply(value).toByteArray();
    }

    @Override
    public T decode(byte[] data) {
      try {
        return fromMessage.apply(parser.parseFrom(data));
      } catch (InvalidProtocolBufferException e) {
        throw new IllegalArgumentException(e.getMessage(), e);
      }
    }
  }
}

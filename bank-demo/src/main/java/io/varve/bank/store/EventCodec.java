package io.varve.bank.store;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.varve.bank.domain.AccountEvent;
import io.varve.bank.domain.BankEvent;
import io.varve.bank.domain.TransferEvent;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.RecordedEvent;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * Turns the bank's events into JSON and recorded events back into the bank's. An event's type is
 * the simple name of its class, and its fields are the record's in snake_case. Any thread may call
 * it.
 *
 * <p>Fields that it does not know are left aside, so that a newer release may add some.
 */
public final class EventCodec {

  private static final Map<String, Class<?>> TYPES =
      Stream.of(AccountEvent.class, TransferEvent.class)
          .flatMap(family -> Stream.of(family.getPermittedSubclasses()))
          .collect(Collectors.toUnmodifiableMap(Class::getSimpleName, Function.identity()));

  private final JsonMapper json =
      MoneyJson.mapper()
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .changeDefaultPropertyInclusion(
              included -> included.withValueInclusion(JsonInclude.Include.NON_NULL))
          .build();

  public NewEvent encode(UUID id, BankEvent event, EventContext context) {
    return NewEvent.builder(event.getClass().getSimpleName())
        .id(id)
        .json(json.writeValueAsString(event))
        .metadata(context.asMetadata())
        .build();
  }

  /**
   * The event as the bank knows it; empty when its type is none of the bank's.
   *
   * @throws UndecodableEventException its type is known and its payload cannot be read
   */
  public Optional<BankEvent> decode(RecordedEvent event) {
    Class<?> type = TYPES.get(event.type());
    if (type == null) {
      return Optional.empty();
    }
    try {
      return Optional.of((BankEvent) json.readValue(event.data(), type));
    } catch (JacksonException | ArithmeticException | NumberFormatException e) {
      throw new UndecodableEventException(event, e);
    }
  }

  /** The event as one of an account's; empty when it is none. */
  public Optional<AccountEvent> decodeAccountEvent(RecordedEvent event) {
    return decode(event).filter(AccountEvent.class::isInstance).map(AccountEvent.class::cast);
  }

  /** The event as one of a transfer's; empty when it is none. */
  public Optional<TransferEvent> decodeTransferEvent(RecordedEvent event) {
    return decode(event).filter(TransferEvent.class::isInstance).map(TransferEvent.class::cast);
  }
}

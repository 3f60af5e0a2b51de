package io.varve.bank.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.bank.domain.AccountEvent.AccountClosed;
import io.varve.bank.domain.AccountEvent.AccountOpened;
import io.varve.bank.domain.AccountEvent.InterestAdded;
import io.varve.bank.domain.AccountEvent.MoneyDeposited;
import io.varve.bank.domain.AccountEvent.TransferFailed;
import io.varve.bank.domain.BankEvent;
import io.varve.bank.domain.Money;
import io.varve.bank.domain.TransferEvent.CompensationRefused;
import io.varve.bank.domain.TransferEvent.TransferStarted;
import io.varve.bank.domain.TransferStep;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.RecordedEvent;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class EventCodecTest {

  private final EventCodec codec = new EventCodec();

  private NewEvent encode(BankEvent event) {
    EventContext context = new EventContext("conversation", "cause", Map.of("k", "v"));
    return codec.encode(EventIds.named("an", "event"), event, context);
  }

  private static RecordedEvent recorded(NewEvent event) {
    return new RecordedEvent("account-acc-1", 3, 42, Instant.EPOCH, event);
  }

  @Test
  void what_was_written_is_read_back() {
    for (BankEvent event :
        List.<BankEvent>of(
            new AccountOpened("Ada", Money.of("100")),
            new MoneyDeposited(Money.of("0.10"), null),
            new InterestAdded(Money.of("1"), new BigDecimal("0.0125")),
            new AccountClosed(),
            new TransferFailed("tr-1", "closed"),
            new TransferStarted("acc-1", "acc-2", Money.MAX_AMOUNT),
            new CompensationRefused(TransferStep.REFUND_SOURCE, "closed"))) {
      assertThat(codec.decode(recorded(encode(event)))).contains(event);
    }
  }

  @Test
  void the_json_is_what_other_readers_were_told() {
    assertThat(encode(new AccountOpened("Ada", Money.of("1000000"))).dataAsString())
        .isEqualTo("{\"owner\":\"Ada\",\"initial_balance\":1000000.00}");
    assertThat(encode(new MoneyDeposited(Money.of("0.1"), null)).dataAsString())
        .isEqualTo("{\"amount\":0.10}");
    assertThat(encode(new MoneyDeposited(Money.of("5"), "pay")).dataAsString())
        .isEqualTo("{\"amount\":5.00,\"description\":\"pay\"}");
    assertThat(encode(new AccountClosed()).dataAsString()).isEqualTo("{}");
    assertThat(encode(new AccountClosed()).contentType()).isEqualTo("application/json");
    assertThat(encode(new AccountClosed()).metadata())
        .containsOnly(
            Map.entry("correlation-id", "conversation"),
            Map.entry("causation-id", "cause"),
            Map.entry("k", "v"));
  }

  @Test
  void amounts_are_read_from_numbers_and_from_strings() {
    for (String amount : List.of("5", "5.0", "5.00", "\"5.00\"")) {
      NewEvent event = NewEvent.json("MoneyDeposited", "{\"amount\":" + amount + "}");
      assertThat(codec.decode(recorded(event))).contains(new MoneyDeposited(Money.of("5"), null));
    }
  }

  @Test
  void fields_of_a_newer_release_are_left_aside() {
    NewEvent event = NewEvent.json("AccountClosed", "{\"reason\":\"moved\"}");
    assertThat(codec.decode(recorded(event))).contains(new AccountClosed());
  }

  @Test
  void types_that_the_bank_does_not_know_are_nothing_to_it() {
    assertThat(codec.decode(recorded(NewEvent.json("AccountPainted", "{}")))).isEmpty();
  }

  @Test
  void a_known_type_that_cannot_be_read_says_where_it_is() {
    for (String payload : List.of("{\"amount\":1.005}", "{\"amount\":\"much\"}", "{", "")) {
      assertThatThrownBy(() -> codec.decode(recorded(NewEvent.json("MoneyDeposited", payload))))
          .as(payload)
          .isInstanceOf(UndecodableEventException.class)
          .hasMessageContaining("account-acc-1 at version 3");
    }
  }

  @Test
  void a_name_gives_the_same_id_for_ever() {
    assertThat(EventIds.named("transfer", "tr-1", "DEBIT_SOURCE", "0"))
        .hasToString(EventIds.named("transfer", "tr-1", "DEBIT_SOURCE", "0").toString())
        .isNotEqualTo(EventIds.named("transfer", "tr-1DEBIT_SOURCE", "0"));
    assertThat(EventIds.named("a").version()).isEqualTo(5);
    assertThat(EventIds.named("a").variant()).isEqualTo(2);
  }
}

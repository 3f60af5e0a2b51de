package io.varve.bank.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.bank.domain.AccountCommand;
import io.varve.bank.domain.AccountEvent;
import io.varve.bank.domain.AccountEvent.AccountClosed;
import io.varve.bank.domain.AccountEvent.AccountOpened;
import io.varve.bank.domain.AccountEvent.InterestAdded;
import io.varve.bank.domain.AccountEvent.MoneyDeposited;
import io.varve.bank.domain.AccountEvent.MoneyWithdrawn;
import io.varve.bank.domain.AccountEvent.TransferCompleted;
import io.varve.bank.domain.AccountEvent.TransferFailed;
import io.varve.bank.domain.AccountEvent.TransferInitiated;
import io.varve.bank.domain.Money;
import io.varve.bank.domain.TransferRequested;
import io.varve.client.eventsourcing.EventContext;
import io.varve.client.eventsourcing.TypedEvent;
import io.varve.client.eventsourcing.UndecodableEventException;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.testkit.EventTypesFixture;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class BankEventsTest {

  private static final Money FIVE = Money.of("5");

  private static List<AccountEvent> read(NewEvent event) {
    RecordedEvent recorded = new RecordedEvent("account-acc-1", 3, 42, Instant.EPOCH, event);
    return BankEvents.ACCOUNTS.decode(recorded).stream().map(TypedEvent::event).toList();
  }

  private static NewEvent deposit(String payload) {
    return NewEvent.json("MoneyDeposited", payload);
  }

  @Test
  void names_and_shapes_are_what_was_stored_once() {
    EventTypesFixture.of(BankEvents.ACCOUNTS)
        .samples(
            new AccountOpened("Ada", Money.of("1000000")),
            new MoneyDeposited(Money.of("0.1"), null),
            new MoneyDeposited(FIVE, "pay"),
            new MoneyWithdrawn(FIVE, null),
            new MoneyWithdrawn(Money.MAX_AMOUNT, "rent"),
            new InterestAdded(Money.of("1"), new BigDecimal("0.0125")),
            new AccountClosed(),
            new TransferInitiated("tr-1"),
            new TransferCompleted("tr-1"),
            new TransferFailed("tr-1", "the account is closed"))
        .matchGoldenFile(Path.of("src/test/resources/bank-events.golden"));
  }

  @Test
  void a_withdrawal_of_the_first_schema_is_lifted() {
    EventTypesFixture.of(BankEvents.ACCOUNTS)
        .stored("MoneyWithdrawn", 1, "{\"amount\":12.50}")
        .isReadAs(new MoneyWithdrawn(Money.of("12.50"), BankEvents.LEGACY_WITHDRAWAL));
  }

  @Test
  void requests_and_commands_survive_writing() {
    EventTypesFixture.of(BankEvents.REQUESTS)
        .samples(new TransferRequested("tr-1", "acc-1", "acc-2", Money.MAX_AMOUNT))
        .surviveWriting();
    EventTypesFixture.of(BankEvents.COMMANDS)
        .samples(
            new AccountCommand.OpenAccount("Ada", Money.ZERO),
            new AccountCommand.DepositMoney(FIVE, null),
            new AccountCommand.WithdrawMoney(FIVE, "rent"),
            new AccountCommand.AddInterest(new BigDecimal("0.000001")),
            new AccountCommand.CloseAccount(),
            new AccountCommand.DebitTransfer("tr-1", "acc-2", FIVE),
            new AccountCommand.CreditTransfer("tr-1", "acc-1", FIVE),
            new AccountCommand.ConfirmTransfer("tr-1"),
            new AccountCommand.ReverseTransfer("tr-1", FIVE, "closed"),
            new AccountCommand.RefundTransfer("tr-1", FIVE, "closed"))
        .surviveWriting();
  }

  @Test
  void metadata_names_the_conversation_the_cause_and_the_schema() {
    EventContext context = EventContext.of("conversation", "cause").with(Facts.TRANSFER_ID, "tr-1");
    assertThat(BankEvents.ACCOUNTS.encode(new MoneyWithdrawn(FIVE, null), context).metadata())
        .containsEntry("correlation-id", "conversation")
        .containsEntry("causation-id", "cause")
        .containsEntry("transfer-id", "tr-1")
        .containsEntry("schema-version", "2");
  }

  @Test
  void amounts_are_read_from_numbers_and_from_strings() {
    for (String amount : List.of("5", "5.0", "5.00", "\"5.00\"")) {
      assertThat(read(deposit("{\"amount\":" + amount + "}")))
          .containsExactly(new MoneyDeposited(FIVE, null));
    }
  }

  @Test
  void fields_and_types_of_a_newer_release_are_left_aside() {
    assertThat(read(NewEvent.json("AccountClosed", "{\"reason\":\"moved\"}")))
        .containsExactly(new AccountClosed());
    assertThat(read(NewEvent.json("AccountPainted", "{}"))).isEmpty();
  }

  @Test
  void a_known_type_that_cannot_be_read_says_where_it_is() {
    for (String payload :
        List.of("{\"amount\":1.005}", "{\"amount\":\"much\"}", "{\"amount\":{}}", "{}", "{", "")) {
      assertThatThrownBy(() -> read(deposit(payload)))
          .as(payload)
          .isInstanceOf(UndecodableEventException.class)
          .hasMessageContaining("account-acc-1")
          .hasMessageContaining("3");
    }
  }
}

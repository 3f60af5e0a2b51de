package io.varve.client.eventsourcing.orders;

import java.math.BigDecimal;

/** What somebody wants of an order. */
public sealed interface OrderCommand {

  record Draft(String customer) implements OrderCommand {}

  record AddItem(String sku, int quantity, BigDecimal unitPrice) implements OrderCommand {}

  record RemoveItem(String sku) implements OrderCommand {}

  record Place(String address, String email) implements OrderCommand {}

  record Confirm() implements OrderCommand {}

  record Pay(BigDecimal amount, String method) implements OrderCommand {}

  record Ship(String tracking, String carrier) implements OrderCommand {}

  record Deliver() implements OrderCommand {}

  record Cancel(String reason, String by) implements OrderCommand {}
}

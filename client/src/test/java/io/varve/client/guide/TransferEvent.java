package io.varve.client.guide;

import java.math.BigDecimal;

sealed interface TransferEvent {
  record TransferRequested(String id, String from, String to, BigDecimal amount)
      implements TransferEvent {}
}

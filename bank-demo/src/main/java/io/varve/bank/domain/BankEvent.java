package io.varve.bank.domain;

/**
 * A fact that the bank recorded. The simple name of its class is the type of the recorded event.
 */
public sealed interface BankEvent permits AccountEvent, TransferEvent {}

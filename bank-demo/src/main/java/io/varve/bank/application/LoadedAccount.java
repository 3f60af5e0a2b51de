package io.varve.bank.application;

import io.varve.bank.domain.Account;

/**
 * An account as of a version of its stream.
 *
 * @param version the version to append under; 0: there is no stream yet
 */
public record LoadedAccount(Account account, long version) {}

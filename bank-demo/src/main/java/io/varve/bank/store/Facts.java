package io.varve.bank.store;

/** The keys of what the bank's events say in their metadata, beside correlation and causation. */
public final class Facts {

  /** The transfer that a movement of money belongs to. */
  public static final String TRANSFER_ID = "transfer-id";

  /** Which step of that transfer: the key of the saga's command, such as {@code debit_source}. */
  public static final String TRANSFER_STEP = "transfer-step";

  /** The command behind an Idempotency-Key, so that a key used for two commands is noticed. */
  public static final String COMMAND = "command";

  private Facts() {}
}

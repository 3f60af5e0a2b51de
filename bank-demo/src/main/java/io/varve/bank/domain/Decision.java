package io.varve.bank.domain;

import java.util.List;

/** What became of a command: the events to append, or the rule that stands against it. */
public sealed interface Decision {

  record Accepted(List<AccountEvent> events) implements Decision {
    public Accepted {
      events = List.copyOf(events);
    }
  }

  /** Nothing is to be appended. The reason is a sentence for the person who asked. */
  record Refused(Refusal refusal, String reason) implements Decision {}

  static Decision accepted(AccountEvent... events) {
    return new Accepted(List.of(events));
  }

  static Decision refused(Refusal refusal, String reason) {
    return new Refused(refusal, reason);
  }
}

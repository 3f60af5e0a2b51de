package io.varve.bank.application;

import io.varve.bank.domain.Account;
import io.varve.bank.domain.AccountEvent;
import io.varve.bank.store.EventCodec;
import io.varve.bank.store.Streams;
import io.varve.client.streams.EventReader;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.ReadStream;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.StreamDeletedException;
import io.varve.client.streams.StreamNotFoundException;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Folds an account out of its stream. Events of types that the bank does not know are passed over
 * and reported in the log, once a type: a newer release may have written them. Any thread may call
 * it.
 */
public final class AccountLoader {

  private static final Logger LOG = LoggerFactory.getLogger(AccountLoader.class);
  private static final int MOST_TYPES_REPORTED = 100;

  private final EventStore store;
  private final EventCodec codec;
  private final Set<String> reportedTypes = ConcurrentHashMap.newKeySet();

  public AccountLoader(EventStore store, EventCodec codec) {
    this.store = store;
    this.codec = codec;
  }

  /** The account as it is now; {@link Account#NONE} at version 0 when it has no stream. */
  public LoadedAccount load(String accountId) {
    return fold(ReadStream.of(Streams.account(accountId)));
  }

  /** The account as it was at this version. */
  public LoadedAccount loadUpTo(String accountId, long version) {
    return fold(ReadStream.of(Streams.account(accountId)).limit(version));
  }

  /** The account as it was at this time. */
  public LoadedAccount loadAsOf(String accountId, Instant time) {
    return fold(ReadStream.of(Streams.account(accountId)).asOf(time));
  }

  /** Whether the account has ever been opened. */
  public boolean exists(String accountId) {
    return fold(ReadStream.of(Streams.account(accountId)).limit(1)).version() > 0;
  }

  private LoadedAccount fold(ReadStream read) {
    Account account = Account.NONE;
    long version = 0;
    try (EventReader events = store.readStream(read)) {
      for (RecordedEvent recorded : events) {
        Optional<AccountEvent> event = codec.decodeAccountEvent(recorded);
        if (event.isPresent()) {
          account = account.evolve(event.get());
        } else {
          report(recorded);
        }
        version = recorded.version();
      }
    } catch (StreamNotFoundException | StreamDeletedException e) {
      LOG.debug("{} holds no account: {}", read.stream(), e.getMessage());
      return new LoadedAccount(Account.NONE, 0);
    }
    return new LoadedAccount(account, version);
  }

  private void report(RecordedEvent event) {
    if (reportedTypes.size() < MOST_TYPES_REPORTED && reportedTypes.add(event.type())) {
      LOG.warn(
          "passed over an event of unknown type {} in {} at version {}",
          event.type(),
          event.stream(),
          event.version());
    }
  }
}

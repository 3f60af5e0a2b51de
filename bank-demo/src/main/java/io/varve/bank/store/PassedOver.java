package io.varve.bank.store;

import io.varve.client.eventsourcing.UndecodableEventException;
import io.varve.client.streams.RecordedEvent;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Warns of events that are passed over: once for each type that the bank does not know, and once
 * for each stream with one that cannot be read.
 */
final class PassedOver {

  private static final Logger LOG = LoggerFactory.getLogger(PassedOver.class);
  private static final int MOST = 100;

  private final Set<String> told = ConcurrentHashMap.newKeySet();

  /** Its type, or its schema version, is not known. */
  void unknown(RecordedEvent event) {
    if (isNew(event.type())) {
      LOG.warn(
          "passed over {} in {} at version {}: the type, or its schema version, is not known",
          event.type(),
          event.stream(),
          event.version());
    }
  }

  /** It cannot be read. */
  void unreadable(UndecodableEventException e) {
    if (isNew(e.event().stream())) {
      LOG.warn("passed over: {}", e.getMessage());
    }
  }

  private boolean isNew(String what) {
    return told.size() < MOST && told.add(what);
  }
}

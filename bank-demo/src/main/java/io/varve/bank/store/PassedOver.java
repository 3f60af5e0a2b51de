package io.varve.bank.store;

import io.varve.client.streams.RecordedEvent;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Warns of events whose type or schema version the bank does not know, once for each type. */
final class PassedOver implements Consumer<RecordedEvent> {

  private static final Logger LOG = LoggerFactory.getLogger(PassedOver.class);
  private static final int MOST_TYPES = 100;

  private final Set<String> types = ConcurrentHashMap.newKeySet();

  @Override
  public void accept(RecordedEvent event) {
    if (types.size() < MOST_TYPES && types.add(event.type())) {
      LOG.warn(
          "passed over {} in {} at version {}: the type, or its schema version, is not known",
          event.type(),
          event.stream(),
          event.version());
    }
  }
}

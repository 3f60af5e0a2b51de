package io.varve.client.eventsourcing.process;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.varve.client.streams.EventIds;
import io.varve.client.streams.EventReader;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.Query;
import io.varve.client.streams.QueryItem;
import io.varve.client.streams.ReadLog;
import io.varve.client.streams.ReadStream;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.Retention;
import io.varve.client.streams.StreamNotFoundException;
import io.varve.client.streams.VarveException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds the instances of a process that have not completed.
 *
 * <p>Every instance's stream begins with one event and ends with another, so two events an instance
 * tell. In order not to read those of all instances that there ever were, the list is written down
 * from time to time: in the stream that has the process's bare name, of which only the newest event
 * is kept. What is read at a start is that event, and the beginnings and ends since.
 */
final class OpenInstances {

  static final String LISTED = "ProcessesListed";
  static final String AS_OF = "process-as-of-position";

  /** So many beginnings and ends are worth a new list. */
  static final int WORTH_A_LIST = 5_000;

  /** A list that is longer is not written; the store takes events of 4 MiB. */
  private static final int LONGEST_LIST_BYTES = 3 << 20;

  private static final Logger LOG = LoggerFactory.getLogger(OpenInstances.class);

  private final EventStore store;
  private final String process;

  OpenInstances(EventStore store, String process) {
    this.store = store;
    this.process = process;
  }

  /** Their ids, oldest first. */
  Set<String> find() {
    Set<String> open = new LinkedHashSet<>();
    long from = 1;
    long listVersion = 0;
    try (EventReader lists = store.readStream(ReadStream.of(process).backwards().limit(1))) {
      for (RecordedEvent list : lists) {
        listVersion = list.version();
        from = Long.parseLong(ProcessEvents.fact(list, AS_OF)) + 1;
        list.dataAsString().lines().forEach(open::add);
      }
    } catch (StreamNotFoundException e) {
      // No list yet.
    }
    Query query =
        Query.of(
            QueryItem.categories(process)
                .withTypes(ProcessEvents.STARTED, ProcessEvents.COMPLETED));
    String prefix = process + "-";
    long head;
    int read = 0;
    try (EventReader events = store.readLog(ReadLog.all().query(query).fromPosition(from))) {
      head = events.headPosition();
      for (RecordedEvent event : events) {
        read++;
        if (event.stream().startsWith(prefix)) {
          String id = event.stream().substring(prefix.length());
          if (event.type().equals(ProcessEvents.STARTED)) {
            open.add(id);
          } else {
            open.remove(id);
          }
        }
      }
    }
    if (read >= WORTH_A_LIST) {
      list(open, head, listVersion);
    }
    return open;
  }

  /** Writes the list down. It is a convenience: whatever goes wrong is left for the next time. */
  private void list(Set<String> open, long asOf, long version) {
    List<String> ids = new ArrayList<>(open);
    byte[] data = String.join("\n", ids).getBytes(UTF_8);
    if (data.length > LONGEST_LIST_BYTES) {
      LOG.warn(
          "process {} has {} open instances, too many for a list: each start reads {} events more",
          process,
          ids.size(),
          WORTH_A_LIST);
      return;
    }
    try {
      ExpectedVersion expected =
          version == 0 ? ExpectedVersion.noStream() : ExpectedVersion.exactly(version);
      NewEvent listed =
          NewEvent.builder(LISTED)
              .id(EventIds.next())
              .data(data)
              .contentType("text/plain")
              .metadata(AS_OF, Long.toString(asOf))
              .build();
      store.append(process, expected, listed);
      if (version == 0) {
        store.streams().setRetention(process, Retention.newest(1));
      }
    } catch (VarveException e) {
      LOG.debug("process {} could not write down its open instances", process, e);
    }
  }
}

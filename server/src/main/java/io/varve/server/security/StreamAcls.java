package io.varve.server.security;

import io.varve.server.append.CommitListener;
import io.varve.server.event.Query;
import io.varve.server.event.StreamExclusion;
import io.varve.server.storage.EventRun;
import io.varve.server.storage.StreamChange;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The access control lists of streams that have one, by the streams' names. Derived from what is
 * said about streams in {@code $streams}: read at the start, and from then on told by the commit
 * path.
 *
 * <p>What a list takes away is gone before the change is durable, and so before any event that is
 * committed after it; what it gives back is there once the change is. While there is no list,
 * asking costs one look at a flag. Thread-safe; changes come from one thread at a time.
 */
public final class StreamAcls implements CommitListener {
  private static final Logger log = LoggerFactory.getLogger(StreamAcls.class);

  /**
   * What holds of each stream that has a list: what all of these allow. More than one only while a
   * change is being written.
   */
  private final Map<String, List<StreamAcl>> lists = new ConcurrentHashMap<>();

  /** Each list once, however many streams have it, and how many do. Guarded by this. */
  private final Map<StreamAcl, Shared> shared = new HashMap<>();

  private final List<Runnable> listeners = new CopyOnWriteArrayList<>();

  /** Whether there is any list. */
  private volatile boolean any;

  private static final class Shared {
    final StreamAcl list;
    int streams;

    Shared(StreamAcl list) {
      this.list = list;
    }
  }

  /** Has something run when a list may have taken something away. It must be quick. */
  public void onChange(Runnable listener) {
    listeners.add(listener);
  }

  /** How many streams have a list. */
  int size() {
    return lists.size();
  }

  // ---- what changes them

  /**
   * Takes up what was said about a stream, as it stands in the log. Only before anybody asks.
   *
   * @throws NullPointerException if nothing was said
   */
  public void recall(StreamChange change) {
    set(change.stream().value(), List.of(acl(change)));
  }

  @Override
  public void describing(List<StreamChange> changes) {
    boolean narrower = false;
    for (StreamChange change : changes) {
      String stream = change.stream().value();
      List<StreamAcl> before = lists.getOrDefault(stream, List.of());
      StreamAcl next = acl(change);
      if (!before.contains(next)) {
        List<StreamAcl> all = new ArrayList<>(before);
        all.add(next);
        set(stream, all);
        narrower |= !next.isOpen();
      }
    }
    if (narrower) {
      listeners.forEach(Runnable::run);
    }
  }

  @Override
  public void described(List<StreamChange> changes) {
    Map<String, StreamChange> last = new HashMap<>();
    for (StreamChange change : changes) {
      last.put(change.stream().value(), change);
    }
    // One change a stream: those before it are visible with it, and must not hold for a moment.
    last.forEach((stream, change) -> set(stream, List.of(acl(change))));
  }

  @Override
  public void committed(List<EventRun> runs) {
    // What concerns lists is told before.
  }

  @Override
  public void stopped(String reason) {
    // What was being written may be there after a restart: what all of it allows goes on to hold.
  }

  private static StreamAcl acl(StreamChange change) {
    String description = change.description();
    if (description == null) {
      throw new NullPointerException("nothing is said of stream " + change.stream());
    }
    try {
      return StreamAcl.of(description);
    } catch (StreamAcl.Malformed e) {
      // From before such a list was refused.
      log.warn(
          "the access control list of stream {} cannot be understood, so nobody but administrators"
              + " may do anything with it: {} {}",
          change.stream(),
          e.field(),
          e.getMessage());
      return StreamAcl.CLOSED;
    } catch (RuntimeException | StackOverflowError e) {
      log.error("the access control list of stream {} could not be read", change.stream(), e);
      return StreamAcl.CLOSED;
    }
  }

  private synchronized void set(String stream, List<StreamAcl> all) {
    List<StreamAcl> kept = new ArrayList<>();
    for (StreamAcl list : all) {
      if (!list.isOpen()) {
        Shared one = shared.computeIfAbsent(list, Shared::new);
        one.streams++;
        kept.add(one.list);
      }
    }
    List<StreamAcl> before =
        kept.isEmpty() ? lists.remove(stream) : lists.put(stream, List.copyOf(kept));
    any = !lists.isEmpty();
    if (before != null) {
      before.forEach(this::letGo);
    }
  }

  private void letGo(StreamAcl list) {
    Shared one = shared.get(list);
    if (one != null && --one.streams == 0) {
      shared.remove(list);
    }
  }

  // ---- what they say

  /** Whether somebody who goes by these names is denied a right on a stream. */
  boolean denies(StreamRight right, String stream, Set<String> names) {
    return any && isDenied(lists.get(stream), right, names);
  }

  private static boolean isDenied(
      @Nullable List<StreamAcl> all, StreamRight right, Set<String> names) {
    if (all != null) {
      for (StreamAcl list : all) {
        if (list.denies(right, names)) {
          return true;
        }
      }
    }
    return false;
  }

  private synchronized boolean deniesSomewhere(Set<StreamRight> rights, Set<String> names) {
    for (StreamAcl list : shared.keySet()) {
      for (StreamRight right : rights) {
        if (list.denies(right, names)) {
          return true;
        }
      }
    }
    return false;
  }

  /**
   * Streams on which somebody is denied something, as they stand whenever it is asked.
   *
   * @param rights any of these
   * @param names what the one who asks goes by
   */
  StreamExclusion denied(Set<StreamRight> rights, Set<String> names) {
    return new Denied(Set.copyOf(rights), Set.copyOf(names));
  }

  private final class Denied implements StreamExclusion {
    private final Set<StreamRight> rights;
    private final Set<String> names;

    Denied(Set<StreamRight> rights, Set<String> names) {
      this.rights = rights;
      this.names = names;
    }

    @Override
    public boolean has(String stream) {
      return any && isDeniedOn(lists.get(stream));
    }

    private boolean isDeniedOn(@Nullable List<StreamAcl> all) {
      for (StreamRight right : rights) {
        if (isDenied(all, right, names)) {
          return true;
        }
      }
      return false;
    }

    @Override
    public boolean isEmpty() {
      return !any || !deniesSomewhere(rights, names);
    }

    @Override
    public boolean mayConcern(Query query) {
      if (isEmpty()) {
        return false;
      }
      if (query.items().isEmpty()) {
        return true;
      }
      for (Query.Item item : query.items()) {
        if (!item.namesStreams()) {
          return true; // what it names may be in any stream
        }
        if (item.streams().isEmpty()
            ? lists.entrySet().stream()
                .anyMatch(each -> item.concerns(each.getKey()) && isDeniedOn(each.getValue()))
            : item.streams().stream().anyMatch(stream -> item.concerns(stream) && has(stream))) {
          return true;
        }
      }
      return false;
    }
  }
}

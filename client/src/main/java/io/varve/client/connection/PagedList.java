package io.varve.client.connection;

import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.function.Function;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/** A list that the server gives page by page; the next page is asked for when it is needed. */
final class PagedList<T> implements Iterator<T> {

  /** So many entries are asked for at a time: the most that a server gives. */
  static final int PAGE_SIZE = 1_000;

  /**
   * One page.
   *
   * @param next the token of the next page; empty: this is the last
   */
  record Page<T>(List<T> entries, String next) {}

  private final Function<String, Page<T>> fetch;
  private Iterator<T> entries = List.<T>of().iterator();
  private String next = "";
  private boolean begun;

  private PagedList(Function<String, Page<T>> fetch) {
    this.fetch = fetch;
  }

  /**
   * The whole list.
   *
   * @param fetch gets the page with this token; empty: the first
   */
  static <T> Stream<T> of(Function<String, Page<T>> fetch) {
    return StreamSupport.stream(
        Spliterators.spliteratorUnknownSize(
            new PagedList<>(fetch), Spliterator.ORDERED | Spliterator.NONNULL),
        false);
  }

  @Override
  public boolean hasNext() {
    while (!entries.hasNext() && !(begun && next.isEmpty())) {
      Page<T> page = fetch.apply(next);
      begun = true;
      entries = page.entries().iterator();
      next = page.next();
    }
    return entries.hasNext();
  }

  @Override
  public T next() {
    if (!hasNext()) {
      throw new NoSuchElementException("the list has no more entries");
    }
    return entries.next();
  }
}

package io.varve.server.api.grpc;

/**
 * The name of a field of a request, such as {@code events[3].tags[0]}. It is put together when
 * something is said about the field, and that is nearly never; yet each event of each append has
 * several.
 */
final class Field {
  private static final int NO_INDEX = -1;

  private final Object parent;
  private final String more;
  private final int index;

  private Field(Object parent, String more, int index) {
    this.parent = parent;
    this.more = more;
    this.index = index;
  }

  /**
   * A field of this name.
   *
   * @param name a text, or a field
   */
  static Field of(Object name) {
    return name instanceof Field field ? field : new Field(name, "", NO_INDEX);
  }

  /**
   * What follows upon this name.
   *
   * @param text for a field of the message that this field holds: {@code .name}
   */
  Field and(String text) {
    return new Field(this, text, NO_INDEX);
  }

  /** An entry of the list that this field holds. */
  Field entry(int place) {
    return new Field(this, "", place);
  }

  @Override
  public String toString() {
    return index == NO_INDEX ? parent + more : parent + "[" + index + "]";
  }
}

package io.varve.client.eventsourcing.projection.sql;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A connection as its user may use it: what would break the promise of whoever lent it is refused
 * or done another way.
 */
final class GuardedConnection implements InvocationHandler {

  /** What a handler must leave alone, or rows and checkpoint would be two transactions. */
  private static final Set<String> NOT_FOR_HANDLERS =
      Set.of(
          "commit",
          "rollback",
          "setAutoCommit",
          "setSchema",
          "setCatalog",
          "close",
          "abort",
          "beginRequest",
          "endRequest");

  /** What is done when the user closes it; null: its user may not close it. */
  @FunctionalInterface
  interface Closing {
    void close(Connection connection) throws SQLException;
  }

  private final Connection connection;
  private final @Nullable Closing closing;
  private boolean closed;

  private GuardedConnection(Connection connection, @Nullable Closing closing) {
    this.connection = connection;
    this.closing = closing;
  }

  /** For handlers: all but what ends the transaction; a roll-back to a savepoint is allowed. */
  static Connection inTransaction(Connection connection) {
    return proxy(new GuardedConnection(connection, null));
  }

  /** For readers: closing it does what is given here, once. */
  static Connection lent(Connection connection, Closing closing) {
    return proxy(new GuardedConnection(connection, closing));
  }

  private static Connection proxy(GuardedConnection guard) {
    return (Connection)
        Proxy.newProxyInstance(
            GuardedConnection.class.getClassLoader(), new Class<?>[] {Connection.class}, guard);
  }

  @Override
  public @Nullable Object invoke(Object proxy, Method method, Object @Nullable [] arguments)
      throws Throwable {
    String name = method.getName();
    if (closing == null) {
      boolean toSavepoint = arguments != null && arguments.length == 1 && name.equals("rollback");
      if (NOT_FOR_HANDLERS.contains(name) && !toSavepoint) {
        throw new SQLException(
            "a handler must not call " + name + ": the transaction is the projection's");
      }
    } else if (name.equals("close")) {
      if (!closed) {
        closed = true;
        closing.close(connection);
      }
      return null;
    } else if (name.equals("isClosed") && closed) {
      return true;
    } else if (closed && !method.getDeclaringClass().equals(Object.class)) {
      throw new SQLException("the connection is closed");
    }
    try {
      return method.invoke(connection, arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause() == null ? e : e.getCause();
    }
  }
}

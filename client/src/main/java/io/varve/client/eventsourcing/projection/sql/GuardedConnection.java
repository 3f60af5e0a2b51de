package io.varve.client.eventsourcing.projection.sql;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.CallableStatement;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A connection as its user may use it: what would break the promise of whoever lent it is refused
 * or done another way. What it hands out is guarded as well, so that no statement, result or
 * description of the database leads to the connection behind it.
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
    return (Connection) proxy(Connection.class, guard);
  }

  private static Object proxy(Class<?> type, InvocationHandler guard) {
    return Proxy.newProxyInstance(
        GuardedConnection.class.getClassLoader(), new Class<?>[] {type}, guard);
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
    return call(connection, (Connection) proxy, proxy, method, arguments);
  }

  /**
   * What a guarded connection hands out: it and whatever it hands out in its turn lead back to the
   * guarded connection, never to the one behind it.
   *
   * @param actual the driver's object
   * @param connection the guarded connection
   * @param from what has handed it out
   */
  private record HandedOut(Object actual, Connection connection, Object from)
      implements InvocationHandler {

    @Override
    public @Nullable Object invoke(Object proxy, Method method, Object @Nullable [] arguments)
        throws Throwable {
      @Nullable Object result = call(actual, connection, proxy, method, arguments);
      boolean isMaker = method.getName().equals("getStatement") && from instanceof Statement;
      return result != null && isMaker ? from : result;
    }
  }

  @SuppressWarnings("ReferenceEquality") // a proxy is equal to itself alone
  private static @Nullable Object call(
      Object actual,
      Connection connection,
      Object proxy,
      Method method,
      Object @Nullable [] arguments)
      throws Throwable {
    if (arguments != null && arguments.length == 1) {
      switch (method.getName()) {
        case "equals" -> {
          return proxy == arguments[0];
        }
        case "isWrapperFor" -> {
          return ((Class<?>) arguments[0]).isInstance(proxy);
        }
        case "unwrap" -> {
          return unwrapped(proxy, (Class<?>) arguments[0]);
        }
        default -> {}
      }
    }
    @Nullable Object result;
    try {
      result = method.invoke(actual, arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause() == null ? e : e.getCause();
    }
    if (result instanceof Connection) {
      return connection;
    }
    Class<?> type = result == null ? null : guardedType(result);
    return type == null ? result : proxy(type, new HandedOut(result, connection, proxy));
  }

  private static Object unwrapped(Object proxy, Class<?> type) throws SQLException {
    if (type.isInstance(proxy)) {
      return proxy;
    }
    throw new SQLException(
        "what is behind it is not handed out, as " + type.getName() + " or otherwise");
  }

  /** As what it is guarded; null: nothing leads from it to its connection. */
  private static @Nullable Class<?> guardedType(Object result) {
    return switch (result) {
      case CallableStatement unused -> CallableStatement.class;
      case PreparedStatement unused -> PreparedStatement.class;
      case Statement unused -> Statement.class;
      case ResultSet unused -> ResultSet.class;
      case DatabaseMetaData unused -> DatabaseMetaData.class;
      default -> null;
    };
  }
}

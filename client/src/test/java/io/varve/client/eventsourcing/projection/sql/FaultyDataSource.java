package io.varve.client.eventsourcing.projection.sql;

import java.io.PrintWriter;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.CallableStatement;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.sql.Statement;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Logger;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * A database that fails at one call of JDBC, counted over all of them, or from that call on for
 * ever, as it would for a program that ends there. The call may take effect before it fails, as a
 * commit does whose answer is lost.
 */
final class FaultyDataSource implements DataSource {

  /** How it fails. */
  enum Fault {
    BEFORE_ONE_CALL,
    AFTER_ONE_CALL,
    FOR_EVER_BEFORE,
    FOR_EVER_AFTER;

    boolean isAfter() {
      return this == AFTER_ONE_CALL || this == FOR_EVER_AFTER;
    }

    boolean isForEver() {
      return this == FOR_EVER_BEFORE || this == FOR_EVER_AFTER;
    }
  }

  private static final List<Class<?>> WRAPPED =
      List.of(
          CallableStatement.class,
          PreparedStatement.class,
          Statement.class,
          ResultSet.class,
          DatabaseMetaData.class);

  private final DataSource actual;
  private final Fault fault;
  private final int at;
  private final AtomicInteger calls = new AtomicInteger();
  private final List<Connection> open = new CopyOnWriteArrayList<>();
  private volatile @Nullable String failedAt;

  FaultyDataSource(DataSource actual, Fault fault, int at) {
    this.actual = actual;
    this.fault = fault;
    this.at = at;
  }

  /** What failed; null: nothing yet. */
  @Nullable String failedAt() {
    return failedAt;
  }

  /** What the database does when the program has ended: it rolls back what is open. */
  void endConnections() throws SQLException {
    for (Connection connection : open) {
      if (!connection.isClosed()) {
        connection.rollback();
        connection.close();
      }
    }
  }

  private interface Call {
    @Nullable Object run() throws Throwable;
  }

  private @Nullable Object call(String what, Call call) throws Throwable {
    int number = calls.incrementAndGet();
    boolean fails = number == at || (fault.isForEver() && number > at);
    if (fails && (number > at || !fault.isAfter())) {
      throw failed(what, number);
    }
    Object result = call.run();
    if (fails) {
      throw failed(what, number);
    }
    return result;
  }

  private SQLException failed(String what, int number) {
    if (failedAt == null) {
      failedAt = what;
    }
    return new SQLException("call " + number + " fails: " + what, "08006");
  }

  @Override
  public Connection getConnection() throws SQLException {
    try {
      return (Connection)
          java.util.Objects.requireNonNull(
              call(
                  "getConnection",
                  () -> {
                    Connection connection = actual.getConnection();
                    open.add(connection);
                    return wrap(connection, Connection.class);
                  }));
    } catch (SQLException | RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new SQLException(e);
    }
  }

  private Object wrap(Object jdbc, Class<?> type) {
    return Proxy.newProxyInstance(
        getClass().getClassLoader(),
        new Class<?>[] {type},
        (proxy, method, arguments) -> invoke(jdbc, type, method, arguments));
  }

  private @Nullable Object invoke(
      Object jdbc, Class<?> type, Method method, Object @Nullable [] arguments) throws Throwable {
    if (method.getDeclaringClass().equals(Object.class)) {
      return method.invoke(jdbc, arguments);
    }
    Object result =
        call(
            type.getSimpleName() + "." + method.getName(),
            () -> {
              try {
                return method.invoke(jdbc, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
    Class<?> declared = method.getReturnType();
    return result != null && WRAPPED.contains(declared) ? wrap(result, declared) : result;
  }

  @Override
  public Connection getConnection(String user, String password) throws SQLException {
    throw new SQLFeatureNotSupportedException();
  }

  @Override
  public @Nullable PrintWriter getLogWriter() {
    return null;
  }

  @Override
  public void setLogWriter(PrintWriter out) {}

  @Override
  public void setLoginTimeout(int seconds) {}

  @Override
  public int getLoginTimeout() {
    return 0;
  }

  @Override
  public Logger getParentLogger() throws SQLFeatureNotSupportedException {
    throw new SQLFeatureNotSupportedException();
  }

  @Override
  public <T> T unwrap(Class<T> type) throws SQLException {
    throw new SQLException("wraps nothing of " + type);
  }

  @Override
  public boolean isWrapperFor(Class<?> type) {
    return false;
  }
}

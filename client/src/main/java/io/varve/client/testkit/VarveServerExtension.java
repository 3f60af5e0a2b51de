package io.varve.client.testkit;

import io.varve.client.VarveClient;
import io.varve.client.streams.EventStore;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * A JUnit extension that starts a {@link VarveServerProcess} and a client of it: for all tests of a
 * class when registered in a static field or by {@code @ExtendWith}, and for each test anew when
 * registered in an instance field. Tests may take the store as a parameter.
 *
 * <pre>{@code
 * @ExtendWith(VarveServerExtension.class)
 * class AccountsTest {
 *   @Test
 *   void an_account_is_opened_once(EventStore store) { … }
 * }
 *
 * @RegisterExtension static final VarveServerExtension VARVE = new VarveServerExtension();
 * }</pre>
 */
public final class VarveServerExtension
    implements BeforeAllCallback,
        AfterAllCallback,
        BeforeEachCallback,
        AfterEachCallback,
        ParameterResolver {

  private @Nullable VarveServerProcess server;
  private @Nullable VarveClient store;
  private boolean forAll;

  /** Starts nothing yet. */
  public VarveServerExtension() {}

  /**
   * The server, to be killed and restarted.
   *
   * @throws IllegalStateException no test is running
   */
  public VarveServerProcess server() {
    return running(server);
  }

  /**
   * A client of the server; closed after the tests.
   *
   * @throws IllegalStateException no test is running
   */
  public VarveClient store() {
    return running(store);
  }

  private static <T> T running(@Nullable T part) {
    if (part == null) {
      throw new IllegalStateException("the server runs while tests run only");
    }
    return part;
  }

  private void start() {
    VarveServerProcess started = VarveServerProcess.start();
    server = started;
    store = started.connect();
  }

  private void end() {
    if (store != null) {
      store.close();
      store = null;
    }
    if (server != null) {
      server.close();
      server = null;
    }
  }

  @Override
  public void beforeAll(ExtensionContext context) {
    forAll = true;
    start();
  }

  @Override
  public void beforeEach(ExtensionContext context) {
    if (!forAll) {
      start();
    }
  }

  @Override
  public void afterEach(ExtensionContext context) {
    if (!forAll) {
      end();
    }
  }

  @Override
  public void afterAll(ExtensionContext context) {
    end();
  }

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    Class<?> type = parameter.getParameter().getType();
    return type == EventStore.class
        || type == VarveClient.class
        || type == VarveServerProcess.class;
  }

  @Override
  public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
    return parameter.getParameter().getType() == VarveServerProcess.class ? server() : store();
  }
}

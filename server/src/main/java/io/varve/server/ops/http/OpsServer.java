package io.varve.server.ops.http;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsServer;
import io.varve.server.ops.http.Authenticator.Asked;
import io.varve.server.ops.http.Authenticator.Need;
import io.varve.server.ops.http.Authenticator.Verdict;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The operations port. Everything about it is bounded: connections, requests at once, the size of a
 * request, and how long one may take. Nothing that happens here reaches the commit path.
 */
public final class OpsServer implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(OpsServer.class);

  /** Requests that are answered at the same time; more are told to come again. */
  private static final int MAX_REQUESTS = 64;

  /** A page of another site cannot send this header here, unless we allowed it to. */
  private static final String CONSOLE_HEADER = "X-Varve-Console";

  /** Nothing from elsewhere, nothing inline, no frames: what an event holds stays text. */
  private static final String CONTENT_POLICY =
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src"
          + " 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

  static {
    // The JDK's server takes its bounds from here, once for the whole process. By default it has
    // none.
    setIfAbsent("jdk.httpserver.maxConnections", "256");
    setIfAbsent("sun.net.httpserver.maxReqHeaders", "64");
    setIfAbsent("sun.net.httpserver.maxReqHeaderSize", "32768");
    setIfAbsent("sun.net.httpserver.maxReqTime", "15");
    setIfAbsent("sun.net.httpserver.idleInterval", "60");
    setIfAbsent("sun.net.httpserver.nodelay", "true");
  }

  private final HttpServer server;
  private final Map<String, Route> routes = new LinkedHashMap<>();
  private final HostCheck hosts;
  private volatile Authenticator authenticator;
  private final ScheduledExecutorService timer;
  private final Duration patience;
  private final Semaphore requests = new Semaphore(MAX_REQUESTS);

  private static void setIfAbsent(String property, String value) {
    if (System.getProperty(property) == null) {
      System.setProperty(property, value);
    }
  }

  private OpsServer(
      HttpServer server,
      List<Route> routes,
      HostCheck hosts,
      Authenticator authenticator,
      ScheduledExecutorService timer,
      Duration patience) {
    this.server = server;
    this.hosts = hosts;
    this.authenticator = authenticator;
    this.timer = timer;
    this.patience = patience;
    routes.forEach(route -> this.routes.put(route.path(), route));
  }

  /**
   * What ends requests that take too long, for {@link #start}. It forgets a deadline as soon as
   * that is called off: otherwise each would be kept, with its thread, until the time when it was
   * to come, and a busy port has thousands of them every second.
   */
  public static ScheduledExecutorService timer(ThreadFactory threads) {
    ScheduledThreadPoolExecutor timer = new ScheduledThreadPoolExecutor(1, threads);
    timer.setRemoveOnCancelPolicy(true);
    return timer;
  }

  /**
   * Opens the port and answers.
   *
   * @param tls how to speak TLS; null: plain HTTP
   * @param authenticator decides about requests, until another takes its place
   * @param threads runs each request on a thread of its own
   * @param timer ends requests that take too long; a {@link #timer}
   * @throws IOException if the address cannot be had
   */
  public static OpsServer start(
      OpsSettings settings,
      @Nullable OpsTls tls,
      Authenticator authenticator,
      List<Route> routes,
      Executor threads,
      ScheduledExecutorService timer)
      throws IOException {
    InetSocketAddress address = new InetSocketAddress(settings.host(), settings.port());
    if (address.isUnresolved()) {
      throw new IOException("there is no address " + settings.host());
    }
    HttpServer server;
    if (tls == null) {
      server = HttpServer.create(address, 0);
    } else {
      HttpsServer secure = HttpsServer.create(address, 0);
      secure.setHttpsConfigurator(tls.configurator());
      server = secure;
    }
    OpsServer ops =
        new OpsServer(
            server,
            routes,
            new HostCheck(settings.names()),
            authenticator,
            timer,
            settings.patience());
    server.createContext("/", ops::handle);
    server.setExecutor(threads);
    server.start();
    return ops;
  }

  /** Has another decide about requests from here on. */
  public void guard(Authenticator other) {
    authenticator = other;
  }

  /** The port that is listened on. */
  public int port() {
    return server.getAddress().getPort();
  }

  /** Closes the port and cuts off whoever is still there. A second call does nothing. */
  @Override
  public void close() {
    server.stop(0);
  }

  // ---- one request

  private void handle(HttpExchange exchange) {
    try (exchange;
        Deadline deadline = new Deadline()) {
      Route route = routes.get(exchange.getRequestURI().getPath());
      // However many others ask: whoever watches the process must not take it for dead.
      if (route != null && route.need() == Need.NOTHING) {
        send(exchange, answer(exchange, route), deadline);
      } else if (!requests.tryAcquire()) {
        send(exchange, error(503, "too many requests at once; come again"), deadline);
      } else {
        try {
          send(exchange, answer(exchange, route), deadline);
        } finally {
          requests.release();
        }
      }
    } catch (IOException e) {
      log.debug("a caller of the operations port has gone", e);
    } catch (InterruptedException e) {
      log.debug("a caller of the operations port did not read, or the server stops", e);
    }
  }

  private Response answer(HttpExchange exchange, @Nullable Route route) {
    try {
      return checkedAnswer(exchange, route);
    } catch (BadRequest e) {
      return error(e.status(), String.valueOf(e.getMessage()));
    } catch (IOException | RuntimeException e) {
      log.error("the operations port failed at {}", exchange.getRequestURI().getPath(), e);
      return error(500, "the server failed; its log says more");
    }
  }

  private Response checkedAnswer(HttpExchange exchange, @Nullable Route route) throws IOException {
    if (route == null) {
      return error(404, "there is nothing here; the console is at /");
    }
    Request request =
        new Request(
            exchange.getRequestURI().getRawQuery(),
            exchange.getRequestHeaders()::getFirst,
            Caller.ANYBODY);
    if (route.need() != Need.NOTHING && !hosts.allows(request.header("Host"))) {
      return error(
          421,
          "this server is not known by the name in the header Host; ask by its address, or name"
              + " it with --ops-names");
    }
    String method = exchange.getRequestMethod();
    boolean looks = method.equals("GET") || method.equals("HEAD");
    if (route.changes() ? !method.equals("POST") : !looks) {
      exchange.getResponseHeaders().set("Allow", route.changes() ? "POST" : "GET, HEAD");
      return error(405, method + " is not for this address");
    }
    if (route.need() != Need.NOTHING && !isOfThisOrigin(request)) {
      return error(403, "pages of other sites get nothing here");
    }
    if (route.changes() && request.header(CONSOLE_HEADER) == null) {
      return error(403, "a change needs the header " + CONSOLE_HEADER + ", from our own page");
    }
    if (route.need() == Need.NOTHING) {
      return route.handler().handle(request);
    }
    Asked asked =
        new Asked(
            route.need(),
            exchange.getRemoteAddress().getAddress().getHostAddress(),
            method + " " + route.path(),
            request.header("Authorization"));
    switch (authenticator.check(asked)) {
      case Verdict.Granted(Caller caller) -> {
        return answer(asked, route, request.from(caller));
      }
      case Verdict.Unknown(String challenge, String sentence) -> {
        exchange.getResponseHeaders().set("WWW-Authenticate", challenge);
        return error(401, sentence);
      }
      case Verdict.Refused(String reason) -> {
        return error(403, reason);
      }
      case Verdict.Later(String reason) -> {
        return error(503, reason);
      }
    }
  }

  private Response answer(Asked asked, Route route, Request request) throws IOException {
    String who = request.caller().name();
    int status = 500;
    try {
      Response response = route.handler().handle(request);
      status = response.status();
      return response;
    } catch (BadRequest e) {
      status = e.status();
      if (status == 403) {
        authenticator.refused(asked, who, String.valueOf(e.getMessage()));
      }
      throw e;
    } finally {
      if (route.changes() && status != 403) {
        authenticator.done(asked, who, request.about(), status);
      }
    }
  }

  /** Against requests that another site's page makes in its visitor's name. */
  private static boolean isOfThisOrigin(Request request) {
    String origin = request.header("Origin");
    String host = request.header("Host");
    return origin == null || origin.equals("http://" + host) || origin.equals("https://" + host);
  }

  private static Response error(int status, String sentence) {
    return Response.json(status, Json.write(json -> json.name("error").value(sentence)));
  }

  private static void send(HttpExchange exchange, Response response, Deadline deadline)
      throws IOException, InterruptedException {
    var headers = exchange.getResponseHeaders();
    headers.set("Content-Type", response.contentType());
    headers.set("Cache-Control", "no-store");
    headers.set("X-Content-Type-Options", "nosniff");
    headers.set("Referrer-Policy", "no-referrer");
    headers.set("Content-Security-Policy", CONTENT_POLICY);
    headers.set("Cross-Origin-Resource-Policy", "same-origin");
    headers.set("Cross-Origin-Opener-Policy", "same-origin");
    if (exchange.getRequestMethod().equals("HEAD")) {
      exchange.sendResponseHeaders(response.status(), -1);
      return;
    }
    exchange.sendResponseHeaders(response.status(), Math.max(0, response.length()));
    try (OutputStream out = exchange.getResponseBody()) {
      response
          .body()
          .writeTo(
              bytes -> {
                deadline.begin();
                out.write(bytes);
                out.flush();
                deadline.begin();
              });
    }
  }

  /** Interrupts the request's thread when nothing has gone on for too long. */
  private final class Deadline implements AutoCloseable {
    private final Thread thread = Thread.currentThread();
    private ScheduledFuture<?> end;

    Deadline() {
      end = schedule();
    }

    private ScheduledFuture<?> schedule() {
      return timer.schedule(thread::interrupt, patience.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** Something goes on: the time begins anew. */
    void begin() {
      end.cancel(false);
      end = schedule();
    }

    @Override
    public void close() {
      end.cancel(false);
    }
  }
}

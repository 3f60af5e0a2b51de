package io.varve.server.ops.http;

import io.varve.server.ops.Readiness;
import io.varve.server.ops.http.Authenticator.Need;
import java.util.List;

/** {@code /healthz} and {@code /readyz}: for whoever starts, watches and balances processes. */
public final class HealthRoutes {
  private HealthRoutes() {}

  /** Both of them. */
  public static List<Route> of(Readiness readiness) {
    return List.of(
        Route.get("/healthz", Need.NOTHING, _ -> alive(readiness)),
        Route.get("/readyz", Need.NOTHING, _ -> ready(readiness)));
  }

  /** False once a restart is what helps: when the store takes no more appends. */
  private static Response alive(Readiness readiness) {
    boolean alive = readiness.acceptsAppends();
    return Response.json(
        alive ? 200 : 503,
        Json.write(
            json -> {
              json.name("alive").value(alive);
              if (!alive) {
                json.name("problems").beginArray();
                for (String problem : readiness.problems()) {
                  json.value(problem);
                }
                json.endArray();
              }
            }));
  }

  private static Response ready(Readiness readiness) {
    List<String> problems = readiness.problems();
    return Response.json(
        problems.isEmpty() ? 200 : 503,
        Json.write(
            json -> {
              json.name("ready").value(problems.isEmpty());
              json.name("problems").beginArray();
              for (String problem : problems) {
                json.value(problem);
              }
              json.endArray();
            }));
  }
}

package io.varve.bank.web;

import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import io.javalin.http.HttpResponseException;
import io.varve.bank.readmodel.ReadModelUnavailableException;
import io.varve.client.eventsourcing.UndecodableEventException;
import io.varve.client.streams.InvalidRequestException;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.VarveException;
import java.util.concurrent.TimeoutException;
import org.eclipse.jetty.io.EofException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What goes wrong, as error bodies. Nobody is ever shown a stack trace; the log has it. */
final class ErrorRoutes {

  private static final Logger LOG = LoggerFactory.getLogger(ErrorRoutes.class);

  private ErrorRoutes() {}

  static void register(RoutesConfig routes) {
    routes.exception(
        ApiException.class,
        (e, context) -> {
          if (e.status() == 503) {
            context.header("Retry-After", "1");
          }
          Json.problem(context, e.body());
        });
    routes.exception(ReadModelUnavailableException.class, ErrorRoutes::readModelUnavailable);
    routes.exception(VarveException.class, ErrorRoutes::storeFailed);
    routes.exception(UndecodableEventException.class, ErrorRoutes::unreadable);
    routes.exception(HttpResponseException.class, ErrorRoutes::refusedByServer);
    routes.exception(EofException.class, ErrorRoutes::bodyBroken);
    routes.exception(TimeoutException.class, ErrorRoutes::bodyTooSlow);
    routes.exception(
        Exception.class,
        (e, context) -> {
          LOG.error("{} {} failed", context.method(), context.path(), e);
          Json.problem(context, ErrorBody.of(500, "something went wrong here", "internal", null));
        });
  }

  /** The command did not happen, or has and is safe to repeat under its Idempotency-Key. */
  private static void storeFailed(VarveException e, Context context) {
    if (e instanceof InvalidRequestException) {
      Json.problem(context, ErrorBody.of(400, String.valueOf(e.getMessage()), "bad_input", null));
    } else if (e.retryable()) {
      LOG.warn("{} {}: {}", context.method(), context.path(), e.getMessage());
      context.header("Retry-After", "1");
      Json.problem(
          context,
          ErrorBody.of(
              503,
              "the event store cannot be reached; a command did not happen, or is safe to repeat"
                  + " with the same "
                  + RequestHeaders.IDEMPOTENCY_KEY,
              "store_unavailable",
              null));
    } else {
      LOG.error("{} {}: the store failed", context.method(), context.path(), e);
      Json.problem(context, ErrorBody.of(502, "the event store failed", "store_failed", null));
    }
  }

  /** The caller hung up, or sent chunks that are none; it is no fault of ours, nor of interest. */
  private static void bodyBroken(EofException e, Context context) {
    LOG.debug("{} {}: the body is broken", context.method(), context.path(), e);
    String sentence = "the body ended early, or is not in the form that its headers say";
    Json.problem(context, ErrorBody.of(400, sentence, "bad_input", null));
  }

  private static void bodyTooSlow(TimeoutException e, Context context) {
    LOG.debug("{} {}: the body is too slow", context.method(), context.path(), e);
    String sentence = "the body did not come, or came too slowly";
    Json.problem(context, ErrorBody.of(408, sentence, "too_slow", null));
  }

  /** Nothing can be said or decided about it until a release of the bank runs that can read it. */
  private static void unreadable(UndecodableEventException e, Context context) {
    LOG.error("{} {}: {}", context.method(), context.path(), e.getMessage());
    RecordedEvent event = e.event();
    String sentence =
        "this version of the bank cannot read %s in stream %s at version %d"
            .formatted(event.type(), event.stream(), event.version());
    Json.problem(context, ErrorBody.of(500, sentence, "unreadable_event", null));
  }

  /** Commands do not need the rows, and go on. */
  private static void readModelUnavailable(ReadModelUnavailableException e, Context context) {
    context.header("Retry-After", "1");
    Json.problem(
        context, ErrorBody.of(503, String.valueOf(e.getMessage()), "read_model_unavailable", null));
  }

  /** No such path, a wrong method, too large a body. */
  private static void refusedByServer(HttpResponseException e, Context context) {
    String message =
        e.getStatus() == 404
            ? "there is nothing at " + context.path()
            : String.valueOf(e.getMessage());
    Json.problem(context, ErrorBody.of(e.getStatus(), message, null, null));
  }
}

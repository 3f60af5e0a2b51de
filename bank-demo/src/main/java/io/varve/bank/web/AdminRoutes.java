package io.varve.bank.web;

import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import io.varve.bank.readmodel.Projections;
import io.varve.bank.readmodel.ReadModel;
import io.varve.client.eventsourcing.projection.ProjectionStatus;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** For those who run the bank: how its projections are, and building one anew. */
final class AdminRoutes {

  static final String PROJECTIONS = "/api/admin/projections";

  /**
   * @param head the newest position of the log
   * @param lag how many positions of the log it has not come to; some may not concern it
   * @param eventsPerSecond lately, to one decimal
   * @param parked events that it has put aside
   * @param failure what went wrong last; absent while all is well
   * @param rebuild the generation that is being built beside this one, if any
   */
  record ProjectionView(
      String name,
      String state,
      int generation,
      long position,
      long head,
      long lag,
      double eventsPerSecond,
      int parked,
      @Nullable String failure,
      @Nullable RebuildView rebuild) {}

  /**
   * @param fraction how much of the log it has behind it, from 0 to 1
   */
  record RebuildView(
      int generation,
      String state,
      long position,
      long head,
      double fraction,
      @Nullable String failure) {}

  record ProjectionList(List<ProjectionView> projections) {}

  /**
   * @param generation the one that is being built, and will be served when it has caught up
   */
  record Rebuilding(String projection, int generation) {}

  private final ReadModel readModel;

  AdminRoutes(ReadModel readModel) {
    this.readModel = readModel;
  }

  void register(RoutesConfig routes) {
    routes.get(PROJECTIONS, this::list);
    routes.get(PROJECTIONS + "/{name}", this::show);
    routes.post(PROJECTIONS + "/{name}/rebuild", this::rebuild);
  }

  private void list(Context context) {
    QueryParameters.none(context);
    Json.answer(
        context,
        200,
        new ProjectionList(
            readModel.projectionStatuses().stream().map(AdminRoutes::view).toList()));
  }

  private void show(Context context) {
    QueryParameters.none(context);
    Json.answer(context, 200, view(named(context)));
  }

  private void rebuild(Context context) {
    QueryParameters.none(context);
    String name = named(context).name();
    int generation = readModel.rebuild(name);
    context.header("Location", PROJECTIONS + "/" + name);
    Json.answer(context, 202, new Rebuilding(name, generation));
  }

  private ProjectionStatus named(Context context) {
    String name = context.pathParam("name");
    return readModel
        .projectionStatus(name)
        .orElseThrow(
            () ->
                ApiException.notFound(
                    "there is no projection "
                        + name
                        + "; there are "
                        + String.join(", ", Projections.NAMES)));
  }

  /** A projection as JSON, here and in the feed. */
  static ProjectionView view(ProjectionStatus status) {
    ProjectionStatus.Rebuild rebuild = status.rebuild();
    return new ProjectionView(
        status.name(),
        word(status.state()),
        status.generation(),
        status.position(),
        status.head(),
        status.lagInPositions(),
        Math.round(status.eventsPerSecond() * 10) / 10.0,
        status.parked(),
        status.failure(),
        rebuild == null
            ? null
            : new RebuildView(
                rebuild.generation(),
                word(rebuild.state()),
                rebuild.position(),
                rebuild.head(),
                rebuild.fraction(),
                rebuild.failure()));
  }

  private static String word(ProjectionStatus.State state) {
    return state.name().toLowerCase(Locale.ROOT);
  }
}

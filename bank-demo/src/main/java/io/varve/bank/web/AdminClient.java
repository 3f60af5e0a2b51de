package io.varve.bank.web;

import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/** Asks a running demo to do what its administrators may. */
public final class AdminClient implements AutoCloseable {

  /** The demo said no, or was not there; the message is for people. */
  public static final class RefusedException extends Exception {
    private static final long serialVersionUID = 1;

    RefusedException(String message) {
      super(message);
    }
  }

  /**
   * How far a rebuild is.
   *
   * @param served the generation that is served
   * @param position where the one that is built is; as far as the head when it is served
   * @param failure what keeps it; null: nothing
   */
  public record Progress(int served, long position, long head, @Nullable String failure) {}

  private static final Duration PATIENCE = Duration.ofSeconds(15);

  private final HttpClient http = HttpClient.newBuilder().connectTimeout(PATIENCE).build();
  private final URI demo;

  /**
   * Talks to the demo at this address.
   *
   * @throws IllegalArgumentException it is no {@code http:} or {@code https:} URL
   */
  public AdminClient(String demo) {
    this.demo = URI.create(demo.endsWith("/") ? demo : demo + "/");
    String scheme = this.demo.getScheme();
    if (this.demo.getHost() == null || !("http".equals(scheme) || "https".equals(scheme))) {
      throw new IllegalArgumentException("must be a URL such as http://127.0.0.1:8000");
    }
  }

  /** Begins to build a projection anew; the number of the generation that is built. */
  public int rebuild(String projection) throws RefusedException, InterruptedException {
    HttpRequest.Builder request = request(projection, "/rebuild").POST(BodyPublishers.noBody());
    return send(request).at("/generation").asInt();
  }

  /** How far the generation is. */
  public Progress progress(String projection, int generation)
      throws RefusedException, InterruptedException {
    JsonNode status = send(request(projection, "").GET());
    int served = status.at("/generation").asInt();
    JsonNode shown = served >= generation ? status : status.at("/rebuild");
    return new Progress(
        served,
        shown.at("/position").asLong(0),
        status.at("/head").asLong(0),
        shown.at("/failure").stringValue(null));
  }

  private HttpRequest.Builder request(String projection, String rest) {
    String name = projection.replaceAll("[^A-Za-z0-9_-]", "_"); // none has anything else
    return HttpRequest.newBuilder(
            demo.resolve(AdminRoutes.PROJECTIONS.substring(1) + "/" + name + rest))
        .timeout(PATIENCE);
  }

  private JsonNode send(HttpRequest.Builder request) throws RefusedException, InterruptedException {
    HttpResponse<byte[]> response;
    JsonNode body;
    try {
      response = http.send(request.build(), BodyHandlers.ofByteArray());
      body = Json.parse(response.body());
    } catch (ConnectException e) {
      throw new RefusedException(
          "no demo answers at "
              + demo
              + "; start it with ./varve demo, or say where it is with --demo URL");
    } catch (IOException e) {
      throw new RefusedException("the demo at " + demo + " does not answer: " + e);
    } catch (JacksonException e) {
      throw new RefusedException("what answers at " + demo + " is no bank demo");
    }
    if (response.statusCode() >= 300) {
      throw new RefusedException(
          body.at("/error").asString("the demo answered " + response.statusCode()));
    }
    return body;
  }

  @Override
  public void close() {
    http.close();
  }
}

package io.varve.server.ops.http;

import io.varve.server.ops.http.Authenticator.Need;
import java.io.IOException;

/**
 * What answers requests for one path.
 *
 * @param path the path, exactly
 * @param changes whether it changes something: then it is asked for with POST, else with GET or
 *     HEAD
 * @param need what its caller must be allowed
 * @param handler makes the answer
 */
public record Route(String path, boolean changes, Need need, Handler handler) {

  /** Makes the answer to one request. May block; runs on a thread of its own. */
  public interface Handler {
    /**
     * The answer.
     *
     * @throws BadRequest if the request asks for what is not possible
     */
    Response handle(Request request) throws IOException;
  }

  /** A route that only looks. */
  public static Route get(String path, Need need, Handler handler) {
    return new Route(path, false, need, handler);
  }

  /** A route that changes something. */
  public static Route post(String path, Handler handler) {
    return new Route(path, true, Need.ADMINISTER, handler);
  }
}

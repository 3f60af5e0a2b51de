package io.varve.bank.web;

import java.nio.ByteBuffer;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.handler.ErrorHandler;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/**
 * What the HTTP server refuses by itself, before anything of ours sees it: requests that are no
 * HTTP, addresses that mean two things, headers that are too large. It is answered with the same
 * error body as everything else.
 */
final class JettyErrors implements Request.Handler {

  @Override
  public boolean handle(Request request, Response response, Callback callback) {
    int status = response.getStatus() < 400 ? 500 : response.getStatus();
    byte[] body =
        Json.bytes(ErrorBody.of(status, sentence(request, status), "refused_by_server", null));
    response.setStatus(status);
    response.getHeaders().put(HttpHeader.CONTENT_TYPE, Json.PROBLEM);
    response.getHeaders().put(HttpHeader.CONTENT_LENGTH, body.length);
    response.getHeaders().put(HttpHeader.CACHE_CONTROL, "no-store");
    response.write(true, ByteBuffer.wrap(body), callback);
    return true;
  }

  /** Of what went wrong here nobody is told more than that; of a bad request, what is bad. */
  private static String sentence(Request request, int status) {
    @Nullable Object message = request.getAttribute(ErrorHandler.ERROR_MESSAGE);
    if (status >= 500 && status != 501 && status != 505) {
      return "something went wrong here";
    }
    String reason = String.valueOf(HttpStatus.getMessage(status));
    return message == null || message.toString().isBlank()
        ? "the request was refused: " + reason
        : "the request was refused: " + message;
  }
}

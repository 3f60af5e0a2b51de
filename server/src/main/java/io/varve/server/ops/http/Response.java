package io.varve.server.ops.http;

import java.io.IOException;
import java.nio.charset.StandardCharsets;

/**
 * What is answered.
 *
 * @param status the status, 200 if all is well
 * @param contentType what the body is
 * @param body writes the body
 * @param length how many bytes that will be; -1 if nobody knows how long it goes on
 */
public record Response(int status, String contentType, Body body, long length) {
  private static final String JSON = "application/json; charset=utf-8";
  private static final String TEXT = "text/plain; charset=utf-8";

  /** Writes a body. Ends early with an exception when the caller goes, or the server stops. */
  public interface Body {
    void writeTo(Output output) throws IOException, InterruptedException;
  }

  /** Where a body goes. */
  public interface Output {
    /** Sends bytes on their way; blocks while the caller does not read, but not for ever. */
    void write(byte[] bytes) throws IOException;
  }

  static Response of(int status, String contentType, byte[] bytes) {
    return new Response(status, contentType, output -> output.write(bytes), bytes.length);
  }

  /** Something for programs. */
  public static Response json(String json) {
    return json(200, json);
  }

  /** Something for programs, with a status that says more. */
  public static Response json(int status, String json) {
    return of(status, JSON, json.getBytes(StandardCharsets.UTF_8));
  }

  /** Something for people. */
  public static Response text(int status, String text) {
    return of(status, TEXT, text.getBytes(StandardCharsets.UTF_8));
  }

  /** Text of another kind. */
  public static Response of(String contentType, String text) {
    return of(200, contentType, text.getBytes(StandardCharsets.UTF_8));
  }

  /** Events for as long as the caller listens, as {@code EventSource} takes them. */
  public static Response events(Body body) {
    return new Response(200, "text/event-stream; charset=utf-8", body, -1);
  }
}

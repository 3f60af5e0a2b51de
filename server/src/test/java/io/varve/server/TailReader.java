package io.varve.server;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.util.HashMap;
import java.util.Map;

/** Takes server-sent events apart, as a browser does. */
final class TailReader implements AutoCloseable {
  private final Socket socket;
  private final BufferedReader lines;
  private final int status;

  TailReader(int port, String path, String... headers) throws IOException {
    socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.setSoTimeout(60_000);
    String request = "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n";
    for (String header : headers) {
      request += header + "\r\n";
    }
    request += "\r\n";
    socket.getOutputStream().write(request.getBytes(UTF_8));
    lines = new BufferedReader(new InputStreamReader(socket.getInputStream(), UTF_8));
    String first = lines.readLine();
    status = first == null ? 0 : Integer.parseInt(first.split(" ", 3)[1]);
  }

  /** What the server answered; 0 for nothing. */
  int status() {
    return status;
  }

  /** The fields of the next event of this name. */
  Map<String, String> next(String event) throws IOException {
    Map<String, String> fields = new HashMap<>();
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      int colon = line.indexOf(": ");
      if (colon > 0) {
        fields.put(line.substring(0, colon), line.substring(colon + 2));
      } else if (line.isEmpty()) {
        if (event.equals(fields.get("event"))) {
          return fields;
        }
        fields.clear();
      }
    }
    throw new IOException("the stream has ended");
  }

  /** What still comes, to the end of the answer. */
  String rest() throws IOException {
    StringBuilder rest = new StringBuilder();
    // The end of an answer without a length is a piece of length 0.
    for (String line = lines.readLine();
        line != null && !line.equals("0");
        line = lines.readLine()) {
      rest.append(line).append('\n');
    }
    return rest.toString();
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}

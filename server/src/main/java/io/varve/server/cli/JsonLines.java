package io.varve.server.cli;

import ch.qos.logback.classic.pattern.ThrowableProxyConverter;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.LayoutBase;
import com.google.gson.stream.JsonWriter;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import org.slf4j.event.KeyValuePair;

/**
 * One JSON object a line for each event of the server log: {@code time} (ISO 8601, UTC), {@code
 * level}, {@code logger}, {@code thread}, {@code message}, what else the event says by name, and
 * {@code error} with the stack trace if there is one.
 */
final class JsonLines extends LayoutBase<ILoggingEvent> {
  private final ThrowableProxyConverter traces = new ThrowableProxyConverter();

  @Override
  public void start() {
    traces.start();
    super.start();
  }

  @Override
  public String doLayout(ILoggingEvent event) {
    StringWriter line = new StringWriter();
    JsonWriter json = new JsonWriter(line);
    try {
      json.beginObject();
      json.name("time").value(event.getInstant().toString());
      json.name("level").value(event.getLevel().toString());
      json.name("logger").value(event.getLoggerName());
      json.name("thread").value(event.getThreadName());
      json.name("message").value(event.getFormattedMessage());
      for (Map.Entry<String, String> entry : event.getMDCPropertyMap().entrySet()) {
        json.name(entry.getKey()).value(entry.getValue());
      }
      List<KeyValuePair> pairs = event.getKeyValuePairs();
      if (pairs != null) {
        for (KeyValuePair pair : pairs) {
          json.name(pair.key).value(String.valueOf(pair.value));
        }
      }
      if (event.getThrowableProxy() != null) {
        json.name("error").value(traces.convert(event).strip());
      }
      json.endObject();
    } catch (IOException e) {
      throw new UncheckedIOException("a writer into memory failed", e);
    }
    return line + System.lineSeparator();
  }
}

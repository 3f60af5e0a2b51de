package io.varve.server.cli;

import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.encoder.LayoutWrappingEncoder;
import io.varve.server.config.LogFormat;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How the lines of the server log are written. */
final class ServerLog {
  private ServerLog() {}

  /**
   * Has the server log written in this format from now on. What logback.xml (or a file that the
   * operator has put in its place) says otherwise stays: levels, and where it goes.
   */
  static void write(LogFormat format) {
    if (format == LogFormat.TEXT) {
      return; // as logback.xml has it
    }
    if (!(LoggerFactory.getILoggerFactory() instanceof LoggerContext context)) {
      return; // not logback: whoever embeds the command has a log of his own
    }
    Iterator<Appender<ILoggingEvent>> appenders =
        context.getLogger(Logger.ROOT_LOGGER_NAME).iteratorForAppenders();
    while (appenders.hasNext()) {
      if (appenders.next() instanceof ConsoleAppender<ILoggingEvent> console) {
        console.stop();
        console.setEncoder(jsonEncoder(context));
        console.start();
      }
    }
  }

  private static LayoutWrappingEncoder<ILoggingEvent> jsonEncoder(LoggerContext context) {
    JsonLines layout = new JsonLines();
    layout.setContext(context);
    layout.start();
    LayoutWrappingEncoder<ILoggingEvent> encoder = new LayoutWrappingEncoder<>();
    encoder.setContext(context);
    encoder.setCharset(StandardCharsets.UTF_8);
    encoder.setLayout(layout);
    encoder.start();
    return encoder;
  }
}

package io.varve.server;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import org.slf4j.LoggerFactory;

/** Everything that is logged in this process as an error, or with an exception, by whomever. */
public final class WatchedLog implements AutoCloseable {
  private static final Logger OURS = (Logger) LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME);
  private static final java.util.logging.Logger GRPC =
      java.util.logging.Logger.getLogger("io.grpc");

  private final Queue<String> faults = new ConcurrentLinkedQueue<>();
  private final AppenderBase<ILoggingEvent> ours =
      new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent entry) {
          boolean failed = entry.getThrowableProxy() != null && entry.getLevel() == Level.WARN;
          if (entry.getLevel() == Level.ERROR || failed) {
            faults.add(entry.getLoggerName() + ": " + entry.getFormattedMessage());
          }
        }
      };
  private final Handler theirs =
      new Handler() {
        @Override
        public void publish(LogRecord entry) {
          if (entry.getLevel().intValue() >= java.util.logging.Level.SEVERE.intValue()) {
            faults.add(entry.getLoggerName() + ": " + entry.getMessage() + " " + entry.getThrown());
          }
        }

        @Override
        public void flush() {
          // nothing is held back
        }

        @Override
        public void close() {
          // nothing is held
        }
      };

  public WatchedLog() {
    ours.start();
    OURS.addAppender(ours);
    GRPC.addHandler(theirs);
    GRPC.setLevel(java.util.logging.Level.SEVERE); // each lost connection is news to it
  }

  /** What there was so far. */
  public List<String> faults() {
    return new ArrayList<>(faults);
  }

  @Override
  public void close() {
    OURS.detachAppender(ours);
    GRPC.removeHandler(theirs);
    GRPC.setLevel(null);
  }
}

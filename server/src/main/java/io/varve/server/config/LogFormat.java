package io.varve.server.config;

/** How the lines of the server log look. */
public enum LogFormat {
  /** For people: time, level, logger, message. */
  TEXT,
  /** For programs: a JSON object a line. */
  JSON
}

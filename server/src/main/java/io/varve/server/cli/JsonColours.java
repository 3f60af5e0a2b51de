package io.varve.server.cli;

/** Colours a line of JSON for a terminal: names, texts, and the rest; nothing else changes. */
final class JsonColours {
  private static final String NAME = "\u001b[36m"; // cyan
  private static final String TEXT = "\u001b[32m"; // green
  private static final String BARE = "\u001b[33m"; // yellow: numbers, true, false, null
  private static final String PLAIN = "\u001b[0m";

  private JsonColours() {}

  /**
   * @param json well-formed JSON
   */
  static String paint(String json) {
    StringBuilder painted = new StringBuilder(json.length() * 2);
    int at = 0;
    while (at < json.length()) {
      char c = json.charAt(at);
      int end = at + 1;
      if (c == '"') {
        end = endOfText(json, at);
        boolean isName = end < json.length() && json.charAt(end) == ':';
        span(painted, isName ? NAME : TEXT, json, at, end);
      } else if (isBare(c)) {
        while (end < json.length() && isBare(json.charAt(end))) {
          end++;
        }
        span(painted, BARE, json, at, end);
      } else {
        painted.append(c);
      }
      at = end;
    }
    return painted.toString();
  }

  private static void span(StringBuilder to, String colour, String json, int from, int end) {
    to.append(colour).append(json, from, end).append(PLAIN);
  }

  private static int endOfText(String json, int start) {
    int at = start + 1;
    while (json.charAt(at) != '"') {
      at += json.charAt(at) == '\\' ? 2 : 1;
    }
    return at + 1;
  }

  private static boolean isBare(char c) {
    return Character.isLetterOrDigit(c) || c == '-' || c == '+' || c == '.';
  }
}

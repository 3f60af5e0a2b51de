package io.varve.benchmarks.plot;

import java.util.List;
import java.util.Locale;

/**
 * Lines over an axis, as an SVG picture.
 *
 * @param title what is seen
 * @param across what the axis across tells, with its unit
 * @param up what the axis up tells, with its unit
 * @param logarithmicUp whether the axis up is logarithmic; the one across always is
 * @param lines what is drawn; at least one, with at least one point above 0
 */
record LineChart(String title, String across, String up, boolean logarithmicUp, List<Line> lines) {

  /** A line by its name. */
  record Line(String name, List<Point> points) {}

  /** A point of a line. */
  record Point(double across, double up) {}

  private static final int WIDTH = 800;
  private static final int HEIGHT = 420;
  private static final int LEFT = 80;
  private static final int RIGHT = 200;
  private static final int TOP = 50;
  private static final int BOTTOM = 60;
  private static final double FOOT = 0.8;

  /** Distinct also for those who see no red or no green; after Okabe and Ito. */
  private static final List<String> COLOURS =
      List.of(
          "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#555555", "#a0a0a0",
          "#7f3f98", "#8c6d31");

  /** The picture. */
  String svg() {
    List<Point> all = lines.stream().flatMap(line -> line.points().stream()).toList();
    Axis x =
        Axis.logarithmic(
            all.stream().mapToDouble(Point::across).min().orElseThrow(),
            all.stream().mapToDouble(Point::across).max().orElseThrow());
    double largest = all.stream().mapToDouble(Point::up).max().orElseThrow();
    double smallest = all.stream().mapToDouble(Point::up).min().orElseThrow();
    Axis y = logarithmicUp ? Axis.logarithmic(smallest * FOOT, largest) : Axis.linear(largest);
    StringBuilder svg = new StringBuilder();
    svg.append(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\""
            .formatted(WIDTH, HEIGHT));
    svg.append(" font-size=\"13\">\n<title>").append(escaped(title)).append("</title>\n");
    svg.append("<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n".formatted(WIDTH, HEIGHT));
    text(svg, LEFT, TOP - 25, "start", "font-size=\"16\" font-weight=\"bold\"", title);
    text(svg, (LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - 15, "middle", "", across);
    text(svg, LEFT, TOP - 8, "start", "fill=\"#555\"", up);
    grid(svg, x, y);
    for (int i = 0; i < lines.size(); i++) {
      draw(svg, lines.get(i), i, x, y);
    }
    return svg.append("</svg>\n").toString();
  }

  private static void grid(StringBuilder svg, Axis x, Axis y) {
    for (double value : y.ticks()) {
      line(svg, LEFT, down(y, value), WIDTH - RIGHT, down(y, value));
      text(svg, LEFT - 8, down(y, value) + 4, "end", "fill=\"#555\"", Axis.shortly(value));
    }
    for (double value : x.ticks()) {
      line(svg, right(x, value), TOP, right(x, value), HEIGHT - BOTTOM);
      text(
          svg,
          right(x, value),
          HEIGHT - BOTTOM + 20,
          "middle",
          "fill=\"#555\"",
          Axis.shortly(value));
    }
  }

  private static void draw(StringBuilder svg, Line line, int number, Axis x, Axis y) {
    String colour = COLOURS.get(number % COLOURS.size());
    StringBuilder path = new StringBuilder();
    for (Point point : line.points()) {
      path.append(path.isEmpty() ? "M" : " L")
          .append(String.format(Locale.ROOT, "%.1f %.1f", right(x, point), down(y, point)));
    }
    svg.append(
        "<path d=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\"/>\n"
            .formatted(path, colour));
    for (Point point : line.points()) {
      svg.append(
          String.format(
              Locale.ROOT,
              "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3.5\" fill=\"%s\"><title>%s: %s, %s</title>"
                  + "</circle>\n",
              right(x, point),
              down(y, point),
              colour,
              escaped(line.name()),
              Axis.shortly(point.across()),
              Axis.shortly(point.up())));
    }
    int level = TOP + 10 + 22 * number;
    svg.append(
        "<rect x=\"%d\" y=\"%d\" width=\"14\" height=\"4\" fill=\"%s\"/>\n"
            .formatted(WIDTH - RIGHT + 20, level - 6, colour));
    text(svg, WIDTH - RIGHT + 40, level, "start", "", line.name());
  }

  private static double right(Axis x, Point point) {
    return right(x, point.across());
  }

  private static double right(Axis x, double value) {
    return LEFT + x.place(value) * (WIDTH - LEFT - RIGHT);
  }

  private static double down(Axis y, Point point) {
    return down(y, point.up());
  }

  private static double down(Axis y, double value) {
    return HEIGHT - BOTTOM - y.place(value) * (HEIGHT - TOP - BOTTOM);
  }

  private static void line(StringBuilder svg, double x1, double y1, double x2, double y2) {
    svg.append(
        String.format(
            Locale.ROOT, "<path d=\"M%.1f %.1f L%.1f %.1f\" stroke=\"#ddd\"/>\n", x1, y1, x2, y2));
  }

  private static void text(
      StringBuilder svg, double x, double y, String anchor, String style, String words) {
    svg.append(
        String.format(
            Locale.ROOT,
            "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" %s>%s</text>\n",
            x,
            y,
            anchor,
            style,
            escaped(words)));
  }

  private static String escaped(String words) {
    return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  }
}

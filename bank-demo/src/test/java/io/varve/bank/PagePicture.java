package io.varve.bank;

import static java.awt.image.BufferedImage.TYPE_BYTE_INDEXED;
import static java.util.stream.Collectors.counting;
import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.toMap;
import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.browser.Chromium;
import java.awt.image.BufferedImage;
import java.awt.image.DataBuffer;
import java.awt.image.IndexColorModel;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.OutputType;

/**
 * Takes the README's pictures of the page anew, in light and in dark. It is no test by its name, so
 * it runs only when it is asked for:
 *
 * <pre>mvn verify -pl bank-demo -am -Dtest=none -Dit.test=PagePicture</pre>
 */
class PagePicture {

  private static final Path PICTURES = Path.of("docs");
  private static final int MAX_BYTES = 200_000;
  private static final List<String> OWNERS =
      List.of(
          "Ada Lovelace",
          "Gerard De Geer",
          "Mary Anning",
          "Nicolas Steno",
          "Inge Lehmann",
          "James Hutton",
          "Marie Tharp",
          "William Smith");

  @Test
  void of_a_bank_with_some_life_in_it(@TempDir Path folder) throws Exception {
    Chromium.need();
    try (RunningProgram server = RunningProgram.server(folder.resolve("server"), 0);
        RunningProgram demo = RunningProgram.demo(folder.resolve("demo"), server.port());
        BankClient client = new BankClient(demo.port());
        BankPage page = BankPage.open(folder.resolve("profile"), demo.port())) {
      String account = liveALittle(client);
      page.resize(1280, 1700);
      for (String scheme : List.of("light", "dark")) {
        page.prefer(scheme);
        page.load();
        page.awaitText("#transfer-list > li:first-child .badge", "Compensated");
        page.click(BankPage.row(account) + " .owner");
        page.awaitText("#past-about", "Ada");
        page.turnTo("transfer");
        Object _ =
            page.ask(
                """
                const slider = document.getElementById('past-slider');
                slider.value = 620;
                slider.dispatchEvent(new Event('input'));
                document.activeElement.blur();
                scrollTo(0, 0);
                return true;\
                """);
        page.awaitText("#past-balance", text -> !text.equals("…"), "a balance");
        Path picture = PICTURES.resolve("page-" + scheme + ".png");
        Files.createDirectories(PICTURES);
        write(page.browser().getScreenshotAs(OutputType.BYTES), picture);
        assertThat(picture).satisfies(file -> assertThat(Files.size(file)).isLessThan(MAX_BYTES));
      }
    }
  }

  /** Opens accounts and moves money, the same each time; the account of Ada is the busiest. */
  private static String liveALittle(BankClient client) throws Exception {
    Random random = new Random(7);
    List<String> ids = new ArrayList<>();
    for (String owner : OWNERS) {
      ids.add(client.open(owner, amount(random, 200, 2_000)));
    }
    String closed = client.open("Abyssal Trading", "0");
    client.command(closed, "close", "").expect(200);
    String ada = ids.getFirst();
    for (int i = 0; i < 70; i++) {
      String some = random.nextInt(3) == 0 ? ada : ids.get(random.nextInt(ids.size()));
      String other = ids.get(random.nextInt(ids.size()));
      switch (random.nextInt(6)) {
        case 0, 1 -> client.command(some, "deposit", amountOnly(amount(random, 5, 400)));
        case 2 -> client.command(some, "withdraw", amountOnly(amount(random, 5, 250)));
        case 3 -> client.command(some, "interest", "{\"rate\":0.01}");
        default -> {
          if (!some.equals(other)) {
            client.transfer(some, other, amount(random, 5, 200));
          }
        }
      }
    }
    client.transfer(ids.get(4), ids.get(5), "9000").expect(409);
    spend(client, random, ids);
    client.transfer(ids.get(2), ids.get(6), "120.50").expect(200);
    spend(client, random, ids);
    client.transfer(ada, closed, "75").expect(409);
    return ada;
  }

  private static void spend(BankClient client, Random random, List<String> ids) throws Exception {
    for (int i = 0; i < 4; i++) {
      String id = ids.get(random.nextInt(ids.size()));
      client.command(id, "deposit", amountOnly(amount(random, 5, 400))).expect(200);
      client.command(id, "withdraw", amountOnly(amount(random, 1, 100))).expect(200);
    }
  }

  private static String amount(Random random, int from, int to) {
    return String.format(Locale.ROOT, "%.2f", from + random.nextDouble() * (to - from));
  }

  private static String amountOnly(String amount) {
    return "{\"amount\":" + amount + "}";
  }

  /** With at most 256 colours, which nobody sees and which halves the file. */
  private static void write(byte[] screenshot, Path file) throws IOException {
    BufferedImage all = ImageIO.read(new ByteArrayInputStream(screenshot));
    int width = all.getWidth();
    int height = all.getHeight();
    int[] pixels = all.getRGB(0, 0, width, height, null, 0, width);
    Map<Integer, Long> counts =
        IntStream.of(pixels).boxed().collect(groupingBy(colour -> colour, counting()));
    int[] palette = new int[256];
    int chosen = 0;
    for (int colour : byFrequency(counts)) {
      // One that looks like another is no gain, and would leave none for what is small and bright.
      if (chosen < palette.length && far(colour, palette, chosen)) {
        palette[chosen++] = colour;
      }
    }
    int[] few = Arrays.copyOf(palette, chosen);
    Map<Integer, Integer> nearest =
        counts.keySet().stream().collect(toMap(colour -> colour, colour -> nearest(colour, few)));
    IndexColorModel colours =
        new IndexColorModel(8, few.length, few, 0, false, -1, DataBuffer.TYPE_BYTE);
    BufferedImage indexed = new BufferedImage(width, height, TYPE_BYTE_INDEXED, colours);
    indexed
        .getRaster()
        .setPixels(0, 0, width, height, IntStream.of(pixels).map(nearest::get).toArray());
    ImageIO.write(indexed, "png", file.toFile());
  }

  private static List<Integer> byFrequency(Map<Integer, Long> counts) {
    return counts.entrySet().stream()
        .sorted(Map.Entry.<Integer, Long>comparingByValue().reversed())
        .map(Map.Entry::getKey)
        .toList();
  }

  private static boolean far(int colour, int[] palette, int size) {
    return IntStream.range(0, size).allMatch(i -> distance(colour, palette[i]) > 120);
  }

  private static int nearest(int colour, int[] palette) {
    return IntStream.range(0, palette.length)
        .boxed()
        .min(Comparator.comparingInt(i -> distance(colour, palette[i])))
        .orElseThrow();
  }

  private static int distance(int a, int b) {
    int red = ((a >> 16) & 255) - ((b >> 16) & 255);
    int green = ((a >> 8) & 255) - ((b >> 8) & 255);
    int blue = (a & 255) - (b & 255);
    return red * red + green * green + blue * blue;
  }
}

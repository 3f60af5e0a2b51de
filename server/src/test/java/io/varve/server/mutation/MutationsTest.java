package io.varve.server.mutation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.server.mutation.Mutation.Edit;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Holds the list of mutations to the sources. Whoever changes a line that one of them replaces
 * changes the mutation with it, or finds another fault for its place.
 */
class MutationsTest {
  private static final Path FILE = Path.of("list.txt");

  static List<Mutation> all() {
    return Mutations.all();
  }

  @ParameterizedTest
  @MethodSource("all")
  void each_mutation_changes_its_source_file_and_names_tests_that_there_are(Mutation mutation)
      throws IOException {
    String source = Files.readString(Mutations.SOURCES.resolve(mutation.file()));

    assertThat(mutation.applyTo(source)).isNotEqualTo(source);
    assertThat(mutation.tests()).isNotEmpty().allSatisfy(MutationsTest::assertThatThereIs);
  }

  private static void assertThatThereIs(String test) throws ClassNotFoundException {
    String[] parts = test.split("#", 2);
    Class<?> type =
        Class.forName("io.varve.server." + parts[0], false, ClassLoader.getSystemClassLoader());
    if (parts.length == 2) {
      assertThat(Arrays.stream(type.getDeclaredMethods()).map(method -> method.getName()))
          .as(test)
          .containsOnlyOnce(parts[1]);
    }
  }

  @Test
  void no_two_mutations_have_one_name() {
    assertThat(all().stream().map(Mutation::name)).doesNotHaveDuplicates();
  }

  @Test
  void a_list_is_read_as_it_is_written() {
    List<Mutation> read =
        Mutations.parse(
            FILE,
            """
            # a list

            a door is open
              in      house/Door.java
              before  if (closed
                        && locked)
              after   if (closed)
              before  lock();
              after
              tests   house.DoorTest
                      house.HouseTest#nobody_comes_in
            the light is on
              in      house/Light.java
              before  off();
              after   on();
              tests   house.LightTest
            """
                .lines()
                .toList());

    assertThat(read)
        .containsExactly(
            new Mutation(
                "a door is open",
                "house/Door.java",
                List.of(new Edit("if (closed\n&& locked)", "if (closed)"), new Edit("lock();", "")),
                List.of("house.DoorTest", "house.HouseTest#nobody_comes_in")),
            new Mutation(
                "the light is on",
                "house/Light.java",
                List.of(new Edit("off();", "on();")),
                List.of("house.LightTest")));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a door is open\n  in  Door.java\n  before  x\n  after  y",
        "a door is open\n  in  Door.java\n  after  y\n  tests  DoorTest",
        "a door is open\n  in  Door.java\n  before  x\n  tests  DoorTest",
        "a door is open\n  in  Door.java\n  before\n  after  y\n  tests  DoorTest",
        "a door is open\n  before  x\n  after  y\n  tests  DoorTest",
        "a door is open\n  where  Door.java\n  before  x\n  after  y\n  tests  DoorTest",
      })
  void a_mutation_with_a_part_that_is_missing_or_unknown_is_refused(String text) {
    assertThatThrownBy(() -> Mutations.parse(FILE, text.lines().toList()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("list.txt: 'a door is open'");
  }

  @Test
  void layout_makes_no_difference_and_what_is_replaced_must_be_there_once() {
    Mutation mutation =
        new Mutation(
            "a door is open",
            "Door.java",
            List.of(new Edit("if (a\n&& b$)", "if (a$)")),
            List.of());

    assertThat(mutation.applyTo("x; if (a &&\n   b$) y;")).isEqualTo("x; if (a$) y;");
    assertThatThrownBy(() -> mutation.applyTo("if (a && b)"))
        .hasMessageContaining("Door.java has 0 times");
    assertThatThrownBy(() -> mutation.applyTo("if (a && b$) if (a && b$)"))
        .hasMessageContaining("Door.java has 2 times");
  }
}

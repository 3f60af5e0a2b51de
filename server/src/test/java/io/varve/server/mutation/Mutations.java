package io.varve.server.mutation;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Reads the list of mutations.
 *
 * <pre>
 * # a comment, up to the end of the line
 *
 * a commit is not synced
 *   in      storage/rocksdb/LogDatabase.java
 *   before  new WriteOptions().setSync(true)
 *   after   new WriteOptions()
 *   tests   storage.rocksdb.RocksDbEventStorageTest append.LocalCommitLogTest#a_method
 * </pre>
 *
 * <p>Lines that are indented more deeply go on with the text of the line before. Several pairs of
 * {@code before} and {@code after} are replaced together.
 */
final class Mutations {
  static final Path FOLDER = Path.of("src/test/mutations");

  /** Where the files that a mutation names are. */
  static final Path SOURCES = Path.of("src/main/java/io/varve/server");

  private static final int KEY_INDENT = 2;

  private final Path file;
  private final List<Mutation> read = new ArrayList<>();

  // Of the mutation that is being read.
  private String name = "";
  private String source = "";
  private final List<String> befores = new ArrayList<>();
  private final List<String> afters = new ArrayList<>();
  private String tests = "";
  private String key = "";

  private Mutations(Path file) {
    this.file = file;
  }

  /** All of them, file by file in the order of their names. */
  static List<Mutation> all() {
    try (Stream<Path> files = Files.list(FOLDER)) {
      List<Mutation> all = new ArrayList<>();
      for (Path file : files.filter(path -> path.toString().endsWith(".txt")).sorted().toList()) {
        all.addAll(parse(file, Files.readAllLines(file)));
      }
      return List.copyOf(all);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * The mutations in some lines.
   *
   * @param file where they are from, for messages
   */
  static List<Mutation> parse(Path file, List<String> lines) {
    Mutations mutations = new Mutations(file);
    lines.forEach(mutations::take);
    mutations.finish();
    return mutations.read;
  }

  private void take(String line) {
    String text = line.strip();
    if (text.isEmpty()) {
      finish();
      return;
    }
    int indent = line.indexOf(text);
    if (text.startsWith("#") && indent == 0) {
      return;
    }
    if (indent == 0) {
      finish();
      name = text;
    } else if (indent == KEY_INDENT) {
      String[] parts = text.split("\\s+", 2);
      key = parts[0];
      value(parts.length == 1 ? "" : parts[1], false);
    } else {
      value(text, true);
    }
  }

  private void value(String text, boolean goesOn) {
    switch (key) {
      case "in" -> source = goesOn ? source + text : text;
      case "before" -> put(befores, text, goesOn);
      case "after" -> put(afters, text, goesOn);
      case "tests" -> tests = goesOn ? tests + ' ' + text : text;
      default -> throw wrong("nothing is called '" + key + "'");
    }
  }

  private static void put(List<String> texts, String text, boolean goesOn) {
    texts.add(goesOn ? texts.removeLast() + '\n' + text : text);
  }

  private void finish() {
    if (name.isEmpty()) {
      return;
    }
    if (source.isEmpty() || befores.isEmpty() || tests.isEmpty()) {
      throw wrong("needs in, before, after and tests");
    }
    if (befores.size() != afters.size() || befores.stream().anyMatch(String::isBlank)) {
      throw wrong("needs an after for each before, and each before a text");
    }
    List<Mutation.Edit> edits = new ArrayList<>();
    for (int i = 0; i < befores.size(); i++) {
      edits.add(new Mutation.Edit(befores.get(i), afters.get(i)));
    }
    read.add(new Mutation(name, source, edits, List.of(tests.split("\\s+", -1))));
    name = "";
    source = "";
    befores.clear();
    afters.clear();
    tests = "";
    key = "";
  }

  private IllegalArgumentException wrong(String what) {
    return new IllegalArgumentException(file + ": '" + name + "' " + what);
  }
}

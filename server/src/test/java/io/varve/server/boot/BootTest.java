package io.varve.server.boot;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.DataInputStream;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class BootTest {
  private static final int CLASS_FILE_VERSION_OF_JAVA_17 = 61;

  @Test
  void a_jvm_older_than_25_is_refused_in_one_sentence_that_names_both() {
    assertThat(Boot.isEnough(17)).isFalse();
    assertThat(Boot.isEnough(24)).isFalse();
    assertThat(Boot.refusalOf(17)).contains("Java 25", "Java 17").doesNotContain("\n");
  }

  @Test
  void java_25_and_newer_are_welcome() {
    assertThat(Boot.isEnough(25)).isTrue();
    assertThat(Boot.isEnough(26)).isTrue();
  }

  @Test
  void an_older_jvm_can_read_the_class_that_refuses_it() throws IOException {
    try (var classFile = new DataInputStream(Boot.class.getResourceAsStream("Boot.class"))) {
      classFile.skipNBytes(6); // magic number and minor version
      assertThat(classFile.readUnsignedShort()).isEqualTo(CLASS_FILE_VERSION_OF_JAVA_17);
    }
  }
}

package io.varve.server.security;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.Collections;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What a stream's list says, and what is none. */
class StreamAclTest {
  private static final Set<String> ADA = Set.of("ada", "writer", StreamAcl.ALL);

  private static StreamAcl list(String acl) throws Exception {
    return StreamAcl.of("{\"own\":1,\"$acl\":" + acl + "}");
  }

  private static boolean denies(String acl, StreamRight right) throws Exception {
    return list(acl).denies(right, ADA);
  }

  @Test
  void a_right_is_had_by_those_who_are_named_and_by_all_if_nobody_is() throws Exception {
    assertThat(StreamAcl.of("{}").isOpen()).isTrue();
    assertThat(list("{}").isOpen()).isTrue();
    for (StreamRight right : StreamRight.values()) {
      String of = "{\"" + right.key() + "\":";
      for (String yes :
          new String[] {"\"ada\"", "[\"bob\",\"ada\"]", "\"writer\"", "\"$all\"", "[\"$all\"]"}) {
        assertThat(denies(of + yes + "}", right)).as(of + yes).isFalse();
      }
      for (String no :
          new String[] {"\"bob\"", "[]", "[\"$admins\"]", "\"Ada\"", "\"token:ada\""}) {
        assertThat(denies(of + no + "}", right)).as(of + no).isTrue();
        for (StreamRight other : StreamRight.values()) {
          assertThat(other == right || !denies(of + no + "}", other)).as(of + no).isTrue();
        }
      }
    }
  }

  @Test
  void the_two_lists_with_names_are_for_everybody_and_for_administrators() throws Exception {
    assertThat(list("\"$userStreamAcl\"").isOpen()).isTrue();
    for (StreamRight right : StreamRight.values()) {
      assertThat(denies("\"$systemStreamAcl\"", right)).isTrue();
    }
  }

  @Test
  void of_what_is_no_list_the_field_is_named() {
    refused("null", "$acl");
    refused("[]", "$acl");
    refused("1", "$acl");
    refused("\"$all\"", "$acl");
    refused("{\"$r\":null}", "$acl.$r");
    refused("{\"$w\":1}", "$acl.$w");
    refused("{\"$d\":{}}", "$acl.$d");
    refused("{\"$mr\":\"\"}", "$acl.$mr");
    refused("{\"$mw\":[\"ada\",1]}", "$acl.$mw");
    refused("{\"$read\":\"ada\"}", "$acl.$read");
    refused("{\"$read\":\"$all\"}", "$acl.$read");
    String many = String.join(",", Collections.nCopies(StreamAcl.MAX_NAMES + 1, "\"ada\""));
    refused("{\"$r\":[" + many + "]}", "$acl.$r");
    refused("{\"$r\":\"" + "a".repeat(StreamAcl.MAX_NAME + 1) + "\"}", "$acl.$r");
  }

  private static void refused(String acl, String field) {
    StreamAcl.Malformed malformed =
        requireNonNull(catchThrowableOfType(StreamAcl.Malformed.class, () -> list(acl)), acl);
    assertThat(malformed.field()).isEqualTo(field);
    assertThat(malformed.getMessage()).isNotBlank();
  }
}

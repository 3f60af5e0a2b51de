package io.varve.server.security;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.server.event.Query;
import io.varve.server.event.StreamExclusion;
import io.varve.server.event.StreamId;
import io.varve.server.event.StreamScope;
import io.varve.server.event.StreamState;
import io.varve.server.storage.StreamChange;
import io.varve.server.storage.StreamHead;
import java.time.Instant;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** The lists of all streams, as they change. */
class StreamAclsTest {
  private static final StreamHead SOMEWHERE =
      new StreamHead(0, 1, 1, Instant.EPOCH, Instant.EPOCH, new StreamState(false, 0, 0, null, 0));

  private final StreamAcls acls = new StreamAcls();
  private final Principal ada =
      new Principal("user ada", Role.MANAGER.permissions(), Set.of("ada", "manager"), acls);
  private final Principal root =
      new Principal("user root", Role.ADMINISTRATOR.permissions(), Set.of("root"), acls);

  private static StreamChange change(String stream, String description) {
    return new StreamChange(
        StreamChange.Kind.RETENTION_SET, new StreamId(stream), SOMEWHERE, "", "", description);
  }

  private void said(String stream, String description) {
    List<StreamChange> changes = List.of(change(stream, description));
    acls.describing(changes);
    acls.described(changes);
  }

  @Test
  void a_list_takes_away_from_what_permissions_allow_and_gives_nothing() {
    Principal reader =
        new Principal("user eve", Role.READER.permissions(), Set.of("eve", "reader"), acls);
    said("a-1", "{\"$acl\":{\"$r\":\"ada\",\"$w\":\"eve\",\"$d\":\"ada\",\"$mw\":\"eve\"}}");

    assertThat(ada.may(Action.READ, "a-1")).isTrue();
    assertThat(ada.may(Action.APPEND, "a-1")).isFalse();
    assertThat(ada.may(Action.MANAGE, StreamRight.DELETE, "a-1")).isTrue();
    assertThat(ada.may(Action.MANAGE, StreamRight.WRITE_METADATA, "a-1")).isFalse();
    assertThat(ada.may(Action.MANAGE, "a-1")).as("it is not said which right").isFalse();
    assertThat(ada.may(Action.APPEND, "a-2")).isTrue();
    assertThat(reader.may(Action.READ, "a-1")).isFalse();
    assertThat(reader.may(Action.APPEND, "a-1")).as("no permission").isFalse();
    assertThat(reader.may(Action.MANAGE, StreamRight.WRITE_METADATA, "a-1")).isFalse();
    for (Action action : List.of(Action.READ, Action.APPEND, Action.MANAGE)) {
      assertThat(root.may(action, "a-1")).isTrue();
    }
    assertThat(ada.may(Action.CONSUME, "a-1")).as("the name of a group").isTrue();
  }

  @Test
  void what_is_being_written_denies_already_and_allows_not_yet() {
    List<StreamChange> closing = List.of(change("a-1", "{\"$acl\":{\"$r\":[]}}"));
    acls.describing(closing);
    assertThat(ada.may(Action.READ, "a-1")).isFalse();
    acls.described(closing);
    assertThat(ada.may(Action.READ, "a-1")).isFalse();

    List<StreamChange> opening =
        List.of(change("a-1", "{\"$acl\":{\"$r\":\"ada\"}}"), change("a-1", "{}"));
    acls.describing(opening);
    assertThat(ada.may(Action.READ, "a-1")).isFalse();
    acls.described(opening);
    assertThat(ada.may(Action.READ, "a-1")).isTrue();
    assertThat(acls.size()).as("it is forgotten").isZero();
    assertThat(ada.scopeOf(Action.READ).except().isEmpty()).isTrue();
  }

  @Test
  void a_list_that_cannot_be_understood_leaves_all_to_administrators() {
    acls.recall(change("a-1", "{\"$acl\":7}"));

    assertThat(ada.may(Action.READ, "a-1")).isFalse();
    assertThat(ada.may(Action.MANAGE, StreamRight.WRITE_METADATA, "a-1")).isFalse();
    assertThat(root.may(Action.READ, "a-1")).isTrue();
  }

  @Test
  void whoever_listens_hears_when_something_is_taken_away_and_of_nothing_else() {
    AtomicInteger heard = new AtomicInteger();
    acls.onChange(heard::incrementAndGet);
    said("a-1", "{\"$acl\":{\"$r\":[]}}");
    assertThat(heard).hasValue(1);

    said("a-1", "{}");
    said("a-2", "{\"$maxCount\":3}");
    assertThat(heard).hasValue(1);
  }

  @Test
  void of_changes_that_become_visible_together_only_the_last_one_ever_holds() {
    said("a-1", "{\"$acl\":{\"$r\":[]}}");
    List<StreamChange> changes =
        List.of(change("a-1", "{}"), change("a-1", "{\"$acl\":{\"$r\":[]}}"));
    acls.describing(changes);
    List<Boolean> seen = new ArrayList<>();

    acls.described(
        new AbstractList<>() {
          @Override
          public StreamChange get(int index) {
            seen.add(ada.may(Action.READ, "a-1"));
            return changes.get(index);
          }

          @Override
          public int size() {
            return changes.size();
          }
        });

    assertThat(seen).hasSize(2).containsOnly(false);
    assertThat(ada.may(Action.READ, "a-1")).isFalse();
  }

  @Test
  void a_query_is_not_covered_if_it_could_find_what_is_denied() {
    StreamScope scope = ada.scopeOf(Action.READ);
    Query tagged = item(new Query.Item(Set.of(), Set.of("t"), List.of(), Set.of()));
    Query prefix = item(new Query.Item(Set.of(), Set.of(), List.of("a"), Set.of()));
    Query category = item(new Query.Item(Set.of(), Set.of(), List.of(), Set.of("a")));
    Query other = item(new Query.Item(Set.of(), Set.of("t"), List.of("b-"), Set.of()));
    Query named = item(new Query.Item(Set.of(), Set.of(), List.of(), Set.of(), Set.of("a-1")));
    Query sibling = item(new Query.Item(Set.of(), Set.of(), List.of(), Set.of(), Set.of("a-2")));
    List<Query> all = List.of(tagged, prefix, category, other, named, sibling);
    assertThat(all).allMatch(scope::covers);

    said("a-1", "{\"$acl\":{\"$r\":\"eve\"}}");
    assertThat(all.stream().filter(scope::covers)).containsExactly(other, sibling);
    assertThat(scope.contains("a-1")).isFalse();
    assertThat(scope.contains("a-2")).isTrue();
    assertThat(Query.everything().within(scope).matches("a-1", "T", List.of())).isFalse();
    assertThat(Query.everything().within(scope).matches("a-2", "T", List.of())).isTrue();
    assertThat(scope.except().mayConcern(Query.everything())).isTrue();

    said("a-1", "{\"$acl\":{\"$r\":\"ada\"}}");
    assertThat(all).allMatch(scope::covers);
    assertThat(root.scopeOf(Action.READ).except()).isSameAs(StreamExclusion.NONE);
  }

  private static Query item(Query.Item item) {
    return new Query(List.of(item));
  }
}

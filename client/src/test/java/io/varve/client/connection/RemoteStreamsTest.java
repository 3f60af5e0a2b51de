package io.varve.client.connection;

import static io.varve.client.connection.FakeServer.error;
import static io.varve.client.connection.FakeServer.lost;
import static io.varve.client.streams.ExpectedVersion.exactly;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.grpc.Status.Code;
import io.varve.client.connection.FakeServer.DeleteScript;
import io.varve.client.streams.StoreFailedException;
import io.varve.client.streams.StoreUnavailableException;
import io.varve.client.streams.StreamChange;
import io.varve.client.streams.StreamInfo;
import io.varve.client.streams.VersionConflictException;
import io.varve.proto.v1.ListStreamsRequest;
import io.varve.proto.v1.ListStreamsResponse;
import io.varve.proto.v1.StreamLife;
import io.varve.proto.v1.StreamsDeleteResponse;
import io.varve.proto.v1.VersionConflict;
import java.util.Iterator;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Changes of streams, which are sent once, and lists, which come page by page. */
class RemoteStreamsTest {

  private static final DeleteScript DELETES =
      (request, answers) -> {
        answers.onNext(StreamsDeleteResponse.newBuilder().setPosition(9).build());
        answers.onCompleted();
      };

  private final FakeServer server = new FakeServer();
  private final GrpcEventStore client = server.client();

  @AfterEach
  void close() throws InterruptedException {
    client.close();
    server.close();
  }

  @Test
  void a_change_carries_its_expectation_and_its_reason() {
    server.deletes(DELETES);

    assertThat(client.streams().delete("account-42", StreamChange.because("case 17").expecting(0)))
        .isEqualTo(9);
    client.streams().delete("account-42");

    assertThat(server.deletes.get(0).getExpectedVersion()).isZero();
    assertThat(server.deletes.get(0).hasExpectedVersion()).isTrue();
    assertThat(server.deletes.get(0).getReason()).isEqualTo("case 17");
    assertThat(server.deletes.get(1).hasExpectedVersion()).isFalse();
    assertThat(server.deletes.get(1).getReason()).isEmpty();
  }

  @Test
  void a_change_whose_answer_is_lost_is_not_sent_again_and_its_outcome_is_unknown() {
    server.deletes((request, answers) -> answers.onError(lost()), DELETES);

    assertThatThrownBy(() -> client.streams().delete("account-42"))
        .isInstanceOf(StoreUnavailableException.class)
        .hasMessageContaining("deleting stream \"account-42\"")
        .hasMessageContaining("outcome is unknown");
    assertThat(server.deletes).hasSize(1);
  }

  @Test
  void a_change_that_was_surely_not_done_is_sent_again() {
    server.deletes(
        (request, answers) -> answers.onError(error(Code.UNAVAILABLE, "NOT_SERVING")),
        (request, answers) -> answers.onError(error(Code.RESOURCE_EXHAUSTED, "QUEUE_FULL")),
        DELETES);

    assertThat(client.streams().delete("account-42")).isEqualTo(9);
    assertThat(server.deletes).hasSize(3);
  }

  @Test
  void a_conflict_says_which_version_was_expected() {
    VersionConflict conflict =
        VersionConflict.newBuilder().setStream("account-42").setActualVersion(4).build();
    server.deletes(
        (request, answers) -> answers.onError(error(Code.ABORTED, "VERSION_CONFLICT", conflict)));

    VersionConflictException refusal =
        catchThrowableOfType(
            VersionConflictException.class,
            () -> client.streams().delete("account-42", StreamChange.plain().expecting(3)));

    assertThat(refusal.expected()).isEqualTo(exactly(3));
    assertThat(refusal.actualVersion()).isEqualTo(4);
  }

  /** A page with one stream, of three in all. */
  private static ListStreamsResponse page(ListStreamsRequest request) {
    int number = request.getPageToken().isEmpty() ? 1 : Integer.parseInt(request.getPageToken());
    return ListStreamsResponse.newBuilder()
        .addStreams(
            io.varve.proto.v1.StreamInfo.newBuilder()
                .setStream("account-" + number)
                .setLife(StreamLife.STREAM_LIFE_OPEN))
        .setNextPageToken(number == 3 ? "" : Integer.toString(number + 1))
        .build();
  }

  @Test
  void the_next_page_is_fetched_when_it_is_needed_with_the_token_of_the_last() {
    server.listStreams =
        (request, answers) -> {
          answers.onNext(page(request));
          answers.onCompleted();
        };

    Iterator<StreamInfo> streams = client.streams().withPrefix("account").iterator();
    assertThat(server.lists).isEmpty();
    assertThat(streams.next().stream()).isEqualTo("account-1");
    assertThat(server.lists).hasSize(1);
    assertThat(streams.next().stream()).isEqualTo("account-2");
    assertThat(streams.next().stream()).isEqualTo("account-3");
    assertThat(streams.hasNext()).isFalse();

    assertThat(server.lists.stream().map(ListStreamsRequest::getPageToken))
        .isEqualTo(List.of("", "2", "3"));
    assertThat(server.lists).allMatch(request -> request.getPrefix().equals("account"));
  }

  @Test
  void a_page_is_asked_for_again_while_the_link_is_lost() {
    server.listStreams =
        (request, answers) -> {
          if (server.lists.size() % 2 == 1) {
            answers.onError(lost());
          } else {
            answers.onNext(page(request));
            answers.onCompleted();
          }
        };

    assertThat(client.streams().all().map(StreamInfo::stream))
        .containsExactly("account-1", "account-2", "account-3");
  }

  @Test
  void a_stream_that_is_neither_open_nor_closed_makes_no_sense() {
    server.listStreams =
        (request, answers) -> {
          answers.onNext(
              ListStreamsResponse.newBuilder()
                  .addStreams(io.varve.proto.v1.StreamInfo.newBuilder().setStream("account-42"))
                  .build());
          answers.onCompleted();
        };

    assertThatThrownBy(() -> client.streams().all().forEach(stream -> {}))
        .isInstanceOf(StoreFailedException.class)
        .hasMessageContaining("account-42");
  }
}

package io.varve.server.api.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.varve.server.read.EventCursor;
import io.varve.server.storage.EventCodec;
import io.varve.server.storage.EventPage;
import io.varve.server.storage.EventRunBuilder;
import io.varve.server.storage.NotAtHandException;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Pages leave one after the other, whoever says how often that there is room. */
class ReadCallTest {
  private final Deque<Runnable> queued = new ArrayDeque<>();
  private final Caller caller = new Caller();
  private final ReadCall call =
      new ReadCall(caller, false, queued::add, queued::add, caller.counted::add);

  @Test
  void however_often_there_is_room_one_turn_is_queued_at_a_time() {
    caller.ready = true;
    caller.onReady.run(); // before the read begins
    call.start(new Pages(4));
    caller.onReady.run();
    caller.onReady.run();
    assertThat(queued).hasSize(1);
    assertThat(caller.sent).isEqualTo(1);

    runAll();
    assertThat(caller.sent).isEqualTo(4);
    assertThat(caller.completed).isTrue();

    caller.onReady.run();
    runAll();
    assertThat(caller.sent).isEqualTo(4);
    assertThat(caller.counted).containsExactly(1, 1, 1, 1);
  }

  @Test
  void a_read_that_has_no_room_goes_on_when_there_is() {
    caller.ready = false;
    call.start(new Pages(3));
    runAll();
    assertThat(caller.sent).as("the first page").isEqualTo(1);

    caller.ready = true;
    caller.onReady.run();
    runAll();
    assertThat(caller.sent).isEqualTo(3);
    assertThat(caller.completed).isTrue();
  }

  @Test
  void a_page_that_fails_is_the_end_though_more_turns_are_wanted() {
    caller.ready = true;
    Pages pages = new Pages(5);
    pages.failing = 2;
    call.start(pages);
    caller.onReady.run();
    runAll();
    caller.onReady.run();
    runAll();

    assertThat(caller.sent).isEqualTo(1);
    assertThat(caller.completed).isFalse();
    assertThat(caller.error).isEqualTo(Status.Code.INTERNAL);
  }

  @Test
  void a_read_that_is_not_at_hand_begins_again() {
    caller.ready = true;
    Pages pages = new Pages(2);
    pages.notAtHand = true;
    assertThatThrownBy(() -> call.start(pages)).isInstanceOf(NotAtHandException.class);
    assertThat(queued).isEmpty();
    assertThat(caller.sent).isZero();

    pages.notAtHand = false;
    call.start(pages);
    runAll();
    assertThat(caller.sent).isEqualTo(2);
    assertThat(caller.completed).isTrue();
  }

  private void runAll() {
    for (Runnable next = queued.poll(); next != null; next = queued.poll()) {
      next.run();
    }
  }

  /** So many pages of one event each. */
  private static final class Pages implements EventCursor {
    private final int count;
    private int read;
    private int failing;
    private boolean notAtHand;

    Pages(int count) {
      this.count = count;
    }

    @Override
    public long headPosition() {
      return count;
    }

    @Override
    public boolean isDone() {
      return read == count;
    }

    @Override
    public EventPage next() {
      if (notAtHand) {
        throw new NotAtHandException();
      }
      if (++read == failing) {
        throw new IllegalStateException("this page is made to fail");
      }
      EventRunBuilder event = new EventRunBuilder(64);
      event.add(EventCodec.encodeHeader(read, read, Instant.EPOCH), new byte[10], read);
      return EventPage.of(event.build());
    }
  }

  private static final class Caller extends ServerCallStreamObserver<EncodedResponse> {
    private final List<Integer> counted = new ArrayList<>();
    private Runnable onReady = () -> {};
    private boolean ready;
    private int sent;
    private boolean completed;
    private Status.@Nullable Code error;

    @Override
    public boolean isReady() {
      return ready;
    }

    @Override
    public void setOnReadyHandler(Runnable handler) {
      onReady = handler;
    }

    @Override
    public void onNext(EncodedResponse page) {
      sent++;
    }

    @Override
    public void onError(Throwable cause) {
      error = Status.fromThrowable(cause).getCode();
    }

    @Override
    public void onCompleted() {
      completed = true;
    }

    @Override
    public boolean isCancelled() {
      return false;
    }

    @Override
    public void setOnCancelHandler(Runnable handler) {
      throw new AssertionError("nobody cancels here");
    }

    @Override
    public void setCompression(String compression) {
      throw new AssertionError("nobody compresses here");
    }

    @Override
    public void disableAutoInboundFlowControl() {
      throw new AssertionError("there is one request");
    }

    @Override
    public void request(int count) {
      throw new AssertionError("there is one request");
    }

    @Override
    public void setMessageCompression(boolean enable) {
      throw new AssertionError("nobody compresses here");
    }
  }
}

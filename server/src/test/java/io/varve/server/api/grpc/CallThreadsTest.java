package io.varve.server.api.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.Status;
import io.varve.proto.v1.EventStoreGrpc;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import org.junit.jupiter.api.Test;

class CallThreadsTest {
  private final List<String> ran = new ArrayList<>();
  private final CallThreads threads = new CallThreads(on("calls"), on("reads"), true);
  private final CallThreads guarded = new CallThreads(on("calls"), on("reads"), false);

  @Test
  void a_call_of_one_request_begins_where_its_headers_are_and_goes_on_in_a_pool() {
    Executor append = threads.getExecutor(call(EventStoreGrpc.getAppendMethod()), new Metadata());
    append.execute(() -> ran.add("headers"));
    append.execute(() -> ran.add("request"));

    Executor read = threads.getExecutor(call(EventStoreGrpc.getReadLogMethod()), new Metadata());
    read.execute(() -> ran.add("headers"));
    read.execute(() -> ran.add("request"));
    read.execute(() -> ran.add("end"));

    assertThat(ran)
        .containsExactly(
            "headers", "calls: ", "request", "headers", "reads: ", "request", "reads: ", "end");
  }

  @Test
  void a_read_of_a_stream_stays_where_its_request_is_unless_access_is_controlled() {
    for (CallThreads open : List.of(threads, guarded)) {
      Executor read = open.getExecutor(call(EventStoreGrpc.getReadStreamMethod()), new Metadata());
      read.execute(() -> ran.add("headers"));
      read.execute(() -> ran.add("request"));
    }

    assertThat(ran).containsExactly("headers", "request", "headers", "reads: ", "request");
  }

  @Test
  void a_compressed_request_is_not_unpacked_on_the_connections_thread() {
    for (String encoding : List.of("gzip", "identity")) {
      Metadata headers = new Metadata();
      headers.put(Metadata.Key.of("grpc-encoding", Metadata.ASCII_STRING_MARSHALLER), encoding);
      Executor read = threads.getExecutor(call(EventStoreGrpc.getReadStreamMethod()), headers);
      read.execute(() -> ran.add("headers"));
      read.execute(() -> ran.add("request"));
    }

    assertThat(ran).containsExactly("headers", "reads: ", "request", "headers", "request");
  }

  @Test
  void a_call_of_many_requests_is_the_pools_from_the_start() {
    threads
        .getExecutor(call(EventStoreGrpc.getAppendPipelineMethod()), new Metadata())
        .execute(() -> ran.add("headers"));

    assertThat(ran).containsExactly("calls: ", "headers");
  }

  @Test
  void a_password_is_not_hashed_on_the_connections_thread() {
    for (String authorization : List.of("Basic YTpi", "basic YTpi", "BASIC YTpi")) {
      Metadata headers = new Metadata();
      headers.put(AccessGuard.AUTHORIZATION, authorization);
      guarded
          .getExecutor(call(EventStoreGrpc.getAppendMethod()), headers)
          .execute(() -> ran.add("headers"));
    }
    Metadata token = new Metadata();
    token.put(AccessGuard.AUTHORIZATION, "Bearer abc");
    guarded
        .getExecutor(call(EventStoreGrpc.getAppendMethod()), token)
        .execute(() -> ran.add("token"));

    assertThat(ran)
        .containsExactly("calls: ", "headers", "calls: ", "headers", "calls: ", "headers", "token");
  }

  @Test
  void what_a_guest_reads_is_read_by_the_threads_for_reads() {
    MethodDescriptor<?, ?> theirs = EventStoreGrpc.getSubscribeToLogMethod();
    threads.readsToo(theirs);

    Executor executor = threads.getExecutor(call(theirs), new Metadata());
    executor.execute(() -> ran.add("headers"));
    executor.execute(() -> ran.add("request"));

    assertThat(ran).containsExactly("headers", "reads: ", "request");
  }

  private Executor on(String name) {
    return task -> {
      ran.add(name + ": ");
      task.run();
    };
  }

  private static <Q, R> ServerCall<Q, R> call(MethodDescriptor<Q, R> method) {
    return new ServerCall<>() {
      @Override
      public void request(int messages) {
        throw new AssertionError("nothing is asked of the call here");
      }

      @Override
      public void sendHeaders(Metadata headers) {
        throw new AssertionError("nothing is asked of the call here");
      }

      @Override
      public void sendMessage(R message) {
        throw new AssertionError("nothing is asked of the call here");
      }

      @Override
      public void close(Status status, Metadata trailers) {
        throw new AssertionError("nothing is asked of the call here");
      }

      @Override
      public boolean isCancelled() {
        return false;
      }

      @Override
      public MethodDescriptor<Q, R> getMethodDescriptor() {
        return method;
      }
    };
  }
}

package io.varve.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.Descriptors.MethodDescriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.util.JsonFormat;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.stub.ClientCalls;
import io.varve.client.VarveClient;
import io.varve.client.streams.AppendResult;
import io.varve.client.streams.EventReader;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.ReadStream;
import io.varve.client.streams.SubscribeToLog;
import io.varve.client.streams.Subscription;
import io.varve.client.streams.VersionConflictException;
import io.varve.proto.v1.ConsumerGroupsServiceProto;
import io.varve.proto.v1.EventStoreServiceProto;
import io.varve.proto.v1.SnapshotsServiceProto;
import io.varve.proto.v1.StreamsServiceProto;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What README.md tells a newcomer to do, done. */
class ReadmeTest {
  private static final List<FileDescriptor> SERVICES =
      List.of(
          EventStoreServiceProto.getDescriptor(),
          ConsumerGroupsServiceProto.getDescriptor(),
          SnapshotsServiceProto.getDescriptor(),
          StreamsServiceProto.getDescriptor());

  private static final Pattern GRPCURL =
      Pattern.compile("grpcurl -plaintext -d '([^']*)'[\\s\\\\]*localhost:2113 ([\\w.]+)/(\\w+)");
  private static final Pattern JAVA = Pattern.compile("```java\\n(.*?)```", Pattern.DOTALL);

  /** An empty message is the answer of the first, and may be that of the second. */
  private static final List<String> MAY_ANSWER_NOTHING = List.of("Create", "ListParked");

  private static final Path README = Path.of("..", "README.md");
  private static final Path THIS_FILE =
      Path.of("src", "test", "java", "io", "varve", "server", "ReadmeTest.java");

  /** Run by the client's own tests. */
  private static final Path FIRST_AGGREGATE =
      Path.of("..", "client/src/test/java/io/varve/client/guide/FirstAggregate.java");

  @TempDir private Path folder;
  private VarveServer server;

  @BeforeEach
  void start() throws Exception {
    server = VarveServer.start(TestServer.config(folder));
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void every_grpcurl_command_of_the_readme_is_answered() throws Exception {
    ManagedChannel channel =
        NettyChannelBuilder.forAddress("127.0.0.1", server.port()).usePlaintext().build();
    try {
      Matcher command = GRPCURL.matcher(Files.readString(README));
      int commands = 0;
      while (command.find()) {
        DynamicMessage answer = call(channel, command.group(2), command.group(3), command.group(1));
        boolean mayBeEmpty = MAY_ANSWER_NOTHING.contains(command.group(3));
        assertThat(mayBeEmpty || !answer.getAllFields().isEmpty()).as(command.group()).isTrue();
        commands++;
      }
      assertThat(commands).isGreaterThanOrEqualTo(4);
    } finally {
      channel.shutdownNow();
    }
  }

  /** The first message of the answer. */
  private static DynamicMessage call(
      ManagedChannel channel, String service, String method, String json) throws IOException {
    MethodDescriptor descriptor =
        SERVICES.stream()
            .flatMap(file -> file.getServices().stream())
            .filter(found -> found.getFullName().equals(service))
            .findFirst()
            .orElseThrow(() -> new AssertionError("no service " + service))
            .findMethodByName(method);
    Descriptor input = descriptor.getInputType();
    DynamicMessage.Builder request = DynamicMessage.newBuilder(input);
    JsonFormat.parser().merge(json, request);
    Iterator<DynamicMessage> answers =
        ClientCalls.blockingServerStreamingCall(
            channel,
            io.grpc.MethodDescriptor.<DynamicMessage, DynamicMessage>newBuilder()
                .setType(MethodType.SERVER_STREAMING)
                .setFullMethodName(service + "/" + method)
                .setRequestMarshaller(
                    ProtoUtils.marshaller(DynamicMessage.getDefaultInstance(input)))
                .setResponseMarshaller(
                    ProtoUtils.marshaller(
                        DynamicMessage.getDefaultInstance(descriptor.getOutputType())))
                .build(),
            CallOptions.DEFAULT.withDeadlineAfter(30, java.util.concurrent.TimeUnit.SECONDS),
            request.build());
    return answers.next();
  }

  @Test
  void the_java_examples_of_the_readme_stand_in_files_that_are_run_word_for_word()
      throws Exception {
    List<List<String>> sources =
        List.of(lines(Files.readString(THIS_FILE)), lines(Files.readString(FIRST_AGGREGATE)));
    Matcher example = JAVA.matcher(Files.readString(README));
    int examples = 0;
    while (example.find()) {
      List<String> code = lines(example.group(1).replace("\"varve://localhost:2113\"", "uri"));
      assertThat(sources)
          .as("a file with:\n%s", example.group(1))
          .anyMatch(source -> Collections.indexOfSubList(source, code) >= 0);
      examples++;
    }
    assertThat(examples).isEqualTo(3);
  }

  private static List<String> lines(String code) {
    return code.lines().map(String::strip).filter(line -> !line.isEmpty()).toList();
  }

  @Test
  void the_java_example_of_the_readme_runs() throws Exception {
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    PrintStream console = System.out;
    System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
    try {
      example("varve://127.0.0.1:" + server.port());
    } finally {
      System.setOut(console);
    }

    assertThat(printed.toString(StandardCharsets.UTF_8))
        .contains("AccountOpened {\"owner\": \"Grace\"}", "MoneyDeposited {\"amount\": \"25.00\"}")
        .doesNotContain("somebody was faster");
  }

  private static void example(String uri) throws Exception {
    try (VarveClient store = VarveClient.connect(uri)) {
      AppendResult opened =
          store.append(
              "account-7",
              ExpectedVersion.noStream(),
              NewEvent.json("AccountOpened", "{\"owner\": \"Grace\"}"));

      try {
        store.append(
            "account-7",
            ExpectedVersion.exactly(opened.version()),
            NewEvent.json("MoneyDeposited", "{\"amount\": \"25.00\"}"));
      } catch (VersionConflictException e) {
        System.out.println("somebody was faster: the stream is at version " + e.actualVersion());
      }

      try (EventReader events = store.readStream(ReadStream.of("account-7"))) {
        events.forEach(event -> System.out.println(event.type() + " " + event.dataAsString()));
      }

      Subscription live =
          store.subscribeToLog(
              SubscribeToLog.all().after(opened.position()),
              event -> System.out.println("and then: " + event.type()));
      store.append("account-7", ExpectedVersion.any(), NewEvent.json("AccountClosed", "{}"));
      live.close();
    }
  }
}

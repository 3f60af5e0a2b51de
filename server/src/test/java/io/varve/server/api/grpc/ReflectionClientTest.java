package io.varve.server.api.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.Descriptors.MethodDescriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.TypeRegistry;
import com.google.protobuf.util.JsonFormat;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.reflection.v1.ServerReflectionRequest;
import io.grpc.reflection.v1.ServerReflectionResponse;
import io.grpc.reflection.v1.ServiceResponse;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import io.varve.server.RunningServer;
import io.varve.server.api.grpc.Wire.Answers;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * The store as grpcurl sees it: no generated code of the contract, only what the server tells of
 * itself, and JSON in and out.
 */
class ReflectionClientTest {
  @RegisterExtension static final RunningServer running = new RunningServer();

  private final Tool tool = new Tool(running.channel());

  /** A tool that knows nothing but the address. */
  private static final class Tool {
    private final Channel channel;
    private final Map<String, FileDescriptor> files = new HashMap<>();

    Tool(Channel channel) {
      this.channel = channel;
    }

    private ServerReflectionResponse ask(ServerReflectionRequest.Builder question) {
      Answers<ServerReflectionResponse> answers = new Answers<>();
      StreamObserver<ServerReflectionRequest> call =
          ServerReflectionGrpc.newStub(channel).serverReflectionInfo(answers);
      call.onNext(question.build());
      call.onCompleted();
      try {
        assertThat(answers.end()).isNull();
      } catch (Exception e) {
        throw new AssertionError(e);
      }
      ServerReflectionResponse answer = answers.received().getFirst();
      assertThat(answer.hasErrorResponse()).as(answer.toString()).isFalse();
      return answer;
    }

    List<String> services() {
      return ask(ServerReflectionRequest.newBuilder().setListServices(""))
          .getListServicesResponse()
          .getServiceList()
          .stream()
          .map(ServiceResponse::getName)
          .toList();
    }

    private FileDescriptor file(ServerReflectionRequest.Builder question) throws Exception {
      FileDescriptorProto found =
          FileDescriptorProto.parseFrom(
              ask(question).getFileDescriptorResponse().getFileDescriptorProto(0));
      FileDescriptor known = files.get(found.getName());
      if (known != null) {
        return known;
      }
      List<FileDescriptor> imports = new ArrayList<>();
      for (String name : found.getDependencyList()) {
        imports.add(file(ServerReflectionRequest.newBuilder().setFileByFilename(name)));
      }
      FileDescriptor built =
          FileDescriptor.buildFrom(found, imports.toArray(FileDescriptor[]::new));
      files.put(built.getName(), built);
      return built;
    }

    private MethodDescriptor method(String service, String method) throws Exception {
      String simpleName = service.substring(service.lastIndexOf('.') + 1);
      return file(ServerReflectionRequest.newBuilder().setFileContainingSymbol(service))
          .findServiceByName(simpleName)
          .findMethodByName(method);
    }

    private static TypeRegistry types(MethodDescriptor method) {
      return TypeRegistry.newBuilder()
          .add(method.getInputType())
          .add(method.getOutputType())
          .build();
    }

    private static DynamicMessage message(MethodDescriptor method, String json) throws IOException {
      DynamicMessage.Builder message = DynamicMessage.newBuilder(method.getInputType());
      JsonFormat.parser().usingTypeRegistry(types(method)).merge(json, message);
      return message.build();
    }

    private static String json(MethodDescriptor method, DynamicMessage answer) {
      try {
        return JsonFormat.printer()
            .usingTypeRegistry(types(method))
            .omittingInsignificantWhitespace()
            .print(answer);
      } catch (IOException e) {
        throw new AssertionError(e);
      }
    }

    private static io.grpc.MethodDescriptor<DynamicMessage, DynamicMessage> callable(
        MethodDescriptor method) {
      MethodType type = method.isServerStreaming() ? MethodType.SERVER_STREAMING : MethodType.UNARY;
      return io.grpc.MethodDescriptor.<DynamicMessage, DynamicMessage>newBuilder()
          .setType(method.isClientStreaming() ? MethodType.BIDI_STREAMING : type)
          .setFullMethodName(method.getService().getFullName() + "/" + method.getName())
          .setRequestMarshaller(
              ProtoUtils.marshaller(DynamicMessage.getDefaultInstance(method.getInputType())))
          .setResponseMarshaller(
              ProtoUtils.marshaller(DynamicMessage.getDefaultInstance(method.getOutputType())))
          .build();
    }

    /** Calls a method with a request of JSON text; the first answer as JSON text. */
    String call(String service, String name, String request) throws Exception {
      MethodDescriptor method = method(service, name);
      DynamicMessage message = message(method, request);
      Iterator<DynamicMessage> answers =
          method.isServerStreaming()
              ? ClientCalls.blockingServerStreamingCall(
                  channel, callable(method), CallOptions.DEFAULT, message)
              : List.of(
                      ClientCalls.blockingUnaryCall(
                          channel, callable(method), CallOptions.DEFAULT, message))
                  .iterator();
      return json(method, answers.next());
    }

    /** Opens a call on which lines of JSON text go in and out. */
    Conversation talk(String service, String name) throws Exception {
      MethodDescriptor method = method(service, name);
      Answers<DynamicMessage> answers = new Answers<>();
      StreamObserver<DynamicMessage> requests =
          ClientCalls.asyncBidiStreamingCall(
              channel.newCall(callable(method), CallOptions.DEFAULT), answers);
      return new Conversation(method, requests, answers);
    }
  }

  /** A call that is open in both directions. */
  private record Conversation(
      MethodDescriptor method,
      StreamObserver<DynamicMessage> requests,
      Answers<DynamicMessage> answers) {

    void say(String json) throws IOException {
      requests.onNext(Tool.message(method, json));
    }

    /** Waits for so many answers. */
    List<String> heard(int count) {
      await().atMost(Wire.PATIENCE).until(() -> answers.received().size() >= count);
      return answers.received().stream().map(answer -> Tool.json(method, answer)).toList();
    }
  }

  @Test
  void every_service_and_every_method_can_be_described() throws Exception {
    List<String> services = tool.services();

    assertThat(services)
        .contains(
            "varve.v1.EventStore",
            "varve.v1.Streams",
            "varve.v1.Snapshots",
            "varve.v1.ConsumerGroups",
            "varve.v1.Admin");
    for (String service : services) {
      FileDescriptor file =
          tool.file(ServerReflectionRequest.newBuilder().setFileContainingSymbol(service));
      assertThat(
              file.findServiceByName(service.substring(service.lastIndexOf('.') + 1)).getMethods())
          .isNotEmpty();
    }
  }

  @Test
  void an_event_goes_in_as_json_and_comes_back_as_json() throws Exception {
    String appended =
        tool.call(
            "varve.v1.EventStore",
            "Append",
            """
            {
              "stream": "account-42",
              "state": "STREAM_STATE_NO_STREAM",
              "events": [{
                "type": "MoneyDeposited",
                "json": {"amount": 12.5, "by": {"name": "Ada"}, "notes": [null, true, "x"]},
                "metadata": {"correlation-id": "c1"},
                "tags": ["account:42"],
                "occurredAt": "2026-01-02T03:04:05Z"
              }]
            }\
            """);
    assertThat(appended).contains("\"version\":\"1\"");

    String read =
        tool.call(
            "varve.v1.EventStore",
            "ReadStream",
            "{\"stream\": \"account-42\", \"payload_view\": \"PAYLOAD_VIEW_JSON\"}");

    assertThat(read)
        .contains(
            "\"type\":\"MoneyDeposited\"",
            "\"json\":{",
            "\"amount\":12.5",
            "\"by\":{\"name\":\"Ada\"}",
            "\"notes\":[null,true,\"x\"]",
            "\"contentType\":\"application/json\"",
            "\"metadata\":{\"correlation-id\":\"c1\"}",
            "\"tags\":[\"account:42\"]",
            "\"occurredAt\":\"2026-01-02T03:04:05Z\"");
  }

  @Test
  void a_snapshot_goes_in_as_json_and_a_read_begins_with_it() throws Exception {
    tool.call(
        "varve.v1.EventStore",
        "Append",
        """
        {"stream": "account-43", "events": [{"type": "Opened"}, {"type": "Closed"}]}\
        """);
    String saved =
        tool.call(
            "varve.v1.Snapshots",
            "SaveSnapshot",
            """
            {"snapshot": {"stream": "account-43", "version": 1, "json": {"balance": 12.5}}}\
            """);

    String found = tool.call("varve.v1.Snapshots", "GetSnapshot", "{\"stream\": \"account-43\"}");
    String read =
        tool.call(
            "varve.v1.EventStore",
            "ReadStream",
            """
            {"stream": "account-43", "from_snapshot": true, "payload_view": "PAYLOAD_VIEW_JSON"}\
            """);

    assertThat(saved).startsWith("{\"savedAt\":\"20");
    assertThat(found)
        .contains("\"version\":\"1\"", "\"contentType\":\"application/json\"", "\"data\":\"");
    assertThat(read)
        .contains("\"snapshot\":{", "\"json\":{\"balance\":12.5}", "\"type\":\"Closed\"")
        .doesNotContain("Opened");
    assertThat(tool.call("varve.v1.Snapshots", "ListSnapshots", "{\"stream\": \"account-43\"}"))
        .contains("\"version\":\"1\"")
        .doesNotContain("balance");
    assertThat(tool.call("varve.v1.Snapshots", "DeleteSnapshots", "{\"stream\": \"account-43\"}"))
        .isEqualTo("{\"deleted\":\"1\"}");
  }

  @Test
  void a_server_tells_what_it_is_and_how_much_it_holds() throws Exception {
    assertThat(tool.call("varve.v1.Admin", "GetServerInfo", "{}"))
        .contains("\"release\":\"", "\"storeId\":\"", "\"uptime\":\"", "\"snapshots\"");
    assertThat(tool.call("varve.v1.Admin", "GetStatistics", "{}")).contains("\"diskBytes\":\"");
  }

  @Test
  void a_person_consumes_a_group_with_lines_of_json() throws Exception {
    tool.call(
        "varve.v1.EventStore",
        "Append",
        """
        {"stream": "account-44", "events": [{"type": "Opened", "json": {"owner": "Ada"}}]}\
        """);
    String created =
        tool.call(
            "varve.v1.ConsumerGroups",
            "Create",
            """
            {"group": {"name": "mailer", "stream": "account-44", "settings": {
              "strategy": "CONSUMER_STRATEGY_PINNED", "ack_timeout": "5s"}}}\
            """);
    Conversation consumer = tool.talk("varve.v1.ConsumerGroups", "Consume");
    consumer.say(
        """
        {"start": {"group": "mailer", "credit": 10, "payload_view": "PAYLOAD_VIEW_JSON"}}\
        """);
    List<String> heard = consumer.heard(2);
    consumer.say(
        """
        {"nack": {"positions": [%s], "action": "NACK_ACTION_PARK", "reason": "no address"}}\
        """
            .formatted(heard.get(1).replaceAll(".*\"position\":\"(\\d+)\".*", "$1")));
    await()
        .atMost(Wire.PATIENCE)
        .until(
            () ->
                tool.call("varve.v1.ConsumerGroups", "ListParked", "{\"group\": \"mailer\"}")
                    .contains("no address"));

    assertThat(created).isEqualTo("{}");
    assertThat(heard.getFirst()).contains("\"confirmed\":{", "\"ackTimeout\":\"5s\"");
    assertThat(heard.get(1)).contains("\"type\":\"Opened\"", "\"json\":{\"owner\":\"Ada\"}");
    assertThat(tool.call("varve.v1.ConsumerGroups", "Get", "{\"name\": \"mailer\"}"))
        .contains("\"checkpoint\":\"1\"", "\"parked\":\"1\"");
    assertThat(tool.call("varve.v1.ConsumerGroups", "List", "{}")).contains("\"mailer\"");
  }
}

package io.varve.server.api.grpc;

import com.google.protobuf.ByteString;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.Descriptors.MethodDescriptor;
import com.google.protobuf.Descriptors.ServiceDescriptor;
import io.grpc.Channel;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.reflection.v1.ServerReflectionRequest;
import io.grpc.reflection.v1.ServerReflectionResponse;
import io.grpc.stub.StreamObserver;
import io.varve.server.api.grpc.Wire.Answers;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Every method that a server serves, as it tells itself: a service that is added is among them
 * without anybody's having to remember.
 */
final class ServedMethods {
  private final Channel channel;
  private final Map<String, FileDescriptor> files = new HashMap<>();

  /**
   * A method.
   *
   * @param name its full name, with its service
   * @param input what its requests are
   */
  record Served(String name, Descriptor input) {
    @Override
    public String toString() {
      return name;
    }
  }

  private ServedMethods(Channel channel) {
    this.channel = channel;
  }

  /** All of a server's methods, service by service. */
  static List<Served> of(Channel channel) throws Exception {
    ServedMethods methods = new ServedMethods(channel);
    List<Served> served = new ArrayList<>();
    ServerReflectionResponse services =
        methods.ask(ServerReflectionRequest.newBuilder().setListServices(""));
    for (var service : services.getListServicesResponse().getServiceList()) {
      ServiceDescriptor found = methods.service(service.getName());
      for (MethodDescriptor method : found.getMethods()) {
        served.add(new Served(found.getFullName() + "/" + method.getName(), method.getInputType()));
      }
    }
    return served;
  }

  private ServiceDescriptor service(String name) throws Exception {
    FileDescriptor file = file(ServerReflectionRequest.newBuilder().setFileContainingSymbol(name));
    for (ServiceDescriptor service : file.getServices()) {
      if (service.getFullName().equals(name)) {
        return service;
      }
    }
    throw new IllegalStateException("the file of " + name + " does not have it");
  }

  private FileDescriptor file(ServerReflectionRequest.Builder question) throws Exception {
    List<ByteString> answer =
        ask(question).getFileDescriptorResponse().getFileDescriptorProtoList();
    FileDescriptorProto found = FileDescriptorProto.parseFrom(answer.getFirst());
    FileDescriptor known = files.get(found.getName());
    if (known != null) {
      return known;
    }
    List<FileDescriptor> imports = new ArrayList<>();
    for (String name : found.getDependencyList()) {
      imports.add(file(ServerReflectionRequest.newBuilder().setFileByFilename(name)));
    }
    FileDescriptor built = FileDescriptor.buildFrom(found, imports.toArray(FileDescriptor[]::new));
    files.put(built.getName(), built);
    return built;
  }

  private ServerReflectionResponse ask(ServerReflectionRequest.Builder question) throws Exception {
    Answers<ServerReflectionResponse> answers = new Answers<>();
    StreamObserver<ServerReflectionRequest> call =
        ServerReflectionGrpc.newStub(channel).serverReflectionInfo(answers);
    call.onNext(question.build());
    call.onCompleted();
    Throwable failure = answers.end();
    ServerReflectionResponse answer = failure == null ? answers.received().getFirst() : null;
    if (answer == null || answer.hasErrorResponse()) {
      throw new IllegalStateException("no answer to " + question + ": " + answer, failure);
    }
    return answer;
  }
}

package io.varve.server.api.grpc;

import static io.varve.server.api.grpc.Wire.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.ManagedChannel;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.grpc.channelz.v1.ChannelzGrpc;
import io.grpc.channelz.v1.GetServersRequest;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.stub.StreamObserver;
import io.varve.server.RunningServer;
import io.varve.server.TestServer;
import io.varve.server.api.grpc.Wire.Answers;
import java.nio.file.Path;
import java.util.List;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What stands beside the store: health, reflection, channelz. */
class SideServicesTest {
  @RegisterExtension static final RunningServer running = new RunningServer();

  private static HealthCheckRequest of(String service) {
    return HealthCheckRequest.newBuilder().setService(service).build();
  }

  // ---- health

  @ParameterizedTest
  @ValueSource(
      strings = {"", "varve.v1.EventStore", "varve.v1.Snapshots", "varve.v1.Admin", "umadb.v1.DCB"})
  void a_server_that_serves_says_so(String service) {
    var health = HealthGrpc.newBlockingStub(running.channel());

    assertThat(health.check(of(service)).getStatus()).isEqualTo(ServingStatus.SERVING);
    assertThat(health.watch(of(service)).next().getStatus()).isEqualTo(ServingStatus.SERVING);
  }

  @Test
  void the_health_of_a_service_that_nobody_knows_is_not_found() {
    var health = HealthGrpc.newBlockingStub(running.channel());

    StatusRuntimeException refused =
        Assertions.catchThrowableOfType(
            StatusRuntimeException.class, () -> health.check(of("varve.v1.Nothing")));

    assertThat(refused.getStatus().getCode()).isEqualTo(Code.NOT_FOUND);
    assertThat(health.watch(of("varve.v1.Nothing")).next().getStatus())
        .isEqualTo(ServingStatus.SERVICE_UNKNOWN);
  }

  @Test
  void whoever_watches_sees_not_serving_when_the_server_stops(@TempDir Path folder)
      throws Exception {
    try (TestServer server = TestServer.start(folder)) {
      Answers<HealthCheckResponse> all = new Answers<>();
      Answers<HealthCheckResponse> store = new Answers<>();
      var health = HealthGrpc.newStub(server.connect());
      health.watch(of(""), all);
      health.watch(of("varve.v1.EventStore"), store);
      await()
          .atMost(PATIENCE)
          .until(() -> all.received().size() == 1 && store.received().size() == 1);

      server.stop();

      for (Answers<HealthCheckResponse> watch : List.of(all, store)) {
        assertThat(watch.end()).isNotNull();
        assertThat(watch.received().stream().map(HealthCheckResponse::getStatus))
            .containsExactly(ServingStatus.SERVING, ServingStatus.NOT_SERVING);
      }
    }
  }

  // ---- reflection

  private static final List<String> SERVICES =
      List.of(
          "varve.v1.EventStore",
          "varve.v1.Streams",
          "varve.v1.Snapshots",
          "varve.v1.ConsumerGroups",
          "varve.v1.Admin",
          "grpc.health.v1.Health");

  @Test
  void reflection_lists_every_service_of_the_contract() throws Exception {
    Answers<io.grpc.reflection.v1.ServerReflectionResponse> answers = new Answers<>();
    StreamObserver<io.grpc.reflection.v1.ServerReflectionRequest> call =
        io.grpc.reflection.v1.ServerReflectionGrpc.newStub(running.channel())
            .serverReflectionInfo(answers);
    call.onNext(
        io.grpc.reflection.v1.ServerReflectionRequest.newBuilder().setListServices("").build());
    call.onCompleted();

    assertThat(answers.end()).isNull();
    assertThat(
            answers.received().getFirst().getListServicesResponse().getServiceList().stream()
                .map(io.grpc.reflection.v1.ServiceResponse::getName))
        .containsAll(SERVICES);
  }

  @Test
  void reflection_answers_tools_that_speak_its_old_version_only() throws Exception {
    Answers<io.grpc.reflection.v1alpha.ServerReflectionResponse> answers = new Answers<>();
    StreamObserver<io.grpc.reflection.v1alpha.ServerReflectionRequest> call =
        io.grpc.reflection.v1alpha.ServerReflectionGrpc.newStub(running.channel())
            .serverReflectionInfo(answers);
    call.onNext(
        io.grpc.reflection.v1alpha.ServerReflectionRequest.newBuilder()
            .setListServices("")
            .build());
    call.onCompleted();

    assertThat(answers.end()).isNull();
    assertThat(
            answers.received().getFirst().getListServicesResponse().getServiceList().stream()
                .map(io.grpc.reflection.v1alpha.ServiceResponse::getName))
        .containsAll(SERVICES);
  }

  // ---- channelz

  @Test
  void channelz_and_no_reflection_when_asked_for(@TempDir Path folder) throws Exception {
    try (TestServer server = TestServer.withChannelz(folder)) {
      ManagedChannel channel = server.connect();

      assertThat(
              ChannelzGrpc.newBlockingStub(channel)
                  .getServers(GetServersRequest.getDefaultInstance())
                  .getServerCount())
          .isPositive();
      Answers<io.grpc.reflection.v1.ServerReflectionResponse> answers = new Answers<>();
      io.grpc.reflection.v1.ServerReflectionGrpc.newStub(channel)
          .serverReflectionInfo(answers)
          .onCompleted();
      assertThat(Refused.from(answers.end()).code()).isEqualTo(Code.UNIMPLEMENTED);
    }
  }

  @Test
  void channelz_is_not_there_by_default() {
    Refused refused =
        Refused.from(
            () ->
                ChannelzGrpc.newBlockingStub(running.channel())
                    .getServers(GetServersRequest.getDefaultInstance()));

    assertThat(refused.code()).isEqualTo(Code.UNIMPLEMENTED);
  }
}

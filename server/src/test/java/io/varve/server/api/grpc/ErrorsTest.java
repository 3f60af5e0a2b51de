package io.varve.server.api.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import com.google.rpc.RetryInfo;
import io.grpc.Status.Code;
import io.varve.server.append.Outcome;
import io.varve.server.event.Position;
import io.varve.server.event.StreamVersion;
import io.varve.server.storage.DamagedDataException;
import java.time.Instant;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** Errors that a healthy server does not make, as a caller would see them. */
class ErrorsTest {
  private static final Logger LOG = (Logger) LoggerFactory.getLogger(Errors.class);

  @BeforeEach
  void faults_are_wanted_here() {
    LOG.setLevel(Level.OFF);
  }

  @AfterEach
  void log_as_before() {
    LOG.setLevel(null);
  }

  @Test
  void a_store_that_has_stopped_says_what_the_disk_said() {
    Refused refused =
        Refused.from(
            Errors.refusal(new Outcome.StoreStopped("no space left on device"), _ -> true));

    refused.has(Code.UNAVAILABLE, "STORE_STOPPED");
    assertThat(refused.sentence()).contains("no space left on device", "restarted");
  }

  @Test
  void a_full_queue_and_a_stop_say_when_to_come_back() {
    Refused full = Refused.from(Errors.refusal(new Outcome.QueueFull(7), _ -> true));
    Refused stopping = Refused.from(Errors.refusal(new Outcome.Stopping(), _ -> true));

    full.has(Code.RESOURCE_EXHAUSTED, "QUEUE_FULL");
    stopping.has(Code.UNAVAILABLE, "NOT_SERVING");
    assertThat(full.detail(RetryInfo.class)).isPresent();
    assertThat(stopping.detail(RetryInfo.class)).isPresent();
  }

  @Test
  void damaged_data_says_where() {
    Refused refused =
        Refused.from(Errors.fault(new DamagedDataException(812, "event 812 fails its checksum")));

    refused.has(Code.DATA_LOSS, "DATA_DAMAGED");
    assertThat(refused.metadata()).containsEntry("position", "812");
    assertThat(refused.sentence()).contains("event 812 fails its checksum", "restore");
  }

  @Test
  void a_fault_of_the_server_gives_a_number_and_nothing_else_away() {
    Refused refused = Refused.from(Errors.fault(new IllegalStateException("the secret")));

    refused.has(Code.INTERNAL, "INTERNAL");
    String incident = refused.metadata().get("incident");
    assertThat(UUID.fromString(incident)).isNotNull();
    assertThat(refused.sentence()).contains(incident).doesNotContain("secret", "IllegalState");
  }

  @Test
  void a_refusal_that_is_thrown_stays_what_it_is() {
    Refused.from(Errors.fault(Errors.invalid("stream", "must not be empty"))).isInvalid("stream");
  }

  @Test
  void an_append_that_was_carried_out_is_no_refusal() {
    Outcome appended =
        new Outcome.Appended(new StreamVersion(1), new Position(1), Instant.EPOCH, false);

    assertThatThrownBy(() -> Errors.refusal(appended, _ -> true))
        .isInstanceOf(IllegalArgumentException.class);
  }
}

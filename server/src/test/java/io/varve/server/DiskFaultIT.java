package io.varve.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import io.grpc.ManagedChannel;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.varve.proto.v1.AppendRequest;
import io.varve.proto.v1.EventStoreGrpc;
import io.varve.proto.v1.NewEvent;
import io.varve.server.disk.FaultyDisk.Call;
import io.varve.server.disk.FaultyDisk.Failure;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A disk on which single calls fail while a server is under load. Appends stop, what was
 * acknowledged is read on, health says why, nothing is tried again as if nothing had happened; with
 * the disk well again and a restart everything goes on. What the power would have left is looked at
 * too: a sync that failed leaves bytes that no later sync makes safe.
 *
 * <p>{@code -Dvarve.faults=10} for all that have a name here instead of some, drawn at random, and
 * a third as many that are drawn from all there could be; {@code -Dvarve.seed=N} for the same.
 */
@Timeout(value = 30, unit = TimeUnit.MINUTES)
class DiskFaultIT {
  private static final int FAULTS = Integer.getInteger("varve.faults", 1);
  private static final long SEED = Long.getLong("varve.seed", 20_261_128);
  private static final long ALL = -1;

  @TempDir Path folder;

  /**
   * What fails.
   *
   * @param times how often
   * @param shorten whether the first write that fails writes a half
   * @param part what is in the names of the files that are concerned
   */
  private record Fault(
      Call call, Failure failure, long skip, long times, boolean shorten, String part) {
    @Override
    public String toString() {
      return "%s of %s fails %s with %s%s after %d"
          .formatted(
              call,
              part.isEmpty() ? "everything" : "…" + part + "…",
              times == ALL ? "from then on" : times + " times",
              failure,
              shorten ? ", at first half-way," : "",
              skip);
    }
  }

  /** Those after which the store can know nothing of what is on its disk. */
  static Stream<Arguments> faultsOfTheCommit() {
    List<Arguments> faults = new ArrayList<>(allFaultsOfTheCommit());
    Collections.shuffle(faults, new Random(SEED));
    return faults.stream().limit(FAULTS);
  }

  private static List<Arguments> allFaultsOfTheCommit() {
    return List.of(
        Arguments.of("the disk is full", Call.WRITE, Failure.NO_SPACE, ALL, true, ""),
        Arguments.of(
            "one write of the log fails", Call.WRITE, Failure.IO_ERROR, 1, false, "data/log/0"),
        Arguments.of(
            "one write of the log is torn", Call.WRITE, Failure.IO_ERROR, 1, true, "data/log/0"),
        Arguments.of(
            "one sync of the log fails", Call.SYNC, Failure.IO_ERROR, 1, false, "data/log/0"),
        Arguments.of("no table can be written", Call.WRITE, Failure.NO_SPACE, ALL, true, ".sst"),
        Arguments.of("one table cannot be synced", Call.SYNC, Failure.IO_ERROR, 1, false, ".sst"),
        Arguments.of("no file can be made", Call.CREATE, Failure.NO_SPACE, ALL, false, "data/log/"),
        Arguments.of(
            "the list of files of the log cannot be written",
            Call.WRITE,
            Failure.IO_ERROR,
            1,
            false,
            "data/log/MANIFEST"),
        Arguments.of(
            "the index cannot be written", Call.WRITE, Failure.IO_ERROR, ALL, false, "data/index/"),
        Arguments.of(
            "one write of the mark fails", Call.WRITE, Failure.IO_ERROR, 1, false, "data/head"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("faultsOfTheCommit")
  void appends_stop_and_reads_go_on_and_a_restart_recovers(
      String what, Call call, Failure failure, long times, boolean shorten, String part)
      throws Exception {
    System.out.println("DiskFaultIT: " + what + ", seed " + SEED);
    try (StoreOnFaultyDisk store =
        new StoreOnFaultyDisk(folder.resolve("store"), new Random(SEED))) {
      ManagedChannel channel = store.start();
      store.beginToWrite();
      store.untilPromised(50);
      store.disk.fail(call, failure, 0, times, shorten, part);

      store.untilNobodyWrites();

      assertThat(store.disk.failed()).as("calls that have failed").isPositive();
      refusesAppends(channel);
      saysWhy(store, channel);
      store.check(channel);

      // There is room again, or the disk thinks better of it: what has been lost is not known.
      store.disk.recover();
      refusesAppends(channel);
      saysWhy(store, channel);
      store.check(channel);
      store.disconnect();
      store.server().terminate();
      store.server().exit();
      store.checkWhatALossOfPowerLeaves(false);
      if (call == Call.SYNC) {
        // What a failed sync has left in the system's memory is read by the next server, which must
        // not promise it before it has written it anew.
        store.start();
        store.beginToWrite();
        store.untilPromised(50);
        store.server().kill();
        store.untilNobodyWrites();
        store.disconnect();
        store.checkWhatALossOfPowerLeaves(false);
      }
      store.checkAfterRestart(false);
      System.out.println("DiskFaultIT: " + what + ": " + store.ledger);
    }
  }

  private static void refusesAppends(ManagedChannel channel) {
    StatusRuntimeException refused =
        catchThrowableOfType(
            StatusRuntimeException.class,
            () ->
                EventStoreGrpc.newBlockingStub(channel)
                    .append(
                        AppendRequest.newBuilder()
                            .setStream("late")
                            .addEvents(NewEvent.newBuilder().setType("Happened"))
                            .build()));
    assertThat(refused).isNotNull();
    assertThat(refused.getStatus().getCode()).isEqualTo(Code.UNAVAILABLE);
    assertThat(refused.getStatus().getDescription()).contains("restart");
  }

  private static void saysWhy(StoreOnFaultyDisk store, ManagedChannel channel) throws Exception {
    assertThat(
            HealthGrpc.newBlockingStub(channel)
                .check(HealthCheckRequest.getDefaultInstance())
                .getStatus())
        .isEqualTo(ServingStatus.NOT_SERVING);
    try (OpsClient ops = store.ops()) {
      HttpResponse<String> ready = ops.get("/readyz");
      assertThat(ready.statusCode()).isEqualTo(503);
      assertThat(ready.body()).contains("takes no more appends", "restart");
      assertThat(ops.get("/healthz").statusCode()).as("it is to be restarted").isEqualTo(503);
    }
  }

  @Test
  void what_fails_beside_the_log_costs_no_append_and_no_promise() throws Exception {
    System.out.println("DiskFaultIT: beside the log, seed " + SEED);
    try (StoreOnFaultyDisk store =
        new StoreOnFaultyDisk(folder.resolve("store"), new Random(SEED))) {
      ManagedChannel channel = store.start();
      store.beginToWrite();
      store.beginWithGroupAndSnapshots();
      store.untilPromised(200);
      for (String part : new String[] {"data/groups/0", "data/snapshots/0"}) {
        Call call = part.contains("groups") ? Call.SYNC : Call.WRITE;
        store.disk.fail(call, Failure.IO_ERROR, 0, 1, false, part);
        await().atMost(StoreOnFaultyDisk.PATIENCE).until(() -> store.disk.failed() == 1);
        store.untilPromised(200);
        assertThat(
                HealthGrpc.newBlockingStub(channel)
                    .check(HealthCheckRequest.getDefaultInstance())
                    .getStatus())
            .isEqualTo(ServingStatus.SERVING);
      }
      store.server().kill();
      store.untilNobodyWrites();
      store.disconnect();
      store.checkWhatALossOfPowerLeaves(true);
      store.checkAfterRestart(true);
      System.out.println(
          "DiskFaultIT: beside the log: %s, %s, %s"
              .formatted(store.ledger, store.group, store.snapshots));
    }
  }

  @Test
  void whatever_fails_at_whatever_moment_nothing_acknowledged_is_lost() throws Exception {
    Random random = new Random(SEED);
    int faults = Math.max(1, FAULTS / 3);
    int struck = 0;
    int stopped = 0;
    for (int i = 0; i < faults; i++) {
      Call[] calls = {
        Call.WRITE, Call.WRITE, Call.SYNC, Call.SYNC, Call.CREATE, Call.RENAME, Call.RESIZE
      };
      Call call = calls[random.nextInt(calls.length)];
      String[] parts = {"", "", "data/log/", "data/index/", "data/groups/", "data/snapshots/"};
      Fault fault =
          new Fault(
              call,
              random.nextBoolean() ? Failure.NO_SPACE : Failure.IO_ERROR,
              random.nextInt(call == Call.WRITE ? 100 : call == Call.SYNC ? 40 : 2),
              random.nextBoolean() ? ALL : 1,
              random.nextBoolean(),
              parts[random.nextInt(parts.length)]);
      System.out.println("DiskFaultIT: seed " + SEED + ", fault " + i + ": " + fault);
      Outcome outcome = survives(fault, random);
      struck += outcome.struck() ? 1 : 0;
      stopped += outcome.stopped() ? 1 : 0;
    }
    System.out.println(
        "DiskFaultIT: seed %d, %d faults at random, %d of which struck, after %d the store took no more"
            .formatted(SEED, faults, struck, stopped));
  }

  /**
   * What came of a fault.
   *
   * @param struck whether a call has failed
   * @param stopped whether the store has taken no more appends
   */
  private record Outcome(boolean struck, boolean stopped) {}

  private Outcome survives(Fault fault, Random random) throws Exception {
    try (StoreOnFaultyDisk store = new StoreOnFaultyDisk(folder.resolve("random"), random)) {
      ManagedChannel channel = store.start();
      store.beginToWrite();
      store.beginWithGroupAndSnapshots();
      store.untilPromised(50);
      store.disk.fail(
          fault.call(),
          fault.failure(),
          fault.skip(),
          fault.times(),
          fault.shorten(),
          fault.part());
      int enough = store.ledger.promises() + 3_000;
      HealthGrpc.HealthBlockingStub health = HealthGrpc.newBlockingStub(channel);
      await()
          .atMost(StoreOnFaultyDisk.PATIENCE)
          .pollDelay(Duration.ZERO)
          .pollInterval(Duration.ofMillis(20))
          .until(
              () ->
                  store.ledger.promises() >= enough
                      || health.check(HealthCheckRequest.getDefaultInstance()).getStatus()
                          == ServingStatus.NOT_SERVING);
      boolean stopped =
          health.check(HealthCheckRequest.getDefaultInstance()).getStatus()
              == ServingStatus.NOT_SERVING;
      if (stopped) {
        refusesAppends(channel);
        store.check(channel);
      }
      boolean struck = store.disk.failed() > 0;
      if (random.nextBoolean()) {
        store.disk.recover();
      }
      store.server().kill();
      store.untilNobodyWrites();
      store.disconnect();
      store.checkWhatALossOfPowerLeaves(true);
      store.checkAfterRestart(true);
      return new Outcome(struck, stopped);
    }
  }
}

package io.varve.bank;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.varve.bank.BankClient.Answer;
import io.varve.bank.web.WebServer;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.ForwardingEventStore;
import io.varve.client.streams.SubscribeToLog;
import io.varve.client.streams.Subscription;
import io.varve.client.streams.SubscriptionListener;
import io.varve.client.testkit.InMemoryEventStore;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A bank that was killed and started again does not answer from before the kill without saying so.
 */
class RestartedBankTest {

  private static final Duration SHORT = Duration.ofMillis(300);
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /** While it is shut, nobody hears what happens: so the rows stay as they are. */
  private static final class GatedStore extends ForwardingEventStore {
    private volatile boolean shut;

    GatedStore(EventStore store) {
      super(store);
    }

    @Override
    public Subscription subscribeToLog(SubscribeToLog request, SubscriptionListener listener) {
      if (shut) {
        throw FaultyStore.unavailable();
      }
      return super.subscribeToLog(request, listener);
    }
  }

  @TempDir Path first;
  @TempDir Path second;
  private final FaultyStore away = new FaultyStore(new InMemoryEventStore());
  private final GatedStore store = new GatedStore(away);

  @AfterEach
  void close() {
    store.close();
  }

  private Bank bank(Path data) throws Exception {
    WebServer.Patience patience = new WebServer.Patience(SHORT, PATIENCE);
    return Bank.start(
        store, new Bank.Settings("127.0.0.1", 0, data, patience), InstantSource.system());
  }

  private static Optional<String> behind(Answer answer) {
    return answer.response().headers().firstValue("Varve-Behind");
  }

  /**
   * What it answers once it has rows to answer from, which on a busy machine it has not at once.
   */
  private static Answer rows(BankClient client, String path) {
    return await().atMost(PATIENCE).until(() -> client.get(path), answer -> answer.status() == 200);
  }

  /** What was written while the second bank, which has rows of its own, was not there. */
  private String openAndDepositElsewhere() throws Exception {
    try (Bank bank = bank(first);
        BankClient client = new BankClient(bank.port())) {
      String id = client.open("Ada", "100");
      client.command(id, "deposit", "{\"amount\":1}").expect(200);
      return id;
    }
  }

  @Test
  void rows_that_lack_what_was_written_before_the_start_are_told_to_be_behind() throws Exception {
    String id = openAndDepositElsewhere();
    store.shut = true;
    try (Bank bank = bank(second);
        BankClient client = new BankClient(bank.port())) {
      for (String query : new String[] {"accounts", "transactions", "analytics", "bank"}) {
        assertThat(behind(rows(client, "/api/queries/" + query))).as(query).hasValue("true");
      }
      assertThat(behind(client.get("/api/queries/accounts/" + id).expect(404))).hasValue("true");

      store.shut = false;
      await()
          .atMost(PATIENCE)
          .until(() -> behind(client.get("/api/queries/accounts").expect(200)).isEmpty());
      Answer account = client.get("/api/queries/accounts/" + id).expect(200);
      assertThat(behind(account)).isEmpty();
      assertThat(account.body().at("/balance").toString()).isEqualTo("101.00");
      assertThat(account.position()).isGreaterThanOrEqualTo(2);
    }
  }

  @Test
  void while_nobody_knows_what_was_written_before_the_start_answers_say_that_they_may_be_old()
      throws Exception {
    String id = openAndDepositElsewhere();
    try (Bank bank = bank(second);
        BankClient client = new BankClient(bank.port())) {
      assertThat(client.balance(id)).isEqualTo("101.00");
    }
    away.away(true);
    try (Bank bank = bank(second);
        BankClient client = new BankClient(bank.port())) {
      Answer account = rows(client, "/api/queries/accounts/" + id);
      assertThat(account.at("/balance")).isEqualTo("101.00");
      assertThat(behind(account)).hasValue("true");

      away.away(false);
      await()
          .atMost(PATIENCE)
          .until(() -> behind(client.get("/api/queries/accounts/" + id).expect(200)).isEmpty());
    }
  }
}

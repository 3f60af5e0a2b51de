package io.varve.server;

import io.varve.server.event.NewEvent;
import io.varve.server.event.Position;
import io.varve.server.event.RecordedEvent;
import io.varve.server.event.StreamId;
import io.varve.server.event.StreamVersion;
import io.varve.server.fixture.DecoderFuzz;
import io.varve.server.fixture.StoredForm;
import io.varve.server.fixture.StoredForm.Written;
import io.varve.server.security.AccessChange;
import io.varve.server.security.Permission;
import io.varve.server.security.Role;
import io.varve.server.security.Secrets;
import io.varve.server.storage.DamagedDataException;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;

/** Users and tokens, as they stand in the log. */
class AccessJournalFuzzTest extends DecoderFuzz {
  private static final byte[] NO_KEY = {};
  private static final Secrets SECRETS = new Secrets(new SecureRandom(), 1);

  @Override
  protected List<StoredForm> forms() {
    return List.of(
        of("$UserSaved", _ -> user()),
        of("$UserRemoved", _ -> new AccessChange.UserRemoved("zoë")),
        of("$TokenCreated", AccessJournalFuzzTest::token),
        of("$TokenRevoked", _ -> new AccessChange.TokenRevoked("0123456789ab")));
  }

  private interface Changes {
    AccessChange next(Random random);
  }

  private static StoredForm of(String type, Changes changes) {
    return new StoredForm(
        type,
        random -> {
          AccessChange change = changes.next(random);
          NewEvent event = SystemJournal.event(change, "somebody", UUID::randomUUID);
          return new Written(NO_KEY, event.data(), change);
        },
        (_, data) -> SystemJournal.change(recorded(type, data)),
        false,
        null,
        DamagedDataException.class);
  }

  private static AccessChange user() {
    return new AccessChange.UserSaved("zoë", Role.WRITER, SECRETS.hashOfPassword("p"));
  }

  private static AccessChange token(Random random) {
    return new AccessChange.TokenCreated(
        "0123456789ab",
        "for the \"shop\"",
        Secrets.hashOfToken("t"),
        List.of(Permission.parse("read:account-"), Permission.parse("append:category=bank")),
        random.nextBoolean() ? null : Instant.ofEpochSecond(random.nextInt()));
  }

  private static RecordedEvent recorded(String type, byte[] data) {
    return new RecordedEvent(
        new Position(5),
        new StreamVersion(1),
        Instant.EPOCH,
        new StreamId("$access"),
        new UUID(1, 2),
        type,
        data,
        "application/json",
        Map.of(),
        List.of(),
        null,
        null);
  }
}

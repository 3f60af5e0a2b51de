package io.varve.server;

import io.varve.server.StartFailure.Kind;
import io.varve.server.append.AppendSettings;
import io.varve.server.append.LocalCommitLog;
import io.varve.server.config.ServerConfig;
import io.varve.server.config.Settings;
import io.varve.server.security.AccessChange;
import io.varve.server.security.Role;
import io.varve.server.security.Secrets;
import io.varve.server.storage.EventStorage;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * Users of a store that no server has open. Whoever may write to the data folder may do this: it is
 * how the first administrator comes to be, and how one gets back in who has lost the password.
 */
public final class OfflineUsers {
  private OfflineUsers() {}

  /** Adds a user, or gives one another role and password; durable when this returns. */
  public static void save(ServerConfig config, String name, Role role, String password)
      throws StartFailure {
    InstantSource clock = InstantSource.system();
    SecureRandom random = new SecureRandom();
    EventIds eventIds = new EventIds(clock, random);
    AccessChange change =
        new AccessChange.UserSaved(name, role, new Secrets(random).hashOfPassword(password));
    try (DataFolder folder = DataFolder.open(config.get(Settings.DATA));
        EventStorage storage = VarveServer.open(folder, config, eventIds.get());
        LocalCommitLog commitLog =
            new LocalCommitLog(storage, AppendSettings.defaults(), Thread::new, List.of())
                .start()) {
      CompletableFuture<Optional<String>> answer = new CompletableFuture<>();
      new SystemJournal(commitLog, clock, eventIds)
          .append(
              change,
              "varve users, on the data folder",
              problem -> answer.complete(Optional.ofNullable(problem)));
      Optional<String> problem = answer.join();
      if (problem.isPresent()) {
        throw new StartFailure(Kind.STORAGE_UNUSABLE, "nothing was changed; " + problem.get());
      }
    }
  }
}

package io.varve.server;

import io.varve.server.StartFailure.Kind;
import io.varve.server.append.AppendSettings;
import io.varve.server.append.LocalCommitLog;
import io.varve.server.append.Outcome;
import io.varve.server.config.ServerConfig;
import io.varve.server.config.Settings;
import io.varve.server.read.EventReader;
import io.varve.server.security.AccessChange;
import io.varve.server.security.AccessState;
import io.varve.server.security.Role;
import io.varve.server.security.Secrets;
import io.varve.server.security.StreamAcls;
import io.varve.server.storage.EventStorage;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Users of a store that no server has open. Whoever may write to the data folder may do this: it is
 * how the first administrator comes to be, and how one gets back in who has lost the password.
 */
public final class OfflineUsers {
  private static final int PAGE_BYTES = 64 * 1024;

  private final ServerConfig config;
  private final Secrets secrets;

  /** Users of the store in a folder; a store is made there if there is none. */
  public OfflineUsers(Path folder) {
    this(folder, Secrets.ROUNDS);
  }

  /** The same, with passwords that are hashed so often. */
  OfflineUsers(Path folder, int passwordRounds) {
    this.config = ServerConfig.defaults().with(Settings.DATA, folder);
    this.secrets = new Secrets(new SecureRandom(), passwordRounds);
  }

  /** The users by name. */
  public Map<String, Role> list() throws StartFailure {
    Map<String, Role> users = new TreeMap<>();
    var _ =
        change(
            state -> {
              state.users().forEach((name, user) -> users.put(name, user.saved().role()));
              return null;
            });
    return users;
  }

  /** Adds a user, durably; false: there is one of this name, and nothing was changed. */
  public boolean add(String name, Role role, String password) throws StartFailure {
    return change(
        state ->
            state.users().containsKey(name)
                ? null
                : new AccessChange.UserSaved(name, role, secrets.hashOfPassword(password)));
  }

  /**
   * Gives a user another role or password, durably; false: there is none of this name.
   *
   * @param role null: the one they have
   * @param password null: the one they have
   */
  public boolean set(String name, @Nullable Role role, @Nullable String password)
      throws StartFailure {
    return change(
        state -> {
          AccessState.User user = state.users().get(name);
          return user == null
              ? null
              : new AccessChange.UserSaved(
                  name,
                  role == null ? user.saved().role() : role,
                  password == null
                      ? user.saved().passwordHash()
                      : secrets.hashOfPassword(password));
        });
  }

  /** Removes a user, durably; false: there is none of this name. */
  public boolean remove(String name) throws StartFailure {
    return change(
        state -> state.users().containsKey(name) ? new AccessChange.UserRemoved(name) : null);
  }

  /** Makes the change that is decided on what there is; false: none is. */
  private boolean change(Function<AccessState, @Nullable AccessChange> decision)
      throws StartFailure {
    InstantSource clock = InstantSource.system();
    EventIds eventIds = new EventIds(clock, new SecureRandom());
    try (DataFolder folder = DataFolder.open(config.get(Settings.DATA))) {
      OfflineTools.refuseIfHalfRestored(folder.path());
      try (EventStorage storage = VarveServer.open(folder, config, eventIds.get());
          LocalCommitLog commitLog =
              new LocalCommitLog(storage, AppendSettings.defaults(), Thread::new, List.of())
                  .start()) {
        folder.sync();
        AccessChange change =
            decision.apply(
                SystemJournal.read(
                    new EventReader(storage, PAGE_BYTES, clock),
                    clock.instant(),
                    new StreamAcls()));
        if (change == null) {
          return false;
        }
        CompletableFuture<Outcome> answer = new CompletableFuture<>();
        new SystemJournal(commitLog, clock, eventIds)
            .append(change, "varve users, on the data folder", answer::complete);
        switch (answer.join()) {
          case Outcome.Appended _ -> {}
          case Outcome.StoreStopped(String reason) ->
              throw new StartFailure(
                  Kind.STORAGE_UNUSABLE,
                  "the disk failed ("
                      + reason
                      + "), and it is not known whether the change was"
                      + " made; \"varve users list --data "
                      + folder.path()
                      + "\" shows it");
          case Outcome other ->
              throw new StartFailure(
                  Kind.STORAGE_UNUSABLE,
                  "nothing was changed; the store did not take it: "
                      + other.getClass().getSimpleName());
        }
        return true;
      }
    }
  }
}

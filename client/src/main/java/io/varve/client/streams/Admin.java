package io.varve.client.streams;

import java.util.function.Consumer;

/**
 * Looking after a store that runs. Thread-safe.
 *
 * <pre>{@code
 * BackupResult made = store.admin().createBackup("daily", progress -> System.out.println(progress));
 * }</pre>
 *
 * <p>Every call throws {@link AccessDeniedException} when the caller may not, {@link
 * NotServedException} when the server does not serve it, and {@link StoreUnavailableException} when
 * it cannot be reached. Calls that take long have no deadline; interrupting the thread ends them.
 */
public interface Admin {
  /**
   * Makes a backup in a folder of the server's, or brings the one in it up to date, and returns
   * once it is complete and has been read again. Appends and reads go on meanwhile. When this
   * throws, a backup that was there before is as it was.
   *
   * @param folder relative to the folder that the server's settings allow, or an absolute path
   *     inside it
   * @param progress hears a few times a second how far it has come, on the calling thread; when it
   *     throws, the backup ends
   * @throws InvalidRequestException the server's settings do not allow the folder, or it holds
   *     something else, or another backup is being made
   * @throws StoreFailedException the folder cannot be written, or the store is damaged
   */
  BackupResult createBackup(String folder, Consumer<BackupProgress> progress);

  /**
   * Has the server read everything again and compare it: checksums, positions and versions, every
   * index against the log, snapshots against their streams. Appends and reads go on meanwhile.
   *
   * @param progress hears a few times a second how far it has come, and of all damage, on the
   *     calling thread; when it throws, the verification ends
   * @return how many findings there are; 0: nothing is damaged
   * @throws InvalidRequestException another verification is under way
   */
  long verify(Consumer<VerifyProgress> progress);

  /**
   * Has the space of hidden events reclaimed in the background.
   *
   * @return whether this call started it; otherwise it was running already
   */
  boolean scavenge();

  /**
   * Has the database's files rewritten in the background, so that what has been replaced or
   * reclaimed takes no more space.
   *
   * @return whether this call started it; otherwise it was running already
   */
  boolean compact();
}

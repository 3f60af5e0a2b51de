package io.varve.client.streams;

import org.jspecify.annotations.Nullable;

/**
 * What a store refused or could not do. The message is a sentence for people; the subclasses carry
 * the facts for programs.
 */
public abstract sealed class VarveException extends RuntimeException
    permits AccessDeniedException,
        ArchiveRefusedException,
        ConditionFailedException,
        EventIdTakenException,
        EventsNotKeptException,
        GroupExistsException,
        GroupNotFoundException,
        GroupStoppedException,
        InvalidRequestException,
        NotServedException,
        StoreFailedException,
        StoreOverloadedException,
        StoreUnavailableException,
        StreamDeletedException,
        StreamNotFoundException,
        StreamTombstonedException,
        TrackingNotRisingException,
        VersionConflictException {

  private static final long serialVersionUID = 1;

  VarveException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }

  /**
   * Whether the same call may be repeated as it is, safely (an append with the same events cannot
   * take effect twice) and with some hope. False: something must change first, or the caller must
   * decide again.
   */
  public abstract boolean retryable();
}

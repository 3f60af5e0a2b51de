package io.varve.server.cli;

import io.varve.client.streams.AccessDeniedException;
import io.varve.client.streams.ArchiveRefusedException;
import io.varve.client.streams.ConditionFailedException;
import io.varve.client.streams.EventIdTakenException;
import io.varve.client.streams.EventsNotKeptException;
import io.varve.client.streams.GroupExistsException;
import io.varve.client.streams.GroupNotFoundException;
import io.varve.client.streams.GroupStoppedException;
import io.varve.client.streams.InvalidRequestException;
import io.varve.client.streams.NotServedException;
import io.varve.client.streams.StoreFailedException;
import io.varve.client.streams.StoreOverloadedException;
import io.varve.client.streams.StoreUnavailableException;
import io.varve.client.streams.StreamDeletedException;
import io.varve.client.streams.StreamNotFoundException;
import io.varve.client.streams.StreamTombstonedException;
import io.varve.client.streams.TrackingNotRisingException;
import io.varve.client.streams.VarveException;
import io.varve.client.streams.VersionConflictException;
import io.varve.server.migrate.SourceException;
import java.io.UncheckedIOException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;

/**
 * The one place that turns what a command threw into one sentence on the error output and an exit
 * code. What nobody expected is told by its class; its stack trace is in the log at level DEBUG.
 */
final class Failures implements CommandLine.IExecutionExceptionHandler {
  private static final Logger log = LoggerFactory.getLogger(Failures.class);

  @Override
  public int handleExecutionException(
      Exception thrown, CommandLine command, CommandLine.ParseResult parsed) {
    Throwable failure = beneath(thrown);
    log.debug("the command failed", failure);
    if (failure instanceof UncheckedIOException e && LoudWriter.isPipeClosed(e)) {
      return ExitCode.OK.code(); // the reader, head say, has all that it wanted
    }
    command.getErr().println("varve: " + sentence(failure));
    command.getErr().flush();
    return exitCode(failure).code();
  }

  /** What a failed future or a background thread wrapped up. */
  private static Throwable beneath(Throwable thrown) {
    Throwable failure = thrown;
    while ((failure instanceof CompletionException || failure instanceof ExecutionException)
        && failure.getCause() != null) {
      failure = failure.getCause();
    }
    return failure;
  }

  private static ExitCode exitCode(Throwable failure) {
    return switch (failure) {
      case CommandFailure told -> told.exitCode();
      case VarveException refused -> exitCode(refused);
      case SourceException refused -> exitCode(refused.kind());
      case UncheckedIOException _ -> ExitCode.STORAGE_UNUSABLE;
      default -> ExitCode.UNEXPECTED;
    };
  }

  private static ExitCode exitCode(SourceException.Kind kind) {
    return switch (kind) {
      case UNAVAILABLE -> ExitCode.ADDRESS_UNAVAILABLE;
      case DENIED -> ExitCode.DENIED;
      case REFUSED -> ExitCode.REFUSED;
    };
  }

  /** How scripts are told what the store refused. */
  static ExitCode exitCode(VarveException refused) {
    return switch (refused) {
      case VersionConflictException _,
          ConditionFailedException _,
          EventIdTakenException _,
          TrackingNotRisingException _,
          GroupExistsException _,
          GroupStoppedException _ ->
          ExitCode.CONFLICT;
      case InvalidRequestException _, ArchiveRefusedException _ -> ExitCode.REFUSED;
      case StreamNotFoundException _,
          StreamDeletedException _,
          StreamTombstonedException _,
          EventsNotKeptException _,
          GroupNotFoundException _ ->
          ExitCode.NOT_THERE;
      case StoreUnavailableException _, StoreOverloadedException _, NotServedException _ ->
          ExitCode.ADDRESS_UNAVAILABLE;
      case AccessDeniedException _ -> ExitCode.DENIED;
      case StoreFailedException _ -> ExitCode.STORAGE_UNUSABLE;
    };
  }

  private static String sentence(Throwable failure) {
    Throwable told =
        failure instanceof UncheckedIOException && failure.getCause() != null
            ? failure.getCause()
            : failure;
    String message = told.getMessage();
    if (message == null || message.isBlank()) {
      return "an unexpected " + failure.getClass().getSimpleName();
    }
    String oneLine = message.strip().replaceAll("\\s*\\R\\s*", "; ");
    return switch (failure) {
      case CommandFailure _, VarveException _, SourceException _ -> oneLine;
      case UncheckedIOException _ -> "the output cannot be written: " + oneLine;
      default -> "an unexpected " + failure.getClass().getSimpleName() + ": " + oneLine;
    };
  }
}

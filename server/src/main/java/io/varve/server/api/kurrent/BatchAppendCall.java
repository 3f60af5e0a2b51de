package io.varve.server.api.kurrent;

import com.google.protobuf.Any;
import com.google.protobuf.Duration;
import com.google.protobuf.Empty;
import com.google.protobuf.Message;
import com.google.protobuf.Timestamp;
import com.google.rpc.Code;
import com.google.rpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.varve.proto.kurrent.AccessDenied;
import io.varve.proto.kurrent.BadRequest;
import io.varve.proto.kurrent.MaximumAppendEventSizeExceeded;
import io.varve.proto.kurrent.MaximumAppendSizeExceeded;
import io.varve.proto.kurrent.StreamDeleted;
import io.varve.proto.kurrent.Timeout;
import io.varve.proto.kurrent.Unknown;
import io.varve.proto.kurrent.Uuid;
import io.varve.proto.kurrent.WrongExpectedVersion;
import io.varve.proto.kurrent.streams.BatchAppendOptions;
import io.varve.proto.kurrent.streams.BatchAppendRequest;
import io.varve.proto.kurrent.streams.BatchAppendResponse;
import io.varve.proto.kurrent.streams.BatchAppendSuccess;
import io.varve.proto.kurrent.streams.ProposedMessage;
import io.varve.server.api.grpc.Caller;
import io.varve.server.api.grpc.Refusal;
import io.varve.server.append.Outcome;
import io.varve.server.event.ExpectedVersion;
import io.varve.server.event.NewEvent;
import io.varve.server.event.StreamId;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One call with many appends in flight. Each is told apart by its correlation id, may come in
 * several messages, and is answered when it is decided. A message is taken in for each one that has
 * been dealt with, and while the caller reads its answers, so that what a call holds is bounded.
 */
final class BatchAppendCall implements StreamObserver<BatchAppendRequest> {
  /** Messages that are taken in and not dealt with. */
  private static final int WINDOW = 256;

  /** Appends of which some messages have come, but not the last. */
  private static final int MAX_UNFINISHED = 1_024;

  private static final int MAX_ID_BYTES = 64;
  private static final int MAX_OPTIONS_BYTES = 2_048;

  private final ServerCallStreamObserver<BatchAppendResponse> caller;
  private final Proposals proposals;
  private final Appends appends;
  private final InstantSource clock;
  private final Consumer<BatchAppendCall> gone;
  private final Caller asking = Caller.ofThisCall();

  // One thread at a time brings the caller's messages.
  private final Map<Uuid, Parts> unfinished = new HashMap<>();
  private long heldBytes;

  /** Guards what is sent, and the count of what is in flight. */
  private final Object sending = new Object();

  private int inFlight; // guarded by sending
  private int owed; // messages to take in once the caller reads its answers; guarded by sending
  private boolean halfClosed; // guarded by sending
  private boolean stopping; // guarded by sending
  private boolean ended; // guarded by sending

  /** What has come of one append. */
  private static final class Parts {
    final BatchAppendOptions options;
    final @Nullable Instant deadline;
    final List<NewEvent> events = new ArrayList<>();
    long bytes;
    long heldBytes;

    /** Why it cannot be carried out, whatever comes; null as long as it can. */
    @Nullable Status refused;

    Parts(BatchAppendOptions options, @Nullable Instant deadline) {
      this.options = options;
      this.deadline = deadline;
    }
  }

  /**
   * @param gone hears that the call is over
   */
  BatchAppendCall(
      ServerCallStreamObserver<BatchAppendResponse> caller,
      Proposals proposals,
      Appends appends,
      InstantSource clock,
      Consumer<BatchAppendCall> gone) {
    this.caller = caller;
    this.proposals = proposals;
    this.appends = appends;
    this.clock = clock;
    this.gone = gone;
  }

  /** Takes in the first messages. */
  void start() {
    caller.disableAutoRequest();
    caller.setOnReadyHandler(this::takeInOwed);
    caller.setOnCancelHandler(() -> gone.accept(this));
    caller.setOnCloseHandler(() -> gone.accept(this));
    caller.request(WINDOW);
  }

  // ---- what the caller says

  @Override
  public void onNext(BatchAppendRequest request) {
    synchronized (sending) {
      if (ended) {
        return;
      }
    }
    Uuid id = request.getCorrelationId();
    requireSmall("correlation_id", id, MAX_ID_BYTES);
    // A name that is over its own limit is refused with the append; this is about what is kept.
    requireSmall("options", request.getOptions(), MAX_OPTIONS_BYTES);
    Parts parts = unfinished.get(id);
    if (parts == null) {
      if (unfinished.size() == MAX_UNFINISHED) {
        throw KurrentErrors.invalid(
            "correlation_id", "must not name more than " + MAX_UNFINISHED + " unfinished appends");
      }
      parts = new Parts(request.getOptions(), deadline(request.getOptions()));
      unfinished.put(id, parts);
    }
    add(parts, request.getProposedMessagesList());
    if (!request.getIsFinal()) {
      dealtWith(false);
      return;
    }
    unfinished.remove(id);
    heldBytes -= parts.heldBytes;
    synchronized (sending) {
      inFlight++;
    }
    handOn(id, parts);
  }

  private static void requireSmall(String field, Message message, int maxBytes) {
    if (message.getSerializedSize() > maxBytes) {
      throw KurrentErrors.invalid(field, "must have at most " + maxBytes + " bytes");
    }
  }

  private void add(Parts parts, List<ProposedMessage> messages) {
    for (ProposedMessage message : messages) {
      if (parts.refused != null) {
        return;
      }
      try {
        NewEvent event = proposals.event(message);
        parts.bytes += Proposals.bytes(event);
        parts.heldBytes += Proposals.heldBytes(event);
        heldBytes += Proposals.heldBytes(event);
        if (parts.bytes > proposals.maxBytes()) {
          letGo(parts, tooLarge(proposals.maxBytes()));
        } else if (parts.events.size() == proposals.maxEvents()) {
          letGo(parts, badRequest("proposed_messages " + proposals.tooMany()));
        } else if (heldBytes > 2L * proposals.maxBytes()) {
          letGo(parts, error(Code.UNAVAILABLE, Unknown.getDefaultInstance(), "Unknown"));
        } else {
          parts.events.add(event);
        }
      } catch (StatusRuntimeException e) {
        letGo(parts, refused(e, message));
      } catch (Refusal e) {
        letGo(parts, badRequest(e.status().getMessage()));
      }
    }
  }

  private void letGo(Parts parts, Status refused) {
    parts.refused = refused;
    parts.events.clear();
    heldBytes -= parts.heldBytes;
    parts.heldBytes = 0;
  }

  private @Nullable Instant deadline(BatchAppendOptions options) {
    try {
      return switch (options.getDeadlineOptionCase()) {
        case DEADLINE_AT -> {
          Timestamp at = options.getDeadlineAt();
          yield Instant.ofEpochSecond(at.getSeconds(), at.getNanos());
        }
        case DEADLINE_AFTER -> {
          Duration after = options.getDeadlineAfter();
          yield clock.instant().plusSeconds(after.getSeconds()).plusNanos(after.getNanos());
        }
        case DEADLINEOPTION_NOT_SET -> null;
      };
    } catch (DateTimeException | ArithmeticException e) {
      return null; // beyond what time can hold: no bound
    }
  }

  private void handOn(Uuid id, Parts parts) {
    BatchAppendOptions options = parts.options;
    BatchAppendResponse.Builder answer =
        BatchAppendResponse.newBuilder()
            .setCorrelationId(id)
            .setStreamIdentifier(options.getStreamIdentifier());
    switch (options.getExpectedStreamPositionCase()) {
      case STREAM_POSITION -> answer.setStreamPosition(options.getStreamPosition());
      case NO_STREAM -> answer.setNoStream(options.getNoStream());
      case ANY -> answer.setAny(options.getAny());
      case STREAM_EXISTS -> answer.setStreamExists(options.getStreamExists());
      case EXPECTEDSTREAMPOSITION_NOT_SET -> answer.setAny(Empty.getDefaultInstance());
    }
    Status refused = parts.refused;
    if (refused == null && parts.deadline != null && clock.instant().isAfter(parts.deadline)) {
      refused = error(Code.DEADLINE_EXCEEDED, Timeout.getDefaultInstance(), "Timeout");
    }
    if (refused != null) {
      answer(answer.setError(refused));
      return;
    }
    try {
      StreamId stream = proposals.stream(options);
      Rights.toAppend(asking, stream);
      appends.append(
          new Appends.Wish(stream, Proposals.expected(options), List.copyOf(parts.events)),
          result -> answer(filled(answer, result)));
    } catch (StatusRuntimeException e) {
      asking.wasRefused(e);
      answer(answer.setError(refused(e, ProposedMessage.getDefaultInstance())));
    } catch (Refusal e) {
      asking.wasRefused(e);
      answer(answer.setError(refused(e)));
    }
  }

  @Override
  public void onError(Throwable cause) {
    synchronized (sending) {
      ended = true; // the caller has gone; appends in flight finish without it
    }
  }

  @Override
  public void onCompleted() {
    synchronized (sending) {
      halfClosed = true;
      endIfDone();
    }
  }

  // ---- what is answered

  private static BatchAppendResponse.Builder filled(
      BatchAppendResponse.Builder answer, Appends.Result result) {
    return switch (result) {
      case Appends.Result.Appended(long revision, long position) ->
          answer.setSuccess(
              BatchAppendSuccess.newBuilder()
                  .setCurrentRevision(revision)
                  .setPosition(Wire.position(position)));
      case Appends.Result.Nothing(long version) -> {
        BatchAppendSuccess.Builder success =
            BatchAppendSuccess.newBuilder().setNoPosition(Empty.getDefaultInstance());
        yield answer.setSuccess(
            version == 0
                ? success.setNoStream(Empty.getDefaultInstance())
                : success.setCurrentRevision(version - 1));
      }
      case Appends.Result.Conflict(ExpectedVersion expected, long version) ->
          answer.setError(
              error(Code.ALREADY_EXISTS, conflict(expected, version), "WrongExpectedVersion"));
      case Appends.Result.TooLarge(long maxBytes) -> answer.setError(tooLarge(maxBytes));
      case Appends.Result.Failed _ ->
          answer.setError(error(Code.UNKNOWN, Unknown.getDefaultInstance(), "Unknown"));
      case Appends.Result.Refused refused ->
          answer.setError(
              switch (refused.outcome()) {
                case Outcome.StreamTombstoned tombstoned ->
                    error(
                        Code.NOT_FOUND,
                        StreamDeleted.newBuilder()
                            .setStreamIdentifier(Wire.stream(tombstoned.stream().value()))
                            .build(),
                        "StreamDeleted");
                case Outcome.QueueFull _, Outcome.Stopping _, Outcome.StoreStopped _ ->
                    error(Code.UNAVAILABLE, Unknown.getDefaultInstance(), "Unknown");
                default -> error(Code.UNKNOWN, Unknown.getDefaultInstance(), "Unknown");
              });
    };
  }

  private static WrongExpectedVersion conflict(ExpectedVersion expected, long version) {
    WrongExpectedVersion.Builder conflict = WrongExpectedVersion.newBuilder();
    if (version == 0) {
      conflict.setCurrentNoStream(Empty.getDefaultInstance());
    } else {
      conflict.setCurrentStreamRevision(version - 1);
    }
    switch (expected) {
      case ExpectedVersion.Exactly(long wanted) -> conflict.setExpectedStreamPosition(wanted - 1);
      case ExpectedVersion.NoStream _ -> conflict.setExpectedNoStream(Empty.getDefaultInstance());
      case ExpectedVersion.Any _ -> conflict.setExpectedAny(Empty.getDefaultInstance());
      case ExpectedVersion.StreamExists _ ->
          conflict.setExpectedStreamExists(Empty.getDefaultInstance());
    }
    return conflict.build();
  }

  /** Why an append is refused at the door, with the detail that belongs to it. */
  private Status refused(StatusRuntimeException cause, ProposedMessage message) {
    String sentence = String.valueOf(cause.getStatus().getDescription());
    return switch (cause.getStatus().getCode()) {
      case PERMISSION_DENIED ->
          error(Code.PERMISSION_DENIED, AccessDenied.getDefaultInstance(), "AccessDenied");
      case INVALID_ARGUMENT -> {
        io.grpc.Metadata trailers = cause.getTrailers();
        io.grpc.Metadata.Key<String> size =
            io.grpc.Metadata.Key.of(
                "maximum-append-event-size", io.grpc.Metadata.ASCII_STRING_MARSHALLER);
        String most = trailers == null ? null : trailers.get(size);
        yield most == null
            ? badRequest(sentence)
            : error(
                Code.INVALID_ARGUMENT,
                MaximumAppendEventSizeExceeded.newBuilder()
                    .setEventId(Wire.uuid("id", message.getId()).toString())
                    .setProposedEventSize(message.getSerializedSize())
                    .setMaxAppendEventSize(Integer.parseInt(most))
                    .build(),
                "MaximumAppendEventSizeExceeded");
      }
      default -> error(Code.UNKNOWN, Unknown.getDefaultInstance(), "Unknown");
    };
  }

  private static Status refused(Refusal refusal) {
    return refusal.status().getCode() == Code.PERMISSION_DENIED.getNumber()
        ? error(Code.PERMISSION_DENIED, AccessDenied.getDefaultInstance(), "AccessDenied")
        : badRequest(refusal.status().getMessage());
  }

  private static Status tooLarge(long maxBytes) {
    return error(
        Code.INVALID_ARGUMENT,
        MaximumAppendSizeExceeded.newBuilder().setMaxAppendSize((int) maxBytes).build(),
        "MaximumAppendSizeExceeded");
  }

  private static Status badRequest(String sentence) {
    return error(
        Code.INVALID_ARGUMENT, BadRequest.newBuilder().setMessage(sentence).build(), "BadRequest");
  }

  /** Exactly one detail: some clients read no other. */
  private static Status error(Code code, Message detail, String name) {
    return Status.newBuilder()
        .setCode(code.getNumber())
        .setMessage(name)
        .addDetails(Any.pack(detail))
        .build();
  }

  private void answer(BatchAppendResponse.Builder answer) {
    BatchAppendResponse response = answer.build();
    synchronized (sending) {
      inFlight--;
      if (!ended && !caller.isCancelled()) {
        caller.onNext(response);
      }
      endIfDone();
    }
    dealtWith(true);
  }

  /**
   * Another message may come.
   *
   * @param onceRead only when the caller reads its answers
   */
  private void dealtWith(boolean onceRead) {
    if (onceRead) {
      synchronized (sending) {
        owed++;
      }
      takeInOwed();
    } else {
      caller.request(1);
    }
  }

  private void takeInOwed() {
    int count;
    synchronized (sending) {
      if (owed == 0 || stopping || ended || caller.isCancelled() || !caller.isReady()) {
        return;
      }
      count = owed;
      owed = 0;
    }
    caller.request(count);
  }

  /** Takes in nothing more, and ends the call once everything in flight has been answered. */
  void stop() {
    synchronized (sending) {
      stopping = true;
      endIfDone();
    }
  }

  private void endIfDone() {
    if (ended || inFlight > 0 || caller.isCancelled()) {
      return;
    }
    if (halfClosed) {
      ended = true;
      caller.onCompleted();
    } else if (stopping) {
      ended = true;
      caller.onError(KurrentErrors.stopping());
    }
  }
}

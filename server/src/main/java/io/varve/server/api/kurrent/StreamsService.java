package io.varve.server.api.kurrent;

import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.varve.proto.kurrent.FilterOptions;
import io.varve.proto.kurrent.streams.AllOptions;
import io.varve.proto.kurrent.streams.AppendOptions;
import io.varve.proto.kurrent.streams.AppendRequest;
import io.varve.proto.kurrent.streams.AppendResponse;
import io.varve.proto.kurrent.streams.BatchAppendRequest;
import io.varve.proto.kurrent.streams.BatchAppendResponse;
import io.varve.proto.kurrent.streams.DeleteRequest;
import io.varve.proto.kurrent.streams.DeleteResponse;
import io.varve.proto.kurrent.streams.ReadDirection;
import io.varve.proto.kurrent.streams.ReadOptions;
import io.varve.proto.kurrent.streams.ReadRequest;
import io.varve.proto.kurrent.streams.ReadResponse;
import io.varve.proto.kurrent.streams.StreamNotFound;
import io.varve.proto.kurrent.streams.StreamOptions;
import io.varve.proto.kurrent.streams.StreamsGrpc;
import io.varve.proto.kurrent.streams.TombstoneRequest;
import io.varve.proto.kurrent.streams.TombstoneResponse;
import io.varve.server.api.grpc.Caller;
import io.varve.server.api.grpc.Checks;
import io.varve.server.event.ExpectedVersion;
import io.varve.server.event.Query;
import io.varve.server.event.StreamId;
import io.varve.server.read.EventCursor;
import io.varve.server.read.EventReader;
import io.varve.server.read.LogRead;
import io.varve.server.read.StreamLookUp;
import io.varve.server.read.StreamView;
import io.varve.server.storage.StreamChange;
import io.varve.server.subscription.Subscription;
import io.varve.server.subscription.SubscriptionStart;
import io.varve.server.subscription.Subscriptions;
import java.time.InstantSource;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import java.util.function.LongFunction;
import java.util.function.LongUnaryOperator;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The service {@code event_store.client.streams.Streams}. Thread-safe. */
final class StreamsService extends StreamsGrpc.StreamsImplBase {
  private final EventReader reader;
  private final Subscriptions subscriptions;
  private final StreamDescriptions descriptions;
  private final EventViews views;
  private final Appends appends;
  private final Checks checks;
  private final Proposals proposals;
  private final Executor executor;
  private final InstantSource clock;
  private final IntConsumer readEvents;
  private final IntConsumer delivered;
  private final Set<BatchAppendCall> batches = ConcurrentHashMap.newKeySet();
  private volatile boolean stopping;

  /**
   * @param executor goes on with reads
   * @param readEvents hears how many events reads have handed to the transport
   * @param delivered hears the same of subscriptions
   */
  StreamsService(
      EventReader reader,
      Subscriptions subscriptions,
      StreamDescriptions descriptions,
      EventViews views,
      Appends appends,
      Checks checks,
      Executor executor,
      InstantSource clock,
      IntConsumer readEvents,
      IntConsumer delivered) {
    this.reader = reader;
    this.subscriptions = subscriptions;
    this.descriptions = descriptions;
    this.views = views;
    this.appends = appends;
    this.checks = checks;
    this.proposals = new Proposals(checks);
    this.executor = executor;
    this.clock = clock;
    this.readEvents = readEvents;
    this.delivered = delivered;
  }

  // ---- reading

  @Override
  public void read(ReadRequest request, StreamObserver<ReadResponse> observer) {
    ReadOptions options = request.getOptions();
    ServerCallStreamObserver<ReadResponse> caller =
        (ServerCallStreamObserver<ReadResponse>) observer;
    boolean subscribes = options.getCountOptionCase() == ReadOptions.CountOptionCase.SUBSCRIPTION;
    if (!subscribes && options.getCountOptionCase() != ReadOptions.CountOptionCase.COUNT) {
      throw KurrentErrors.invalid("count_option", "must be set: count or subscription");
    }
    Caller asking = Caller.ofThisCall();
    switch (options.getStreamOptionCase()) {
      case ALL -> {
        if (subscribes) {
          subscribeToAll(options, asking, caller);
        } else {
          readAll(options, asking, caller);
        }
      }
      case STREAM -> {
        StreamId name = Wire.stream(checks, options.getStream().getStreamIdentifier());
        Rights.toRead(asking, name);
        if (subscribes) {
          subscribe(name, options, asking, caller);
        } else {
          read(name, options, asking, caller);
        }
      }
      case STREAMOPTION_NOT_SET ->
          throw KurrentErrors.invalid("stream_option", "must be set: stream or all");
    }
  }

  private static boolean isBackwards(ReadOptions options) {
    return switch (options.getReadDirection()) {
      case READ_DIRECTION_UNSPECIFIED -> false;
      case READ_DIRECTION_BACKWARDS -> true;
      case UNRECOGNIZED -> throw KurrentErrors.invalid("read_direction", "must be 0 or 1");
    };
  }

  /** At most so many events. */
  private static long limit(ReadOptions options) {
    return options.getCount() < 0 ? Long.MAX_VALUE : options.getCount();
  }

  private void readAll(
      ReadOptions options, Caller asking, ServerCallStreamObserver<ReadResponse> caller) {
    RecordFilter filter = filter(options);
    AllOptions all = options.getAll();
    boolean backwards = isBackwards(options);
    long position = all.getPosition().getCommitPosition();
    boolean end =
        all.getAllOptionCase() == AllOptions.AllOptionCase.END
            || (all.getAllOptionCase() == AllOptions.AllOptionCase.POSITION && position < 0);
    boolean given = all.getAllOptionCase() == AllOptions.AllOptionCase.POSITION && !end;
    // Backwards comes what lies before a position; forwards there is nothing behind the end.
    boolean nothing = backwards ? !end && (!given || position <= 1) : end;
    long from = backwards ? (end ? 0 : position - 1) : Math.max(1, position);
    start(
        caller,
        nothing ? nothing() : log(asking.visible(filter.query()), from, backwards),
        views.events(filter, options.getResolveLinks(), asking),
        options,
        _ -> List.of());
  }

  private RecordFilter filter(ReadOptions options) {
    return options.getFilterOptionCase() == ReadOptions.FilterOptionCase.FILTER
        ? RecordFilter.of(options.getFilter())
        : RecordFilter.everything();
  }

  private EventCursor log(Query query, long from, boolean backwards) {
    return reader.readLog(new LogRead(query, from, 0, null, null, backwards, 0));
  }

  /** A read of the log that finds nothing. */
  private EventCursor nothing() {
    return reader.readLog(new LogRead(Query.everything(), Long.MAX_VALUE, 0, null, null, false, 0));
  }

  private void read(
      StreamId name,
      ReadOptions options,
      Caller asking,
      ServerCallStreamObserver<ReadResponse> caller) {
    switch (StreamKind.of(name)) {
      case StreamKind.Plain(StreamId stream) -> readStream(stream, options, asking, caller);
      case StreamKind.MetadataOf metadata -> readMetadata(metadata, options, caller);
      case StreamKind.Links links -> readLinks(links, options, asking, caller);
    }
  }

  private void readStream(
      StreamId stream,
      ReadOptions options,
      Caller asking,
      ServerCallStreamObserver<ReadResponse> caller) {
    StreamView view = visible(stream);
    if (view == null) {
      notFound(stream.value(), caller);
      return;
    }
    boolean backwards = isBackwards(options);
    StreamOptions where = options.getStream();
    long from =
        switch (where.getRevisionOptionCase()) {
          case REVISION -> Wire.version(where.getRevision());
          case START, REVISIONOPTION_NOT_SET -> 1;
          case END -> Long.MAX_VALUE;
        };
    long limit = limit(options);
    StreamLookUp<EventCursor> found =
        reader.readStream(
            view,
            backwards ? from : Math.max(from, view.firstKept()),
            backwards,
            limit == Long.MAX_VALUE ? 0 : limit);
    if (!(found instanceof StreamLookUp.Found<EventCursor>(EventCursor cursor))) {
      throw new IllegalStateException("a stream that is visible cannot be read: " + found);
    }
    start(
        caller,
        limit == 0 ? nothing() : cursor,
        views.events(RecordFilter.everything(), options.getResolveLinks(), asking),
        options,
        any -> places(options, any || backwards || from == view.last() + 1, view));
  }

  /** What is seen of a stream; null if there is nothing. */
  private @Nullable StreamView visible(StreamId stream) {
    return switch (reader.viewOf(stream, null)) {
      case StreamLookUp.Found<StreamView>(StreamView view) -> view;
      case StreamLookUp.NotFound<StreamView> _,
          StreamLookUp.Deleted<StreamView> _,
          StreamLookUp.NoLongerKept<StreamView> _ ->
          null;
      case StreamLookUp.Tombstoned<StreamView> _ ->
          throw KurrentErrors.streamDeleted(stream.value());
    };
  }

  /** Where the stream begins and ends, for those who understand it. */
  private static List<ReadResponse> places(ReadOptions options, boolean begins, StreamView view) {
    if (options.getControlOption().getCompatibility() == 0) {
      return List.of();
    }
    ReadResponse last = ReadResponse.newBuilder().setLastStreamPosition(view.last() - 1).build();
    return begins
        ? List.of(last)
        : List.of(
            ReadResponse.newBuilder().setFirstStreamPosition(view.firstKept() - 1).build(), last);
  }

  private static void notFound(String stream, ServerCallStreamObserver<ReadResponse> caller) {
    caller.setOnCancelHandler(() -> {});
    caller.onNext(missing(stream));
    caller.onCompleted();
  }

  private static ReadResponse missing(String stream) {
    return ReadResponse.newBuilder()
        .setStreamNotFound(StreamNotFound.newBuilder().setStreamIdentifier(Wire.stream(stream)))
        .build();
  }

  /** Of a metadata stream the last entry is kept. */
  private void readMetadata(
      StreamKind.MetadataOf metadata,
      ReadOptions options,
      ServerCallStreamObserver<ReadResponse> caller) {
    var _ = visible(metadata.stream()); // one that is closed for ever has no metadata either
    SeenEvent last = descriptions.last(metadata.stream());
    if (last == null) {
      notFound(metadata.name(), caller);
      return;
    }
    StreamOptions where = options.getStream();
    boolean given =
        where.getRevisionOptionCase() == StreamOptions.RevisionOptionCase.REVISION
            && where.getRevision() >= 0;
    boolean wanted =
        isBackwards(options)
            ? where.getRevisionOptionCase() == StreamOptions.RevisionOptionCase.END
                || !given
                || where.getRevision() >= last.revision()
            : where.getRevisionOptionCase() != StreamOptions.RevisionOptionCase.END
                && (!given || where.getRevision() <= last.revision());
    caller.setOnCancelHandler(() -> {});
    if (wanted && limit(options) > 0) {
      caller.onNext(
          ReadResponse.newBuilder()
              .setEvent(
                  new EventViews.Resolved(last, null)
                      .toProto(Wire.wantsText(options.getUuidOption())))
              .build());
      readEvents.accept(1);
    }
    caller.onCompleted();
  }

  private void readLinks(
      StreamKind.Links links,
      ReadOptions options,
      Caller asking,
      ServerCallStreamObserver<ReadResponse> caller) {
    boolean backwards = isBackwards(options);
    StreamOptions where = options.getStream();
    long revision =
        where.getRevisionOptionCase() == StreamOptions.RevisionOptionCase.REVISION
            ? where.getRevision()
            : 0;
    boolean end =
        where.getRevisionOptionCase() == StreamOptions.RevisionOptionCase.END || revision < 0;
    boolean nothing = backwards ? !end && revision == 0 : end;
    EventViews.View view = views.links(links, options.getResolveLinks());
    start(
        caller,
        nothing ? nothing() : log(asking.visible(links.query()), end ? 0 : revision, backwards),
        view,
        options,
        any ->
            any || revision > 0 || nothing || limit(options) == 0
                ? List.of()
                : List.of(missing(links.name())));
  }

  private void start(
      ServerCallStreamObserver<ReadResponse> caller,
      EventCursor cursor,
      EventViews.View view,
      ReadOptions options,
      ReadCall.Closing closing) {
    new ReadCall(
            caller,
            cursor,
            view,
            limit(options),
            Wire.wantsText(options.getUuidOption()),
            closing,
            executor,
            readEvents)
        .start();
  }

  // ---- subscribing

  private void subscribeToAll(
      ReadOptions options, Caller asking, ServerCallStreamObserver<ReadResponse> caller) {
    forwardsOnly(options);
    boolean filtered = options.getFilterOptionCase() == ReadOptions.FilterOptionCase.FILTER;
    FilterOptions filterOptions = options.getFilter();
    RecordFilter filter = filter(options);
    int interval =
        filtered ? RecordFilter.checkpointInterval(filterOptions) : SubscriptionCall.NEVER;
    AllOptions all = options.getAll();
    long position = all.getPosition().getCommitPosition();
    SubscriptionStart start =
        switch (all.getAllOptionCase()) {
          case POSITION ->
              position < 0 ? new SubscriptionStart.Now() : new SubscriptionStart.After(position);
          case START, ALLOPTION_NOT_SET -> new SubscriptionStart.After(0);
          case END -> new SubscriptionStart.Now();
        };
    SubscriptionCall subscriber =
        new SubscriptionCall(
            caller,
            views.events(filter, options.getResolveLinks(), asking),
            Wire.wantsText(options.getUuidOption()),
            interval,
            null,
            null,
            clock,
            delivered);
    Query query = asking.visible(filter.query());
    open(
        caller,
        filtered
            ? () -> subscriptions.toLog(query, start, subscriber, interval)
            : () -> subscriptions.toLog(query, start, subscriber));
  }

  private static void forwardsOnly(ReadOptions options) {
    if (options.getReadDirection() != ReadDirection.READ_DIRECTION_UNSPECIFIED) {
      throw KurrentErrors.invalid("read_direction", "must be forwards in a subscription");
    }
  }

  private void subscribe(
      StreamId name,
      ReadOptions options,
      Caller asking,
      ServerCallStreamObserver<ReadResponse> caller) {
    forwardsOnly(options);
    StreamOptions where = options.getStream();
    long revision = where.getRevision();
    boolean now =
        where.getRevisionOptionCase() == StreamOptions.RevisionOptionCase.END || revision < 0;
    boolean given = where.getRevisionOptionCase() == StreamOptions.RevisionOptionCase.REVISION;
    boolean idAsText = Wire.wantsText(options.getUuidOption());
    switch (StreamKind.of(name)) {
      case StreamKind.Plain(StreamId stream) -> {
        var _ = visible(stream); // one that is closed for ever cannot be followed
        SubscriptionCall subscriber =
            new SubscriptionCall(
                caller,
                views.events(RecordFilter.everything(), options.getResolveLinks(), asking),
                idAsText,
                SubscriptionCall.NEVER,
                position -> reader.headOf(stream, position).version() - 1,
                stream.value(),
                clock,
                delivered);
        open(
            caller,
            () ->
                subscriptions.toStream(
                    stream,
                    start(now, given ? Wire.version(revision) : 0),
                    subscriber,
                    (feed, position) ->
                        ClosingFeed.of(feed, stream, subscriptions.feeds(), position)));
      }
      case StreamKind.MetadataOf metadata ->
          follow(
              StreamChange.changesOf(metadata.stream()),
              views.events(RecordFilter.everything(), false, asking),
              start(now, given ? revision : 0),
              _ -> descriptions.lastChangePosition(metadata.stream()),
              idAsText,
              caller);
      case StreamKind.Links links ->
          follow(
              asking.visible(links.query()),
              views.links(links, options.getResolveLinks()),
              start(now, given ? revision : 0),
              position -> position,
              idAsText,
              caller);
    }
  }

  private static SubscriptionStart start(boolean now, long after) {
    return now ? new SubscriptionStart.Now() : new SubscriptionStart.After(after);
  }

  /** Follows what looks like a stream and is found in the log. */
  private void follow(
      Query query,
      EventViews.View view,
      SubscriptionStart start,
      LongUnaryOperator revisionAt,
      boolean idAsText,
      ServerCallStreamObserver<ReadResponse> caller) {
    SubscriptionCall subscriber =
        new SubscriptionCall(
            caller, view, idAsText, SubscriptionCall.NEVER, revisionAt, null, clock, delivered);
    open(caller, () -> subscriptions.toLog(query, start, subscriber));
  }

  private void open(ServerCallStreamObserver<ReadResponse> caller, Supplier<Subscription> opening) {
    AtomicReference<@Nullable Subscription> open = new AtomicReference<>();
    Runnable signal =
        () -> {
          Subscription subscription = open.get();
          if (subscription != null) {
            subscription.signal();
          }
        };
    Runnable close =
        () -> {
          Subscription subscription = open.getAndSet(null);
          if (subscription != null) {
            subscriptions.close(subscription);
          }
        };
    caller.setOnReadyHandler(signal);
    caller.setOnCloseHandler(close);
    caller.setOnCancelHandler(close);
    open.set(opening.get());
    if (caller.isCancelled()) {
      close.run(); // it went while this one was being opened
    }
    signal.run();
  }

  // ---- appending

  @Override
  public StreamObserver<AppendRequest> append(StreamObserver<AppendResponse> observer) {
    return new AppendCall((ServerCallStreamObserver<AppendResponse>) observer, proposals, appends);
  }

  @Override
  public StreamObserver<BatchAppendRequest> batchAppend(
      StreamObserver<BatchAppendResponse> observer) {
    BatchAppendCall call =
        new BatchAppendCall(
            (ServerCallStreamObserver<BatchAppendResponse>) observer,
            proposals,
            appends,
            clock,
            batches::remove);
    batches.add(call);
    call.start();
    if (stopping) {
      call.stop();
    }
    return call;
  }

  // ---- deleting

  @Override
  public void delete(DeleteRequest request, StreamObserver<DeleteResponse> observer) {
    AppendOptions options = request.getOptions();
    StreamId stream = proposals.stream(options);
    Rights.toDelete(Caller.ofThisCall(), stream);
    ExpectedVersion expected = Proposals.expected(options);
    ServerCallStreamObserver<DeleteResponse> caller =
        (ServerCallStreamObserver<DeleteResponse>) observer;
    appends.delete(
        stream,
        expected,
        closing(
            stream,
            expected,
            caller,
            position ->
                position == 0
                    ? DeleteResponse.newBuilder().setNoPosition(Wire.NOTHING).build()
                    : DeleteResponse.newBuilder().setPosition(Wire.position(position)).build()));
  }

  @Override
  public void tombstone(TombstoneRequest request, StreamObserver<TombstoneResponse> observer) {
    AppendOptions options = request.getOptions();
    StreamId stream = proposals.stream(options);
    Rights.toDelete(Caller.ofThisCall(), stream);
    ExpectedVersion expected = Proposals.expected(options);
    ServerCallStreamObserver<TombstoneResponse> caller =
        (ServerCallStreamObserver<TombstoneResponse>) observer;
    appends.tombstone(
        stream,
        expected,
        closing(
            stream,
            expected,
            caller,
            position ->
                TombstoneResponse.newBuilder().setPosition(Wire.position(position)).build()));
  }

  private static <R> Consumer<Appends.Closing> closing(
      StreamId stream,
      ExpectedVersion expected,
      ServerCallStreamObserver<R> caller,
      LongFunction<R> response) {
    caller.setOnCancelHandler(() -> {});
    return result -> {
      switch (result) {
        case Appends.Closing.Done(long position) -> {
          caller.onNext(response.apply(position));
          caller.onCompleted();
        }
        case Appends.Closing.Conflict(long version) ->
            caller.onError(KurrentErrors.wrongVersion(stream.value(), expected, version));
        case Appends.Closing.Refused refused -> caller.onError(KurrentErrors.of(refused.outcome()));
      }
    };
  }

  /** Ends the calls that would go on for ever and that nobody else ends. */
  void stop() {
    stopping = true;
    batches.forEach(BatchAppendCall::stop);
  }
}

"""KurrentDB's Python client, as it is published, against a running Varve.

Prints the name of each check that held, and ends with an exception at the first that does not. Called with the file
that has the server's port. The last check prints what was acknowledged as it goes on: the server is to be killed
meanwhile, and to be started again on the same data; the file has its new port then.
"""

import asyncio
import json
import sys
import threading
import time
from pathlib import Path
from uuid import uuid4

from kurrentdbclient import (
    AsyncKurrentDBClient,
    KurrentDBClient,
    NewEvent,
    NewEvents,
    StreamState,
)
from kurrentdbclient.events import CaughtUp, Checkpoint, NewRecord, StreamStateCheck
from kurrentdbclient.exceptions import (
    AlreadyExistsError,
    CancelledError,
    ConsistencyChecksFailedError,
    FailedPreconditionError,
    KurrentDBClientError,
    MaximumSubscriptionsReachedError,
    NotFoundError,
    StreamIsDeletedError,
    WrongCurrentVersionError,
)

PATIENCE = 240  # seconds: the machine may be slow, and a server that was killed starts anew
APPENDED = 60  # events, one at a time, while the server is killed

NO_STREAM, ANY, EXISTS = StreamState.NO_STREAM, StreamState.ANY, StreamState.EXISTS

port_file = Path(sys.argv[1])


def uri():
    port = port_file.read_text(encoding="utf-8").strip()
    return f"kurrentdb://127.0.0.1:{port}?tls=false&defaultDeadline={PATIENCE}"


def fresh():
    return f"python{uuid4().hex}-1"


def event(kind, **more):
    return NewEvent(type=kind, data=json.dumps({"is": kind}).encode(), **more)


def events(*kinds):
    return [event(kind) for kind in kinds]


def types(read):
    return [found.type for found in read]


def refused(kind, body):
    try:
        body()
    except kind as refusal:
        return refusal
    raise AssertionError(f"nothing was refused, where {kind.__name__} was awaited")


def same(found, wanted):
    if found != wanted:
        raise AssertionError(f"{found!r} was found, where {wanted!r} was awaited")


def until(sentence, holds):
    deadline = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > deadline:
            raise AssertionError(f"did not come true: {sentence}")
        time.sleep(0.02)


# ---- appends and reads


def appends_under_every_expected_state(client):
    stream = fresh()
    append = client.append_to_stream
    missing = refused(
        WrongCurrentVersionError, lambda: append(stream, events=event("0"), current_version=EXISTS)
    )
    same((missing.stream_name, missing.actual_version), (stream, NO_STREAM))
    refused(WrongCurrentVersionError, lambda: append(stream, events=events("0", "1"), current_version=EXISTS))
    refused(WrongCurrentVersionError, lambda: append(stream, events=events("0", "1"), current_version=3))
    same(client.get_current_version(stream), NO_STREAM)
    first = append(stream, events=events("0", "1"), current_version=NO_STREAM)
    for again in (event("x"), events("x", "y")):  # one is sent by Append, several by BatchAppend
        refusal = refused(
            WrongCurrentVersionError, lambda: append(stream, events=again, current_version=0)
        )
        same((refusal.actual_version, refusal.expected_version), (1, 0))
        refusal = refused(
            WrongCurrentVersionError, lambda: append(stream, events=again, current_version=NO_STREAM)
        )
        same(refusal.actual_version, 1)
    second = append(stream, events=event("2"), current_version=1)
    append(stream, events=events("3", "4"), current_version=2)
    append(stream, events=event("5"), current_version=EXISTS)
    append(stream, events=events("6", "7"), current_version=EXISTS)
    append(stream, events=event("8"), current_version=ANY)
    last = append(stream, events=events("9", "10"), current_version=ANY)
    same(first < second < last, True)
    same(types(client.get_stream(stream)), [str(n) for n in range(11)])
    same(client.get_current_version(stream), 10)
    same(client.get_stream(stream)[-1].commit_position, last)


def a_repeated_append_is_answered_and_not_repeated(client):
    stream = fresh()
    for repeated in (event("0"), events("1", "2")):
        version = client.get_current_version(stream)
        first = client.append_to_stream(stream, events=repeated, current_version=version)
        again = client.append_to_stream(stream, events=repeated, current_version=version)
        same(again, first)
        same(client.append_to_stream(stream, events=repeated, current_version=ANY), first)
    same(types(client.get_stream(stream)), ["0", "1", "2"])


def an_event_comes_back_as_it_was(client):
    stream = fresh()
    written = [
        event("json", metadata=b'{ "$correlationId": "c", "own": [1, 2] }'),
        event("bytes", content_type="application/octet-stream", metadata=b"\x00\xff"),
        event("Ünïcode ✓", metadata=b""),
    ]
    client.append_to_stream(stream, events=written, current_version=NO_STREAM)
    for number, found in enumerate(client.get_stream(stream)):
        wanted = written[number]
        same(
            (found.id, found.type, found.data, found.metadata, found.content_type),
            (wanted.id, wanted.type, wanted.data, wanted.metadata, wanted.content_type),
        )
        same((found.stream_name, found.stream_position), (stream, number))
        same(found.commit_position > 0 and found.recorded_at is not None, True)


def a_stream_is_read_both_ways_from_revisions_and_with_limits(client):
    stream = fresh()
    refused(NotFoundError, lambda: client.get_stream(stream))
    client.append_to_stream(stream, events=events("0", "1", "2", "3"), current_version=NO_STREAM)
    same(types(client.get_stream(stream, stream_position=2)), ["2", "3"])
    same(types(client.get_stream(stream, stream_position=1, limit=2)), ["1", "2"])
    same(types(client.get_stream(stream, stream_position=4)), [])
    same(types(client.get_stream(stream, backwards=True)), ["3", "2", "1", "0"])
    same(types(client.get_stream(stream, backwards=True, limit=2)), ["3", "2"])
    same(types(client.get_stream(stream, backwards=True, stream_position=1)), ["1", "0"])


def the_log_is_read_both_ways_and_with_filters(client):
    stream = fresh()
    client.append_to_stream(stream, events=events("Opened", "Closed", "Opened"), current_version=NO_STREAM)
    position = client.get_stream(stream)[1].commit_position

    def read(**how):
        with client.read_all(**how) as found:
            return types(found)

    here = {"filter_include": [stream], "filter_by_stream_name": True}
    same(read(**here), ["Opened", "Closed", "Opened"])
    same(read(**here, filter_by_prefix=True, backwards=True), ["Opened", "Closed", "Opened"])
    same(read(**here, commit_position=position), ["Closed", "Opened"])
    same(read(**here, commit_position=position, backwards=True), ["Opened"])
    same(read(**here, limit=2), ["Opened", "Closed"])
    types_of = {"filter_include": ["Op.n.d"], "commit_position": position}
    with client.read_all(**types_of) as found:
        same([one.stream_position for one in found if one.stream_name == stream], [2])
    with client.read_all(commit_position=position, filter_exclude=[".*Opened"]) as found:
        same([one.type for one in found if one.stream_name == stream], ["Closed"])
    same(client.get_commit_position() >= position, True)


def links_of_a_category_are_resolved(client):
    stream = fresh()
    category = "$ce-" + stream.rpartition("-")[0]
    client.append_to_stream(stream, events=events("0", "1"), current_version=NO_STREAM)
    same(types(client.get_stream(category)), ["$>", "$>"])
    resolved = client.get_stream(category, resolve_links=True)
    same([(one.type, one.stream_name, one.link.type) for one in resolved], [
        ("0", stream, "$>"),
        ("1", stream, "$>"),
    ])


# ---- several streams at once


def several_streams_are_appended_to_at_once(client):
    one, two = fresh(), fresh()
    client.multi_append_to_stream(
        [NewEvents(one, events("0", "1"), NO_STREAM), NewEvents(two, events("2"), ANY)]
    )
    refusal = refused(
        WrongCurrentVersionError,
        lambda: client.multi_append_to_stream(
            [NewEvents(one, events("x"), ANY), NewEvents(two, events("y"), NO_STREAM)]
        ),
    )
    same((refusal.stream_name, refusal.actual_version), (two, 0))
    same((types(client.get_stream(one)), types(client.get_stream(two))), (["0", "1"], ["2"]))


def records_are_appended_under_checks(client):
    one, two, other = fresh(), fresh(), fresh()

    def record(stream, kind):
        return NewRecord(stream, kind, b"{}", metadata=b'{"by": "us"}')

    done = client.append_records(
        [record(one, "0"), record(two, "1"), record(one, "2")],
        [StreamStateCheck(one, NO_STREAM), StreamStateCheck(other, NO_STREAM)],
    )
    same({place.stream_name: place.stream_position for place in done.stream_positions}, {one: 1, two: 0})
    refusal = refused(
        ConsistencyChecksFailedError,
        lambda: client.append_records(
            record(one, "x"), [StreamStateCheck(two, 0), StreamStateCheck(one, 0), StreamStateCheck(other, EXISTS)]
        ),
    )
    same(
        [(failure.check_index, failure.stream_state_failure.stream_name) for failure in refusal.failures],
        [(1, one), (2, other)],
    )
    same([failure.stream_state_failure.actual_state for failure in refusal.failures], [1, -1])
    same((types(client.get_stream(one)), types(client.get_stream(two))), (["0", "2"], ["1"]))


# ---- deletes and metadata


def deletes_and_tombstones(client):
    stream = fresh()
    refused(NotFoundError, lambda: client.delete_stream(stream, current_version=EXISTS))
    client.append_to_stream(stream, events=events("0", "1"), current_version=NO_STREAM)
    refusal = refused(WrongCurrentVersionError, lambda: client.delete_stream(stream, current_version=0))
    same((refusal.stream_name, refusal.actual_version), (stream, 1))
    client.delete_stream(stream, current_version=1)
    refused(NotFoundError, lambda: client.get_stream(stream))
    same(client.get_current_version(stream), NO_STREAM)
    client.append_to_stream(stream, events=event("2"), current_version=NO_STREAM)
    same([(one.type, one.stream_position) for one in client.get_stream(stream)], [("2", 2)])
    refused(WrongCurrentVersionError, lambda: client.tombstone_stream(stream, current_version=1))
    client.tombstone_stream(stream, current_version=2)
    for gone in (
        lambda: client.get_stream(stream),
        lambda: client.append_to_stream(stream, events=events("3", "4"), current_version=ANY),
        lambda: client.delete_stream(stream, current_version=ANY),
        lambda: client.tombstone_stream(stream, current_version=ANY),
    ):
        refused(StreamIsDeletedError, gone)
    # What refuses a single event, sent by Append, this client does not take apart.
    one = lambda: client.append_to_stream(stream, events=event("3"), current_version=ANY)
    same("is deleted" in str(refused(FailedPreconditionError, one)), True)


def metadata_takes_effect(client):
    stream = fresh()
    same(client.get_stream_metadata(stream), ({}, NO_STREAM))
    client.set_stream_metadata(stream, metadata={"$maxCount": 2, "owner": "us"})
    client.append_to_stream(stream, events=events("0", "1", "2"), current_version=NO_STREAM)
    same(types(client.get_stream(stream)), ["1", "2"])
    metadata, version = client.get_stream_metadata(stream)
    same(metadata, {"$maxCount": 2, "owner": "us"})
    refused(
        WrongCurrentVersionError,
        lambda: client.set_stream_metadata(stream, metadata={"$maxCount": 1}, current_version=NO_STREAM),
    )
    client.set_stream_metadata(stream, metadata={"$tb": 2}, current_version=version)
    same(types(client.get_stream(stream)), ["2"])


# ---- subscriptions


def a_subscription_to_a_stream_catches_up_and_goes_live(client):
    stream = fresh()
    client.append_to_stream(stream, events=events("0", "1"), current_version=NO_STREAM)
    with client.subscribe_to_stream(stream, include_caught_up=True) as subscription:
        same(types([next(subscription), next(subscription)]), ["0", "1"])
        same(isinstance(next(subscription), CaughtUp), True)
        client.append_to_stream(stream, events=events("2"), current_version=1)
        same(next(subscription).type, "2")
    with client.subscribe_to_stream(stream, stream_position=0) as after:
        same(types([next(after), next(after)]), ["1", "2"])
    with client.subscribe_to_stream(stream, from_end=True, include_caught_up=True) as at_end:
        same(isinstance(next(at_end), CaughtUp), True)
        client.append_to_stream(stream, events=events("3"), current_version=2)
        same(next(at_end).type, "3")


def nothing_is_missing_after_a_filtered_checkpoint(client):
    prefix = fresh()
    here = {"filter_include": [prefix], "filter_by_stream_name": True, "filter_by_prefix": True}
    seen, checkpoints = [], []
    with client.subscribe_to_all(
        **here,
        from_end=True,
        include_checkpoints=True,
        include_caught_up=True,
        window_size=1,
        checkpoint_interval_multiplier=2,
    ) as subscription:
        for found in subscription:
            if isinstance(found, CaughtUp):
                for number in range(8):
                    client.append_to_stream(fresh(), events=events("x", "x", "x"), current_version=ANY)
                    client.append_to_stream(f"{prefix}-{number}", events=event(str(number)), current_version=ANY)
            elif isinstance(found, Checkpoint):
                checkpoints.append((found.commit_position, len(seen)))
            else:
                seen.append(found.type)
            if len(seen) == 8 and len(checkpoints) >= 4:
                break
    same(seen, [str(number) for number in range(8)])
    same(checkpoints, sorted(checkpoints))
    for position, count in checkpoints[:-1]:
        if count == 8:
            continue
        with client.subscribe_to_all(**here, commit_position=position) as after:
            same(next(after).type, str(count))


# ---- persistent subscriptions


def a_persistent_subscription_takes_every_answer_and_replays_what_is_parked(client):
    stream = fresh()
    answers = ["retry", "unknown", "park", "skip", "ack"]
    client.append_to_stream(stream, events=events(*answers), current_version=NO_STREAM)
    client.create_subscription_to_stream(
        "g", stream, consumer_strategy="RoundRobin", max_subscriber_count=1, message_timeout=PATIENCE
    )
    refused(AlreadyExistsError, lambda: client.create_subscription_to_stream("g", stream))
    heard = []

    def parked():
        return client.get_subscription_info("g", stream).parked_message_count

    with client.read_subscription_to_stream("g", stream, max_ack_delay=0.01, stopping_grace=0) as subscription:
        refused(MaximumSubscriptionsReachedError, lambda: client.read_subscription_to_stream("g", stream))
        # An event may come again at any time; what is asked is that each comes as often as its answers want.
        while not (heard.count("retry") > 1 and heard.count("unknown") > 1 and set(heard) == set(answers)):
            delivered = next(subscription)
            again = delivered.type in heard
            heard.append(delivered.type)
            if delivered.type == "ack" or again:
                subscription.ack(delivered)
            else:
                subscription.nack(delivered, delivered.type)
            if again:
                same(delivered.retry_count > 0, True)
        until("one event is parked", lambda: parked() == 1)
        client.replay_parked_events("g", stream)
        delivered = next(subscription)
        while delivered.type != "park":
            subscription.ack(delivered)
            delivered = next(subscription)
        subscription.ack(delivered)
        until("no event is parked", lambda: parked() == 0)
        client.append_to_stream(stream, events=event("stop"), current_version=ANY)
        delivered = next(subscription)
        while delivered.type != "stop":
            subscription.ack(delivered)
            delivered = next(subscription)
        subscription.nack(delivered, "stop")
        refused((CancelledError, StopIteration), lambda: [next(subscription) for _ in range(100)])
    with client.read_subscription_to_stream("g", stream, max_ack_delay=0.01, stopping_grace=0) as subscription:
        delivered = next(subscription)
        while delivered.type != "stop":  # what stopped the group comes to whoever joins anew
            subscription.ack(delivered)
            delivered = next(subscription)
        subscription.ack(delivered)
        client.update_subscription_to_stream("g", stream, max_retry_count=3)
        refused((CancelledError, StopIteration), lambda: [next(subscription) for _ in range(100)])
    same(client.get_subscription_info("g", stream).max_retry_count, 3)
    same([group.group_name for group in client.list_subscriptions_to_stream(stream)], ["g"])
    client.delete_subscription("g", stream)
    refused(NotFoundError, lambda: client.get_subscription_info("g", stream))
    refused(NotFoundError, lambda: client.delete_subscription("g", stream))
    same(list(client.list_subscriptions_to_stream(stream)), [])


def a_persistent_subscription_to_the_log_has_a_filter(client):
    stream, group = fresh(), fresh()
    client.append_to_stream(stream, events=events("0", "1"), current_version=NO_STREAM)
    client.create_subscription_to_all(
        group, filter_include=[stream], filter_by_stream_name=True, message_timeout=PATIENCE
    )
    with client.read_subscription_to_all(group, max_ack_delay=0.01, stopping_grace=0) as subscription:
        for kind in ("0", "1", "2"):
            delivered = next(subscription)
            same((delivered.type, delivered.stream_name), (kind, stream))
            subscription.ack(delivered)
            if kind == "1":
                client.append_to_stream(fresh(), events=event("x"), current_version=ANY)
                client.append_to_stream(stream, events=event("2"), current_version=1)
    same(group in [one.group_name for one in client.list_subscriptions()], True)
    client.delete_subscription(group)


# ---- kills


class Stubborn:
    """Tries anew, with another client, until it is done: the server may be gone and come back on another port."""

    def __init__(self):
        self.client = None

    def do(self, body):
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                if self.client is None:
                    self.client = KurrentDBClient(uri())
                return body(self.client)
            except (KurrentDBClientError, OSError) as failure:
                if isinstance(failure, WrongCurrentVersionError) or time.monotonic() > deadline:
                    raise
                self.close()
                time.sleep(0.05)

    def close(self):
        if self.client is not None:
            self.client.close()
            self.client = None


def subscriptions_and_an_appender_go_on_after_kills(_):
    stream = fresh()
    written = [event(str(number)) for number in range(APPENDED)]
    of_stream, of_log = [], []
    failures = []

    def follow_stream(client):
        start = {"stream_position": of_stream[-1][1]} if of_stream else {}
        with client.subscribe_to_stream(stream, **start) as subscription:
            while len(of_stream) < APPENDED:
                found = next(subscription)
                of_stream.append((found.type, found.stream_position))

    def follow_log(client):
        start = {"commit_position": of_log[-1][1]} if of_log else {}
        with client.subscribe_to_all(filter_include=[stream], filter_by_stream_name=True, **start) as subscription:
            while len(of_log) < APPENDED:
                found = next(subscription)
                of_log.append((found.type, found.commit_position))

    def thread(body):
        def run():
            follower = Stubborn()
            try:
                follower.do(body)
            except BaseException as failure:  # told by the main thread
                failures.append(failure)
            finally:
                follower.close()

        started = threading.Thread(target=run, daemon=True)
        started.start()
        return started

    followers = [thread(follow_stream), thread(follow_log)]
    appender = Stubborn()
    for number, one in enumerate(written):
        version = number - 1 if number else NO_STREAM
        appender.do(lambda client: client.append_to_stream(stream, events=one, current_version=version))
        print(f"acknowledged {number + 1}", flush=True)
    for follower in followers:
        follower.join(PATIENCE)
        same(follower.is_alive(), False)
    if failures:
        raise failures[0]
    same(of_stream, [(str(number), number) for number in range(APPENDED)])
    same([kind for kind, _ in of_log], [str(number) for number in range(APPENDED)])
    found = appender.do(lambda client: client.get_stream(stream))
    appender.close()
    same([one.id for one in found], [one.id for one in written])


def the_asynchronous_client_sees_the_same(_):
    async def see():
        client = AsyncKurrentDBClient(uri())
        await client.connect()
        stream = fresh()
        await client.append_to_stream(stream, events=events("0", "1"), current_version=NO_STREAM)
        try:
            await client.append_to_stream(stream, events=events("x"), current_version=NO_STREAM)
            raise AssertionError("nothing was refused")
        except WrongCurrentVersionError as refusal:
            same(refusal.actual_version, 1)
        same(types(await client.get_stream(stream)), ["0", "1"])
        subscription = await client.subscribe_to_stream(stream, include_caught_up=True)
        same([(await anext(subscription)).type for _ in range(2)], ["0", "1"])
        same(isinstance(await anext(subscription), CaughtUp), True)
        await client.append_to_stream(stream, events=event("2"), current_version=1)
        same((await anext(subscription)).type, "2")
        await subscription.stop()
        await client.create_subscription_to_stream("g", stream)
        consumer = await client.read_subscription_to_stream("g", stream, max_ack_delay=0.01, stopping_grace=0)
        for kind in ("0", "1", "2"):
            delivered = await anext(consumer)
            same(delivered.type, kind)
            await consumer.ack(delivered)
        await consumer.stop()
        await client.close()

    asyncio.run(asyncio.wait_for(see(), PATIENCE))


CHECKS = [
    appends_under_every_expected_state,
    a_repeated_append_is_answered_and_not_repeated,
    an_event_comes_back_as_it_was,
    a_stream_is_read_both_ways_from_revisions_and_with_limits,
    the_log_is_read_both_ways_and_with_filters,
    links_of_a_category_are_resolved,
    several_streams_are_appended_to_at_once,
    records_are_appended_under_checks,
    deletes_and_tombstones,
    metadata_takes_effect,
    a_subscription_to_a_stream_catches_up_and_goes_live,
    nothing_is_missing_after_a_filtered_checkpoint,
    a_persistent_subscription_takes_every_answer_and_replays_what_is_parked,
    a_persistent_subscription_to_the_log_has_a_filter,
    the_asynchronous_client_sees_the_same,
    subscriptions_and_an_appender_go_on_after_kills,
]

with KurrentDBClient(uri()) as the_client:
    for check in CHECKS:
        check(the_client)
        print(check.__name__.replace("_", " "), flush=True)

"""What UmaDB's published Python client sees, one sentence a function.

    python3 umadb_client.py SENTENCE URL         asserts it; the server must be empty before the first one and may keep what
                                                  others wrote: every sentence works on tags of its own
    python3 umadb_client.py write FILE COUNT     appends COUNT events, through restarts of the server whose port stands in FILE
    python3 umadb_client.py follow FILE COUNT    prints the first COUNT of them, through the same restarts

The sentences say nothing of Varve: UmaDB itself fulfils them as well, but for those whose names begin with "varve".
"""

import multiprocessing
import sys
import time
import uuid

from umadb import (
    AppendCondition,
    CancelledByUserError,
    Client,
    Event,
    IntegrityError,
    Query,
    QueryItem,
    ServingStatus,
    TrackingInfo,
)

PATIENCE = 600.0  # no test of speed: whoever is so late hangs


def fresh(kind):
    """A tag that nobody else uses."""
    return f"{kind}:{uuid.uuid4()}"


def tagged(*tags, types=None):
    return Query([QueryItem(types=types or [], tags=list(tags))])


def event(kind, *tags, data=b"", **more):
    return Event(event_type=kind, data=data, tags=list(tags), **more)


def types(events):
    return [each.event.event_type for each in events]


def patiently(call):
    """Calls again where the machine stood still for so long that the client gave up its connection: it waits ten seconds for
    the answer to a ping. Whatever is appended meanwhile has an id or is not looked at again, so a repeat is safe."""
    for _ in range(9):
        try:
            return call()
        except Exception as failure:
            if "KeepAliveTimedOut" not in str(failure):
                raise
    return call()


def refused(kind, call):
    try:
        call()
    except kind as refusal:
        assert type(refusal) is kind, type(refusal)
        return str(refusal)
    raise AssertionError("the call was not refused")


# ---- appending and reading


def an_event_comes_back_as_it_was_appended(client):
    tag = fresh("order")
    first = uuid.uuid4()
    metadata = {"correlation": "c-1", "user": "søren", "empty": ""}
    position = client.append(
        [
            event("Placed", tag, "country:dk", data=bytes(range(256)), uuid=first, metadata=metadata),
            event("Paid", tag),
        ]
    )
    placed, paid = client.read(tagged(tag))
    assert placed.position < paid.position == position
    assert placed.event.event_type == "Placed"
    assert placed.event.data == bytes(range(256))
    assert placed.event.tags == [tag, "country:dk"]
    assert placed.event.uuid == first
    assert placed.event.metadata == metadata
    assert placed.tracking_info is None
    assert paid.event.data == b"" and paid.event.metadata == {}


def a_read_goes_either_way_from_any_place(client):
    tag = fresh("walk")
    last = client.append([event(f"E{i}", tag) for i in range(1, 6)])
    places = [each.position for each in client.read(tagged(tag))]
    read = lambda **how: types(client.read(tagged(tag), **how))
    assert places == sorted(places) and places[-1] == last
    assert read() == ["E1", "E2", "E3", "E4", "E5"]
    assert read(start=places[2]) == ["E3", "E4", "E5"]
    assert read(backwards=True) == ["E5", "E4", "E3", "E2", "E1"]
    assert read(start=places[2], backwards=True) == ["E3", "E2", "E1"]
    assert read(limit=2) == ["E1", "E2"]
    assert read(limit=1, backwards=True) == ["E5"]
    assert read(start=places[1], limit=2) == ["E2", "E3"]
    assert read(start=last + 1) == []
    assert read(start=last + 1000, backwards=True)[0] == "E5"
    assert read(start=2**63, backwards=True)[0] == "E5"
    assert read(start=2**64 - 1) == []
    assert read(start=0) == read()
    assert read(start=0, backwards=True) == []
    assert read(limit=0) == []


def a_read_says_what_the_head_is(client):
    tag = fresh("head")
    first = client.append([event("A", tag)])
    last = client.append([event("B", fresh("other"))])
    assert client.head() >= last
    events, head = client.read(tagged(tag)).collect_with_head()
    assert types(events) == ["A"] and head >= last
    events, head = client.read(tagged(tag), limit=5).collect_with_head()
    assert types(events) == ["A"] and head == first
    assert client.read(tagged(tag), limit=0).head() is None
    assert client.read(tagged(fresh("nothing"))).head() >= last
    assert client.read(tagged(fresh("nothing")), limit=1).head() is None


def a_query_is_alternatives_of_types_and_all_tags(client):
    mark, a, b = fresh("mark"), fresh("a"), fresh("b")
    client.append([event("X", mark, a), event("Y", mark, b), event("X", mark, a, b), event("Z", mark)])
    read = lambda *items: types(client.read(Query([QueryItem(types=t, tags=g) for t, g in items])))
    assert read(([], [mark])) == ["X", "Y", "X", "Z"]
    assert read(([], [a, b])) == ["X"]
    assert read((["X"], [mark])) == ["X", "X"]
    assert read((["X", "Z"], [mark])) == ["X", "X", "Z"]
    assert read(([], [a]), (["Y"], [b])) == ["X", "Y", "X"]
    assert read((["X"], [b]), (["Z"], [mark])) == ["X", "Z"]
    assert read((["Q"], [mark])) == []


def many_events_come_in_batches_of_the_size_asked_for(client):
    tag = fresh("many")
    for start in range(0, 1000, 100):
        client.append([event("N", tag, data=str(i).encode()) for i in range(start, start + 100)])
    small = Client(client.url, batch_size=7)
    response = small.read(tagged(tag))
    seen, sizes = [], []
    while batch := response.next_batch():
        sizes.append(len(batch))
        seen += [int(each.event.data) for each in batch]
    assert seen == list(range(1000))
    assert sizes == [7] * 142 + [6], sizes


# ---- conditions


def a_condition_that_does_not_hold_is_an_integrity_error(client):
    tag = fresh("name")
    none = AppendCondition(fail_if_events_match=tagged(tag))
    first = client.append([event("Claimed", tag)], condition=none)
    head = client.head()
    assert refused(IntegrityError, lambda: client.append([event("Claimed", tag)], condition=none))
    assert client.head() == head
    after = lambda place: AppendCondition(fail_if_events_match=tagged(tag), after=place)
    refused(IntegrityError, lambda: client.append([event("Again", tag)], condition=after(first - 1)))
    second = client.append([event("Again", tag)], condition=after(first))
    client.append([event("Elsewhere", fresh("name"))], condition=after(second))
    client.append([event("Ahead", tag)], condition=after(2**63 - 1))
    assert types(client.read(tagged(tag))) == ["Claimed", "Again", "Ahead"]
    everything = AppendCondition(fail_if_events_match=Query())
    refused(IntegrityError, lambda: client.append([event("First", tag)], condition=everything))


def an_append_that_is_repeated_takes_effect_once(client):
    tag = fresh("once")
    condition = AppendCondition(fail_if_events_match=tagged(tag))
    events = [event("A", tag, uuid=uuid.uuid4()), event("B", tag, uuid=uuid.uuid4())]
    position = client.append(events, condition=condition)
    client.append([event("C", fresh("other"))])
    head = client.head()
    assert client.append(events, condition=condition) == position
    assert client.head() == head
    half = [events[0], event("C", tag, uuid=uuid.uuid4())]
    refused(IntegrityError, lambda: client.append(half, condition=condition))
    turned = list(reversed(events))
    refused(IntegrityError, lambda: client.append(turned, condition=condition))
    assert client.head() == head


def varve_knows_a_repeat_without_a_condition_too(client):
    tag = fresh("once")
    events = [event("A", tag, uuid=uuid.uuid4()), event("B", tag, uuid=uuid.uuid4())]
    tracking = TrackingInfo(fresh("source"), 1)
    position = client.append(events, tracking_info=tracking)
    assert client.append(events, tracking_info=tracking) == position
    refused(IntegrityError, lambda: client.append([events[1]] + [event("C", tag, uuid=uuid.uuid4())]))
    assert types(client.read(tagged(tag))) == ["A", "B"]


# ---- tracking


def progress_rises_and_is_stored_with_the_events(client):
    source, tag = fresh("source"), fresh("tracked")
    at = lambda place: TrackingInfo(source, place)
    assert client.get_tracking_info(source) is None
    client.append([event("A", tag), event("B", tag)], tracking_info=at(5))
    assert client.get_tracking_info(source) == 5
    for place in (5, 4, 1):
        refused(IntegrityError, lambda: client.append([event("C", tag)], tracking_info=at(place)))
    closed = AppendCondition(fail_if_events_match=tagged(tag))
    refused(IntegrityError, lambda: client.append([event("C", tag)], closed, at(6)))
    assert client.get_tracking_info(source) == 5
    client.append([event("D", tag)], tracking_info=at(7))
    assert client.get_tracking_info(source) == 7
    assert client.get_tracking_info(fresh("source")) is None
    events = list(client.read(tagged(tag)))
    assert types(events) == ["A", "B", "D"]
    assert [each.tracking_info for each in events] == [at(5), at(5), at(7)]
    assert client.append([], tracking_info=at(8)) == 0
    assert client.get_tracking_info(source) == 8


# ---- subscriptions


def a_subscription_gives_what_was_and_then_what_comes(client):
    tag = fresh("live")
    place = client.append([event("A", tag), event("B", tag)])
    every, later = client.subscribe(tagged(tag)), client.subscribe(tagged(tag), after=place)
    assert [next(every).event.event_type for _ in range(2)] == ["A", "B"]
    third = client.append([event("C", tag)])
    client.append([event("Other", fresh("other"))])
    client.append([event("D", tag)])
    for subscription in (every, later):
        first = next(subscription)
        assert first.event.event_type == "C" and first.position == third
        assert next(subscription).event.event_type == "D"
        subscription.cancel()


def a_subscription_stands_before_there_is_an_event(client):
    tag = fresh("silence")
    subscription = client.subscribe(tagged(tag))  # would hang if the server said nothing until it has something to say
    client.append([event("Broken", tag)])
    assert next(subscription).event.event_type == "Broken"


# ---- several clients at once


def invoice_numbers_have_no_gap_and_no_repeat_under_a_race(client):
    mark = fresh("invoices")
    race(take_invoice_numbers, client.url, [(mark, 15)] * 4)
    numbers = [int(each.event.data) for each in client.read(tagged(mark))]
    assert numbers == list(range(1, 61)), numbers


def take_invoice_numbers(client, mark, count):
    while count > 0:
        last = patiently(lambda: list(client.read(tagged(mark), backwards=True, limit=1)))
        number = int(last[0].event.data) + 1 if last else 1
        after = last[0].position if last else None
        issued = event("InvoiceIssued", mark, data=str(number).encode(), uuid=uuid.uuid4())
        try:
            patiently(lambda: client.append([issued], AppendCondition(tagged(mark), after)))
            count -= 1
        except IntegrityError:
            continue  # somebody was quicker: read again, decide again


def a_course_of_three_takes_three_students_of_eight_who_race(client):
    course = fresh("course")
    client.append([event("CourseDefined", course, data=b"3")])
    race(subscribe_to_course, client.url, [(course, fresh("student")) for _ in range(8)])
    events = list(client.read(tagged(course)))
    assert types(events).count("StudentSubscribed") == 3, types(events)
    assert len({each.event.tags[1] for each in events[1:]}) == 3


def subscribe_to_course(client, course, student):
    while True:
        facts = Query([QueryItem(tags=[course]), QueryItem(tags=[student])])
        events, head = patiently(lambda: client.read(facts).collect_with_head())
        taken = [each for each in events if course in each.event.tags][1:]
        if len(taken) >= 3:
            return
        subscribed = event("StudentSubscribed", course, student, uuid=uuid.uuid4())
        try:
            patiently(lambda: client.append([subscribed], AppendCondition(facts, head)))
            return
        except IntegrityError:
            continue


def race(what, url, arguments):
    """Each in a process of its own, with a client of its own."""
    context = multiprocessing.get_context("spawn")
    runners = [context.Process(target=run, args=(what.__name__, url, args)) for args in arguments]
    for runner in runners:
        runner.start()
    for runner in runners:
        runner.join(PATIENCE)
        assert runner.exitcode == 0, runner.exitcode


def run(name, url, arguments):
    globals()[name](connected(url), *arguments)


# ---- errors and health


def varve_refuses_bad_input_with_a_sentence_and_loses_nothing(client):
    tag = fresh("bad")
    head = client.head()
    twice = uuid.uuid4()
    for what, bad in {
        "events[1].event_type": event("", tag),
        "events[1].tags[0]": event("T", "x" * 300),
        "events[1].tags": event("T", *[f"t{i}" for i in range(65)]),
        "events[1].metadata": event("T", tag, metadata={"$mine": "x"}),
        "events[1].uuid": event("T", tag, uuid=twice),
    }.items():
        good = event("Good", tag, uuid=twice)
        sentence = refused(ValueError, lambda: client.append([good, bad]))
        assert what in sentence, sentence
    sentence = refused(ValueError, lambda: client.append([], tracking_info=TrackingInfo("s", 0)))
    assert "tracking_info.position" in sentence, sentence
    refused(ValueError, lambda: client.get_tracking_info(""))
    refused(ValueError, lambda: list(client.read(tagged(""))))
    refused(ValueError, lambda: next(client.subscribe(tagged(""))))
    assert client.head() == head and list(client.read(tagged(tag))) == []


def health_answers_under_the_services_name(client):
    assert client.check_health() == ServingStatus.SERVING
    assert client.check_health("umadb.v1.DCB") == ServingStatus.SERVING
    assert next(client.watch_health("umadb.v1.DCB")) == ServingStatus.SERVING


# ---- through restarts


def write(file, count):
    """Appends each event until it is acknowledged; ids make the repeats safe."""
    through_restarts(file, count, lambda client, number: client.append([numbered(number)]))


def numbered(number):
    return event("Counted", "counted", data=str(number).encode(), uuid=uuid.UUID(int=number + 1))


def through_restarts(file, count, append):
    client, number, deadline = None, 0, time.monotonic() + PATIENCE
    while number < count:
        try:
            client = client or connected(url_in(file))
            position = append(client, number)
            print("acknowledged", number, position, flush=True)
            number, deadline = number + 1, time.monotonic() + PATIENCE
        except LOST as failure:
            client = None
            await_server(failure, deadline)


def follow(file, count):
    """Prints what comes; after each loss of the server it goes on behind the last event seen."""
    after, seen, deadline = None, 0, time.monotonic() + PATIENCE
    while seen < count:
        try:
            client = connected(url_in(file))  # which ends its subscriptions when nobody holds it any more
            for each in client.subscribe(tagged("counted"), after=after):
                print("seen", int(each.event.data), each.position, flush=True)
                after, seen, deadline = each.position, seen + 1, time.monotonic() + PATIENCE
                if seen == count:
                    return
        except LOST as failure:
            await_server(failure, deadline)


LOST = Exception  # UmaDB's client has a name of its own only for some of the ways in which a server is lost


def await_server(failure, deadline):
    """The server has gone, and comes again on another port. Whatever else goes wrong is raised again."""
    if isinstance(failure, (IntegrityError, ValueError, CancelledByUserError, AssertionError)):
        raise failure
    assert time.monotonic() < deadline, f"the server stays away: {failure}"
    time.sleep(0.05)


def url_in(file):
    with open(file) as stream:
        return "http://127.0.0.1:" + stream.read().strip()


def connected(url):
    return Named(url)


class Named:
    """A client that knows where it is connected to."""

    def __init__(self, url):
        self.url = url
        self.client = Client(url)

    def __getattr__(self, name):
        return getattr(self.client, name)


if __name__ == "__main__":
    what, where, *more = sys.argv[1:]
    if what in ("write", "follow"):
        globals()[what](where, int(more[0]))
    else:
        patiently(lambda: globals()[what](connected(where)))

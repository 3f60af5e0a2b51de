package main

import (
	"errors"
	"io"
	"slices"

	kurrent "github.com/kurrent-io/KurrentDB-Client-Go/kurrentdb"
)

func isEnd(err error) bool {
	return errors.Is(err, io.EOF)
}

func appendsUnderEveryExpectedState(client *kurrent.Client) {
	stream := fresh()
	append := func(state kurrent.StreamState, kinds ...string) (*kurrent.WriteResult, error) {
		return client.AppendToStream(within, stream, expecting(state), events(kinds...)...)
	}
	refusedAppend(append(kurrent.StreamExists{}, "x"))
	refusedAppend(append(kurrent.Revision(3), "x"))
	first := must(append(kurrent.NoStream{}, "0", "1"))
	same(first.NextExpectedVersion, uint64(1))
	refusedAppend(append(kurrent.NoStream{}, "x"))
	same(refusedAppend(append(kurrent.Revision(0), "x", "y")),
		"[ErrorCodeWrongExpectedVersion] an append request failed the optimistic concurrency on the server: "+
			"wrong expected version: expecting '0' but got '1'")
	same(must(append(kurrent.Revision(1), "2")).NextExpectedVersion, uint64(2))
	must(append(kurrent.StreamExists{}, "3"))
	last := must(append(kurrent.Any{}, "4", "5"))
	same(last.NextExpectedVersion, uint64(5))
	same(last.CommitPosition > first.CommitPosition, true)
	same(whole(client, stream), []string{"0", "1", "2", "3", "4", "5"})
}

func aRepeatedAppendIsAnswered(client *kurrent.Client) {
	stream := fresh()
	repeated := events("0", "1")
	first := must(client.AppendToStream(within, stream, expecting(kurrent.NoStream{}), repeated...))
	same(must(client.AppendToStream(within, stream, expecting(kurrent.NoStream{}), repeated...)), first)
	same(must(client.AppendToStream(within, stream, expecting(kurrent.Any{}), repeated...)), first)
	same(whole(client, stream), []string{"0", "1"})
}

func anEventComesBackAsItWas(client *kurrent.Client) {
	stream := fresh()
	written := events("json", "Ünïcode ✓", "bytes")
	written[0].Metadata = []byte(`{ "$correlationId": "c", "own": [1, 2] }`)
	written[1].Metadata = []byte{}
	written[2].Metadata = []byte{0, 255}
	written[2].ContentType = kurrent.ContentTypeBinary
	must(client.AppendToStream(within, stream, expecting(kurrent.NoStream{}), written...))
	for number, one := range must(all(client.ReadStream(within, stream, kurrent.ReadStreamOptions{}, 10))) {
		found, wanted := one.Event, written[number]
		same(found.EventID, wanted.EventID)
		same(found.EventType, wanted.EventType)
		same(string(found.Data), string(wanted.Data))
		same(string(found.UserMetadata), string(wanted.Metadata))
		same(found.ContentType == "application/json", wanted.ContentType == kurrent.ContentTypeJson)
		same(found.StreamID, stream)
		same(found.EventNumber, uint64(number))
		same(found.Position.Commit > 0 && !found.CreatedDate.IsZero(), true)
	}
}

func aStreamIsRead(client *kurrent.Client) {
	stream := fresh()
	refused[[]*kurrent.ResolvedEvent](kurrent.ErrorCodeResourceNotFound)(
		all(client.ReadStream(within, stream, kurrent.ReadStreamOptions{}, 10)))
	write(client, stream, "0", "1", "2", "3")
	forwards := func(from kurrent.StreamPosition, limit uint64) []string {
		return read(client, stream, kurrent.ReadStreamOptions{From: from}, limit)
	}
	backwards := func(from kurrent.StreamPosition, limit uint64) []string {
		return read(client, stream, kurrent.ReadStreamOptions{From: from, Direction: kurrent.Backwards}, limit)
	}
	same(forwards(kurrent.Revision(2), 10), []string{"2", "3"})
	same(forwards(kurrent.Revision(1), 2), []string{"1", "2"})
	same(forwards(kurrent.Revision(4), 10), []string{})
	same(backwards(kurrent.End{}, 10), []string{"3", "2", "1", "0"})
	same(backwards(kurrent.End{}, 2), []string{"3", "2"})
	same(backwards(kurrent.Revision(1), 10), []string{"1", "0"})
}

// This client has filters in subscriptions, not in reads.
func theLogIsRead(client *kurrent.Client) {
	stream := fresh()
	write(client, stream, "Opened", "Closed", "Opened")
	found := of(stream, must(all(client.ReadAll(
		within, kurrent.ReadAllOptions{Direction: kurrent.Backwards, From: kurrent.End{}}, 1_000))))
	same(types(found), []string{"Opened", "Closed", "Opened"})
	second := found[1].Event.Position
	after := must(all(client.ReadAll(within, kurrent.ReadAllOptions{From: second}, 2)))
	same(types(after), []string{"Closed", "Opened"})
	before := must(all(client.ReadAll(
		within, kurrent.ReadAllOptions{From: second, Direction: kurrent.Backwards}, 1)))
	same(types(before), []string{"Opened"})

	for _, filter := range []kurrent.SubscriptionFilter{
		{Type: kurrent.StreamFilterType, Prefixes: []string{"other", stream}},
		{Type: kurrent.StreamFilterType, Regex: "^" + stream + "$"},
	} {
		same(caughtUp(client, &filter), []string{"Opened", "Closed", "Opened"})
	}
	kind := fresh()
	write(client, stream, kind+".Opened")
	same(caughtUp(client, &kurrent.SubscriptionFilter{Type: kurrent.EventFilterType, Prefixes: []string{kind}}),
		[]string{kind + ".Opened"})
	same(caughtUp(client, &kurrent.SubscriptionFilter{Type: kurrent.EventFilterType, Regex: kind + ".Op.n"}),
		[]string{kind + ".Opened"})
}

// What a subscription to the log from its start has until it has caught up.
func caughtUp(client *kurrent.Client, filter *kurrent.SubscriptionFilter) []string {
	subscription := must(client.SubscribeToAll(
		within, kurrent.SubscribeToAllOptions{From: kurrent.Start{}, Filter: filter}))
	defer subscription.Close()
	kinds := []string{}
	for {
		next := subscription.Recv()
		if next.SubscriptionDropped != nil {
			fail("%v", next.SubscriptionDropped.Error)
		}
		if next.CaughtUp != nil {
			return kinds
		}
		if next.EventAppeared != nil {
			kinds = append(kinds, next.EventAppeared.Event.EventType)
		}
	}
}

func linksAreResolved(client *kurrent.Client) {
	stream := fresh()
	category := "$ce-" + stream[:len(stream)-len("-1")]
	write(client, stream, "0", "1")
	same(whole(client, category), []string{"$>", "$>"})
	for number, one := range must(all(client.ReadStream(
		within, category, kurrent.ReadStreamOptions{ResolveLinkTos: true}, 10))) {
		same(one.Event.StreamID, stream)
		same(one.Event.EventNumber, uint64(number))
		same(one.Link.EventType, "$>")
	}
}

// ---- several streams at once

func severalStreamsAreAppendedTo(client *kurrent.Client) {
	one, two := fresh(), fresh()
	append := func(second kurrent.StreamState, kinds ...string) (*kurrent.MultiStreamAppendResponse, error) {
		return client.MultiStreamAppend(within, slices.Values([]kurrent.AppendStreamRequest{
			{StreamName: one, Events: slices.Values(events(kinds...)), ExpectedStreamState: kurrent.Any{}},
			{StreamName: two, Events: slices.Values(events("z")), ExpectedStreamState: second},
		}))
	}
	same(must(append(kurrent.NoStream{}, "0", "1")).Responses,
		[]kurrent.AppendResponse{{Stream: one, StreamRevision: 1}, {Stream: two, StreamRevision: 0}})
	refusal := refused[*kurrent.MultiStreamAppendResponse](kurrent.ErrorCodeStreamRevisionConflict)(
		append(kurrent.NoStream{}, "x"))
	same(refusal.Err(), &kurrent.StreamRevisionConflictError{
		Stream: two, ExpectedRevision: kurrent.NoStream{}, ActualRevision: kurrent.Revision(0)})
	same(whole(client, one), []string{"0", "1"})
	same(whole(client, two), []string{"z"})
}

func recordsAreAppendedUnderChecks(client *kurrent.Client) {
	one, two, other := fresh(), fresh(), fresh()
	records := func(streams ...string) []kurrent.AppendRecord {
		made := make([]kurrent.AppendRecord, len(streams))
		for i, stream := range streams {
			made[i] = kurrent.AppendRecord{Stream: stream, Record: event("e")}
		}
		return made
	}
	check := func(stream string, state kurrent.StreamState) kurrent.ConsistencyCheck {
		return kurrent.StreamStateCheck{Stream: stream, ExpectedState: state}
	}
	done := must(client.AppendRecords(within, records(one, two, one),
		check(one, kurrent.NoStream{}), check(other, kurrent.NoStream{})))
	revisions := map[string]int64{}
	for _, answer := range done.Responses {
		revisions[answer.Stream] = answer.StreamRevision
	}
	same(revisions, map[string]int64{one: 1, two: 0})
	refusal := refused[*kurrent.AppendRecordsResponse](kurrent.ErrorCodeAppendConsistencyViolation)(
		client.AppendRecords(within, records(one),
			check(two, kurrent.Revision(0)), check(one, kurrent.Revision(0)), check(other, kurrent.StreamExists{})))
	same(refusal.Err(), &kurrent.AppendConsistencyViolationError{Violations: []kurrent.ConsistencyViolation{
		{CheckIndex: 1, Stream: one, ExpectedState: kurrent.Revision(0), ActualState: kurrent.Revision(1)},
		{CheckIndex: 2, Stream: other, ExpectedState: kurrent.StreamExists{}, ActualState: kurrent.NoStream{}},
	}})
	same(len(whole(client, one)), 2)
}

// ---- deletes and metadata

func deletesAndTombstones(client *kurrent.Client) {
	stream := fresh()
	type deleted = *kurrent.DeleteResult
	deletes := func(state kurrent.StreamState) (deleted, error) {
		return client.DeleteStream(within, stream, kurrent.DeleteStreamOptions{StreamState: state})
	}
	tombstones := func(state kurrent.StreamState) (deleted, error) {
		return client.TombstoneStream(within, stream, kurrent.TombstoneStreamOptions{StreamState: state})
	}
	write(client, stream, "0", "1")
	// This client has no code of its own for a delete under a wrong revision.
	refusal := refused[deleted](kurrent.ErrorCodeUnknown)(deletes(kurrent.Revision(0)))
	contains(refusal.Error(), "WrongExpectedVersion")
	contains(refusal.Error(), "Actual version: 1")
	must(deletes(kurrent.Revision(1)))
	refused[[]*kurrent.ResolvedEvent](kurrent.ErrorCodeResourceNotFound)(
		all(client.ReadStream(within, stream, kurrent.ReadStreamOptions{}, 10)))
	must(client.AppendToStream(within, stream, expecting(kurrent.NoStream{}), event("2")))
	found := must(all(client.ReadStream(within, stream, kurrent.ReadStreamOptions{}, 10)))
	same(types(found), []string{"2"})
	same(found[0].Event.EventNumber, uint64(2))
	contains(refused[deleted](kurrent.ErrorCodeUnknown)(tombstones(kurrent.Revision(1))).Error(), "WrongExpectedVersion")
	must(tombstones(kurrent.Revision(2)))
	refused[*kurrent.WriteResult](kurrent.ErrorCodeStreamDeleted)(
		client.AppendToStream(within, stream, expecting(kurrent.Any{}), event("3")))
	refused[[]*kurrent.ResolvedEvent](kurrent.ErrorCodeStreamDeleted)(
		all(client.ReadStream(within, stream, kurrent.ReadStreamOptions{}, 10)))
	refused[deleted](kurrent.ErrorCodeStreamDeleted)(deletes(kurrent.Any{}))
	refused[deleted](kurrent.ErrorCodeStreamDeleted)(tombstones(kurrent.Any{}))
}

func metadataTakesEffect(client *kurrent.Client) {
	stream := fresh()
	newest := kurrent.ReadStreamOptions{Direction: kurrent.Backwards, From: kurrent.End{}}
	var said kurrent.StreamMetadata
	said.SetMaxCount(2)
	said.AddCustomProperty("owner", "us")
	must(client.SetStreamMetadata(within, stream, expecting(kurrent.NoStream{}), said))
	write(client, stream, "0", "1", "2")
	same(whole(client, stream), []string{"1", "2"})
	found := must(client.GetStreamMetadata(within, stream, newest))
	same(*found.MaxCount(), uint64(2))
	same(found.CustomProperty("owner"), "us")
	refusedAppend(client.SetStreamMetadata(within, stream, expecting(kurrent.NoStream{}), said))
	var other kurrent.StreamMetadata
	other.SetTruncateBefore(2)
	must(client.SetStreamMetadata(within, stream, expecting(kurrent.Any{}), other))
	same(whole(client, stream), []string{"2"})
	must(client.SetStreamMetadata(within, stream, expecting(kurrent.Any{}), said))
	same(must(client.GetStreamMetadata(within, stream, newest)).CustomProperty("owner"), "us")
}

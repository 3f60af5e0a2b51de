package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	kurrent "github.com/kurrent-io/KurrentDB-Client-Go/kurrentdb"
)

// As many events as are appended, one at a time, while the server is killed.
const appended = 60

func contains(text, part string) {
	if !strings.Contains(text, part) {
		fail("%q was said, where %q was awaited in it", text, part)
	}
}

// The next thing that a subscription has, checkpoints apart.
func next(subscription *kurrent.Subscription) *kurrent.SubscriptionEvent {
	for {
		found := subscription.Recv()
		if found.SubscriptionDropped != nil {
			fail("the subscription has ended: %v", found.SubscriptionDropped.Error)
		}
		if found.CheckPointReached == nil {
			return found
		}
	}
}

func nextTypes(subscription *kurrent.Subscription, count int) []string {
	kinds := []string{}
	for len(kinds) < count {
		found := next(subscription)
		if found.EventAppeared != nil {
			kinds = append(kinds, found.EventAppeared.Event.EventType)
		}
	}
	return kinds
}

func aSubscriptionGoesLive(client *kurrent.Client) {
	stream := fresh()
	write(client, stream, "0", "1")
	subscribe := func(from kurrent.StreamPosition) *kurrent.Subscription {
		return must(client.SubscribeToStream(within, stream, kurrent.SubscribeToStreamOptions{From: from}))
	}
	fromStart := subscribe(kurrent.Start{})
	defer fromStart.Close()
	same(nextTypes(fromStart, 2), []string{"0", "1"})
	same(*next(fromStart).CaughtUp.StreamRevision, uint64(1))
	write(client, stream, "2")
	same(nextTypes(fromStart, 1), []string{"2"})
	after := subscribe(kurrent.Revision(0))
	defer after.Close()
	same(nextTypes(after, 2), []string{"1", "2"})
	atEnd := subscribe(kurrent.End{})
	defer atEnd.Close()
	same(next(atEnd).CaughtUp != nil, true)
	write(client, stream, "3")
	same(nextTypes(atEnd, 1), []string{"3"})
}

func nothingIsMissingAfterACheckpoint(client *kurrent.Client) {
	type checkpoint struct {
		position kurrent.Position
		seen     int
	}
	const count = 8
	prefix := fresh()
	subscribe := func(from kurrent.AllPosition) *kurrent.Subscription {
		return must(client.SubscribeToAll(within, kurrent.SubscribeToAllOptions{
			From:               from,
			MaxSearchWindow:    1,
			CheckpointInterval: 2,
			Filter:             &kurrent.SubscriptionFilter{Type: kurrent.StreamFilterType, Prefixes: []string{prefix}},
		}))
	}
	seen, checkpoints := []string{}, []checkpoint{}
	subscription := subscribe(kurrent.End{})
	defer subscription.Close()
	for len(seen) < count || len(checkpoints) < 4 {
		found := subscription.Recv()
		switch {
		case found.SubscriptionDropped != nil:
			fail("the subscription has ended: %v", found.SubscriptionDropped.Error)
		case found.CaughtUp != nil:
			for number := range count {
				write(client, fresh(), "x", "x", "x")
				write(client, fmt.Sprintf("%s-%d", prefix, number), strconv.Itoa(number))
			}
		case found.CheckPointReached != nil:
			checkpoints = append(checkpoints, checkpoint{*found.CheckPointReached, len(seen)})
		default:
			seen = append(seen, found.EventAppeared.Event.EventType)
		}
	}
	for number, kind := range seen {
		same(kind, strconv.Itoa(number))
	}
	before := uint64(0)
	for _, reached := range checkpoints {
		same(reached.position.Commit > before, true)
		before = reached.position.Commit
		if reached.seen < count {
			after := subscribe(reached.position)
			same(nextTypes(after, 1), []string{strconv.Itoa(reached.seen)})
			try(after.Close())
		}
	}
}

// ---- persistent subscriptions

// The next event that a consumer is given; nil when its subscription has been ended.
func delivered(consumer *kurrent.PersistentSubscription) *kurrent.EventAppeared {
	found := consumer.Recv()
	if found.SubscriptionDropped != nil {
		contains(found.SubscriptionDropped.Error.Error(), "Canceled")
		return nil
	}
	return found.EventAppeared
}

// Goes on to the event of a type, which it leaves unanswered: any other may come again at any time.
func goOnTo(consumer *kurrent.PersistentSubscription, kind string) *kurrent.ResolvedEvent {
	for {
		found := delivered(consumer)
		if found == nil {
			fail("the subscription has ended before %s came", kind)
		}
		if found.Event.Event.EventType == kind {
			return found.Event
		}
		try(consumer.Ack(found.Event))
	}
}

func ends(consumer *kurrent.PersistentSubscription) {
	for delivered(consumer) != nil {
	}
}

func everyAnswer(client *kurrent.Client) {
	stream := fresh()
	answers := map[string]kurrent.NackAction{
		"retry":   kurrent.NackActionRetry,
		"unknown": kurrent.NackActionUnknown,
		"park":    kurrent.NackActionPark,
		"skip":    kurrent.NackActionSkip,
	}
	write(client, stream, "retry", "unknown", "park", "skip", "ack")
	settings := kurrent.SubscriptionSettingsDefault()
	settings.MessageTimeout = int32(patience.Milliseconds())
	settings.MaxSubscriberCount = 1
	options := kurrent.PersistentStreamSubscriptionOptions{Settings: &settings, StartFrom: kurrent.Start{}}
	try(client.CreatePersistentSubscription(within, stream, "g", options))
	refused[any](kurrent.ErrorCodeResourceAlreadyExists)(
		nil, client.CreatePersistentSubscription(within, stream, "g", options))
	subscribe := func() (*kurrent.PersistentSubscription, error) {
		return client.SubscribeToPersistentSubscription(
			within, stream, "g", kurrent.SubscribeToPersistentSubscriptionOptions{})
	}
	info := func() *kurrent.PersistentSubscriptionInfo {
		return must(client.GetPersistentSubscriptionInfo(within, stream, "g", kurrent.GetPersistentSubscriptionOptions{}))
	}
	parked := func(count int64) func() bool {
		return func() bool { return info().Stats.ParkedMessagesCount == count }
	}

	consumer := must(subscribe())
	contains(refused[*kurrent.PersistentSubscription](kurrent.ErrorCodeUnknown)(subscribe()).Error(),
		"Maximum subscriptions reached")
	heard := map[string]int{}
	for len(heard) < 5 || heard["retry"] < 2 || heard["unknown"] < 2 {
		found := delivered(consumer)
		if found == nil {
			fail("the subscription has ended")
		}
		kind := found.Event.Event.EventType
		heard[kind]++
		action, isNack := answers[kind]
		if isNack && heard[kind] == 1 {
			try(consumer.Nack("because", action, found.Event))
		} else {
			try(consumer.Ack(found.Event))
			same(kind == "ack" || found.RetryCount > 0, true)
		}
	}
	until("one event is parked", parked(1))
	try(client.ReplayParkedMessages(within, stream, "g", kurrent.ReplayParkedMessagesOptions{}))
	try(consumer.Ack(goOnTo(consumer, "park")))
	until("no event is parked", parked(0))
	write(client, stream, "stop")
	try(consumer.Nack("because", kurrent.NackActionStop, goOnTo(consumer, "stop")))
	ends(consumer)

	consumer = must(subscribe())
	try(consumer.Ack(goOnTo(consumer, "stop"))) // what stopped the group comes to whoever joins anew
	settings.MaxRetryCount = 3
	try(client.UpdatePersistentSubscription(within, stream, "g", options))
	ends(consumer)
	same(info().Settings.MaxRetryCount, int32(3))
	listed := must(client.ListPersistentSubscriptionsForStream(
		within, stream, kurrent.ListPersistentSubscriptionsOptions{}))
	same(len(listed), 1)
	same(listed[0].GroupName, "g")
	remove := func() error {
		return client.DeletePersistentSubscription(within, stream, "g", kurrent.DeletePersistentSubscriptionOptions{})
	}
	try(remove())
	refused[any](kurrent.ErrorCodeResourceNotFound)(nil, remove())
}

func aPersistentSubscriptionToTheLog(client *kurrent.Client) {
	stream, group := fresh(), fresh()
	write(client, stream, "0", "1")
	settings := kurrent.SubscriptionSettingsDefault()
	settings.MessageTimeout = int32(patience.Milliseconds())
	settings.ConsumerStrategyName = kurrent.ConsumerStrategyDispatchToSingle
	try(client.CreatePersistentSubscriptionToAll(within, group, kurrent.PersistentAllSubscriptionOptions{
		Settings:  &settings,
		StartFrom: kurrent.Start{},
		Filter:    &kurrent.SubscriptionFilter{Type: kurrent.StreamFilterType, Prefixes: []string{stream}},
	}))
	consumer := must(client.SubscribeToPersistentSubscriptionToAll(
		within, group, kurrent.SubscribeToPersistentSubscriptionOptions{}))
	for _, kind := range []string{"0", "1", "2"} {
		found := delivered(consumer).Event
		same(found.Event.EventType, kind)
		same(found.Event.StreamID, stream)
		try(consumer.Ack(found))
		if kind == "1" {
			write(client, fresh(), "x")
			write(client, stream, "2")
		}
	}
	try(consumer.Close())
	names := map[string]bool{}
	for _, listed := range must(client.ListPersistentSubscriptionsToAll(
		within, kurrent.ListPersistentSubscriptionsOptions{})) {
		names[listed.GroupName] = true
	}
	same(names[group], true)
	try(client.DeletePersistentSubscriptionToAll(within, group, kurrent.DeletePersistentSubscriptionOptions{}))
}

// ---- kills

// Tries anew, with another client, until it is done: the server may be gone and come back on another port.
type stubborn struct {
	client *kurrent.Client
}

func (s *stubborn) do(body func(*kurrent.Client) error) {
	for {
		err := s.try(body)
		if err == nil {
			return
		}
		var refusal *kurrent.Error
		isFinal := errors.As(err, &refusal) && refusal.Code() == kurrent.ErrorCodeWrongExpectedVersion
		if isFinal || within.Err() != nil {
			fail("%v", err)
		}
		s.close()
		time.Sleep(50 * time.Millisecond)
	}
}

func (s *stubborn) try(body func(*kurrent.Client) error) error {
	if s.client == nil {
		client, err := connect()
		if err != nil {
			return err
		}
		s.client = client
	}
	return body(s.client)
}

func (s *stubborn) close() {
	if s.client != nil {
		try(s.client.Close())
		s.client = nil
	}
}

// Takes in events until it has as many as are appended.
func follow(subscription *kurrent.Subscription, err error, heard *[]*kurrent.RecordedEvent) error {
	if err != nil {
		return err
	}
	defer subscription.Close()
	for len(*heard) < appended {
		found := subscription.Recv()
		if found.SubscriptionDropped != nil {
			return found.SubscriptionDropped.Error
		}
		if found.EventAppeared != nil {
			*heard = append(*heard, found.EventAppeared.Event)
		}
	}
	return nil
}

func allGoesOnAfterKills(*kurrent.Client) {
	stream := fresh()
	var ofStream, ofLog []*kurrent.RecordedEvent
	var followers sync.WaitGroup
	followers.Go(func() {
		var follower stubborn
		defer follower.close()
		follower.do(func(client *kurrent.Client) error {
			options := kurrent.SubscribeToStreamOptions{From: kurrent.Start{}}
			if len(ofStream) > 0 {
				options.From = kurrent.Revision(ofStream[len(ofStream)-1].EventNumber)
			}
			subscription, err := client.SubscribeToStream(within, stream, options)
			return follow(subscription, err, &ofStream)
		})
	})
	followers.Go(func() {
		var follower stubborn
		defer follower.close()
		follower.do(func(client *kurrent.Client) error {
			options := kurrent.SubscribeToAllOptions{
				From:   kurrent.Start{},
				Filter: &kurrent.SubscriptionFilter{Type: kurrent.StreamFilterType, Prefixes: []string{stream}},
			}
			if len(ofLog) > 0 {
				options.From = ofLog[len(ofLog)-1].Position
			}
			subscription, err := client.SubscribeToAll(within, options)
			return follow(subscription, err, &ofLog)
		})
	})
	var appender stubborn
	defer appender.close()
	for number := range appended {
		one := event(strconv.Itoa(number))
		var state kurrent.StreamState = kurrent.NoStream{}
		if number > 0 {
			state = kurrent.Revision(uint64(number - 1))
		}
		appender.do(func(client *kurrent.Client) error {
			_, err := client.AppendToStream(within, stream, expecting(state), one)
			return err
		})
		fmt.Printf("acknowledged %d\n", number+1)
	}
	followers.Wait()
	for number := range appended {
		kind := strconv.Itoa(number)
		same(ofStream[number].EventType, kind)
		same(ofStream[number].EventNumber, uint64(number))
		same(ofLog[number].EventType, kind)
	}
	appender.do(func(client *kurrent.Client) error {
		found, err := all(client.ReadStream(within, stream, kurrent.ReadStreamOptions{}, 1_000))
		if err == nil {
			same(len(found), appended)
		}
		return err
	})
}

// KurrentDB's Go client, as it is published, against a running Varve. Prints the name of each check that held, and ends
// with a sentence at the first that does not. Called with the file that has the server's port. The last check prints what
// was acknowledged as it goes on: the server is to be killed meanwhile, and to be started again on the same data; the file
// has its new port then.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"
	"time"

	"github.com/google/uuid"
	kurrent "github.com/kurrent-io/KurrentDB-Client-Go/kurrentdb"
)

// The machine may be slow, and a server that was killed starts anew.
const (
	patience = 4 * time.Minute // for one call
	allOfIt  = 12 * time.Minute
)

var (
	portFile = os.Args[1]
	within   context.Context
)

func main() {
	limited, cancel := context.WithTimeout(context.Background(), allOfIt)
	defer cancel()
	within = limited
	client := must(connect())
	for _, check := range []struct {
		name string
		body func(*kurrent.Client)
	}{
		{"appends under every expected state", appendsUnderEveryExpectedState},
		{"a repeated append is answered and not repeated", aRepeatedAppendIsAnswered},
		{"an event comes back as it was", anEventComesBackAsItWas},
		{"a stream is read both ways from revisions and with limits", aStreamIsRead},
		{"the log is read both ways and with filters", theLogIsRead},
		{"links of a category are resolved", linksAreResolved},
		{"several streams are appended to at once", severalStreamsAreAppendedTo},
		{"records are appended under checks", recordsAreAppendedUnderChecks},
		{"deletes and tombstones", deletesAndTombstones},
		{"metadata takes effect", metadataTakesEffect},
		{"a subscription to a stream catches up and goes live", aSubscriptionGoesLive},
		{"nothing is missing after a filtered checkpoint", nothingIsMissingAfterACheckpoint},
		{"a persistent subscription takes every answer and replays what is parked", everyAnswer},
		{"a persistent subscription to the log has a filter", aPersistentSubscriptionToTheLog},
		{"subscriptions and an appender go on after kills", allGoesOnAfterKills},
	} {
		check.body(client)
		fmt.Println(check.name)
	}
	try(client.Close())
}

// Connects to the server that is there now.
func connect() (*kurrent.Client, error) {
	port, err := os.ReadFile(portFile)
	if err != nil {
		return nil, err
	}
	settings, err := kurrent.ParseConnectionString(fmt.Sprintf(
		"kurrentdb://127.0.0.1:%s?tls=false&defaultDeadline=%d&keepAliveInterval=60000&keepAliveTimeout=120000",
		strings.TrimSpace(string(port)), patience.Milliseconds()))
	if err != nil {
		return nil, err
	}
	settings.Logger = kurrent.NoopLogging()
	return kurrent.NewClient(settings)
}

// ---- what is awaited

func fail(format string, values ...any) {
	panic(fmt.Sprintf(format, values...))
}

func try(err error) {
	if err != nil {
		fail("%v", err)
	}
}

func must[T any](value T, err error) T {
	try(err)
	return value
}

func same(found, wanted any) {
	if !reflect.DeepEqual(found, wanted) {
		fail("%v was found, where %v was awaited", found, wanted)
	}
}

// What the client says of a refusal, whose code must be the one awaited.
func refused[T any](code kurrent.ErrorCode) func(value T, err error) *kurrent.Error {
	return func(value T, err error) *kurrent.Error {
		var refusal *kurrent.Error
		if !errors.As(err, &refusal) || refusal.Code() != code {
			fail("%v and %v were answered, where the code %d was awaited", value, err, code)
		}
		return refusal
	}
}

func refusedAppend(written *kurrent.WriteResult, err error) string {
	return refused[*kurrent.WriteResult](kurrent.ErrorCodeWrongExpectedVersion)(written, err).Error()
}

func until(sentence string, holds func() bool) {
	for !holds() {
		if within.Err() != nil {
			fail("did not come true: %s", sentence)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// ---- events

func fresh() string {
	return "go" + strings.ReplaceAll(uuid.NewString(), "-", "") + "-1"
}

func event(kind string) kurrent.EventData {
	return kurrent.EventData{
		EventID:     uuid.New(),
		EventType:   kind,
		ContentType: kurrent.ContentTypeJson,
		Data:        []byte(`{"is":"` + kind + `"}`),
	}
}

func events(kinds ...string) []kurrent.EventData {
	made := make([]kurrent.EventData, len(kinds))
	for i, kind := range kinds {
		made[i] = event(kind)
	}
	return made
}

func expecting(state kurrent.StreamState) kurrent.AppendToStreamOptions {
	return kurrent.AppendToStreamOptions{StreamState: state}
}

func write(client *kurrent.Client, stream string, kinds ...string) {
	must(client.AppendToStream(within, stream, expecting(kurrent.Any{}), events(kinds...)...))
}

// All that a read has; what ends it besides its end is given back.
func all(read *kurrent.ReadStream, err error) ([]*kurrent.ResolvedEvent, error) {
	if err != nil {
		return nil, err
	}
	defer read.Close()
	var found []*kurrent.ResolvedEvent
	for {
		one, err := read.Recv()
		if isEnd(err) {
			return found, nil
		}
		if err != nil {
			return nil, err
		}
		found = append(found, one)
	}
}

func types(found []*kurrent.ResolvedEvent) []string {
	kinds := []string{}
	for _, one := range found {
		kinds = append(kinds, one.Event.EventType)
	}
	return kinds
}

func read(client *kurrent.Client, stream string, options kurrent.ReadStreamOptions, limit uint64) []string {
	return types(must(all(client.ReadStream(within, stream, options, limit))))
}

func whole(client *kurrent.Client, stream string) []string {
	return read(client, stream, kurrent.ReadStreamOptions{}, 1_000)
}

func of(stream string, found []*kurrent.ResolvedEvent) []*kurrent.ResolvedEvent {
	var its []*kurrent.ResolvedEvent
	for _, one := range found {
		if one.OriginalEvent().StreamID == stream {
			its = append(its, one)
		}
	}
	return its
}

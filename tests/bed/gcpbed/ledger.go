package main

import (
	"encoding/json"
	"maps"
	"net/http"
	"sync"
	"time"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"cloud.google.com/go/pubsub/v2/pstest"
)

// ledger keeps what the fake does not tell of a subscription: which messages are out, and until when; how often
// each was received. With a filter, the messages that it drops count as waiting.
type ledger struct {
	mutex         sync.Mutex
	clock         *clock
	subscriptions map[string]*account
}

type account struct {
	opened   time.Time
	out      map[string]lease // by ackId
	done     map[string]bool  // by message
	attempts map[string]int32 // likewise
	pulls    int              // that are held now
}

type lease struct {
	message string
	until   time.Time
}

func newLedger(clock *clock) *ledger {
	return &ledger{clock: clock, subscriptions: map[string]*account{}}
}

func (l *ledger) open(subscription string) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.subscriptions[subscription] = &account{opened: l.clock.now(), out: map[string]lease{}, done: map[string]bool{},
		attempts: map[string]int32{}}
}

// hold notes a pull that waits, until `ended` is called.
func (l *ledger) hold(subscription string) (ended func()) {
	count := func(by int) {
		l.mutex.Lock()
		defer l.mutex.Unlock()
		if account := l.subscriptions[subscription]; account != nil {
			account.pulls += by
		}
	}
	count(+1)
	return func() { count(-1) }
}

func (l *ledger) held(subscription string) int {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.subscriptions[subscription].pulls
}

// handOut notes that a message goes out; how often it has been out, with this time.
func (l *ledger) handOut(subscription string, received *pubsubpb.ReceivedMessage, deadline time.Duration) int32 {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	account, message := l.subscriptions[subscription], received.Message.MessageId
	maps.DeleteFunc(account.out, func(_ string, old lease) bool { return old.message == message }) // its ackId is void
	account.out[received.AckId] = lease{message, l.clock.now().Add(deadline)}
	account.attempts[message]++
	return account.attempts[message]
}

func (l *ledger) extend(subscription string, ids []string, by time.Duration) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	account := l.subscriptions[subscription]
	for _, id := range ids {
		if held, found := account.out[id]; found && by > 0 {
			account.out[id] = lease{held.message, l.clock.now().Add(by)}
		} else {
			delete(account.out, id)
		}
	}
}

// acknowledge gives the ids that led to no message that is out.
func (l *ledger) acknowledge(subscription string, ids []string) (void []string) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	account := l.subscriptions[subscription]
	for _, id := range ids {
		held, found := account.out[id]
		if !found || !l.clock.now().Before(held.until) {
			void = append(void, id)
		}
		if found {
			account.done[held.message] = true // too late, but nobody else has it yet
		}
		delete(account.out, id)
	}
	return void
}

// backlog counts the messages of a topic that a subscription has not acknowledged: those that wait, and
// those that are out.
func (l *ledger) backlog(subscription, topic string, published []*pstest.Message) (waiting, out int) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	account := l.subscriptions[subscription]
	leased := map[string]bool{}
	for _, held := range account.out {
		leased[held.message] = l.clock.now().Before(held.until)
	}
	for _, message := range published {
		switch {
		case message.Topic != topic || message.PublishTime.Before(account.opened) || account.done[message.ID]:
		case leased[message.ID]:
			out++
		default:
			waiting++
		}
	}
	return waiting, out
}

func backlogHandler(ledger *ledger, fake *pstest.Server) http.Handler {
	return http.HandlerFunc(func(answer http.ResponseWriter, request *http.Request) {
		name := request.URL.Query().Get("subscription")
		subscription, err := fake.GServer.GetSubscription(request.Context(),
			&pubsubpb.GetSubscriptionRequest{Subscription: name})
		if err != nil {
			http.Error(answer, err.Error(), http.StatusNotFound)
			return
		}
		waiting, out := ledger.backlog(name, subscription.Topic, fake.Messages())
		_ = json.NewEncoder(answer).Encode(map[string]int{"waiting": waiting, "out": out, "pulls": ledger.held(name)})
	})
}

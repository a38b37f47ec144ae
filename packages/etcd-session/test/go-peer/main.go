// A candidate and locker of Go's clientv3/concurrency, driven by JSON lines.
//
// Every line of stdin is a command with an id; commands run at the same time, and each is answered by one line of stdout with
// its id when it is done. "observe" writes a line with an event for each leader until it is cancelled. Revisions and
// leases are text, since they pass what a double can hold. The end of stdin ends the process; what it holds goes when
// its leases expire.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"go.etcd.io/etcd/api/v3/mvccpb"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/client/v3/concurrency"
)

type command struct {
	ID      int    `json:"id"`
	Op      string `json:"op"`
	Session string `json:"session"`
	TTL     int    `json:"ttl"`
	Prefix  string `json:"prefix"`
	Value   string `json:"value"`
	// The key that "count" counts in, and how many times it does.
	Key    string `json:"key"`
	Rounds int    `json:"rounds"`
	// How many callers "puts" has, and for how many milliseconds it and "contend" go on.
	Callers  int `json:"callers"`
	Duration int `json:"duration"`
	// The id of the command that "cancel" cancels.
	Target int `json:"target"`
}

type keyValue struct {
	Key            string `json:"key"`
	Value          string `json:"value"`
	Lease          string `json:"lease"`
	CreateRevision string `json:"createRevision"`
	ModRevision    string `json:"modRevision"`
}

type answer struct {
	ID     int       `json:"id"`
	Error  string    `json:"error,omitempty"`
	Event  *keyValue `json:"event,omitempty"`
	Result any       `json:"result,omitempty"`
}

// What a won election or an acquired lock stands on.
type place struct {
	Key      string `json:"key"`
	Revision string `json:"revision"`
}

type peer struct {
	client *clientv3.Client

	mu        sync.Mutex
	out       *json.Encoder
	sessions  map[string]*concurrency.Session
	elections map[string]*concurrency.Election
	mutexes   map[string]*concurrency.Mutex
	running   map[int]context.CancelFunc
}

func main() {
	endpoints := flag.String("endpoints", "", "the endpoints of etcd, separated by commas")
	flag.Parse()
	client, err := clientv3.New(clientv3.Config{
		Endpoints:   strings.Split(*endpoints, ","),
		DialTimeout: 30 * time.Second,
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, "go-peer:", err)
		os.Exit(1)
	}
	p := &peer{
		client:    client,
		out:       json.NewEncoder(os.Stdout),
		sessions:  map[string]*concurrency.Session{},
		elections: map[string]*concurrency.Election{},
		mutexes:   map[string]*concurrency.Mutex{},
		running:   map[int]context.CancelFunc{},
	}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var c command
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			fmt.Fprintln(os.Stderr, "go-peer:", err)
			os.Exit(1)
		}
		// Registered before the next line is read, so that a cancel finds what it cancels.
		ctx, cancel := context.WithCancel(client.Ctx())
		p.mu.Lock()
		p.running[c.ID] = cancel
		p.mu.Unlock()
		go p.answer(ctx, c)
	}
}

func (p *peer) answer(ctx context.Context, c command) {
	result, err := p.run(ctx, c)
	a := answer{ID: c.ID, Result: result}
	if err != nil {
		a = answer{ID: c.ID, Error: err.Error()}
	}
	p.mu.Lock()
	p.running[c.ID]()
	delete(p.running, c.ID)
	p.mu.Unlock()
	p.write(a)
}

func (p *peer) write(a answer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.out.Encode(a); err != nil {
		os.Exit(1)
	}
}

func (p *peer) run(ctx context.Context, c command) (any, error) {
	switch c.Op {
	case "open":
		return p.open(c)
	case "puts":
		return p.puts(ctx, c)
	case "contend":
		return p.contend(ctx, c)
	case "cancel":
		p.mu.Lock()
		defer p.mu.Unlock()
		if cancel, ok := p.running[c.Target]; ok {
			cancel()
		}
		return true, nil
	}
	session, election, mutex, err := p.handles(c)
	if err != nil {
		return nil, err
	}
	switch c.Op {
	case "close":
		return true, session.Close()
	case "campaign":
		if err := election.Campaign(ctx, c.Value); err != nil {
			return nil, err
		}
		return place{election.Key(), decimal(election.Rev())}, nil
	case "proclaim":
		return true, election.Proclaim(ctx, c.Value)
	case "resign":
		return true, election.Resign(ctx)
	case "leader":
		seen, err := election.Leader(ctx)
		if err != nil {
			return nil, err
		}
		return describe(seen.Kvs[0]), nil
	case "observe":
		for seen := range election.Observe(ctx) {
			p.write(answer{ID: c.ID, Event: describe(seen.Kvs[0])})
		}
		return true, nil
	case "lock":
		if err := mutex.Lock(ctx); err != nil {
			return nil, err
		}
		return p.held(ctx, mutex)
	case "tryLock":
		if err := mutex.TryLock(ctx); err != nil {
			return nil, err
		}
		return p.held(ctx, mutex)
	case "unlock":
		return true, mutex.Unlock(ctx)
	case "count":
		for range c.Rounds {
			if err := p.count(ctx, mutex, c.Key); err != nil {
				return nil, err
			}
		}
		return true, nil
	}
	return nil, fmt.Errorf("go-peer: no such op: %q", c.Op)
}

func (p *peer) open(c command) (any, error) {
	session, err := concurrency.NewSession(p.client, concurrency.WithTTL(c.TTL))
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sessions[c.Session] = session
	return strconv.FormatInt(int64(session.Lease()), 16), nil
}

// handles finds the session that a command names, and its election and mutex under the command's prefix.
func (p *peer) handles(c command) (*concurrency.Session, *concurrency.Election, *concurrency.Mutex, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	session, ok := p.sessions[c.Session]
	if !ok {
		return nil, nil, nil, fmt.Errorf("go-peer: no such session: %q: open it first", c.Session)
	}
	name := c.Session + " " + c.Prefix
	if p.elections[name] == nil {
		p.elections[name] = concurrency.NewElection(session, c.Prefix)
		p.mutexes[name] = concurrency.NewMutex(session, c.Prefix)
	}
	return session, p.elections[name], p.mutexes[name], nil
}

// held tells the lock's key and the revision that its fence compares, as etcd has them.
func (p *peer) held(ctx context.Context, mutex *concurrency.Mutex) (any, error) {
	seen, err := p.client.Txn(ctx).If(mutex.IsOwner()).Then(clientv3.OpGet(mutex.Key())).Commit()
	if err != nil {
		return nil, err
	}
	if !seen.Succeeded {
		return nil, fmt.Errorf("go-peer: the lock's own fence does not hold: %s", mutex.Key())
	}
	kv := seen.Responses[0].GetResponseRange().Kvs[0]
	return place{string(kv.Key), decimal(kv.CreateRevision)}, nil
}

// count adds one to the number under a key, in a way that only the lock makes safe.
func (p *peer) count(ctx context.Context, mutex *concurrency.Mutex, key string) error {
	if err := mutex.Lock(ctx); err != nil {
		return err
	}
	seen, err := p.client.Get(ctx, key)
	if err != nil {
		return err
	}
	number := 0
	if len(seen.Kvs) > 0 {
		if number, err = strconv.Atoi(string(seen.Kvs[0].Value)); err != nil {
			return err
		}
	}
	if _, err := p.client.Put(ctx, key, strconv.Itoa(number+1)); err != nil {
		return err
	}
	return mutex.Unlock(ctx)
}

func describe(kv *mvccpb.KeyValue) *keyValue {
	return &keyValue{
		Key:            string(kv.Key),
		Value:          string(kv.Value),
		Lease:          strconv.FormatInt(kv.Lease, 16),
		CreateRevision: decimal(kv.CreateRevision),
		ModRevision:    decimal(kv.ModRevision),
	}
}

func decimal(revision int64) string { return strconv.FormatInt(revision, 10) }

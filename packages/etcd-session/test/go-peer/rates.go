package main

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/client/v3/concurrency"
)

// during counts how often work is done by so many goroutines until the time is over, and tells how often that is a second.
func during(c command, callers int, work func(caller, turn int) error) (any, error) {
	from := time.Now()
	limit := time.Duration(c.Duration) * time.Millisecond
	var made atomic.Int64
	var group sync.WaitGroup
	errs := make(chan error, callers)
	for caller := range callers {
		group.Add(1)
		go func() {
			defer group.Done()
			for turn := 0; time.Since(from) < limit; turn++ {
				if err := work(caller, turn); err != nil {
					errs <- err
					return
				}
				made.Add(1)
			}
		}()
	}
	group.Wait()
	close(errs)
	if err := <-errs; err != nil {
		return nil, err
	}
	return float64(made.Load()) / time.Since(from).Seconds(), nil
}

// puts writes 256 bytes under keys of each caller's own.
func (p *peer) puts(ctx context.Context, c command) (any, error) {
	value := strings.Repeat("v", 256)
	return during(c, c.Callers, func(caller, turn int) error {
		_, err := p.client.Put(ctx, fmt.Sprintf("%s/%d/%d", c.Prefix, caller, turn%100), value)
		return err
	})
}

// contend lets two sessions, each on a client of its own, take one lock in turn.
func (p *peer) contend(ctx context.Context, c command) (any, error) {
	mutexes := make([]*concurrency.Mutex, 2)
	for i := range mutexes {
		client, err := clientv3.New(clientv3.Config{Endpoints: p.client.Endpoints(), DialTimeout: 30 * time.Second})
		if err != nil {
			return nil, err
		}
		defer client.Close()
		session, err := concurrency.NewSession(client)
		if err != nil {
			return nil, err
		}
		defer session.Close()
		mutexes[i] = concurrency.NewMutex(session, c.Prefix)
	}
	return during(c, len(mutexes), func(caller, _ int) error {
		if err := mutexes[caller].Lock(ctx); err != nil {
			return err
		}
		return mutexes[caller].Unlock(ctx)
	})
}

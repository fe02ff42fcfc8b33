package main

import (
	"maps"
	"slices"
	"sync"
	"time"

	"pgregory.net/rapid"

	"github.com/release-train/release-train/internal/train"
)

// found is one kind of failure, with the day that shows it.
type found struct {
	invariant string
	seed      int
	days      int
	shrunk    *day
}

// hunt plays many days.
type hunt struct {
	train    train.Train
	adapters *adapters
	plans    *rapid.Generator[plan]
	shrink   time.Duration // for each kind of failure; 0: not at all

	mu    sync.Mutex
	days  int
	hits  map[string]map[faultKind]int
	kinds map[string]*found
}

func newHunt(shrink time.Duration) (*hunt, error) {
	h := &hunt{
		train:  simulatedTrain(),
		plans:  plans(),
		shrink: shrink,
		hits:   map[string]map[faultKind]int{},
		kinds:  map[string]*found{},
	}
	var err error
	h.adapters, err = newAdapters(h.train)
	return h, err
}

// day plays the day of a seed.
func (h *hunt) day(seed int) (*day, error) {
	return runDay(h.train, h.adapters, h.plans.Example(seed))
}

// run plays the days of a range of seeds, on some cores at once.
func (h *hunt) run(first, days, cores int) error {
	seeds := make(chan int)
	errs := make(chan error, cores)
	for range cores {
		go func() {
			var problem error
			for seed := range seeds {
				d, err := h.day(seed)
				if err != nil {
					problem = err
					continue
				}
				h.take(seed, d)
			}
			errs <- problem
		}()
	}
	for i := range days {
		seeds <- first + i
	}
	close(seeds)
	var err error
	for range cores {
		if e := <-errs; e != nil {
			err = e
		}
	}
	return err
}

func (h *hunt) take(seed int, d *day) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.days++
	d.faults.merge(h.hits)
	if d.broken == nil {
		return
	}
	k := h.kinds[d.broken.kind()]
	if k == nil {
		k = &found{invariant: d.broken.kind(), seed: seed, shrunk: d}
		h.kinds[d.broken.kind()] = k
	}
	k.days++
	if seed < k.seed {
		k.seed, k.shrunk = seed, d
	}
}

// shrinkAll makes of each kind of failure the few actions that matter.
func (h *hunt) shrinkAll() {
	for _, name := range slices.Sorted(maps.Keys(h.kinds)) {
		if h.shrink > 0 {
			h.kinds[name].shrunk = h.reduce(h.kinds[name].shrunk, h.shrink)
		}
	}
}

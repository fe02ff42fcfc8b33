package main

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"testing"
	"time"
)

func main() {
	testing.Init() // rapid asks whether tests are to be short
	days := flag.Int("days", 100, "how many `days` are played")
	seed := flag.Int("seed", 1, "the first day's `seed`; each day has the next one")
	cores := flag.Int("cores", runtime.NumCPU(), "how many days are played at once")
	shrink := flag.Duration("shrink", 20*time.Second, "how long each kind of failure is made smaller; 0: not at all")
	verbose := flag.Bool("v", false, "print each day's transcript")
	flag.Usage = usage
	flag.Parse()
	debug.SetGCPercent(800) // days are short-lived; memory is at hand
	ok, err := play(*days, *seed, *cores, *shrink, *verbose)
	if err != nil {
		fmt.Fprintln(os.Stderr, "simulation:", err)
		os.Exit(2)
	}
	if !ok {
		os.Exit(1)
	}
}

func usage() {
	fmt.Fprintln(os.Stderr, "Usage: go run ./internal/simulation [--days N] [--seed S] [--cores N] [--shrink 20s] [-v]")
}

// play plays days and prints what was found; it says whether all invariants held.
func play(days, seed, cores int, shrink time.Duration, verbose bool) (bool, error) {
	h, err := newHunt(shrink)
	if err != nil {
		return false, err
	}
	if verbose {
		for i := range days {
			d, err := h.day(seed + i)
			if err != nil {
				return false, err
			}
			fmt.Printf("seed %d\n%s\n%s\n", seed+i, d.plan, d.text())
			h.take(seed+i, d)
		}
	} else {
		began := time.Now()
		if err := h.run(seed, days, cores); err != nil {
			return false, err
		}
		took := time.Since(began)
		fmt.Printf("%d days in %s: %.1f days a second, %.1f a core\n", h.days, took.Round(time.Millisecond),
			float64(h.days)/took.Seconds(), float64(h.days)/took.Seconds()/float64(cores))
		h.shrinkAll()
		h.report()
	}
	return len(h.kinds) == 0, nil
}

// report prints the failures, each with its shrunk day, and the table.
func (h *hunt) report() {
	for _, name := range slices.Sorted(maps.Keys(h.kinds)) {
		k := h.kinds[name]
		fmt.Printf(
			"\nBROKEN %q on %d days, first with --seed %d\n%s%s",
			k.invariant,
			k.days,
			k.seed,
			k.shrunk.plan,
			k.shrunk.text(),
		)
	}
	fmt.Printf("\n%-18s", "step / fault")
	for i := range faultKinds {
		fmt.Printf(" %4d", i+1)
	}
	fmt.Println()
	holes := 0
	for _, step := range slices.Sorted(slices.Values(steps)) {
		fmt.Printf("%-18s", step)
		for _, kind := range faultKinds {
			if n := h.hits[step][kind]; n > 0 {
				fmt.Printf(" %4d", n)
			} else {
				holes++
				fmt.Printf("    .")
			}
		}
		fmt.Println()
	}
	for i, kind := range faultKinds {
		fmt.Printf("%2d %s  ", i+1, kind)
	}
	fmt.Printf("\n%d holes of %d\n", holes, len(steps)*len(faultKinds))
	for _, name := range slices.Sorted(maps.Keys(h.kinds)) {
		fmt.Printf("BROKEN %5d days, seed %d: %s\n", h.kinds[name].days, h.kinds[name].seed, name)
	}
}

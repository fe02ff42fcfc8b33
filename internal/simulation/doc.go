// Command simulation plays whole release days in virtual time: the workflows in
// Temporal's test environment, the real activities over the real adapters, and
// the outside world as the sandbox in memory.
//
//	go run ./internal/simulation --days 1000 --seed 1
//
// It looks for broken promises (PRODUCT.md section 12). Exit code 1: there are some.
//
// What is real: all workflows (release, deploy, departure, train, notify) in one
// test environment with one clock, started by a driver; all activities; all
// adapters with their client libraries; the sandbox's handlers. What is not: the
// Temporal server, the network, and the machine's time.
//
// How it works. The environment only learns that an activity has ended. What a
// server and a worker do meanwhile is in task.go: attempts, back-off, time-outs,
// heartbeats, lost workers, by the options that the workflow gave. An activity's
// code runs as a coroutine: the environment's loop gives it the turn and waits
// until it sleeps or ends, so nothing runs beside anything else, waits cost no
// time, state within an attempt is kept, and a seed repeats a day exactly.
// Requests go through transport.go, where faults strike, to the sandbox's
// handlers. Activities take their clock from the context (activities.WithClock).
//
// A seed draws a plan (plan.go): what people and the outside world do, when, and
// what fails how. The first broken invariant (checks.go, facts.go) ends the day,
// and reduce.go makes it smaller. Invariants compare what the release says with
// what is true outside, not with what activities were told.
//
// What it does not cover, and the soak on a real server does: continue-as-new
// (the environment suggests it to no child), what arrives in a workflow's first
// task or in its last one, several events in one workflow task, replay, run IDs
// in signals, heartbeat throttling, worker hand-over, two workers, search
// attributes, limits of history and of updates in flight, --again on one day.
// Not simulated either: hidden retries of the Kubernetes client (they sleep by
// the machine's time, so errors that it retries are replaced by others), locks
// inside the Slack client, and the latency of calls that do not fail: an
// activity's calls follow each other in one instant unless a fault slows one.
package main

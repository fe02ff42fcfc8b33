// Package train is the contract and the pure domain of Release Train: names,
// workflow IDs, the payloads of workflows and activities, tags, the calendar,
// the plan of a release day, gates, status and the words of every message.
//
// Everything here is a function of its arguments: no clock, no network, no
// Temporal, and nothing of this repository is imported. What talks to the
// outside world belongs into the adapters, what waits belongs into workflows.
package train

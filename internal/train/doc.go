// Package train is the contract: the configuration of a train, names and workflow
// IDs, tags and candidates, the state of a release and the memory of a train, and
// the payloads of all workflows and activities.
//
// Belongs here: data that crosses a boundary, how it is spelled, and accessors
// that say nothing but what stands in it. Does not: decisions (internal/rules),
// sentences for people (internal/words), days and times (internal/calendar). It
// knows no Temporal and makes no calls.
package train

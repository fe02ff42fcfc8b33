package train

// FailureKind decides what happens after a failure. docs/failures.md.
type FailureKind string

// Kinds of failures.
const (
	// FailureTransient: the machinery failed, not what it ran. Tried again by
	// itself, bounded, with backoff, production only inside the window.
	FailureTransient FailureKind = "transient"
	// FailureDefinitive: it would fail again. Stop; roll back where smoke tests failed; ask people.
	FailureDefinitive FailureKind = "definitive"
	// FailureUnknown: it may have taken effect. Find out first, never deploy blind.
	FailureUnknown FailureKind = "unknown"
	// FailureHeld: nothing was done, because what must hold did not.
	FailureHeld FailureKind = "held"
)

// Reasons of Flux that stand for conditions that are no reason of Ready.
const (
	FluxStalled   = "Stalled"
	FluxSuspended = "Suspended"
)

package train

import (
	"errors"
	"fmt"
	"time"
)

// FaultKind says what an answer of an outside system means for the next step.
type FaultKind string

// Kinds of faults. They are also the type names of the application errors that
// activities return, so workflows compare them, never texts.
const (
	// FaultAuth: the token is missing, wrong or expired. Not retried.
	FaultAuth FaultKind = "Auth"
	// FaultForbidden: the token is known but may not do this. Not retried.
	FaultForbidden FaultKind = "Forbidden"
	// FaultNotFound: the object does not exist or is hidden from the token. Not retried.
	FaultNotFound FaultKind = "NotFound"
	// FaultInvalid: the request is wrong and will stay wrong. Not retried.
	FaultInvalid FaultKind = "Invalid"
	// FaultConflict: the object exists already or is in another state. Look, then decide.
	FaultConflict FaultKind = "Conflict"
	// FaultRateLimited: come back after RetryAfter.
	FaultRateLimited FaultKind = "RateLimited"
	// FaultUnavailable: 5xx, network, time-out. A read may be repeated; a write
	// may have taken effect and must be looked for before it is repeated.
	FaultUnavailable FaultKind = "Unavailable"
)

// Retryable says whether the same call may succeed later without anybody changing anything.
func (k FaultKind) Retryable() bool { return k == FaultRateLimited || k == FaultUnavailable }

// Fault is the one error type of all adapters: a refusal or failure of an
// outside system, in words for people. It never holds a URL with a secret.
type Fault struct { //nolint:errname // a fault is what the product calls it
	System string    // "GitLab", "Slack", "Flux"
	Kind   FaultKind // what it means
	Tried  string    // what was tried, on what: "create tag api/v2026.11.24.1 in maven/maven"
	Status int       // HTTP status; 0 when there was no answer
	Answer string    // what came back, shortened, without secrets
	Advice string    // what to do about it; may be empty
	// RetryAfter is how long the system asks to wait; 0 when it did not say.
	RetryAfter time.Duration
}

// Error says what was tried, what came back and what to do.
func (f *Fault) Error() string {
	s := fmt.Sprintf("%s: could not %s", f.System, f.Tried)
	switch {
	case f.Status != 0 && f.Answer != "":
		s += fmt.Sprintf(": %d %s", f.Status, f.Answer)
	case f.Status != 0:
		s += fmt.Sprintf(": status %d", f.Status)
	case f.Answer != "":
		s += ": " + f.Answer
	}
	if f.Advice != "" {
		s += ". " + f.Advice
	}
	return s
}

// FaultIs says whether err is a Fault of the kind.
func FaultIs(err error, kind FaultKind) bool {
	var f *Fault
	return errors.As(err, &f) && f.Kind == kind
}

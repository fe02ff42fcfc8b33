// Package activities is where Release Train touches the outside world: one
// struct per outside system, with its client injected. An activity takes one
// struct and gives one struct, makes no retries of its own, looks before it
// creates, and returns outcomes as values and broken calls as errors.
//
// What can be decided without a call belongs into internal/rules, what waits
// for several things belongs into workflows, HTTP belongs into the adapters.
package activities

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"github.com/release-train/release-train/internal/calendar"
	"github.com/release-train/release-train/internal/train"
)

// failure is the one function through which errors leave activities. A fault
// becomes an application error of the fault's kind: retried or not as the kind
// says, after the time the system asked for. Other errors stay as they are and
// are retried.
func failure(err error) error {
	var f *train.Fault
	if err == nil || !errors.As(err, &f) {
		return err
	}
	return temporal.NewApplicationErrorWithOptions(f.Error(), string(f.Kind), temporal.ApplicationErrorOptions{
		NonRetryable:   !f.Kind.Retryable(),
		NextRetryDelay: f.RetryAfter,
		Category:       category(f.Kind),
	})
}

// retryableFailure is failure for effects that people repair while we keep trying: a
// bot that was not invited, a token that expired.
func retryableFailure(err error) error {
	var f *train.Fault
	if errors.As(err, &f) && f.Kind != train.FaultInvalid && !f.Kind.Retryable() {
		return temporal.NewApplicationErrorWithOptions(f.Error(), string(f.Kind),
			temporal.ApplicationErrorOptions{NextRetryDelay: f.RetryAfter})
	}
	return failure(err)
}

// category keeps rate limits, which are normal, out of error logs and metrics.
func category(kind train.FaultKind) temporal.ApplicationErrorCategory {
	if kind == train.FaultRateLimited {
		return temporal.ApplicationErrorCategoryBenign
	}
	return temporal.ApplicationErrorCategoryUnspecified
}

// pollUntil looks at something every poll until look says done or the instant
// passes; it says whether look was done. Each look is a heartbeat. When the
// worker stops, the wait is handed to another worker at once.
func pollUntil(ctx context.Context, poll calendar.Duration, until time.Time,
	look func(context.Context) (done bool, err error)) (bool, error) {
	return pollWithHeartbeats(ctx, poll, 0, until, look)
}

// pollWithHeartbeats is watch with beats of their own: a watch of hours looks often,
// and each beat that reaches the server is billable.
func pollWithHeartbeats(ctx context.Context, poll, beat calendar.Duration, until time.Time,
	look func(context.Context) (done bool, err error)) (bool, error) {
	var beaten time.Time
	for {
		if now := clock(ctx).Now(); now.Sub(beaten) >= beat.D() {
			activity.RecordHeartbeat(ctx)
			beaten = now
		}
		done, err := look(ctx)
		if err != nil || done {
			return done, failure(err)
		}
		wait := min(poll.D(), until.Sub(clock(ctx).Now()))
		if wait <= 0 {
			return false, nil
		}
		if err := clock(ctx).Sleep(ctx, wait); err != nil {
			return false, err
		}
	}
}

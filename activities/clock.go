package activities

import (
	"context"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"
)

// Clock is the time by which activities wait.
type Clock interface {
	// Now is the present instant.
	Now() time.Time
	// Sleep waits for a while. It is an error when the activity has to stop
	// before that: it was cancelled, or its worker stops.
	Sleep(ctx context.Context, d time.Duration) error
}

type clockKey struct{}

// WithClock gives the activities that run with a context another clock than the
// machine's: a simulation lets days pass in no time.
func WithClock(ctx context.Context, c Clock) context.Context {
	return context.WithValue(ctx, clockKey{}, c)
}

// clock is the clock of a context: the machine's unless it was given another one.
func clock(ctx context.Context) Clock {
	if c, ok := ctx.Value(clockKey{}).(Clock); ok {
		return c
	}
	return machineClock{}
}

// machineClock is the machine's time.
type machineClock struct{}

func (machineClock) Now() time.Time { return time.Now() }

// handOverAfter is how soon another worker takes a wait over from one that stops.
const handOverAfter = 2 * time.Second

func (machineClock) Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-activity.GetWorkerStopChannel(ctx):
		return temporal.NewApplicationErrorWithOptions("the worker stops, another one goes on waiting", "WorkerStopping",
			temporal.ApplicationErrorOptions{NextRetryDelay: handOverAfter, Category: temporal.ApplicationErrorCategoryBenign})
	}
}

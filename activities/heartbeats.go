package activities

import (
	"context"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/interceptor"
)

// LongestCall bounds one call to an outside system: the adapters' HTTP time-out.
const LongestCall = 30 * time.Second

// Heartbeats sends heartbeats for activities whose heartbeat time-out is shorter than a
// call may take: they cannot send one themselves while they wait for an answer,
// and without one a killed worker would be missed only at their time-out,
// minutes later. An activity that ends within a few seconds sends none, and
// each is billable. Activities with a longer heartbeat time-out send their own.
type Heartbeats struct {
	interceptor.WorkerInterceptorBase
}

// InterceptActivity makes Heartbeats a worker interceptor.
func (*Heartbeats) InterceptActivity(_ context.Context,
	next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	return &heartbeatInbound{ActivityInboundInterceptorBase: interceptor.ActivityInboundInterceptorBase{Next: next}}
}

type heartbeatInbound struct {
	interceptor.ActivityInboundInterceptorBase
	out *heartbeatOutbound
}

func (i *heartbeatInbound) Init(out interceptor.ActivityOutboundInterceptor) error {
	i.out = &heartbeatOutbound{ActivityOutboundInterceptorBase: interceptor.ActivityOutboundInterceptorBase{Next: out}}
	return i.Next.Init(i.out)
}

func (i *heartbeatInbound) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	timeout := activity.GetInfo(ctx).HeartbeatTimeout
	if timeout <= 0 || timeout > LongestCall {
		return i.Next.ExecuteActivity(ctx, in)
	}
	i.out.begin(ctx)
	beating, stop := context.WithCancel(ctx)
	var done sync.WaitGroup
	done.Go(func() { i.out.beat(beating, timeout/4) })
	defer done.Wait()
	defer stop()
	return i.Next.ExecuteActivity(ctx, in)
}

// heartbeatOutbound repeats what the activity itself recorded last, in this attempt or
// an earlier one, so that one of ours does not wipe it out.
type heartbeatOutbound struct {
	interceptor.ActivityOutboundInterceptorBase
	mu   sync.Mutex
	last []any
}

func (o *heartbeatOutbound) begin(ctx context.Context) {
	var recorded converter.RawValue
	if o.HasHeartbeatDetails(ctx) && o.GetHeartbeatDetails(ctx, &recorded) == nil {
		o.last = []any{recorded}
	}
}

func (o *heartbeatOutbound) beat(ctx context.Context, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			o.mu.Lock()
			o.Next.RecordHeartbeat(ctx, o.last...)
			o.mu.Unlock()
		}
	}
}

func (o *heartbeatOutbound) RecordHeartbeat(ctx context.Context, details ...any) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.last = details
	o.Next.RecordHeartbeat(ctx, details...)
}

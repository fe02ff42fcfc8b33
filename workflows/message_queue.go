package workflows

import (
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/workflow"

	"github.com/release-train/release-train/internal/train"
)

// messageQueue is the way of a release or a deploy to its NotifyWorkflow. What is
// said within one workflow task goes in one signal.
type messageQueue struct {
	id, summary string // of the NotifyWorkflow
	sender      string
	announced   *int // announcements so far, over all runs of who announces
	queue       []train.Announcement
	handingOver bool // a signal is not confirmed yet
}

// startMessages makes the queue and starts its delivery. It does not wait, so
// that whatever acts in the first workflow task has a queue already. A delivery
// that still runs for an earlier execution takes these messages on as well.
func startMessages(ctx workflow.Context, id, summary string, announced *int) *messageQueue {
	info := workflow.GetInfo(ctx)
	d := &messageQueue{id: id, summary: summary, announced: announced,
		sender: train.SenderID(info.WorkflowExecution.ID, info.FirstRunID)}
	own, _ := workflow.NewDisconnectedContext(ctx)
	workflow.Go(own, func(ctx workflow.Context) {
		if info.ContinuedExecutionRunID == "" { // else the run before has started it
			d.startDelivery(ctx)
		}
		d.sendSignals(ctx)
	})
	return d
}

// startDelivery starts the NotifyWorkflow where it does not run.
func (d *messageQueue) startDelivery(ctx workflow.Context) {
	info := workflow.GetInfo(ctx)
	child := workflow.ExecuteChildWorkflow(workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
		WorkflowID:            d.id,
		ParentClosePolicy:     enumspb.PARENT_CLOSE_POLICY_ABANDON,
		WorkflowIDReusePolicy: enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		StaticSummary:         clipSummary(d.summary),
	}), train.NotifyWorkflow, train.NotifyInput{Key: train.SenderID(d.id, info.FirstRunID)})
	if err := child.GetChildWorkflowExecution().Get(ctx, nil); err != nil {
		workflow.GetLogger(ctx).Info("Messages go to the delivery that runs already", "id", d.id, "because", err)
	}
}

// send queues announcements; the last card for a channel counts.
func (d *messageQueue) send(announcements []train.Announcement) {
	for _, a := range announcements {
		*d.announced++
		a.Key, a.Sender = fmt.Sprintf("event-%d", *d.announced), d.sender
		for i := range d.queue {
			if d.queue[i].Channel == a.Channel && a.Card != nil {
				d.queue[i].Card = nil
			}
		}
		d.queue = append(d.queue, a)
	}
}

// sendSignals hands over what has been queued, once the code that queues it
// waits for something else. One signal after the other, so that one that has
// to be sent again is not overtaken.
func (d *messageQueue) sendSignals(ctx workflow.Context) {
	for {
		if err := workflow.Await(ctx, func() bool { return len(d.queue) > 0 }); err != nil {
			return // the context is never cancelled
		}
		batch := d.queue
		d.queue, d.handingOver = nil, true
		d.handOver(ctx, batch)
		d.handingOver = false
	}
}

// slowestHandOver keeps the tries to hand something over frequent enough.
const slowestHandOver = time.Minute

// handOver signals until the delivery has it. One that has ended meanwhile, having
// heard of no sender that still runs, is started again.
func (d *messageQueue) handOver(ctx workflow.Context, batch []train.Announcement) {
	for wait := time.Duration(0); ; wait = min(2*wait+time.Second, slowestHandOver) {
		err := workflow.SignalExternalWorkflow(ctx, d.id, "", train.SignalAnnounce, batch).Get(ctx, nil)
		if err == nil {
			return
		}
		workflow.GetLogger(ctx).Warn("Announcements are handed over again", "id", d.id, "because", err)
		if wait > 0 {
			_ = workflow.Sleep(ctx, wait) // the context is never cancelled
		}
		d.startDelivery(ctx)
	}
}

// flush waits until everything is handed over: what a closing workflow has not
// handed over is lost.
func (d *messageQueue) flush(ctx workflow.Context) error {
	return workflow.Await(ctx, func() bool { return len(d.queue) == 0 && !d.handingOver })
}

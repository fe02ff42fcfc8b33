package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"github.com/release-train/release-train/internal/temporalx"
	"github.com/release-train/release-train/internal/upgrade"
	"github.com/release-train/release-train/internal/words"
)

// Exit codes of the check.
const (
	exitPasses    = 0
	exitBreaks    = 1
	exitUnchecked = 2
)

// check replays every open execution with the registered workflows and says
// which would break.
func check(ctx context.Context, register func(worker.WorkflowRegistry), out io.Writer,
	connection func(*slog.Logger) (client.Options, error)) (int, error) {
	temporal, err := connection(slog.New(slog.DiscardHandler))
	if err != nil {
		return exitUnchecked, err
	}
	c, err := temporalx.Dial(ctx, temporal)
	if err != nil {
		return exitUnchecked, err
	}
	defer c.Close()
	result, err := upgrade.Check{Client: c, Namespace: temporal.Namespace, Register: register}.Run(ctx)
	if err != nil {
		return exitUnchecked, err
	}
	for _, f := range result.Broken {
		_, _ = fmt.Fprintln(out, words.WouldBreak(f.Type, f.ID, f.RunID, f.Problem))
	}
	for _, f := range result.Unread {
		_, _ = fmt.Fprintln(out, words.CouldNotBeChecked(f.Type, f.ID, f.RunID, f.Problem))
	}
	_, _ = fmt.Fprintln(out, words.UpgradeChecked(temporal.Namespace, temporal.HostPort, result.Checked,
		len(result.Broken), len(result.Unread)))
	switch {
	case len(result.Broken) > 0:
		return exitBreaks, nil
	case len(result.Unread) > 0:
		return exitUnchecked, nil
	}
	return exitPasses, nil
}

// Command worker runs the workflows and activities of Release Train. It keeps
// no state: run as many as you like. Configuration comes from release.yaml,
// secrets and the Temporal connection from the environment.
//
// worker check replays what runs on the server with this build, before it is
// rolled out. docs/deployment.md, Rolling out a new build.
package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/worker"

	"github.com/release-train/release-train/activities"
	"github.com/release-train/release-train/internal/config"
	"github.com/release-train/release-train/internal/datadog"
	"github.com/release-train/release-train/internal/flux"
	"github.com/release-train/release-train/internal/gitlab"
	"github.com/release-train/release-train/internal/slack"
	"github.com/release-train/release-train/internal/temporalx"
	"github.com/release-train/release-train/internal/train"
	"github.com/release-train/release-train/workflows"
)

func main() {
	path := flag.String("config", "release.yaml", "the configuration `file`")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code, err := execute(ctx, flag.Arg(0), *path)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "worker:", err)
	}
	os.Exit(code)
}

// execute executes a sub-command and gives the exit code.
func execute(ctx context.Context, command, path string) (int, error) {
	switch command {
	case "":
		if err := run(ctx, path); err != nil {
			return 1, err
		}
		return 0, nil
	case "check":
		return check(ctx, workflows.Register, os.Stdout, temporalx.Options)
	}
	return exitUnchecked, fmt.Errorf("there is no sub-command %q: leave it out to run the worker, or name: check", command)
}

// Long waits hold an activity slot each, so there are many of them. A stopping
// worker gives short activities time to end and hands the waits over.
var options = worker.Options{
	MaxConcurrentActivityExecutionSize: 4000,
	WorkerStopTimeout:                  20 * time.Second,
	Interceptors:                       []interceptor.WorkerInterceptor{&activities.Heartbeats{}},
}

func run(ctx context.Context, path string) error {
	logger := slog.New(slog.NewTextHandler(os.Stderr, nil))
	all, err := connect(path)
	if err != nil {
		return err
	}
	temporal, err := temporalx.Options(logger)
	if err != nil {
		return err
	}
	c, err := temporalx.Dial(ctx, temporal)
	if err != nil {
		return err
	}
	defer c.Close()
	all.Releases = &activities.Releases{Temporal: c, Namespace: temporal.Namespace}
	all.Trains = &activities.Trains{Releases: all.Releases}
	all.Holds.Trains, all.Departures.Trains, all.Departures.Releases = all.Trains, all.Trains, all.Releases
	all.Departures.Searchable = true
	if err := temporalx.EnsureSearchAttributes(ctx, c, temporal.Namespace); err != nil {
		all.Departures.Searchable = false
		logger.Warn("Releases run without search attributes", "because", err)
	}
	fatal := make(chan error, 1)
	w := worker.New(c, train.TaskQueue, stoppingOn(fatal))
	workflows.Register(w)
	all.Register(w)
	if err := w.Start(); err != nil {
		return fmt.Errorf("start the worker on %s: %w", temporal.HostPort, err)
	}
	defer w.Stop()
	logger.Info("The worker runs", "address", temporal.HostPort, "namespace", temporal.Namespace, "queue", train.TaskQueue)
	startTrains(ctx, c, all.Departures.Load, logger)
	return awaitEnd(ctx, fatal)
}

// awaitEnd waits until the worker is told to stop, or polls no more.
func awaitEnd(ctx context.Context, fatal <-chan error) error {
	select {
	case <-ctx.Done():
		return nil
	case err := <-fatal:
		return fmt.Errorf("the worker polls %s no more: %w", train.TaskQueue, err)
	}
}

// stoppingOn are the worker's options with a channel that says why its polling
// ended for good, as when its namespace is deleted. The SDK only logs that, some
// minutes later: the process would go on without ever taking a task, and nothing
// would start it again.
func stoppingOn(fatal chan<- error) worker.Options {
	o := options
	o.OnFatalError = func(err error) { fatal <- err } // it is called once
	return o
}

// startTrains makes sure that the workflow of each configured train runs. One that cannot be started now is
// started by its next departure, by schedule apply or by the next worker.
func startTrains(ctx context.Context, c client.Client, load func() (config.File, error), logger *slog.Logger) {
	file, err := load()
	if err != nil {
		logger.Warn("No train was started", "because", err)
		return
	}
	for _, t := range file.Trains {
		if err := activities.EnsureTrain(ctx, c, t.Name); err != nil {
			logger.Warn("A train was not started", "train", t.Name, "because", err)
		}
	}
}

// connect makes the clients of the outside systems and the activities over them.
func connect(path string) (activities.All, error) {
	load := func() (config.File, error) {
		f, err := config.Load(path)
		return f.WithEnv(os.Getenv), err
	}
	file, err := load()
	if err != nil {
		return activities.All{}, err
	}
	secrets := config.SecretsFromEnv(os.Getenv)
	if err := secrets.Check(); err != nil {
		return activities.All{}, err
	}
	git, err := gitlab.New(gitlab.Options{URL: file.GitLab.URL, Token: secrets.GitLabToken})
	if err != nil {
		return activities.All{}, err
	}
	clusters, err := flux.New(flux.Options{Kubeconfig: file.Kubernetes.Kubeconfig})
	if err != nil {
		return activities.All{}, err
	}
	dog := &activities.Datadog{}
	if secrets.DatadogAPIKey != "" {
		dog.API = datadog.New(datadog.Options{Site: file.Datadog.Site, URL: file.Datadog.URL, APIKey: secrets.DatadogAPIKey,
			AppKey: secrets.DatadogAppKey})
	}
	holds := &activities.Holds{GitLab: git, Flux: clusters}
	jobs := &activities.GitLab{API: git, Holds: holds}
	return activities.All{
		GitLab:     jobs,
		Flux:       &activities.Flux{API: clusters, GitLab: git},
		Deploys:    &activities.Deploys{GitLab: jobs, Flux: clusters, Datadog: dog},
		Changelog:  &activities.Changelog{API: git},
		E2E:        &activities.E2E{GitLab: jobs, Flux: clusters},
		Slack:      &activities.Slack{API: slack.New(slack.Options{URL: file.Slack.URL, Token: secrets.SlackBotToken})},
		Holds:      holds,
		Departures: &activities.Departures{Load: load},
		Datadog:    dog,
	}, nil
}

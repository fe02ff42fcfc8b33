package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"github.com/release-train/release-train/internal/calendar"
	"github.com/release-train/release-train/internal/sandbox"
	"github.com/release-train/release-train/internal/temporalx"
	"github.com/release-train/release-train/internal/train"
	"github.com/release-train/release-train/internal/words"
)

// demo is the whole thing on one machine: Temporal dev server with Web UI,
// sandbox, a worker as a process of its own, and one release day.
type demo struct {
	app *app

	train    string
	repo     string
	branch   string
	length   time.Duration
	scenario string
	keep     bool
	service  string // what the train is called in Datadog

	dir      string // temporary files; removed at the end
	began    time.Time
	temporal *temporalx.DevServer
	sandbox  *sandbox.Sandbox
	worker   *exec.Cmd
}

func (a *app) demoCommand() *cobra.Command {
	d := &demo{app: a}
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Run one release day on this machine, with nothing to set up",
		Long: `Run one release day on this machine, with nothing to set up: it starts a Temporal
dev server with Web UI, a sandbox that stands for GitLab, Slack, Kubernetes and
Datadog, and a worker, and squeezes the day into about a minute. Ctrl-C stops all of it.

A scenario is a day on which something happens: where people have to act it prints
the commands to paste into another terminal and waits for you, and it ends when
the release is in production.`,
		Example: `  starter demo
  starter demo --scenario red-e2e
  starter demo --repo ../my-service --length 30s --keep`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return d.run(cmd.Context()) },
	}
	cmd.Flags().StringVar(&d.train, "train", "", "the train's `name`; may be left out when there is one train")
	cmd.Flags().StringVar(&d.repo, "repo", ".",
		"the git `repository` whose commits are released; it is cloned, never touched")
	cmd.Flags().StringVar(&d.branch, "branch", "", "its `branch` that becomes main; what is checked out when left out")
	cmd.Flags().DurationVar(&d.length, "length", time.Minute, "how long the day takes")
	cmd.Flags().StringVar(&d.scenario, "scenario", "", "what `happens` on the day: "+strings.Join(scenarioNames(),
		", ")+"; nothing when left out")
	_ = cmd.RegisterFlagCompletionFunc("scenario",
		cobra.FixedCompletions(scenarioNames(), cobra.ShellCompDirectiveNoFileComp))
	cmd.Flags().BoolVar(&d.keep, "keep", false, "keep everything running after the day has ended, until Ctrl-C")
	return cmd
}

// shortestDay is what a release day with its polls and waits fits into.
const shortestDay = 10 * time.Second

func (d *demo) run(ctx context.Context) (err error) {
	if d.length < shortestDay {
		return fmt.Errorf("--length %s is too short: a release day needs at least %s", d.length, shortestDay)
	}
	play, err := findScenario(d.scenario)
	if err != nil {
		return err
	}
	t, err := d.app.train(d.train)
	if err != nil {
		return err
	}
	if t.Datadog != nil {
		d.service = t.Datadog.Service
	}
	defer func() { err = errors.Join(err, d.stop()) }()
	if err := d.start(ctx, t); err != nil {
		return interrupted(ctx, err)
	}
	c := d.temporal.Client()
	in := train.DepartureInput{Train: t.Name, By: osUser(), Rehearsal: calendar.Duration(d.length)}
	if play.name != "" { // the window stays open for as long as people need
		in.Opens, in.Rehearsal = calendar.Duration(d.length*65/100), calendar.Duration(max(d.length, scenarioWindow))
		play.begin(d.sandbox)
	}
	started, err := depart(ctx, c, in)
	if err != nil {
		return interrupted(ctx, d.withWorkerLog(err))
	}
	d.say("%s", started.Sentence)
	d.showLines(started.ReleaseID)
	if err := d.follow(ctx, c, started.ReleaseID, play); err != nil {
		return interrupted(ctx, d.withWorkerLog(err))
	}
	var summary train.Summary
	if err := c.GetWorkflow(ctx, started.ReleaseID, "").Get(ctx, &summary); err != nil {
		return interrupted(ctx, d.withWorkerLog(err))
	}
	d.awaitMessages(ctx, c, t, summary.Day)
	d.summarise(t, summary)
	if d.keep {
		d.say("Everything keeps running. Ctrl-C stops it.")
		<-ctx.Done()
	}
	if summary.End != train.EndReleased {
		return fmt.Errorf("the day ended as %s: %s", summary.End, summary.Why)
	}
	return nil
}

// interrupted says plainly that a person stopped it.
func interrupted(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return errors.New("stopped by you before the day had ended")
	}
	return err
}

// start starts sandbox, dev server and worker.
func (d *demo) start(ctx context.Context, t train.Train) (err error) {
	d.began = time.Now()
	if d.dir, err = os.MkdirTemp("", "release-train-demo-"); err != nil {
		return err
	}
	cli, err := temporalx.DevServerExecutable(ctx,
		d.progress("the first build of the Temporal dev server takes about two minutes"))
	if err != nil {
		return err
	}
	workerPath, err := buildWorker(ctx, d.dir)
	if err != nil {
		return err
	}
	if d.sandbox, err = sandbox.Start(ctx, sandbox.Options{
		Trains: []train.Train{t}, Repo: d.repo, Branch: d.branch, Dir: filepath.Join(d.dir, "sandbox"), Pace: pace(d.length),
	}); err != nil {
		return fmt.Errorf("start the sandbox: %w", err)
	}
	d.say("Sandbox (GitLab, Slack, Flux, Datadog): %s", d.sandbox.URL())
	if d.temporal, err = temporalx.StartDevServer(ctx, temporalx.DevServerOptions{
		Executable: cli, UI: true, LogFile: filepath.Join(d.dir, "temporal.log"),
	}); err != nil {
		return err
	}
	d.say("Temporal Web UI:                        %s", d.temporal.UI)
	return d.startWorker(workerPath)
}

// pace lets the sandbox's jobs take a share of the day that looks natural.
func pace(length time.Duration) sandbox.Pace {
	return sandbox.Pace{Build: length / 30, Deploy: length / 30, Flux: length / 30, Smoke: length / 30, E2E: length / 6}
}

// buildWorker gives the worker's executable: the one that stands beside this
// program, else one built from this checkout.
func buildWorker(ctx context.Context, dir string) (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	beside := filepath.Join(filepath.Dir(self), "worker")
	if info, err := os.Stat(beside); err == nil && info.Mode().IsRegular() {
		return beside, nil
	}
	root, ok := temporalx.ModuleRoot()
	if !ok {
		return "", fmt.Errorf("no worker: run the demo in a checkout, or put the worker beside %s", self)
	}
	path := filepath.Join(dir, "worker")
	cmd := exec.CommandContext(ctx, "go", "build", "-o", path, "./worker")
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the worker: %w\n%s", err, out)
	}
	return path, nil
}

func (d *demo) startWorker(path string) error {
	log, err := os.Create(d.workerLog())
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	config, err := filepath.Abs(d.app.path)
	if err != nil {
		return err
	}
	d.worker = exec.Command(path, "-config", config) //nolint:noctx // it is stopped in its turn, not when the context ends
	env := append(d.sandbox.Env(), "TEMPORAL_ADDRESS="+d.temporal.Address, "TEMPORAL_NAMESPACE="+client.DefaultNamespace)
	if err := os.WriteFile(d.workerEnv(), []byte(strings.Join(env, "\n")+"\n"), 0o600); err != nil {
		return err
	}
	d.worker.Env = append(os.Environ(), env...)
	d.worker.Stdout, d.worker.Stderr = log, log
	d.worker.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C reaches it through us, in order
	if err := d.worker.Start(); err != nil {
		return fmt.Errorf("start the worker: %w", err)
	}
	d.say("Worker:                                 process %d, log %s", d.worker.Process.Pid, d.workerLog())
	return nil
}

func (d *demo) workerLog() string { return filepath.Join(d.dir, "worker.log") }

// workerEnv lets a person start another worker after having killed ours.
func (d *demo) workerEnv() string { return filepath.Join(d.dir, "worker.env") }

// withWorkerLog adds the end of the worker's log to an error.
func (d *demo) withWorkerLog(err error) error {
	raw, readErr := os.ReadFile(d.workerLog())
	if readErr != nil || len(raw) == 0 {
		return err
	}
	lines := strings.Split(strings.TrimSpace(string(raw)), "\n")
	return fmt.Errorf("%w\nthe worker's log ends:\n%s", err, strings.Join(lines[max(0, len(lines)-8):], "\n"))
}

// showLines prints what can be pasted into another terminal.
func (d *demo) showLines(id string) {
	d.app.printf(`
To look from another terminal:
  export TEMPORAL_ADDRESS=%[1]s TEMPORAL_CLI_ADDRESS=%[1]s
  go run ./starter status --watch
  go tool -modfile=internal/tools/tctl/go.mod tctl workflow query --workflow_id %[2]s --query_type status
  go tool -modfile=internal/tools/temporal/go.mod temporal workflow describe --workflow-id %[2]s
To kill the worker and start another one:
  kill -9 %[3]d; env $(cat %[4]s) go run ./worker -config %[5]s

`, d.temporal.Address, id, d.worker.Process.Pid, d.workerEnv(), d.app.path)
}

// follow prints what the release is waiting for, whenever that changes.
func (d *demo) follow(ctx context.Context, c client.Client, id string, play scenario) error {
	const look = 200 * time.Millisecond
	var shown string
	begun := false
	for {
		st, err := status(ctx, c, id)
		if err != nil {
			return err
		}
		if st.Phase == train.Ended {
			return nil
		}
		if st.Waiting.What != shown {
			shown = st.Waiting.What
			d.say("%-11s waiting for %s", st.Phase, shown)
		}
		if play.name != "" && st.Phase == train.Watching {
			if !begun {
				d.say("The scenario has ended well; the rest of the window is skipped.")
				begun = true
				if err := c.SignalWorkflow(ctx, id, "", train.SignalSupersede,
					train.Supersede{By: "The next departure"}); err != nil {
					return err
				}
			}
		} else if play.look != nil {
			if err := play.look(d, st); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(look):
		}
	}
}

// awaitMessages lets the last messages arrive; they have a workflow of their own.
func (d *demo) awaitMessages(ctx context.Context, c client.Client, t train.Train, day calendar.Day) {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	_ = c.GetWorkflow(ctx, train.NotifyID(t.Name, day), "").Get(ctx, nil) // the summary counts what arrived
}

// summarise says what was done where.
func (d *demo) summarise(t train.Train, s train.Summary) {
	zone := t.Location()
	out := func(label, format string, args ...any) {
		d.app.printf("  %-12s %s\n", label, fmt.Sprintf(format, args...))
	}
	d.app.printf("\nRelease %s of %s: %s. %s\n", s.Day, s.Train, s.End, s.Why)
	out("tag", "%s on commit %s, after %s", s.Tag, train.ShortSHA(s.SHA), s.From)
	out("changelog", "%s and %s: %s", words.Plural(s.Commits, "commit"),
		words.Plural(s.Requests, "merge request"), s.Changelog)
	out("staging", "deployed %s: %s", words.When(s.StagedAt, zone), s.StagingAt)
	out("E2E", "%s %s: %s", s.E2E, words.When(s.TestedAt, zone), s.E2EURL)
	if !s.Released.IsZero() {
		out("production", "deployed %s: %s", words.When(s.Released, zone), s.ProdAt)
	}
	for _, env := range []train.Environment{t.Staging, t.Production} {
		out("Flux", "%s runs %s", env.Flux.Context, d.sandbox.FluxVersion(env.Flux.Context))
	}
	for _, ch := range d.sandbox.Channels() {
		out("Slack", "%s: %s", ch.Name, words.Plural(len(ch.Messages), "message"))
	}
}

// stop ends all that was started, in the order in which it depends on each other.
func (d *demo) stop() error {
	var errs []error
	if d.worker != nil && d.worker.Process != nil {
		errs = append(errs, stopProcess(d.worker))
	}
	if d.temporal != nil {
		errs = append(errs, d.temporal.Stop())
	}
	if d.sandbox != nil {
		errs = append(errs, d.sandbox.Close())
	}
	if d.dir != "" {
		errs = append(errs, os.RemoveAll(d.dir))
	}
	return errors.Join(errs...)
}

// stopProcess asks a process to end and waits; one that does not is killed.
func stopProcess(cmd *exec.Cmd) error {
	const patience = 25 * time.Second
	_ = cmd.Process.Signal(syscall.SIGTERM) // an error means that it has ended
	timer := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	var exit *exec.ExitError
	if err := cmd.Wait(); err != nil && !errors.As(err, &exit) {
		return fmt.Errorf("stop process %d: %w", cmd.Process.Pid, err)
	}
	return nil
}

// say prints a line of progress with the time since the start.
func (d *demo) say(format string, args ...any) {
	d.app.printf("%4ds  %s\n", int(time.Since(d.began).Seconds()), fmt.Sprintf(format, args...))
}

// progress shows that a long build is alive.
func (d *demo) progress(why string) func(string, time.Duration) {
	const every = 10 * time.Second
	next := 5 * time.Second // what is cached takes less
	return func(what string, since time.Duration) {
		if since >= next {
			next = since + every
			d.say("%s (%s)", what, why)
		}
	}
}

// Command starter is what people use: it starts releases and schedules, shows
// what a release is waiting for, checks the set-up, and runs the whole thing on
// one machine as a demo.
package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"github.com/release-train/release-train/internal/config"
	"github.com/release-train/release-train/internal/temporalx"
	"github.com/release-train/release-train/internal/train"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	a := &app{out: os.Stdout, err: os.Stderr, getenv: os.Getenv}
	code := a.run(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}

// groupCommands groups the sub-commands of the command table in the help.
const groupCommands = "commands"

// app is one call of the program; all that it touches is injected.
type app struct {
	out, err io.Writer
	getenv   func(string) string
	path     string // of release.yaml
}

// run carries one command line out and gives the exit code.
func (a *app) run(ctx context.Context, args []string) int {
	root := a.root()
	root.SetArgs(args)
	root.SetOut(a.out)
	root.SetErr(a.err)
	if err := root.ExecuteContext(ctx); err != nil {
		_, _ = fmt.Fprintln(a.err, "starter:", err)
		return 1
	}
	return 0
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "starter",
		Short:         "Release Train: release a mono-repo from tags, on Temporal",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.PersistentFlags().StringVar(&a.path, "config", "release.yaml", "the configuration `file`")
	root.AddGroup(&cobra.Group{ID: groupCommands, Title: "Commands to the open release, or to the train:"})
	root.AddCommand(a.demoCommand(), a.sandboxCommand(), a.startCommand(), a.statusCommand(), a.whereCommand(),
		a.scheduleCommand(), a.doctorCommand())
	root.AddCommand(a.commandCommands()...)
	return root
}

// file reads release.yaml, with the addresses that the environment overrides.
func (a *app) file() (config.File, error) {
	f, err := config.Load(a.path)
	if err != nil {
		return f, err
	}
	return f.WithEnv(a.getenv), nil
}

// train is the named train, or the only one.
func (a *app) train(name string) (train.Train, error) {
	f, err := a.file()
	if err != nil {
		return train.Train{}, err
	}
	if name == "" && len(f.Trains) == 1 {
		return f.Trains[0], nil
	}
	if name == "" {
		return train.Train{}, fmt.Errorf("--train is missing: %s has %d trains, name one", a.path, len(f.Trains))
	}
	return f.Train(name)
}

// temporal connects to Temporal by the standard environment.
func (a *app) temporal(ctx context.Context) (client.Client, string, error) {
	o, err := temporalx.Options(slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, "", err
	}
	c, err := temporalx.Dial(ctx, o)
	return c, o.Namespace, err
}

// printf writes for people; a closed pipe is theirs to notice.
func (a *app) printf(format string, args ...any) { _, _ = fmt.Fprintf(a.out, format, args...) }

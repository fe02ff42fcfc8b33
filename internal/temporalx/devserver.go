package temporalx

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"
)

// DevServer is a Temporal development server with Web UI on this machine.
type DevServer struct {
	*testsuite.DevServer
	// Address is its gRPC address, UI the Web UI's URL ("" without UI).
	Address string
	UI      string
}

// DevServerOptions say how to start one.
type DevServerOptions struct {
	// Dynamic are further dynamic configuration values, as key=value.
	Dynamic []string
	// Executable is the temporal CLI; see DevServerExecutable.
	Executable string
	// UI starts the Web UI too.
	UI bool
	// DB is a file that keeps the state; empty: memory only.
	DB string
	// Address to listen on; empty: a free port of 127.0.0.1.
	Address string
	// Log receives the server's own output.
	Log io.Writer
}

// transferPolls is how often each shard looks for work per second. The default
// of 20 costs 50 ms for every step of a workflow; see ENGINEERING.md, fact 24.
const transferPolls = "history.transferProcessorMaxPollRPS=2000"

// StartDevServer starts a development server and waits until it answers.
func StartDevServer(ctx context.Context, o DevServerOptions) (*DevServer, error) {
	address, err := orFree(ctx, o.Address)
	if err != nil {
		return nil, err
	}
	options := testsuite.DevServerOptions{
		ExistingPath:  o.Executable,
		ClientOptions: &client.Options{HostPort: address, Namespace: client.DefaultNamespace, Logger: silent{}},
		EnableUI:      o.UI,
		DBFilename:    o.DB,
		LogLevel:      "error",
		ExtraArgs:     dynamic(o.Dynamic),
		Stdout:        o.Log,
		Stderr:        o.Log,
	}
	s := &DevServer{Address: address}
	if o.UI {
		ui, err := orFree(ctx, "")
		if err != nil {
			return nil, err
		}
		_, options.UIPort, _ = net.SplitHostPort(ui)
		s.UI = "http://" + ui
	}
	if s.DevServer, err = testsuite.StartDevServer(ctx, options); err != nil {
		return nil, fmt.Errorf("start the Temporal dev server: %w", err)
	}
	return s, nil
}

// Stop ends the server and waits for it. One that was signalled is no error.
func (s *DevServer) Stop() error {
	s.Client().Close()
	var exit *exec.ExitError
	if err := s.DevServer.Stop(); err != nil && !errors.As(err, &exit) {
		return fmt.Errorf("stop the Temporal dev server: %w", err)
	}
	return nil
}

func orFree(ctx context.Context, address string) (string, error) {
	if address != "" {
		return address, nil
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String(), nil
}

// toolModule pins the CLI whose dev server we use.
const toolModule = "internal/tools/temporal/go.mod"

// DevServerExecutable finds the temporal CLI: TEMPORAL_CLI where it is set, the
// version pinned in this checkout (built at the first use, which takes minutes:
// progress is called every second with what goes on and for how long), or the
// one on the PATH.
func DevServerExecutable(ctx context.Context, progress func(what string, since time.Duration)) (string, error) {
	if path := os.Getenv("TEMPORAL_CLI"); path != "" {
		return path, nil
	}
	root, inCheckout := moduleRoot()
	if _, err := exec.LookPath("go"); !inCheckout || err != nil {
		path, err := exec.LookPath("temporal")
		if err != nil {
			return "", errors.New("no Temporal dev server: run this in a checkout with Go installed, put the temporal CLI on the PATH, or name it in TEMPORAL_CLI")
		}
		return path, nil
	}
	return GoTool(ctx, filepath.Join(root, toolModule), "temporal", progress)
}

// GoTool builds a pinned tool where the build cache lacks it and returns its path.
func GoTool(ctx context.Context, modfile, name string, progress func(what string, since time.Duration)) (string, error) {
	cmd := exec.CommandContext(ctx, "go", "tool", "-modfile="+modfile, "-n", name)
	cmd.Dir = filepath.Dir(modfile)
	var out, problem bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problem
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return "", fmt.Errorf("build %s: %w", name, err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case err := <-done:
			if err != nil {
				return "", fmt.Errorf("build %s: %w: %s", name, err, strings.TrimSpace(problem.String()))
			}
			return strings.TrimSpace(out.String()), nil
		case <-tick.C:
			if progress != nil {
				progress("building "+name, time.Since(began))
			}
		}
	}
}

// ModuleRoot is the root of this checkout; false outside of one.
func ModuleRoot() (string, bool) { return moduleRoot() }

func moduleRoot() (string, bool) {
	dir, err := os.Getwd()
	if err != nil {
		return "", false
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, toolModule)); err == nil {
			return dir, true
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", false
		}
		dir = parent
	}
}

// dynamic are the arguments that set dynamic configuration.
func dynamic(values []string) []string {
	args := []string{"--dynamic-config-value", transferPolls}
	for _, v := range values {
		args = append(args, "--dynamic-config-value", v)
	}
	return args
}

// silent drops the logs of the client that only waits for the server.
type silent struct{}

var _ sdklog.Logger = silent{}

func (silent) Debug(string, ...any) {}
func (silent) Info(string, ...any)  {}
func (silent) Warn(string, ...any)  {}
func (silent) Error(string, ...any) {}

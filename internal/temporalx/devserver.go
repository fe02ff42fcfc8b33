package temporalx

import (
	"bytes"
	"context"
	"errors"
	"fmt"
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

	output *serverOutput
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
	// LogFile receives the server's own output; empty: nobody reads it.
	LogFile string
}

// transferPolls is how often each shard looks for work per second. The default
// of 20 costs 50 ms for every step of a workflow; see docs/architecture.md, Facts about Temporal.
const transferPolls = "history.transferProcessorMaxPollRPS=2000"

// StartDevServer starts a development server and waits until it answers. A free
// port may be taken before the server has it: then it is tried with another one.
func StartDevServer(ctx context.Context, o DevServerOptions) (*DevServer, error) {
	return startDevServer(ctx, o, freeAddress)
}

// starts bounds how often a server is started whose port somebody else took.
const starts = 5

func startDevServer(ctx context.Context, o DevServerOptions,
	free func(context.Context) (string, error)) (*DevServer, error) {
	for n := 1; ; n++ {
		s, err := startOnce(ctx, o, free)
		if !errors.Is(err, errTaken) || o.Address != "" || n == starts {
			return s, err
		}
	}
}

func startOnce(ctx context.Context, o DevServerOptions,
	free func(context.Context) (string, error)) (*DevServer, error) {
	address := o.Address
	if address == "" {
		var err error
		if address, err = free(ctx); err != nil {
			return nil, err
		}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	output, err := newServerOutput(o.LogFile, func() { cancel(errTaken) })
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
		Stdout:        output,
		Stderr:        output,
	}
	s := &DevServer{Address: address, output: output}
	if o.UI {
		ui, err := free(ctx)
		if err != nil {
			return nil, errors.Join(err, output.Close())
		}
		_, options.UIPort, _ = net.SplitHostPort(ui)
		s.UI = "http://" + ui
	}
	if s.DevServer, err = testsuite.StartDevServer(ctx, options); err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		return nil, errors.Join(fmt.Errorf("start the Temporal dev server on %s: %w", address, err), output.Close())
	}
	return s, nil
}

// errTaken says that the server ended because another process has its port.
var errTaken = errors.New("address already in use")

// serverOutput keeps a server's output, and notices when it ends for want of a
// port. It must be open for as long as the server runs, which writes into a pipe
// and would end when nobody read it.
type serverOutput struct {
	file  *os.File // nil: nobody reads it
	taken func()
}

func newServerOutput(path string, taken func()) (*serverOutput, error) {
	o := &serverOutput{taken: taken}
	if path == "" {
		return o, nil
	}
	var err error
	if o.file, err = os.Create(path); err != nil {
		return nil, fmt.Errorf("keep the output of the Temporal dev server: %w", err)
	}
	return o, nil
}

func (o *serverOutput) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte(errTaken.Error())) {
		o.taken()
	}
	if o.file != nil {
		_, _ = o.file.Write(p) // a full disk must not end the server
	}
	return len(p), nil
}

func (o *serverOutput) Close() error {
	if o.file == nil {
		return nil
	}
	return o.file.Close()
}

// Stop ends the server and waits for it. One that was signalled is no error.
func (s *DevServer) Stop() error {
	s.Client().Close()
	var exit *exec.ExitError
	if err := s.DevServer.Stop(); err != nil && !errors.As(err, &exit) {
		return errors.Join(fmt.Errorf("stop the Temporal dev server: %w", err), s.output.Close())
	}
	return s.output.Close()
}

func freeAddress(ctx context.Context) (string, error) {
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
			return "", errors.New("no Temporal dev server: run this in a checkout with Go installed, put the temporal CLI on " +
				"the PATH, or name it in TEMPORAL_CLI")
		}
		return path, nil
	}
	return GoTool(ctx, filepath.Join(root, toolModule), "temporal", progress)
}

// GoTool builds a pinned tool where the build cache lacks it and returns its path.
func GoTool(ctx context.Context, modfile, name string,
	progress func(what string, since time.Duration)) (string, error) {
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

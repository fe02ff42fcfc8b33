// Package sandbox is the outside world as local servers: GitLab, Slack, Datadog and
// the Kubernetes API with Flux, over a real git repository. It speaks the vendors'
// protocols well enough for their client libraries, keeps state, can be told to
// fail, and writes a journal of every request. The demo and the tests use it.
//
// It imports nothing of ours but the configuration types: what talks to it must
// be the real clients.
package sandbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"time"

	"k8s.io/client-go/rest"

	"github.com/release-train/release-train/internal/train"
)

// Options say what world is needed.
type Options struct {
	// Trains name the projects, jobs, channels and clusters that must exist.
	Trains []train.Train
	// Repo is the git repository whose commits are released. It is cloned, never touched.
	Repo string
	// Branch of Repo that becomes the trains' branch; empty: what is checked out.
	Branch string
	// Dir keeps the repository and the kubeconfig; empty: a temporary one.
	Dir string
	// Listen is a loopback address; empty: a free port of 127.0.0.1.
	Listen string
	// Pace is how long things take.
	Pace Pace
	// Deployed is the ref that both environments run at first; empty: the newest
	// release tag on the branch, else a commit a little back that gets a tag.
	Deployed string
	// SmokeFollowsJob starts the smoke tests of a tag's pipeline when its deploy job
	// has ended, before Flux has the version. Otherwise a job between them waits for Flux.
	SmokeFollowsJob bool
	// Clock is the time of the world; nil: time.Now.
	Clock func() time.Time
}

// Pace is how long things take; each zero means defaultPace.
type Pace struct {
	Build  time.Duration // each build job
	Deploy time.Duration // a deploy job
	Flux   time.Duration // from the end of a deploy job until Flux is ready
	Smoke  time.Duration
	E2E    time.Duration
}

const defaultPace = 30 * time.Millisecond

func (p Pace) withDefaults() Pace {
	return Pace{
		Build: cmp.Or(p.Build, defaultPace), Deploy: cmp.Or(p.Deploy, defaultPace), Flux: cmp.Or(p.Flux, defaultPace),
		Smoke: cmp.Or(p.Smoke, defaultPace), E2E: cmp.Or(p.E2E, defaultPace),
	}
}

// Sandbox is a running world.
type Sandbox struct {
	options Options
	now     func() time.Time
	dir     string
	ownDir  bool
	server  *http.Server
	// clusters is served by TLS, because Kubernetes clients send their token to
	// nothing else.
	clusters *httptest.Server
	url      string
	done     chan struct{}

	mu      sync.Mutex // guards everything below
	git     repository
	gitlab  *gitlab
	slack   *slack
	kube    *kube
	datadog *datadog
	faults  []*Fault
	journal []Entry
	closed  bool
}

// Tokens that the servers require.
const (
	GitLabToken = "sandbox-gitlab-token"
	SlackToken  = "xoxb-sandbox-token"
	kubeToken   = "sandbox-kube-token"
)

// Start makes the world and serves it.
func Start(ctx context.Context, o Options) (s *Sandbox, err error) {
	s = &Sandbox{options: o, now: o.Clock, dir: o.Dir, done: make(chan struct{})}
	if s.now == nil {
		s.now = time.Now
	}
	s.options.Pace = o.Pace.withDefaults()
	if s.dir == "" {
		if s.dir, err = os.MkdirTemp("", "release-train-sandbox-"); err != nil {
			return nil, err
		}
		s.ownDir = true
	} else if err := os.MkdirAll(s.dir, 0o755); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	if s.git, err = cloneBare(ctx, o.Repo, o.Branch, filepath.Join(s.dir, "repository.git")); err != nil {
		return nil, err
	}
	listener, err := listen(ctx, cmp.Or(o.Listen, "127.0.0.1:0"))
	if err != nil {
		return nil, err
	}
	s.url = "http://" + listener.Addr().String()
	s.clusters = httptest.NewUnstartedServer(s.ClusterHandler())
	s.clusters.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.clusters.StartTLS()
	if err := s.populate(ctx); err != nil {
		_ = listener.Close()
		return nil, err
	}
	s.server = &http.Server{Handler: s.handler(), ReadHeaderTimeout: 10 * time.Second}
	go func() {
		defer close(s.done)
		_ = s.server.Serve(listener) // ends with ErrServerClosed
	}()
	return s, nil
}

// MemoryURL is the address of a world without sockets; nothing is dialled.
const MemoryURL = "http://sandbox.invalid"

// New makes a world in memory: no socket, no file, no git program, and a small
// history of its own. Handler and ClusterHandler answer its requests.
func New(o Options) (*Sandbox, error) {
	s := &Sandbox{options: o, now: o.Clock, url: MemoryURL, done: make(chan struct{})}
	if s.now == nil {
		s.now = time.Now
	}
	s.options.Pace = o.Pace.withDefaults()
	s.git = newMemoryRepository(s.now)
	return s, s.populate(background)
}

// Handler answers the requests to GitLab, Slack and Datadog, and the page.
func (s *Sandbox) Handler() http.Handler { return s.handler() }

// ClusterHandler answers the requests to the Kubernetes API of all clusters.
func (s *Sandbox) ClusterHandler() http.Handler {
	return s.system("kubernetes", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.kube.serve(w, r) }))
}

// ClusterConfig is how a client reaches a cluster of a world in memory, with a
// transport that leads to ClusterHandler.
func ClusterConfig(context string, transport http.RoundTripper) *rest.Config {
	return &rest.Config{Host: MemoryURL + "/clusters/" + context, BearerToken: kubeToken, Transport: transport}
}

func listen(ctx context.Context, address string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("%q is no address: write for example 127.0.0.1:8090", address)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("the sandbox listens on loopback only, not on %s: it has no real protection", host)
	}
	return (&net.ListenConfig{}).Listen(ctx, "tcp", address)
}

// populate makes what the trains need: projects, channels, clusters and what runs there.
func (s *Sandbox) populate(ctx context.Context) error {
	s.gitlab = newGitLab(s)
	s.slack = newSlack(s)
	s.kube = newKube(s)
	s.datadog = newDatadog(s)
	for _, t := range s.options.Trains {
		running, err := s.git.deployed(ctx, t, s.options.Deployed, s.now())
		if err != nil {
			return err
		}
		s.gitlab.addTrain(t)
		s.gitlab.addDeployedPipeline(s.gitlab.project(t.Project), running)
		s.slack.addTrain(t)
		for _, env := range []train.Environment{t.Staging, t.Production} {
			s.kube.add(env.Flux, running)
		}
	}
	if s.clusters == nil { // in memory
		return nil
	}
	return s.kube.writeKubeconfig(filepath.Join(s.dir, "kubeconfig"))
}

// Close stops the servers and removes what it made. It may be called twice.
func (s *Sandbox) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	s.mu.Unlock()
	var errs []error
	if s.clusters != nil {
		s.clusters.Close()
	}
	if s.server != nil {
		errs = append(errs, s.server.Close())
		<-s.done
	}
	if s.ownDir {
		errs = append(errs, os.RemoveAll(s.dir))
	}
	return errors.Join(errs...)
}

// URL is the page that shows the world.
func (s *Sandbox) URL() string { return s.url }

// GitLabURL is the address of GitLab.
func (s *Sandbox) GitLabURL() string { return s.url }

// SlackURL is the base of Slack's API.
func (s *Sandbox) SlackURL() string { return s.url + "/api/" }

// Kubeconfig is a file with one context per cluster.
func (s *Sandbox) Kubeconfig() string { return filepath.Join(s.dir, "kubeconfig") }

// Repository is the bare git repository behind GitLab; empty when it is kept in memory.
func (s *Sandbox) Repository() string { return s.git.path() }

// Env is the environment that lets a worker use this world, as KEY=value.
func (s *Sandbox) Env() []string {
	return []string{
		"GITLAB_URL=" + s.GitLabURL(), "GITLAB_TOKEN=" + GitLabToken,
		"SLACK_API_URL=" + s.SlackURL(), "SLACK_BOT_TOKEN=" + SlackToken,
		"KUBECONFIG=" + s.Kubeconfig(),
		"DD_API_KEY=" + DatadogAPIKey, "DD_APP_KEY=" + DatadogAppKey, "DD_URL=" + s.DatadogURL(),
	}
}

// locked runs f on the state as it is now.
func (s *Sandbox) locked(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.advance()
	f()
}

// advance brings the world up to now: jobs whose time has come end, and what
// waits for them begins. State is a function of the clock, no goroutine runs.
func (s *Sandbox) advance() { s.gitlab.advance(s.now()) }

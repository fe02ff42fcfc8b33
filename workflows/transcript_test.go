package workflows

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/require"
	sdkpb "go.temporal.io/api/sdk/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/release-train/release-train/internal/train"
	"github.com/release-train/release-train/internal/words"
)

// remake writes the transcripts anew instead of comparing them.
var remake = flag.Bool("update", false, "write the golden transcripts anew")

// remakeBy is what a person types to make them anew.
const remakeBy = "go test ./workflows -run Transcripts -update"

// transcript is what people saw of a day, in the order of time: Slack, the
// status query, the Web UI's details, and what was answered to commands.
type transcript struct {
	t     *testing.T
	env   *testsuite.TestWorkflowEnvironment
	zone  *time.Location
	about string
	// plain reads the words of the status query; nil: there is none. Deploys are those
	// whose details are looked at too.
	plain   func() (string, error)
	deploys []string
	// brief leaves the status out where only the answers matter.
	brief bool

	mu       sync.Mutex
	entries  []entry
	asked    int
	answered int
	looked   time.Time // when somebody last asked for a look
}

// entry is one thing that was seen.
type entry struct {
	at    time.Time // whole seconds
	rank  int
	place string
	text  string
	state bool // it replaces what the place showed before
}

// The order of what is seen in one second.
const (
	rankHappened = iota
	rankAnswer
	rankStatus
	rankDetails
	rankSlack
	rankDatadog
)

// write notes one thing. What shows a state counts as it is at the end of the second.
func (tr *transcript) write(rank int, place, text string, state bool) {
	at := tr.env.Now().Truncate(time.Second)
	tr.mu.Lock()
	defer tr.mu.Unlock()
	if state {
		for i := range tr.entries {
			if e := &tr.entries[i]; e.state && e.place == place && e.at.Equal(at) {
				e.text = text
				return
			}
		}
	}
	tr.entries = append(tr.entries, entry{at: at, rank: rank, place: place, text: text, state: state})
}

// happened notes what somebody did or what the outside world became.
func (tr *transcript) happened(what string) { tr.write(rankHappened, what, "", false) }

// settles is when a look follows what it is about: everything happens at whole
// seconds, and virtual time does not move on before the present moment has
// settled in every workflow.
const settles = time.Second / 2

// look looks at what is shown once the present moment has settled.
func (tr *transcript) look() {
	if tr == nil || tr.env.Now().Equal(tr.looked) {
		return
	}
	tr.looked = tr.env.Now()
	tr.env.RegisterDelayedCallback(tr.show, settles)
}

// show notes what is shown now.
func (tr *transcript) show() {
	if tr.brief {
		return
	}
	if tr.plain != nil {
		if text, err := tr.plain(); err == nil {
			tr.write(rankStatus, "status", text, true)
		}
	}
	if value, err := tr.env.QueryWorkflow("__temporal_workflow_metadata"); err == nil {
		tr.details("Web UI", value)
	}
	for _, id := range tr.deploys {
		if value := tr.ask(id); value != nil {
			tr.details("Web UI of "+id, value)
		}
	}
}

// ask asks a child for its details; nil: there is none. The test environment
// panics where one has been asked for and has not begun.
func (tr *transcript) ask(id string) (value converter.EncodedValue) {
	defer func() {
		if recover() != nil {
			value = nil
		}
	}()
	value, err := tr.env.QueryWorkflowByID(id, "__temporal_workflow_metadata")
	if err != nil {
		return nil
	}
	return value
}

// details notes a workflow's current details as the Web UI shows them.
func (tr *transcript) details(place string, value converter.EncodedValue) {
	var m sdkpb.WorkflowMetadata
	require.NoError(tr.t, value.Get(&m))
	if m.CurrentDetails != "" {
		tr.write(rankDetails, place, m.CurrentDetails, true)
	}
}

// slack notes a delivery.
func (tr *transcript) slack(in train.DeliverInput) {
	if tr == nil {
		return
	}
	var lines []string
	message := func(kind string, m train.Message) {
		lines = append(lines, kind+": "+m.Title)
		for _, part := range []string{m.Body, m.Context} {
			if part != "" {
				lines = append(lines, indent(part))
			}
		}
	}
	if in.Card != nil {
		message("card", *in.Card)
		if in.Card.Mention != "" {
			lines = append(lines, "calls "+in.Card.Mention)
		}
	}
	for _, e := range in.Events {
		kind := "event"
		if e.Broadcast {
			kind += ", in the channel too"
		}
		if e.Message.Mention != "" {
			kind += ", calls " + e.Message.Mention
		}
		message(kind, e.Message)
	}
	if in.Topic != "" {
		lines = append(lines, "topic: "+in.Topic)
	}
	tr.write(rankSlack, "Slack "+in.Channel, strings.Join(lines, "\n"), false)
}

// datadog notes an event, and the DORA records that go with it.
func (tr *transcript) datadog(e train.DatadogEvent, deployment, failure *train.DORARecord) {
	if tr == nil {
		return
	}
	lines := []string{fmt.Sprintf("%s: %s", e.Alert, e.Title)}
	if e.Text != "" {
		lines = append(lines, indent(e.Text))
	}
	lines = append(lines, "tags: "+strings.Join(e.Tags, ", "))
	dora := func(kind string, r *train.DORARecord) {
		if r != nil {
			lines = append(lines, fmt.Sprintf("DORA %s of %s %s in %s", kind, r.Service, r.Version, r.Env))
		}
	}
	dora("deployment", deployment)
	dora("failure", failure)
	tr.write(rankDatadog, "Datadog", strings.Join(lines, "\n"), false)
}

// heard is an update on its way; what it was answered is noted when it is.
type heard struct {
	tr   *transcript
	name string
	sent string
}

func (h *heard) Accept() {}

func (h *heard) Reject(err error) { h.Complete(nil, err) }

func (h *heard) Complete(result any, err error) {
	text := ""
	if r, ok := result.(train.Answer); ok {
		text = "accepted: " + r.Sentence
	}
	if err != nil {
		text = "refused: " + err.Error()
	}
	h.tr.answered++
	h.tr.write(rankAnswer, "update "+h.name, h.sent+"\n"+text, false)
	h.tr.look()
}

// update sends a command as an update; what is sent may be anything.
func (tr *transcript) update(name train.CommandName, payload any) {
	tr.asked++
	tr.env.UpdateWorkflow(string(name), fmt.Sprintf("update-%d", tr.asked),
		&heard{tr: tr, name: string(name), sent: sent(payload)}, payload)
}

// signal sends a command as a signal; its answer is seen in the status and in Slack.
func (tr *transcript) signal(name train.CommandName, payload any) {
	tr.write(rankHappened, "signal "+string(name), sent(payload), false)
	tr.env.SignalWorkflow(string(name), payload)
}

// sent is a payload as a person would type it, shortened.
func sent(payload any) string {
	raw, err := json.Marshal(payload)
	if b, ok := payload.([]byte); ok {
		return fmt.Sprintf("%d raw bytes", len(b))
	}
	if err != nil {
		return err.Error()
	}
	if len(raw) > 700 {
		return fmt.Sprintf("%s … (%d bytes)", raw[:100], len(raw))
	}
	return string(raw)
}

// text is the whole transcript.
func (tr *transcript) text(name string) string {
	require.Equal(tr.t, tr.asked, tr.answered, "every update is answered")
	slices.SortStableFunc(tr.entries, func(a, b entry) int {
		if c := a.at.Compare(b.at); c != 0 {
			return c
		}
		if a.rank != b.rank {
			return a.rank - b.rank
		}
		if a.rank < rankStatus {
			return 0 // people act one after the other
		}
		if c := strings.Compare(a.place, b.place); c != 0 { // channels and workflows act at once
			return c
		}
		return strings.Compare(a.text, b.text)
	})
	var out strings.Builder
	out.WriteString(heading(name, tr.about))
	shown := map[string]string{}
	for _, e := range tr.entries {
		text := e.text
		if e.state {
			if shown[e.place] == e.text {
				continue
			}
			text = changedLines(shown[e.place], e.text)
			shown[e.place] = e.text
		}
		fmt.Fprintf(&out, "\n## %s · %s\n", e.at.In(tr.zone).Format("Mon 2 Jan 15:04:05 MST"), e.place)
		if text != "" {
			fmt.Fprintf(&out, "\n%s\n", indent(text))
		}
	}
	return out.String()
}

// changedLines are the lines of a text that were not there before, and after
// them, shortened, those that are there no longer. The first text is shown whole.
func changedLines(before, after string) string {
	if before == "" {
		return after
	}
	had, has := strings.Split(before, "\n"), strings.Split(after, "\n")
	var out []string
	for _, line := range has {
		if line != "" && !slices.Contains(had, line) {
			out = append(out, line)
		}
	}
	for _, line := range had {
		if line != "" && !slices.Contains(has, line) {
			out = append(out, "- "+train.Clip(line, goneLineShown))
		}
	}
	return strings.Join(out, "\n")
}

// goneLineShown is how much of a line that is gone is shown: what it was about.
const goneLineShown = 60

// heading begins a transcript.
func heading(name, about string) string {
	return fmt.Sprintf("# %s\n\n%s\nMade by a test; made anew by `%s`.\n", name, about, remakeBy)
}

// indent makes lines a block that Markdown leaves as it is.
func indent(s string) string {
	lines := strings.Split(strings.TrimRight(s, "\n"), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight("    "+line, " ")
	}
	return strings.Join(lines, "\n")
}

// golden compares the transcript with the file of its name, or writes it.
func (tr *transcript) golden(name string) {
	tr.t.Helper()
	tr.show() // the environment may have stopped before the last look
	compare(tr.t, name, tr.text(name))
}

func compare(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", "transcripts", name+".md")
	if *remake {
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o750))
		require.NoError(t, os.WriteFile(file, []byte(got), 0o600))
		return
	}
	raw, err := os.ReadFile(file) //nolint:gosec // a file of the tests
	require.NoError(t, err, "make it by: %s", remakeBy)
	if want := string(raw); want != got {
		t.Errorf("%s is not what people see any more. Where that is meant: %s\n%s", file, remakeBy,
			firstDifference(want, got))
	}
}

// firstDifference shows the first lines that differ, with the heading above them.
func firstDifference(want, got string) string {
	a, b := strings.Split(want, "\n"), strings.Split(got, "\n")
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	heading := ""
	for _, line := range a[:i] {
		if strings.HasPrefix(line, "#") {
			heading = line
		}
	}
	some := func(lines []string) string { return strings.Join(lines[i:min(i+6, len(lines))], "\n") }
	return fmt.Sprintf("line %d, under %q\n--- was\n%s\n--- is\n%s", i+1, heading, some(a), some(b))
}

// follow begins a transcript in an environment: it looks after every event.
func follow(t *testing.T, env *testsuite.TestWorkflowEnvironment, about string, plain func() (string, error),
	deploys ...string) *transcript {
	t.Helper()
	tr := &transcript{t: t, env: env, zone: exampleTrain().Location(), about: about, plain: plain, deploys: deploys}
	stopWallClock(env)
	tr.listen()
	return tr
}

// stopWallClock keeps virtual time from moving on by itself. While an activity
// runs the test environment lets real time count, so that on a busy machine what
// should come after its end comes before it.
func stopWallClock(env *testsuite.TestWorkflowEnvironment) {
	clock := func(of *testsuite.TestWorkflowEnvironment, name string) reflect.Value {
		shared := reflect.ValueOf(of).Elem().FieldByName("impl").Elem().FieldByName("testWorkflowEnvironmentShared")
		field := shared.Elem().FieldByName(name)
		return reflect.NewAt(field.Type(),
			unsafe.Pointer(field.UnsafeAddr())).Elem() //nolint:gosec // the SDK offers no other way
	}
	still := new(testsuite.WorkflowTestSuite).NewTestWorkflowEnvironment()
	clock(env, "wallClock").Set(clock(still, "mockClock"))
}

func (tr *transcript) listen() {
	tr.env.SetOnActivityCompletedListener(func(*activity.Info, converter.EncodedValue, error) { tr.look() })
	tr.env.SetOnTimerFiredListener(func(string) { tr.look() })
	tr.env.SetOnChildWorkflowStartedListener(func(*workflow.Info, workflow.Context, converter.EncodedValues) { tr.look() })
	tr.look()
}

// write begins the transcript of a release day.
func (w *world) write(about string) *transcript {
	w.transcript = follow(w.t, w.env, about, func() (string, error) {
		value, err := w.env.QueryWorkflow(train.QueryStatus)
		if err != nil {
			return "", err
		}
		var st train.Status
		err = value.Get(&st)
		return words.StatusText(st, words.Plain), err
	}, train.DeployID(w.in.Train.Staging.Lock), train.DeployID(w.in.Train.Production.Lock))
	return w.transcript
}

// write begins the transcript of a train.
func (s *shed) write(about string) *transcript {
	s.transcript = follow(s.t, s.env, about, func() (string, error) {
		value, err := s.env.QueryWorkflow(train.QueryStatus)
		if err != nil {
			return "", err
		}
		var st train.MemoryStatus
		err = value.Get(&st)
		return words.TrainStatusText(st, words.Plain), err
	})
	return s.transcript
}
